//! The Gaussian unit ball filler: rows of length 1 in directions that are all as likely (happynear).
//!
//! x(o, j) = z(o, j) / √(Σⱼ z(o, j)² + 1e-12) with z ~ N(0, 1)
//!
//! o is an index of the first axis; j runs over the values of its row. A blob has at most four axes. The sum is taken
//! one value after the other in single precision, as the reference BLAS does; others add in another order, so that a
//! file made with them may differ in the last bits.

use std::io;

use caffemodel_numeric::arithmetic::to_unit_length;

use super::fan::at_most_four_axes;
use super::pieces::Drawn;
use super::rows::fill_rows;
use super::{Filler, FillerType, Moments, Sink, count, refuse_sparse};
use crate::Shape;
use crate::dialect::Known;
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, Generator};

const NAME: &str = "gaussian_unitball";

pub(super) const TYPE: FillerType = FillerType::new(
    NAME,
    "Draws normal values and divides each row by its 2-norm",
    "x(i, j) = z(i, j) / sqrt(sum_j z(i, j)^2 + 1e-12), z ~ N(0, 1), i = index of the first axis",
    |param, shape| Ok(Box::new(GaussianUnitball::new(param, shape)?)),
)
.known(Known::In(&["happynear"]));

/// Draws normal values and divides each row, which is a slice of the first axis, by its 2-norm.
///
/// A row is held in memory where it does not end with its piece.
#[derive(Debug, Clone)]
pub struct GaussianUnitball {
    rows: usize,
    row: usize,
}

impl GaussianUnitball {
    /// The filler for a blob of the given shape.
    ///
    /// # Errors
    /// The blob is empty or has more than four axes, or `sparse` is given.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<GaussianUnitball, Refusal> {
        refuse_sparse(NAME, param)?;
        let count = count(NAME, shape)?;
        let rows = at_most_four_axes(NAME, shape)?.dim(0).unwrap_or(1) as usize;
        Ok(GaussianUnitball { rows, row: count / rows })
    }

    fn draws(&self) -> Drawn {
        Drawn { distribution: Distribution::Gaussian { mean: 0.0, std: 1.0 }, count: self.rows * self.row }
    }
}

impl Filler for GaussianUnitball {
    fn fill(&self, rng: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        fill_rows(&self.draws(), self.row, to_unit_length, rng, sink)
    }

    fn moments(&self) -> Option<Moments> {
        Moments::finite(0.0, 1.0 / (self.row as f64).sqrt())
    }

    fn discard(&self, rng: &mut dyn Generator) -> io::Result<()> {
        self.draws().discard(rng)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Stub, values};

    fn filler(dims: &[i32]) -> Result<GaussianUnitball, Refusal> {
        GaussianUnitball::new(&FillerParameter::default(), &Shape::new(dims).unwrap())
    }

    #[test]
    fn rows_have_length_one() {
        for dims in [&[5, 7][..], &[3, 2, 2, 3], &[2, 70_000]] {
            let rows = dims[0] as usize;
            let values = values(&filler(dims).unwrap(), &mut Stub::new(1));
            for row in values.chunks_exact(values.len() / rows) {
                let length: f64 = row.iter().map(|&value| f64::from(value).powi(2)).sum();
                assert!((length - 1.0).abs() < 1e-3, "{dims:?}: {length}");
            }
        }
    }

    #[test]
    fn refusals() {
        let message = "the gaussian_unitball filler takes at most 4 axes here, a blob of shape (1, 1, 1, 1, 1) has 5";
        assert_eq!(filler(&[1; 5]).unwrap_err().message, message);
    }
}
