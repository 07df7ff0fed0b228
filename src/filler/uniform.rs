//! `uniform`: values spread evenly between two bounds.
//!
//! Caffe steps the upper bound up to the next float and then draws from the half-open range, so `max` itself occurs.
//! `max: inf` stands for the largest float.

use std::io;

use super::check::{not_empty, not_sparse};
use super::pieces::elementwise;
use super::{Filler, FillerType, Sink};
use crate::Shape;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::random::Generator;

pub(super) static TYPE: FillerType = FillerType {
    name: "uniform",
    fields: &["min", "max"],
    summary: "values spread evenly between min and max, 0 and 1 by default",
    formula: "x ~ U[min, max]",
    build: |param, shape| Ok(Box::new(Uniform::new(param, shape)?)),
};

/// Fills a blob with uniform values.
#[derive(Debug, Clone, Copy)]
pub struct Uniform {
    min: f32,
    max: f32,
    count: usize,
}

impl Uniform {
    /// The filler for a blob of this shape.
    ///
    /// # Errors
    /// `min` is greater than `max`, a bound is NaN, `min` is infinite, the blob is empty, or `sparse` is set.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Uniform, Refusal> {
        not_empty(shape)?;
        let (min, max) = (param.min(), param.max());
        ensure!(min <= max, "min", "min {min} is not at most max {max}");
        ensure!(min.is_finite(), "min", "min {min} is not finite");
        not_sparse("uniform", param)?;
        Ok(Uniform { min, max, count: shape.count() })
    }
}

impl Filler for Uniform {
    fn fill(&self, rng: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        elementwise(self.count, rng, sink, |rng, piece| rng.uniform(self.min, self.max, piece))
    }
}
