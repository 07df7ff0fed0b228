//! `constant`: every value is the same, 0 by default. Draws nothing.

use std::io;

use super::check::{not_empty, not_sparse};
use super::pieces::PIECE;
use super::{Filler, FillerType, Sink};
use crate::Shape;
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;
use crate::random::Generator;

pub(super) static TYPE: FillerType = FillerType {
    name: "constant",
    fields: &["value"],
    summary: "the same value everywhere",
    formula: "x = value",
    build: |param, shape| Ok(Box::new(Constant::new(param, shape)?)),
};

/// Fills a blob with one value.
#[derive(Debug, Clone, Copy)]
pub struct Constant {
    value: f32,
    count: usize,
}

impl Constant {
    /// The filler for a blob of this shape.
    ///
    /// # Errors
    /// The blob is empty, or `sparse` is set.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Constant, Refusal> {
        not_empty(shape)?;
        not_sparse("constant", param)?;
        Ok(Constant { value: param.value(), count: shape.count() })
    }
}

impl Filler for Constant {
    fn fill(&self, _: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        let piece = vec![self.value; PIECE.min(self.count)];
        let mut left = self.count;
        while left > 0 {
            let now = left.min(piece.len());
            sink.write(&piece[..now])?;
            left -= now;
        }
        Ok(())
    }
}
