//! The gaussian filler: normal values, and zeros among them if it is sparse.
//!
//! x ~ N(`mean`, `std`²), with `mean` 0 and `std` 1 unless given
//!
//! With `sparse` = s ≥ 0, a value stays with probability p = s / d0, where d0 is the first dimension (the number of
//! outputs of an inner product that is not transposed), and is multiplied by 0 otherwise: x = m z with m ~ B(p).
//! So s is the mean number of weights that an input keeps. -1, the default, leaves all.
//!
//! Caffe's quirks: the values of the whole blob are drawn first and the mask after them, which is why a sparse fill
//! holds the blob in memory. A masked value keeps its sign, so that -0.0 occurs; a NaN stays, and an infinite value
//! becomes NaN. `sparse` 0 draws no mask. Any `mean` will do, also an infinite one or NaN, and an infinite `std`.
//! NVIDIA's Caffe compares `std` with `mean` instead of 0: it refuses a larger mean, and takes a `std` of 0.

use std::io;

use caffemodel_numeric::{arithmetic, binary16};

use super::half;
use super::pieces::{self, Drawn};
use super::{Filler, FillerType, Moments, PIECE, Piecewise, Sink, count};
use crate::Shape;
use crate::dialect::{GaussianCheck, Known};
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, Generator};

const NAME: &str = "gaussian";

const SUMMARY: &str =
    "Draws from the normal distribution of `mean` and `std`; `sparse` keeps that many values per input";
const FORMULA: &str = "x ~ N(mean, std^2), kept with probability sparse / first dimension";

pub(super) const TYPE: FillerType =
    FillerType::new(NAME, SUMMARY, FORMULA, |param, shape| Ok(Box::new(Gaussian::new(param, shape)?)))
        .fields(&["mean", "std", "sparse"])
        .spread_by(&["std"], "std: 0.01")
        .also_called(&["normal", "random_normal"])
        .known(Known::Where(|traits| traits.gaussian_check == GaussianCheck::Std && !traits.legacy_blobs));

/// That of NVIDIA's Caffe.
pub(super) const MEAN_CHECKED: FillerType = FillerType::new(NAME, SUMMARY, FORMULA, |param, shape| {
    Ok(Box::new(Gaussian::of(param, shape, GaussianCheck::MeanAgainstStd)?))
})
.fields(&["mean", "std", "sparse"])
.spread_by(&["std"], "std: 0.01")
.known(Known::Where(|traits| traits.gaussian_check == GaussianCheck::MeanAgainstStd));

/// Another name of that.
pub(super) const STATIC: FillerType =
    MEAN_CHECKED.named("gaussianstatic").known(Known::In(super::CHANGED_STATIC_FILLERS));

/// Another name of BVLC's.
pub(super) const STATIC_OF_DIGITS: FillerType =
    TYPE.named("gaussianstatic").known(Known::In(super::STATIC_FILLERS_OF_DIGITS));

/// That of Caffes whose blobs have four axes.
pub(super) const LEGACY: FillerType =
    FillerType::new(NAME, SUMMARY, "x ~ N(mean, std^2), kept with probability sparse / height", |param, shape| {
        Ok(Box::new(Gaussian::legacy(param, shape)?))
    })
    .fields(&["mean", "std", "sparse"])
    .spread_by(&["std"], "std: 0.01")
    .known(Known::Where(|traits| traits.legacy_blobs));

/// Draws from the normal distribution of the given mean and standard deviation.
///
/// A sparse one holds the whole blob in memory.
#[derive(Debug, Clone)]
pub struct Gaussian {
    normal: Drawn,
    /// The probability that a value stays, if the blob is to be sparse.
    keep: Option<f32>,
}

impl Gaussian {
    /// The filler for a blob of the given shape.
    ///
    /// # Errors
    /// - `std` is not above 0.
    /// - `sparse` is below -1 or above the first dimension, or it is given and there are no axes.
    /// - The blob is empty.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Gaussian, Refusal> {
        Gaussian::of(param, shape, GaussianCheck::Std)
    }

    /// The same as a dialect with this trait has it.
    ///
    /// # Errors
    /// As before; what `std` may be is for the trait to say.
    pub fn of(param: &FillerParameter, shape: &Shape, check: GaussianCheck) -> Result<Gaussian, Refusal> {
        Gaussian::along(param, shape, check, (0, "first dimension"))
    }

    /// The same as Caffes have it whose blobs have four axes: the outputs of an inner product are the height.
    fn legacy(param: &FillerParameter, shape: &Shape) -> Result<Gaussian, Refusal> {
        let is_matrix = matches!(shape.dims(), [1, 1, _, _] | [1, 1, _, _, _]);
        ensure!(param.sparse() == -1 || is_matrix, "sparse", "sparse needs num and channels of 1, the blob is {shape}");
        // In C3D 1.0 a length is in front of the height.
        Gaussian::along(param, shape, GaussianCheck::Std, (shape.axes().saturating_sub(2), "height"))
    }

    /// The filler for a blob whose outputs lie along this axis.
    fn along(
        param: &FillerParameter,
        shape: &Shape,
        check: GaussianCheck,
        outputs: (usize, &str),
    ) -> Result<Gaussian, Refusal> {
        let count = count(NAME, shape)?;
        let (mean, std) = (param.mean(), param.std());
        ensure!(!std.is_nan(), "std", "std is not a number");
        if std < 0.0 {
            return Err(Refusal::at("std", format!("std {std:?} is negative")));
        }
        match check {
            GaussianCheck::Std if std == 0.0 => {
                return Err(Refusal::at("std", "std is 0")
                    .help(format!("for one value everywhere use type: \"constant\" with value: {mean:?}")));
            }
            GaussianCheck::MeanAgainstStd if mean.is_nan() || mean > std => {
                return Err(Refusal::at(
                    "mean",
                    format!("mean {mean:?} is above std {std:?}, which this Caffe refuses"),
                ));
            }
            _ => {}
        }
        let normal = Drawn { distribution: Distribution::Gaussian { mean, std }, count };
        Ok(Gaussian { normal, keep: keep(param.sparse(), shape, outputs)? })
    }

    fn fill_sparse(&self, keep: f32, rng: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        let mut values = Vec::new();
        values.try_reserve_exact(self.normal.count)?;
        pieces::fill(&self.normal, rng, |piece| {
            values.extend_from_slice(piece);
            Ok(())
        })?;
        let mut mask = vec![0.0; PIECE.min(values.len())];
        for (index, piece) in values.chunks_mut(PIECE).enumerate() {
            let mask = &mut mask[..piece.len()];
            rng.seek(1, (index * PIECE) as u64);
            rng.bernoulli(keep, mask);
            arithmetic::mask(piece, mask);
            sink.write(piece)?;
        }
        Ok(())
    }
}

/// The probability that a value stays; `None` if all do.
fn keep(sparse: i32, shape: &Shape, (axis, name): (usize, &str)) -> Result<Option<f32>, Refusal> {
    ensure!(sparse >= -1, "sparse", "sparse {sparse} is below -1, which means not sparse");
    if sparse == -1 {
        return Ok(None);
    }
    let Some(outputs) = shape.dim(axis) else {
        return Err(Refusal::at("sparse", format!("sparse {sparse} needs at least one axis, the blob is a scalar")));
    };
    let probability = sparse as f32 / outputs as f32;
    if probability > 1.0 {
        let message = format!("sparse {sparse} is above {outputs}, the {name} of {shape}");
        return Err(Refusal::at("sparse", message));
    }
    Ok(Some(probability))
}

impl Filler for Gaussian {
    fn fill(&self, rng: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        match self.keep {
            None => self.normal.fill(rng, sink),
            Some(keep) => self.fill_sparse(keep, rng, sink),
        }
    }

    /// Those of N(mean, std²), or of its product with the mask: mean `p mean`, variance `p std² + p (1 - p) mean²`.
    fn moments(&self) -> Option<Moments> {
        let (Moments { mean, std }, keep) = (Filler::moments(&self.normal)?, f64::from(self.keep.unwrap_or(1.0)));
        Moments::finite(keep * mean, (keep * std * std + keep * (1.0 - keep) * mean * mean).sqrt())
    }

    fn discard(&self, rng: &mut dyn Generator) -> io::Result<()> {
        self.normal.discard(rng)?;
        if let Some(p) = self.keep {
            rng.discard(Distribution::Bernoulli { p }, self.normal.count);
        }
        Ok(())
    }

    fn in_half(&self) -> Option<Box<dyn Filler>> {
        let normal = Drawn { distribution: half::distribution(self.normal.distribution), ..self.normal };
        Some(Box::new(Gaussian { normal, keep: self.keep.map(binary16::nearest) }))
    }

    fn piecewise(&self) -> Option<&dyn Piecewise> {
        self.keep.is_none().then_some(&self.normal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Call, Stub, bits, sha256, values};

    fn normal(mean: f32, std: f32) -> FillerParameter {
        FillerParameter { mean: Some(mean), std: Some(std), ..Default::default() }
    }

    fn sparse(sparse: i32) -> FillerParameter {
        FillerParameter { sparse: Some(sparse), ..Default::default() }
    }

    fn refused(param: &FillerParameter, dims: &[i32]) -> (&'static str, String) {
        let refusal = Gaussian::new(param, &Shape::new(dims).unwrap()).unwrap_err();
        (refusal.field, refusal.message)
    }

    fn fill(param: &FillerParameter, dims: &[i32], rng: &mut Stub) -> Vec<f32> {
        values(&Gaussian::new(param, &Shape::new(dims).unwrap()).unwrap(), rng)
    }

    #[test]
    fn values_are_caffe_s() {
        let rng = &mut Stub::new(0);
        let weight = sha256(&fill(&normal(3.0, 0.01), &[7, 9], rng));
        assert_eq!(weight, "9fd3d9ee134b2fa16fa835587b23308de0ba4e29d423311fa8ddf068bb58e8f2");
        let bias = sha256(&fill(&normal(-2.5, 1.0), &[7], rng));
        assert_eq!(bias, "16b652c8d1f59fcc8424297172e1596d3afc6b855d245df4c789d9db9059134b");
    }

    #[test]
    fn sparse_values_are_caffe_s() {
        let rng = &mut Stub::new(0);
        let weight = sha256(&fill(&sparse(3), &[9, 11], rng));
        assert_eq!(weight, "db7e712bad4a88ac1eaaae12e6149007ea21b1d62aaf9e4e634ef7f39db237f0");
        let bias = sha256(&fill(&sparse(2), &[9], rng));
        assert_eq!(bias, "034573c48114afbb82e27c1eb657eed70eb1a18b34da96f5ab742a8757a63421");
    }

    #[test]
    fn masks_of_zeros_and_ones_are_caffe_s() {
        let rng = &mut Stub::new(0);
        let zeros = sha256(&fill(&sparse(0), &[5, 6], rng));
        assert_eq!(zeros, "886f44336ddfcc949efce63795d411631a9b53533dc56c849ce4bc94796075f4");
        let ones = sha256(&fill(&sparse(5), &[5, 6], rng));
        assert_eq!(ones, "42eb470981582dc3801202bd7b95ef6b3a3efebf7881c37f7a1a89c33cd26306");
        let unset = sha256(&fill(&sparse(-1), &[4, 6], rng));
        assert_eq!(unset, "43d8adfbdf76d16471f07b28f97ab4493cf1c602b441d1dc4908497ddc06ff91");
    }

    #[test]
    fn a_masked_infinity_is_a_nan_and_a_nan_stays() {
        let rng = &mut Stub::new(42);
        let nan = FillerParameter { mean: Some(f32::NAN), ..sparse(1) };
        assert_eq!(bits(&fill(&nan, &[3, 4], rng)), [0x7fc0_0000; 12]);
        let infinite = FillerParameter { mean: Some(f32::NEG_INFINITY), ..sparse(1) };
        let values = fill(&infinite, &[3, 4], rng);
        assert_eq!(bits(&values[..4]), [0xffc0_0000, 0xff80_0000, 0xff80_0000, 0xffc0_0000]);
        assert_eq!(sha256(&values), "802d4f93df7bda9284d282ae05cb557a1497193bcb65e81eb1d0d878be6bc91d");
    }

    #[test]
    fn the_mask_is_a_second_pass() {
        let mut rng = Stub::new(0);
        fill(&sparse(1), &[2, 40_000], &mut rng);
        let pass = |pass| [Call::Seek(pass, 0), Call::Draw(PIECE), Call::Seek(pass, 65536), Call::Draw(80_000 - PIECE)];
        let expected = [vec![Call::FillStart], pass(0).to_vec(), pass(1).to_vec()].concat();
        assert_eq!(rng.calls, expected);
    }

    #[test]
    fn a_std_that_is_not_above_zero_is_refused() {
        assert_eq!(refused(&normal(0.0, -0.1), &[2]), ("std", "std -0.1 is negative".into()));
        assert_eq!(refused(&normal(0.0, f32::NAN), &[2]), ("std", "std is not a number".into()));
        assert_eq!(refused(&normal(0.0, -0.0), &[2]), ("std", "std is 0".into()));
        let refusal = Gaussian::new(&normal(0.5, 0.0), &Shape::scalar()).unwrap_err();
        assert_eq!(refusal.help.unwrap(), "for one value everywhere use type: \"constant\" with value: 0.5");
        let smallest = Gaussian::new(&normal(0.0, f32::from_bits(1)), &Shape::scalar());
        assert!(smallest.is_ok());
    }

    #[test]
    fn a_sparse_that_is_no_probability_is_refused() {
        let above = "sparse 9 is above 6, the first dimension of (6, 2)";
        assert_eq!(refused(&sparse(9), &[6, 2]), ("sparse", above.into()));
        assert_eq!(refused(&sparse(-2), &[6]), ("sparse", "sparse -2 is below -1, which means not sparse".into()));
        let scalar = "sparse 0 needs at least one axis, the blob is a scalar";
        assert_eq!(refused(&sparse(0), &[]), ("sparse", scalar.into()));
    }

    #[test]
    fn the_probability_is_a_float_quotient() {
        let huge = Shape::new([1 << 24]).unwrap();
        let outputs = (0, "first dimension");
        assert_eq!(keep((1 << 24) + 1, &huge, outputs), Ok(Some(1.0)));
        assert!(keep((1 << 24) + 2, &huge, outputs).is_err());
    }
}
