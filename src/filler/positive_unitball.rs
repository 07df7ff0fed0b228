//! The positive unit ball filler: rows of positive values whose sum is 1.
//!
//! x(i, j) = u(i, j) / Σⱼ u(i, j) with u ~ U(0, 1)
//!
//! i is an index of the first axis; j runs over the N / d0 values of its row. The rows lie on the simplex, the positive
//! part of the unit sphere of the 1-norm, but not evenly: the middle is preferred.
//!
//! The sum is taken one value after the other in single precision, so that the values of a long row only nearly add up
//! to 1. Caffe's quirk: in a blob of one axis each row has one value, which becomes 1 (or NaN in the rare case that 0
//! was drawn); the values are drawn all the same.

use std::io;

use caffemodel_numeric::arithmetic::{to_sum_one, to_sum_one_in_half};

use super::fan::at_most_four_axes;
use super::pieces::Drawn;
use super::rows::fill_rows;
use super::{Filler, FillerType, Moments, Sink, count, first_dim, refuse_sparse};
use crate::Shape;
use crate::dialect::{Fans, Known};
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, Generator};

const NAME: &str = "positive_unitball";

const SUMMARY: &str = "Draws positive values and divides each row by its sum";
const FORMULA: &str = "x(i, j) = u(i, j) / sum_j u(i, j), u ~ U(0, 1), i = index of the first axis";

pub(super) const TYPE: FillerType =
    FillerType::new(NAME, SUMMARY, FORMULA, |param, shape| Ok(Box::new(PositiveUnitball::new(param, shape)?)))
        .known(Known::Where(|traits| matches!(traits.fans, Fans::AnyAxes | Fans::AnyAxesButMsra)));

/// That of earlier Caffes.
pub(super) const FOUR_AXES: FillerType = FillerType::new(NAME, SUMMARY, FORMULA, |param, shape| {
    Ok(Box::new(PositiveUnitball::of(param, shape, Fans::FourAxes)?))
})
.known(Known::Where(|traits| matches!(traits.fans, Fans::FourAxes | Fans::TwoAxes)));

/// What NVIDIA's Caffe calls it besides.
pub(super) const STATIC: FillerType =
    FOUR_AXES.named("positive_unitballstatic").known(Known::In(super::STATIC_FILLERS));

/// Draws positive values and divides each row, which is a slice of the first axis, by its sum.
///
/// A row is held in memory where it does not end with its piece.
#[derive(Debug, Clone)]
pub struct PositiveUnitball {
    rows: usize,
    row: usize,
    /// Whether every step is rounded to halves.
    in_half: bool,
}

impl PositiveUnitball {
    /// The filler for a blob of the given shape.
    ///
    /// # Errors
    /// The blob is empty or has no axes, or `sparse` is given.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<PositiveUnitball, Refusal> {
        PositiveUnitball::of(param, shape, Fans::AnyAxes)
    }

    /// The same as a dialect with this trait has it.
    ///
    /// # Errors
    /// As before; which axes the blob may have is for the trait to say.
    pub fn of(param: &FillerParameter, shape: &Shape, fans: Fans) -> Result<PositiveUnitball, Refusal> {
        refuse_sparse(NAME, param)?;
        let shape = match fans {
            Fans::AnyAxes | Fans::AnyAxesButMsra => shape,
            Fans::FourAxes | Fans::TwoAxes => &at_most_four_axes(NAME, shape)?,
        };
        let count = count(NAME, shape)?;
        let rows = first_dim(NAME, shape)? as usize;
        Ok(PositiveUnitball { rows, row: count / rows, in_half: false })
    }

    fn draws(&self) -> Drawn {
        Drawn { distribution: Distribution::Uniform { min: 0.0, max: 1.0 }, count: self.rows * self.row }
    }
}

/// The mean square of u(1) / (u(1) + ... + u(n)) with u ~ U(0, 1).
///
/// With 1 / s² = ∫ t exp(-ts) dt over t > 0 it is ∫ t b(t) a(t)ⁿ⁻¹ dt, where a and b are the means of exp(-tu) and
/// of u² exp(-tu). The trapezoid rule over ln t converges exponentially: the integrand vanishes at both ends.
fn mean_square(n: usize) -> f64 {
    const STEP: f64 = 1.0 / 16.0;
    let others = (n - 1) as f64;
    // The weight lies around t = 2 / n; it falls off as t² below and as t⁻ⁿ or faster above.
    let integrand = |step: i32| {
        let t = (f64::from(step) * STEP).exp() / n as f64;
        let a = -(-t).exp_m1() / t;
        t * t * mean_square_discounted(t) * a.powf(others)
    };
    (-400..=400).map(integrand).sum::<f64>() * STEP
}

/// The mean of u² exp(-tu): by its series where the closed form would cancel.
fn mean_square_discounted(t: f64) -> f64 {
    if t > 1.0 {
        return (2.0 - (-t).exp() * (t * t + 2.0 * t + 2.0)) / (t * t * t);
    }
    let mut term = 1.0;
    let mut sum = 0.0;
    for power in 0..20 {
        sum += term / f64::from(power + 3);
        term *= -t / f64::from(power + 1);
    }
    sum
}

impl Filler for PositiveUnitball {
    fn fill(&self, rng: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        let normalise = if self.in_half { to_sum_one_in_half } else { to_sum_one };
        fill_rows(&self.draws(), self.row, normalise, rng, sink)
    }

    fn moments(&self) -> Option<Moments> {
        if self.row == 1 {
            return Moments::finite(1.0, 0.0);
        }
        let mean = 1.0 / self.row as f64;
        Moments::finite(mean, (mean_square(self.row) - mean * mean).max(0.0).sqrt())
    }

    fn discard(&self, rng: &mut dyn Generator) -> io::Result<()> {
        self.draws().discard(rng)
    }

    fn in_half(&self) -> Option<Box<dyn Filler>> {
        Some(Box::new(PositiveUnitball { in_half: true, ..*self }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Call, Collect, Stub, bits, sha256, values};

    fn unitball(dims: &[i32]) -> PositiveUnitball {
        PositiveUnitball::new(&FillerParameter::default(), &Shape::new(dims).unwrap()).unwrap()
    }

    #[test]
    fn values_are_caffe_s() {
        let rng = &mut Stub::new(0);
        let golden: [(&[i32], &str); 3] = [
            (&[4, 3, 3, 3], "1fa4a3ab4b29a7841d9fa0762bcc6be0ffe13889c96b0a14cf82be23051b8554"),
            (&[4], "f6bb1294da2f78cd935b01c7656280df5eaa0439e9d97bc03775825a41a508e4"),
            (&[3, 9], "ea5ec4fefed812ea3013433c6152a89946073ba385c841a40772897bf9b9ccd4"),
        ];
        for (dims, hash) in golden {
            assert_eq!(sha256(&values(&unitball(dims), rng)), hash, "{dims:?}");
        }
    }

    #[test]
    fn a_row_of_one_zero_is_a_nan_with_its_sign_set() {
        let values = values(&unitball(&[48]), &mut Stub::new(27_494_765));
        assert_eq!(bits(&values[38..41]), [0x3f80_0000, 0xffc0_0000, 0x3f80_0000]);
        assert_eq!(sha256(&values), "9a99148bb57f19b08bf78094a94a6c2e3f4c8f7a42ab004f8e4b01393ac6f139");
    }

    /// Rows within a piece, across the edge of two, and longer than two.
    #[test]
    fn rows_may_cross_pieces() {
        for dims in [[131_072, 1], [300, 1001], [3, 65536], [2, 65537], [3, 150_001], [1, 131_073]] {
            let filler = unitball(&dims);
            let mut rng = Stub::new(7);
            let streamed = values(&filler, &mut rng);
            let mut whole = vec![0.0; filler.rows * filler.row];
            Stub::new(7).uniform(0.0, 1.0, &mut whole);
            whole.chunks_exact_mut(filler.row).for_each(to_sum_one);
            assert_eq!(bits(&streamed), bits(&whole), "{dims:?}");
            let aligned = |call: &Call| !matches!(call, Call::Seek(pass, offset) if *pass != 0 || offset % 65536 != 0);
            assert!(rng.calls.iter().all(aligned));
        }
    }

    #[test]
    fn rows_add_up_to_one() {
        let mut sink = Collect::default();
        unitball(&[5, 200]).fill(&mut Stub::new(1), &mut sink).unwrap();
        for row in sink.0.chunks(200) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn the_mean_square_of_a_row() {
        // Two values: 1 - ln 2. Many: (1 + 1/3) / n², as the sum hardly varies.
        assert!((mean_square(2) - (1.0 - 2f64.ln())).abs() < 1e-12);
        let n = 1e6;
        assert!((mean_square(1_000_000) * n * n - 4.0 / 3.0).abs() < 1e-5);
    }

    #[test]
    fn a_scalar_is_refused() {
        let refusal = PositiveUnitball::new(&FillerParameter::default(), &Shape::scalar()).unwrap_err();
        assert_eq!(refusal.message, "the positive_unitball filler needs at least one axis, the blob is a scalar");
    }
}
