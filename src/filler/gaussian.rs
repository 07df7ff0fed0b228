//! `gaussian`: normal values; with `sparse`, most of them zero.
//!
//! `sparse` is the mean number of non-zero inputs of an output: each value survives with probability
//! sparse / dim(0). Caffe draws all normal values first and then a mask, and multiplies by it, so that a masked value
//! keeps its sign (-0.0) and NaN stays NaN. `sparse: 0` masks everything without drawing a mask.

use std::io;

use super::check::not_empty;
use super::pieces::{PIECE, elementwise};
use super::{Filler, FillerType, Sink};
use crate::Shape;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::random::Generator;

pub(super) static TYPE: FillerType = FillerType {
    name: "gaussian",
    fields: &["mean", "std", "sparse"],
    summary: "normal values, mean 0 and std 1 by default; with sparse, about so many non-zero inputs for each output",
    formula: "x ~ N(mean, std)",
    build: |param, shape| Ok(Box::new(Gaussian::new(param, shape)?)),
};

/// Fills a blob with normal values. A sparse one holds the whole blob in memory, any other a piece.
#[derive(Debug, Clone, Copy)]
pub struct Gaussian {
    mean: f32,
    std: f32,
    /// The probability of a value to survive, if the fill is sparse.
    keep: Option<f32>,
    count: usize,
}

impl Gaussian {
    /// The filler for a blob of this shape.
    ///
    /// # Errors
    /// `std` is not above 0, `sparse` is below -1 or above the first axis, or the blob is empty or, if the fill is
    /// sparse, has no axes.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Gaussian, Refusal> {
        not_empty(shape)?;
        let (mean, std, sparse) = (param.mean(), param.std(), param.sparse());
        ensure!(std > 0.0, "std", "std must be above 0, is {std}");
        ensure!(sparse >= -1, "sparse", "sparse must be -1 (off) or at least 0, is {sparse}");
        let keep = if sparse < 0 { None } else { Some(keep(sparse, shape)?) };
        Ok(Gaussian { mean, std, keep, count: shape.count() })
    }

    fn fill_sparse(&self, keep: f32, rng: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        let mut values = vec![0.0; self.count];
        for (index, piece) in values.chunks_mut(PIECE).enumerate() {
            rng.seek(0, (index * PIECE) as u64);
            rng.gaussian(self.mean, self.std, piece);
        }
        let mut mask = vec![0.0; PIECE.min(self.count)];
        for (index, piece) in values.chunks_mut(PIECE).enumerate() {
            let mask = &mut mask[..piece.len()];
            rng.seek(1, (index * PIECE) as u64);
            rng.bernoulli(keep, mask);
            piece.iter_mut().zip(mask).for_each(|(value, mask)| *value *= *mask);
            sink.write(piece)?;
        }
        Ok(())
    }
}

fn keep(sparse: i32, shape: &Shape) -> Result<f32, Refusal> {
    let outputs = shape.dim(0).ok_or_else(|| Refusal::at("sparse", "sparse needs a blob with at least one axis"))?;
    let keep = sparse as f32 / outputs as f32;
    ensure!(keep <= 1.0, "sparse", "sparse {sparse} is more than the {outputs} outputs of the first axis");
    Ok(keep)
}

impl Filler for Gaussian {
    fn fill(&self, rng: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        match self.keep {
            Some(keep) => self.fill_sparse(keep, rng, sink),
            None => elementwise(self.count, rng, sink, |rng, piece| rng.gaussian(self.mean, self.std, piece)),
        }
    }
}
