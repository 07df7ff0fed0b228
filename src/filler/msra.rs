//! The msra filler: normal values scaled by the fan-in, the fan-out or their mean.
//!
//! x ~ N(0, σ²) with σ = √(2 / n)
//!
//! n is the fan-in, or what `variance_norm` asks for: `FAN_IN`, `FAN_OUT` or `AVERAGE` of the two ([`Fan`] says what
//! they are for a shape). The 2 makes up for rectifiers, which silence half of the units; the paper has both fans, one
//! to keep the variance of signals, one that of gradients:
//!
//! > Kaiming He, Xiangyu Zhang, Shaoqing Ren and Jian Sun (2015), *Delving deep into rectifiers: surpassing human-level
//! > performance on ImageNet classification*, ICCV 2015.
//!
//! `mean` and `std` are not read. Intel's Caffe multiplies σ by `scale`, 1 unless given; happynear's has σ = √(2 / n /
//! (1 + `alpha`²)), with 0 unless given.

use super::half::CountedInHalf;
use super::{Fan, FillerType, Piecewise, refuse_sparse};
use crate::Shape;
use crate::dialect::{Fans, Known};
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;
use crate::random::Distribution;

const NAME: &str = "msra";

const SUMMARY: &str = "Draws from a normal distribution of variance 2/n, after He et al. (2015)";
const FORMULA: &str = "x ~ N(0, 2/n), n = fan-in, fan-out or their mean";

pub(super) const TYPE: FillerType =
    FillerType::new(NAME, SUMMARY, FORMULA, |param, shape| Ok(Box::new(Msra::new(param, shape)?)))
        .fields(&["variance_norm"])
        .by_fan()
        .also_called(&["he", "he_normal", "he_init", "kaiming"])
        .known(Known::Where(|traits| traits.fans == Fans::AnyAxes && traits.has_msra));

/// That of earlier Caffes.
pub(super) const FOUR_AXES: FillerType =
    FillerType::new(NAME, SUMMARY, FORMULA, |param, shape| Ok(Box::new(Msra::of(param, shape, Fans::FourAxes)?)))
        .fields(&["variance_norm"])
        .by_fan()
        .known(Known::Where(|traits| traits.fans == Fans::FourAxes && traits.has_msra && !traits.msra_is_leaky));

/// That of Intel's Caffe.
pub(super) const SCALED: FillerType =
    FillerType::new(NAME, SUMMARY, "x ~ N(0, scale^2 2/n), n = fan-in, fan-out or their mean", |param, shape| {
        Ok(Box::new(Msra::of(param, shape, Fans::TwoAxes)?.scaled(param.scale())))
    })
    .fields(&["variance_norm", "scale"])
    .by_fan()
    .known(Known::Where(|traits| traits.fans == Fans::TwoAxes));

/// That of C3D's, where the other fillers take any axes.
pub(super) const TWO_AXES: FillerType =
    FillerType::new(NAME, SUMMARY, FORMULA, |param, shape| Ok(Box::new(Msra::of(param, shape, Fans::TwoAxes)?)))
        .fields(&["variance_norm"])
        .by_fan()
        .known(Known::Where(|traits| traits.fans == Fans::AnyAxesButMsra));

/// That of happynear's, where `alpha` is the slope of the rectifier below zero.
pub(super) const LEAKY: FillerType = FillerType::new(
    NAME,
    SUMMARY,
    "x ~ N(0, 2 / n / (1 + alpha^2)), n = fan-in, fan-out or their mean",
    |param, shape| Ok(Box::new(Msra::leaky(param, shape)?)),
)
.fields(&["variance_norm", "alpha"])
.by_fan()
.known(Known::Where(|traits| traits.msra_is_leaky));

/// What NVIDIA's Caffe calls it besides. Only by that name n is a half for blobs of halves.
pub(super) const STATIC: FillerType = FillerType::new("msrastatic", SUMMARY, FORMULA, |param, shape| {
    Ok(Box::new(CountedInHalf::new(NAME, param, shape, of_variance)?))
})
.fields(&["variance_norm"])
.by_fan()
.known(Known::In(super::STATIC_FILLERS));

/// The distribution for an n.
fn of_variance(n: f32) -> Distribution {
    Distribution::Gaussian { mean: 0.0, std: (2.0 / n).sqrt() }
}

/// Draws from the normal distribution of mean 0 and standard deviation `√(2/n)`.
#[derive(Debug, Clone)]
pub struct Msra {
    std: f32,
    count: usize,
}

impl Msra {
    /// The filler for a blob of the given shape.
    ///
    /// # Errors
    /// The blob is empty or has no axes, `variance_norm` is unknown, or `sparse` is given.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Msra, Refusal> {
        Msra::of(param, shape, Fans::AnyAxes)
    }

    /// The same as a dialect with this trait has it.
    ///
    /// # Errors
    /// As before; which axes the blob may have is for the trait to say.
    pub fn of(param: &FillerParameter, shape: &Shape, fans: Fans) -> Result<Msra, Refusal> {
        refuse_sparse(NAME, param)?;
        let n = Fan::of(NAME, shape, fans)?.n(param)?;
        Ok(Msra { std: (2.0 / n).sqrt(), count: shape.count() })
    }

    /// The same for rectifiers with a slope of `alpha` below zero, in blobs of four axes at most.
    ///
    /// # Errors
    /// As before.
    pub fn leaky(param: &FillerParameter, shape: &Shape) -> Result<Msra, Refusal> {
        refuse_sparse(NAME, param)?;
        let n = Fan::of(NAME, shape, Fans::FourAxes)?.n(param)?;
        let alpha = param.alpha();
        Ok(Msra { std: (2.0 / n / (1.0 + alpha * alpha)).sqrt(), count: shape.count() })
    }
}

impl Msra {
    /// The same with its standard deviation multiplied, in single precision.
    #[must_use]
    pub fn scaled(self, scale: f32) -> Msra {
        Msra { std: scale * self.std, ..self }
    }
}

impl Piecewise for Msra {
    fn count(&self) -> usize {
        self.count
    }

    fn distribution(&self) -> Option<Distribution> {
        Some(Distribution::Gaussian { mean: 0.0, std: self.std })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Stub, sha256, values};

    fn hash(variance_norm: Option<i32>, dims: &[i32], rng: &mut Stub) -> String {
        let param = FillerParameter { variance_norm, ..Default::default() };
        sha256(&values(&Msra::new(&param, &Shape::new(dims).unwrap()).unwrap(), rng))
    }

    #[test]
    fn values_are_caffe_s_by_fan_in() {
        let rng = &mut Stub::new(0);
        let weight = hash(None, &[4, 3, 3, 3], rng);
        assert_eq!(weight, "447c38c2ddbfc91e45cd6919a77c9832c9b9120156ac1cacf544b9532d99132c");
        let bias = hash(Some(0), &[4], rng);
        assert_eq!(bias, "5603638b9abbc61f759b16dfd8026301580e19b7fc7da1a137b2659b73da0a75");
    }

    #[test]
    fn values_are_caffe_s_by_fan_out() {
        let rng = &mut Stub::new(1);
        let weight = hash(Some(1), &[4, 3, 3, 3], rng);
        assert_eq!(weight, "5d76b84d9c313bf6c63d437312136772fdca7e5147047652c51181deb707d821");
        let bias = hash(Some(1), &[4], rng);
        assert_eq!(bias, "27eabc91086e2508696ee10ecf58177ad2e356a826c0ab74eca4a3178eac714a");
    }

    #[test]
    fn values_are_caffe_s_by_the_mean() {
        let rng = &mut Stub::new(1);
        let weight = hash(Some(2), &[4, 3, 3, 3], rng);
        assert_eq!(weight, "ea381071734b56f0284b554af62fa265345db0c7815c5a08325649c01f0015be");
        let bias = hash(Some(2), &[4], rng);
        assert_eq!(bias, "0d6db65ce9cb7361b78776ded71fb128a1c74f606fc80693899c3c140f07c6fc");
    }

    #[test]
    fn a_scalar_is_refused() {
        let refusal = Msra::new(&FillerParameter::default(), &Shape::scalar()).unwrap_err();
        assert_eq!(refusal.message, "the msra filler needs at least one axis, the blob is a scalar");
    }
}
