//! The truncated_normal filler: normal values without those far from the mean.
//!
//! x ~ N(`mean`, `std`²) given that `mean + a std ≤ x ≤ mean + b std`, with `mean` 0, `std` 1, `a` -2 and `b` 2 unless
//! given
//!
//! Each value is the quantile of one 32-bit draw ([`TruncatedNormal`](crate::random::TruncatedNormal) has the formula),
//! so that values neither depend on one another nor on the Boost release of Caffe's generator. `std` is that of the
//! distribution before it is cut: with the usual cuts the values have 0.8796 times as much. A cut may be infinite.
//!
//! TensorFlow, Keras and JAX know it under the same name with cuts at two standard deviations; in PyTorch
//! (`trunc_normal_`) `a` and `b` are the cuts themselves.

use super::pieces::Drawn;
use super::{FillerType, count, refuse_sparse};
use crate::Shape;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, TruncatedNormal};

const NAME: &str = "truncated_normal";

pub(super) const TYPE: FillerType = FillerType::new(
    NAME,
    "Draws from the normal distribution of `mean` and `std`, cut `a` and `b` standard deviations from the mean",
    "x ~ N(mean, std^2) given that mean + a std <= x <= mean + b std",
    |param, shape| Ok(Box::new(truncated_normal(param, shape)?)),
)
.fields(&["mean", "std", "a", "b"])
.spread_by(&["std"], "std: 0.01")
.extension();

fn truncated_normal(param: &FillerParameter, shape: &Shape) -> Result<Drawn, Refusal> {
    refuse_sparse(NAME, param)?;
    let count = count(NAME, shape)?;
    let (mean, std, a, b) = (param.mean(), param.std(), param.a.unwrap_or(-2.0), param.b.unwrap_or(2.0));
    ensure!(mean.is_finite(), "mean", "mean {mean:?} is not finite");
    ensure!(std.is_finite() && std > 0.0, "std", "std {std:?} is not a finite number above 0");
    ensure!(!b.is_nan(), "b", "b is not a number");
    ensure!(!a.is_nan(), "a", "a is not a number");
    if a >= b {
        return Err(Refusal::at("a", format!("a {a:?} is not below b {b:?}")));
    }
    let normal = TruncatedNormal::new(mean.into(), std.into(), a.into(), b.into());
    let Some(normal) = normal else {
        return Err(Refusal::at("a", format!("almost no normal values are between a {a:?} and b {b:?}"))
            .help("a and b count standard deviations from the mean"));
    };
    Ok(Drawn { distribution: Distribution::TruncatedNormal(normal), count })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::Filler;
    use crate::filler::stub::{bits, values};
    use crate::random::{CaffeGenerator, Era, NativeGenerator};

    fn cut(mean: f32, std: f32, a: impl Into<Option<f32>>, b: impl Into<Option<f32>>) -> FillerParameter {
        FillerParameter { mean: Some(mean), std: Some(std), a: a.into(), b: b.into(), ..Default::default() }
    }

    fn build(param: &FillerParameter, count: i32) -> Drawn {
        truncated_normal(param, &Shape::new([count]).unwrap()).unwrap()
    }

    fn refused(param: &FillerParameter) -> (&'static str, String) {
        let refusal = truncated_normal(param, &Shape::scalar()).unwrap_err();
        (refusal.field, refusal.message)
    }

    #[test]
    fn values_are_stable() {
        let filler = build(&cut(1.0, 0.5, None, None), 4);
        let caffe = values(&filler, &mut CaffeGenerator::new(1701, Era::default()));
        assert_eq!(bits(&caffe), [0x3ec3_6ce2, 0x3f82_ded2, 0x3ee3_19b9, 0x3fb4_37fa]);
        assert_eq!(caffe, values(&filler, &mut CaffeGenerator::new(1701, Era::V1_47)));
        let native = values(&filler, &mut NativeGenerator::new(1701, "conv1", 0));
        assert_eq!(bits(&native), [0x3f72_0a8c, 0x3faf_b89e, 0x3f2d_b955, 0x3f34_25ea]);
    }

    #[test]
    fn thrown_away_values_are_draws() {
        let filler = build(&cut(0.0, 1.0, None, None), 70_001);
        let [mut filled, mut discarded] = [(); 2].map(|()| CaffeGenerator::new(3, Era::default()));
        values(&filler, &mut filled);
        filler.discard(&mut discarded).unwrap();
        assert_eq!(values(&filler, &mut filled), values(&filler, &mut discarded));
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        assert_eq!(refused(&cut(nan, 1.0, None, None)), ("mean", "mean NaN is not finite".into()));
        let message = "std 0.0 is not a finite number above 0";
        assert_eq!(refused(&cut(0.0, 0.0, None, None)), ("std", message.into()));
        assert_eq!(refused(&cut(0.0, inf, None, None)).0, "std");
        assert_eq!(refused(&cut(0.0, 1.0, 2.0, None)), ("a", "a 2.0 is not below b 2.0".into()));
        assert_eq!(refused(&cut(0.0, 1.0, nan, None)), ("a", "a is not a number".into()));
        assert_eq!(refused(&cut(0.0, 1.0, None, nan)), ("b", "b is not a number".into()));
        let message = "almost no normal values are between a 40.0 and b inf";
        assert_eq!(refused(&cut(0.0, 1.0, 40.0, inf)), ("a", message.into()));
    }
}
