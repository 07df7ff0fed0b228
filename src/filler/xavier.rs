//! The xavier filler: uniform values scaled by the fan-in, the fan-out or their mean.
//!
//! x ~ U(-a, a) with a = √(3 / n), so that the variance is 1 / n
//!
//! n is the fan-in, or what `variance_norm` asks for: `FAN_IN`, `FAN_OUT` or `AVERAGE` of the two ([`Fan`] says what
//! they are for a shape). `AVERAGE` is the rule of the paper, which keeps the variance of signals and gradients alike:
//!
//! > Xavier Glorot and Yoshua Bengio (2010), *Understanding the difficulty of training deep feedforward neural
//! > networks*, AISTATS 2010.
//!
//! As with [`Uniform`](super::Uniform), the upper bound belongs to the interval.

use super::half::CountedInHalf;
use super::{Fan, FillerType, Piecewise, refuse_sparse};
use crate::Shape;
use crate::dialect::{Fans, Known};
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;
use crate::random::Distribution;

const NAME: &str = "xavier";

const SUMMARY: &str = "Draws from a uniform distribution of variance 1/n, after Glorot and Bengio (2010)";
const FORMULA: &str = "x ~ U(-sqrt(3/n), sqrt(3/n)), n = fan-in, fan-out or their mean";

pub(super) const TYPE: FillerType =
    FillerType::new(NAME, SUMMARY, FORMULA, |param, shape| Ok(Box::new(Xavier::new(param, shape)?)))
        .fields(&["variance_norm"])
        .by_fan()
        .also_called(&["glorot", "glorot_uniform", "xavier_uniform"])
        .known(Known::Where(|traits| matches!(traits.fans, Fans::AnyAxes | Fans::AnyAxesButMsra)));

/// That of earlier Caffes.
pub(super) const FOUR_AXES: FillerType =
    FillerType::new(NAME, SUMMARY, FORMULA, |param, shape| Ok(Box::new(Xavier::of(param, shape, Fans::FourAxes)?)))
        .fields(&["variance_norm"])
        .by_fan()
        .known(Known::Where(|traits| traits.fans == Fans::FourAxes && !traits.xavier_counts_in_half));

/// That of Texas Instruments' Caffe, whose n is a half for blobs of halves.
pub(super) const COUNTED_IN_HALF: FillerType = FillerType::new(NAME, SUMMARY, FORMULA, |param, shape| {
    Ok(Box::new(CountedInHalf::new(NAME, param, shape, between_roots)?))
})
.fields(&["variance_norm"])
.by_fan()
.known(Known::Where(|traits| traits.xavier_counts_in_half));

/// That of Intel's Caffe.
pub(super) const TWO_AXES: FillerType =
    FillerType::new(NAME, SUMMARY, FORMULA, |param, shape| Ok(Box::new(Xavier::of(param, shape, Fans::TwoAxes)?)))
        .fields(&["variance_norm"])
        .by_fan()
        .known(Known::Where(|traits| traits.fans == Fans::TwoAxes));

/// What NVIDIA's Caffe calls it besides.
pub(super) const STATIC: FillerType =
    FOUR_AXES.named("xavierstatic").known(Known::In(&["nvidia", "nvidia-0.15", "xilinx"]));

/// The same in Texas Instruments'.
pub(super) const STATIC_COUNTED_IN_HALF: FillerType =
    COUNTED_IN_HALF.named("xavierstatic").known(Known::In(&["jacinto"]));

/// Draws from the uniform distribution over `[-√(3/n), √(3/n)]`.
#[derive(Debug, Clone)]
pub struct Xavier {
    scale: f32,
    count: usize,
}

impl Xavier {
    /// The filler for a blob of the given shape.
    ///
    /// # Errors
    /// The blob is empty or has no axes, `variance_norm` is unknown, or `sparse` is given.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Xavier, Refusal> {
        Xavier::of(param, shape, Fans::AnyAxes)
    }

    /// The same as a dialect with this trait has it.
    ///
    /// # Errors
    /// As before; which axes the blob may have is for the trait to say.
    pub fn of(param: &FillerParameter, shape: &Shape, fans: Fans) -> Result<Xavier, Refusal> {
        refuse_sparse(NAME, param)?;
        let n = Fan::of(NAME, shape, fans)?.n(param)?;
        Ok(Xavier { scale: (3.0 / n).sqrt(), count: shape.count() })
    }
}

impl Piecewise for Xavier {
    fn count(&self) -> usize {
        self.count
    }

    fn distribution(&self) -> Option<Distribution> {
        Some(Distribution::Uniform { min: -self.scale, max: self.scale })
    }
}

/// The distribution for an n.
fn between_roots(n: f32) -> Distribution {
    let scale = (3.0 / n).sqrt();
    Distribution::Uniform { min: -scale, max: scale }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Stub, sha256, values};

    fn hash(variance_norm: Option<i32>, dims: &[i32], rng: &mut Stub) -> String {
        let param = FillerParameter { variance_norm, ..Default::default() };
        sha256(&values(&Xavier::new(&param, &Shape::new(dims).unwrap()).unwrap(), rng))
    }

    #[test]
    fn values_are_caffe_s_by_fan_in() {
        let rng = &mut Stub::new(0);
        let weight = hash(None, &[4, 3, 3, 3], rng);
        assert_eq!(weight, "ebef6b54a102ce15e837151fea51e68de5619b6fbdec98b7e232bd9f255dd55f");
        let bias = hash(Some(0), &[4], rng);
        assert_eq!(bias, "97e1bd77a3e69e0228fdbac63a5663b25450b1d9c59acf03e7069a4fdb4a9891");
    }

    #[test]
    fn values_are_caffe_s_by_fan_out() {
        let rng = &mut Stub::new(1);
        let weight = hash(Some(1), &[4, 3, 3, 3], rng);
        assert_eq!(weight, "ac625271878c08581c41ca4359bbe580b0ee8e50d9b0647e7408afac3576201f");
        let bias = hash(Some(1), &[4], rng);
        assert_eq!(bias, "7a89288372636c8f6579c25decdebdca9b45ec16276bc348cf799be215c6415d");
    }

    #[test]
    fn values_are_caffe_s_by_the_mean() {
        let rng = &mut Stub::new(1);
        let weight = hash(Some(2), &[4, 3, 3, 3], rng);
        assert_eq!(weight, "e6b083241466d130fba81d9a3834fb808e7d1ccacec16042a62fa527b5418444");
        let bias = hash(Some(2), &[4], rng);
        assert_eq!(bias, "1598137f1fe5ff2d11282b2c94586642d066c55abd1130a4ad18d9bf5bc25eb8");
    }

    #[test]
    fn a_scalar_is_refused() {
        let refusal = Xavier::new(&FillerParameter::default(), &Shape::scalar()).unwrap_err();
        assert_eq!(refusal.message, "the xavier filler needs at least one axis, the blob is a scalar");
    }
}
