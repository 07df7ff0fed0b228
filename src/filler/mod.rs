//! Fillers: the rules that give a blob its starting values.
//!
//! One file a filler; [`FILLERS`] is the table that lookup, help and documentation read. A filler is built for one
//! shape, and building checks everything: filling cannot fail but for the sink.

mod bilinear;
mod check;
mod constant;
pub mod fan;
mod gaussian;
mod msra;
mod pieces;
mod positive_unitball;
mod uniform;
mod xavier;

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use crate::Shape;
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;
use crate::proto::text::closest;
use crate::random::Generator;

/// Where a filler's values go, in order.
pub trait Sink {
    /// Takes the next values.
    ///
    /// # Errors
    /// The values cannot be stored.
    fn write(&mut self, values: &[f32]) -> io::Result<()>;
}

/// A rule that makes the values of one blob.
pub trait Filler: fmt::Debug + Send + Sync {
    /// Writes the blob's values, exactly as many as its shape counts, to `sink`.
    ///
    /// # Errors
    /// Only those of the sink.
    fn fill(&self, rng: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()>;
}

/// One entry of the table: a filler with its documentation and its constructor.
pub struct FillerType {
    /// The `type` of a `FillerParameter`.
    pub name: &'static str,
    /// The fields of `FillerParameter` that it reads, beside `type`.
    pub fields: &'static [&'static str],
    /// What it does, in a line.
    pub summary: &'static str,
    /// The distribution of its values as a formula.
    pub formula: &'static str,
    /// Builds the filler for a shape.
    pub build: fn(&FillerParameter, &Shape) -> Result<Box<dyn Filler>, Refusal>,
}

impl fmt::Debug for FillerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FillerType").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Caffe's fillers.
pub static FILLERS: &[&FillerType] = &[
    &bilinear::TYPE,
    &constant::TYPE,
    &gaussian::TYPE,
    &msra::TYPE,
    &positive_unitball::TYPE,
    &uniform::TYPE,
    &xavier::TYPE,
];

/// The fillers that a net may use: Caffe's, and those that a user of the library adds.
#[derive(Debug, Clone)]
pub struct Registry {
    types: BTreeMap<&'static str, &'static FillerType>,
}

impl Default for Registry {
    fn default() -> Registry {
        Registry { types: FILLERS.iter().map(|entry| (entry.name, *entry)).collect() }
    }
}

impl Registry {
    /// The filler of this name; names are case-sensitive.
    pub fn get(&self, name: &str) -> Option<&'static FillerType> {
        self.types.get(name).copied()
    }

    /// Adds a filler, and returns the one of the same name that it replaces, if any.
    pub fn register(&mut self, entry: &'static FillerType) -> Option<&'static FillerType> {
        self.types.insert(entry.name, entry)
    }

    /// All fillers in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &'static FillerType> + '_ {
        self.types.values().copied()
    }

    /// Builds the filler that `param` names for a blob of this shape.
    ///
    /// # Errors
    /// The name is unknown, or the filler does not take these parameters or this shape. The field of the refusal is
    /// relative to `param`.
    pub fn build(&self, param: &FillerParameter, shape: &Shape) -> Result<Box<dyn Filler>, Refusal> {
        let name = param.r#type();
        match self.get(name) {
            Some(entry) => (entry.build)(param, shape),
            None => Err(self.unknown(name)),
        }
    }

    fn unknown(&self, name: &str) -> Refusal {
        let known: Vec<&str> = self.types.keys().copied().collect();
        let help = match closest(name, known.iter().copied()) {
            Some(near) => format!("did you mean {near:?}? known are {}", known.join(", ")),
            None => format!("known are {}", known.join(", ")),
        };
        Refusal::at("type", format!("unknown filler {name:?}")).help(help)
    }
}
