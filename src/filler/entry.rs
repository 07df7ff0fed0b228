//! The type of the entries of the table of fillers.

use std::fmt;
use std::sync::Arc;

use super::Filler;
use crate::Shape;
use crate::dialect::Known;
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;

/// The constructor of a filler: checks its parameters against the shape of the blob.
pub type Build = fn(&FillerParameter, &Shape) -> Result<Box<dyn Filler>, Refusal>;

type BuildWithState = dyn Fn(&FillerParameter, &Shape) -> Result<Box<dyn Filler>, Refusal> + Send + Sync;

/// The fields of a filler that say how far its values spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spread {
    /// Their names.
    pub fields: &'static [&'static str],
    /// What they look like in a net, with values that suit the weights of a layer.
    pub example: &'static str,
}

/// One entry of the table: a filler with its documentation and its constructor.
#[derive(Clone)]
#[non_exhaustive]
pub struct FillerType {
    /// The `type` of a `FillerParameter`.
    pub name: &'static str,
    /// Whether Caffe does not have it, so that a net may use it on request only.
    pub extension: bool,
    /// The fields of `FillerParameter` that it reads, beside `type`.
    pub fields: &'static [&'static str],
    /// What it does, in a line.
    pub summary: &'static str,
    /// The distribution of its values as a formula.
    pub formula: &'static str,
    /// Whether the spread of its values follows from the number of inputs or outputs of a unit.
    pub by_fan: bool,
    /// Whether every pair of an input and an output channel gets the same kernel, so that a convolution without groups
    /// mixes all channels.
    pub same_kernels: bool,
    /// The fields that say how far its values spread, of which a net gives one at least, if it means what it says.
    pub spread: Option<Spread>,
    /// What else the field calls it: names that Caffe does not know, for messages.
    pub aliases: &'static [&'static str],
    /// The dialects that know the filler, or this meaning of its name.
    pub known: Known,
    constructor: Constructor,
}

/// The constructor of an entry: a function, or a closure with its state.
#[derive(Clone)]
enum Constructor {
    Function(Build),
    Shared(Arc<BuildWithState>),
}

impl fmt::Debug for FillerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FillerType").field("name", &self.name).finish_non_exhaustive()
    }
}

impl FillerType {
    /// An entry for a filler that reads no field.
    pub const fn new(name: &'static str, summary: &'static str, formula: &'static str, build: Build) -> FillerType {
        FillerType::with_constructor(name, summary, formula, Constructor::Function(build))
    }

    /// The same for a constructor that may hold state.
    ///
    /// ```
    /// use caffemodel::filler::{Constant, FillerRegistry, FillerType};
    /// use caffemodel::proto::caffe::FillerParameter;
    ///
    /// let value = 0.5;
    /// let half = FillerType::stateful("half", "Sets every value to a half", "x = 0.5", move |_, shape| {
    ///     let param = FillerParameter { value: Some(value), ..Default::default() };
    ///     Ok(Box::new(Constant::new(&param, shape)?))
    /// });
    /// let mut fillers = FillerRegistry::default();
    /// fillers.register(half);
    /// assert!(fillers.get("half").is_some());
    /// ```
    pub fn stateful(
        name: &'static str,
        summary: &'static str,
        formula: &'static str,
        build: impl Fn(&FillerParameter, &Shape) -> Result<Box<dyn Filler>, Refusal> + Send + Sync + 'static,
    ) -> FillerType {
        FillerType::with_constructor(name, summary, formula, Constructor::Shared(Arc::new(build)))
    }

    const fn with_constructor(
        name: &'static str,
        summary: &'static str,
        formula: &'static str,
        constructor: Constructor,
    ) -> FillerType {
        FillerType {
            name,
            extension: false,
            fields: &[],
            summary,
            formula,
            by_fan: false,
            same_kernels: false,
            spread: None,
            aliases: &[],
            known: Known::Everywhere,
            constructor,
        }
    }

    /// The same filler by another name.
    #[must_use]
    pub(super) const fn named(mut self, name: &'static str) -> FillerType {
        self.name = name;
        self.aliases = &[];
        self
    }

    /// Says which dialects know the filler. One name may have several entries, of different dialects.
    #[must_use]
    pub const fn known(mut self, known: Known) -> FillerType {
        self.known = known;
        self
    }

    /// Names the fields of `FillerParameter` that it reads, beside `type`.
    #[must_use]
    pub const fn fields(mut self, fields: &'static [&'static str]) -> FillerType {
        self.fields = fields;
        self
    }

    /// Says that the spread of its values follows from the number of inputs or outputs of a unit.
    #[must_use]
    pub const fn by_fan(mut self) -> FillerType {
        self.by_fan = true;
        self
    }

    /// Says that all pairs of channels get the same kernel.
    #[must_use]
    pub const fn same_kernels(mut self) -> FillerType {
        self.same_kernels = true;
        self
    }

    /// Names the fields that say how far its values spread, with an example of them.
    #[must_use]
    pub const fn spread_by(mut self, fields: &'static [&'static str], example: &'static str) -> FillerType {
        self.spread = Some(Spread { fields, example });
        self
    }

    /// Names what else the field calls it.
    #[must_use]
    pub const fn also_called(mut self, aliases: &'static [&'static str]) -> FillerType {
        self.aliases = aliases;
        self
    }

    /// Says that Caffe does not have it: a net may use it on request only.
    #[must_use]
    pub const fn extension(mut self) -> FillerType {
        self.extension = true;
        self
    }

    /// Builds the filler for a shape.
    ///
    /// # Errors
    /// The parameters or the shape do not suit it. The refusal's field is relative to the filler, such as `std`.
    pub fn build(&self, param: &FillerParameter, shape: &Shape) -> Result<Box<dyn Filler>, Refusal> {
        match &self.constructor {
            Constructor::Function(build) => build(param, shape),
            Constructor::Shared(build) => build(param, shape),
        }
    }
}
