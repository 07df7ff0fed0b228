//! `xavier`: uniform values whose variance is 1 / n, so that signals keep their size from layer to layer.
//!
//! n is the fan-in, the fan-out or their mean, as `variance_norm` says. Paper: X. Glorot and Y. Bengio, Understanding
//! the difficulty of training deep feedforward neural networks, AISTATS 2010 (which has n the mean).

use std::io;

use super::check::{has_axes, not_empty, not_sparse};
use super::pieces::elementwise;
use super::{Filler, FillerType, Sink, fan};
use crate::Shape;
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;
use crate::random::Generator;

pub(super) static TYPE: FillerType = FillerType {
    name: "xavier",
    fields: &["variance_norm"],
    summary: "uniform values of variance 1 / n, where n is the fan-in, the fan-out or their mean",
    formula: "x ~ U[-a, a], a = sqrt(3 / n)",
    build: |param, shape| Ok(Box::new(Xavier::new(param, shape)?)),
};

/// Fills a blob with uniform values of variance 1 / n.
#[derive(Debug, Clone, Copy)]
pub struct Xavier {
    scale: f32,
    count: usize,
}

impl Xavier {
    /// The filler for a blob of this shape.
    ///
    /// # Errors
    /// The blob is empty or has no axes, or `sparse` is set.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Xavier, Refusal> {
        not_empty(shape)?;
        has_axes("xavier", shape)?;
        not_sparse("xavier", param)?;
        Ok(Xavier { scale: (3.0 / fan::norm(param, shape)).sqrt(), count: shape.count() })
    }
}

impl Filler for Xavier {
    fn fill(&self, rng: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        elementwise(self.count, rng, sink, |rng, piece| rng.uniform(-self.scale, self.scale, piece))
    }
}
