//! `msra`: normal values of variance 2 / n, for layers with ReLUs.
//!
//! n is the fan-in, the fan-out or their mean, as `variance_norm` says. Paper: K. He, X. Zhang, S. Ren and J. Sun,
//! Delving Deep into Rectifiers, ICCV 2015.

use std::io;

use super::check::{has_axes, not_empty, not_sparse};
use super::pieces::elementwise;
use super::{Filler, FillerType, Sink, fan};
use crate::Shape;
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;
use crate::random::Generator;

pub(super) static TYPE: FillerType = FillerType {
    name: "msra",
    fields: &["variance_norm"],
    summary: "normal values of variance 2 / n, where n is the fan-in, the fan-out or their mean",
    formula: "x ~ N(0, sqrt(2 / n))",
    build: |param, shape| Ok(Box::new(Msra::new(param, shape)?)),
};

/// Fills a blob with normal values of variance 2 / n.
#[derive(Debug, Clone, Copy)]
pub struct Msra {
    std: f32,
    count: usize,
}

impl Msra {
    /// The filler for a blob of this shape.
    ///
    /// # Errors
    /// The blob is empty or has no axes, or `sparse` is set.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Msra, Refusal> {
        not_empty(shape)?;
        has_axes("msra", shape)?;
        not_sparse("msra", param)?;
        Ok(Msra { std: (2.0 / fan::norm(param, shape)).sqrt(), count: shape.count() })
    }
}

impl Filler for Msra {
    fn fill(&self, rng: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        elementwise(self.count, rng, sink, |rng, piece| rng.gaussian(0.0, self.std, piece))
    }
}
