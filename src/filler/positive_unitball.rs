//! `positive_unitball`: the inputs of each output are positive and sum to 1.
//!
//! The values are uniform in [0, 1] and divided by the sum of their row, added up in single precision from left to
//! right. A row is what belongs to one index of the first axis, so that a blob of one axis becomes all ones.

use std::io;

use super::check::{has_axes, not_empty, not_sparse};
use super::fan::fan_in;
use super::{Filler, FillerType, Sink};
use crate::Shape;
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;
use crate::random::Generator;

pub(super) static TYPE: FillerType = FillerType {
    name: "positive_unitball",
    fields: &[],
    summary: "positive values that sum to 1 over the inputs of each output",
    formula: "x_ij = u_ij / sum_k u_ik, u ~ U[0, 1]",
    build: |param, shape| Ok(Box::new(PositiveUnitball::new(param, shape)?)),
};

/// Fills a blob with positive rows of sum 1. Holds a row in memory.
#[derive(Debug, Clone, Copy)]
pub struct PositiveUnitball {
    rows: usize,
    row: usize,
}

impl PositiveUnitball {
    /// The filler for a blob of this shape.
    ///
    /// # Errors
    /// The blob is empty or has no axes, or `sparse` is set.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<PositiveUnitball, Refusal> {
        not_empty(shape)?;
        has_axes("positive_unitball", shape)?;
        not_sparse("positive_unitball", param)?;
        let row = fan_in(shape);
        Ok(PositiveUnitball { rows: shape.count() / row, row })
    }
}

impl Filler for PositiveUnitball {
    fn fill(&self, rng: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        let mut row = vec![0.0; self.row];
        rng.seek(0, 0);
        for _ in 0..self.rows {
            rng.uniform(0.0, 1.0, &mut row);
            let sum = row.iter().fold(0.0, |sum, value| sum + value);
            row.iter_mut().for_each(|value| *value /= sum);
            sink.write(&row)?;
        }
        Ok(())
    }
}
