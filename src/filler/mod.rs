//! Fillers: the rules that give a blob its starting values.
//!
//! One file a filler; [`FILLERS`] is the table that lookup, help and documentation read. A filler is built for one
//! shape, and building checks everything: filling cannot fail but for the sink.

use std::fmt;
use std::io;

use crate::Shape;
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;
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
