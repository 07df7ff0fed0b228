//! The variance_scaling filler and its relations lecun_normal, lecun_uniform, kaiming_normal and kaiming_uniform:
//! values whose variance is that of the signals they meet.
//!
//! The variance of the values is s / n, with n the fan-in, the fan-out or the mean of both, which is not rounded
//! ([`Fan`] says what they are for a shape), and their mean is 0:
//!
//! | filler | s | n | distribution |
//! |---|---|---|---|
//! | `variance_scaling` | `scale`, 1 unless given | by `mode` | by `distribution` |
//! | `lecun_normal` | 1 | fan-in | truncated normal |
//! | `lecun_uniform` | 1 | fan-in | uniform |
//! | `kaiming_normal` | 2 / (1 + `a`²) | by `variance_norm` | normal |
//! | `kaiming_uniform` | 2 / (1 + `a`²) | by `variance_norm` | uniform |
//!
//! Uniform values are between ±√(3 s / n). The truncated normal distribution is cut at two standard deviations of an
//! N(0, σ²) whose σ makes up for the cut: σ = √(s / n) / 0.8796. `a` is the slope of the rectifier below 0.
//!
//! > Yann LeCun, Léon Bottou, Genevieve Orr and Klaus-Robert Müller (1998), *Efficient backprop*, in *Neural networks:
//! > tricks of the trade*.
//! >
//! > Kaiming He, Xiangyu Zhang, Shaoqing Ren and Jian Sun (2015), *Delving deep into rectifiers: surpassing human-level
//! > performance on ImageNet classification*, ICCV 2015.
//!
//! `variance_scaling`, `lecun_normal` and `lecun_uniform` are those of Keras and JAX, `kaiming_normal` and
//! `kaiming_uniform` (with `a` 0 unless given) are PyTorch's; there, too, n is counted as if there were no groups.
//! Caffe's msra is the former with `a` 0.

use super::pieces::Drawn;
use super::{Fan, FillerType, refuse_sparse};
use crate::Shape;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::proto::caffe::filler_parameter::{Distribution as Shapes, FanMode, VarianceNorm};
use crate::random::{Distribution, TruncatedNormal};

/// Where the truncated normal distribution is cut, in standard deviations.
const CUT: f64 = 2.0;

pub(super) const VARIANCE_SCALING: FillerType = FillerType::new(
    "variance_scaling",
    "Draws with the variance `scale`/n from the distribution that `distribution` names",
    "E x = 0, Var x = scale/n, n = fan-in, fan-out or their mean by `mode`",
    |param, shape| Ok(Box::new(variance_scaling(param, shape)?)),
)
.fields(&["scale", "mode", "distribution"])
.by_fan()
.extension();

pub(super) const LECUN_NORMAL: FillerType = FillerType::new(
    "lecun_normal",
    "Draws from a truncated normal distribution of variance 1/n, after LeCun et al. (1998)",
    "x ~ N(0, (1/n) / 0.8796^2) given that |x| <= 2 sqrt(1/n) / 0.8796, n = fan-in",
    |param, shape| Ok(Box::new(lecun("lecun_normal", Shapes::TruncatedNormal, param, shape)?)),
)
.by_fan()
.extension();

pub(super) const LECUN_UNIFORM: FillerType = FillerType::new(
    "lecun_uniform",
    "Draws from a uniform distribution of variance 1/n, after LeCun et al. (1998)",
    "x ~ U(-sqrt(3/n), sqrt(3/n)), n = fan-in",
    |param, shape| Ok(Box::new(lecun("lecun_uniform", Shapes::Uniform, param, shape)?)),
)
.by_fan()
.extension();

pub(super) const KAIMING_NORMAL: FillerType = FillerType::new(
    "kaiming_normal",
    "Draws from a normal distribution for rectifiers of slope `a` below 0, after He et al. (2015)",
    "x ~ N(0, 2 / ((1 + a^2) n)), n = fan-in, fan-out or their mean by `variance_norm`",
    |param, shape| Ok(Box::new(kaiming("kaiming_normal", Shapes::Normal, param, shape)?)),
)
.fields(&["a", "variance_norm"])
.extension();

pub(super) const KAIMING_UNIFORM: FillerType = FillerType::new(
    "kaiming_uniform",
    "Draws from a uniform distribution for rectifiers of slope `a` below 0, after He et al. (2015)",
    "x ~ U(-r, r), r = sqrt(6 / ((1 + a^2) n)), n = fan-in, fan-out or their mean by `variance_norm`",
    |param, shape| Ok(Box::new(kaiming("kaiming_uniform", Shapes::Uniform, param, shape)?)),
)
.fields(&["a", "variance_norm"])
.by_fan()
.also_called(&["he_uniform"])
.extension();

fn variance_scaling(param: &FillerParameter, shape: &Shape) -> Result<Drawn, Refusal> {
    const NAME: &str = "variance_scaling";
    refuse_sparse(NAME, param)?;
    let scale = f64::from(param.scale());
    ensure!(scale.is_finite() && scale > 0.0, "scale", "scale {scale:?} is not a finite number above 0");
    let mode = param.mode.unwrap_or(FanMode::FanIn as i32);
    let norm = match FanMode::try_from(mode) {
        Ok(FanMode::FanIn) => VarianceNorm::FanIn,
        Ok(FanMode::FanOut) => VarianceNorm::FanOut,
        Ok(FanMode::FanAvg) => VarianceNorm::Average,
        Err(_) => {
            return Err(Refusal::at("mode", format!("{mode} is not a mode"))
                .help("the modes are fan_in (0), fan_out (1) and fan_avg (2)"));
        }
    };
    let number = param.distribution.unwrap_or(Shapes::TruncatedNormal as i32);
    let Ok(distribution) = Shapes::try_from(number) else {
        return Err(Refusal::at("distribution", format!("{number} is not a distribution"))
            .help("the distributions are truncated_normal (0), normal (1) and uniform (2)"));
    };
    Ok(drawn(distribution, scale / fan(NAME, norm, shape)?, shape))
}

fn lecun(name: &str, distribution: Shapes, param: &FillerParameter, shape: &Shape) -> Result<Drawn, Refusal> {
    refuse_sparse(name, param)?;
    Ok(drawn(distribution, 1.0 / fan(name, VarianceNorm::FanIn, shape)?, shape))
}

fn kaiming(name: &str, distribution: Shapes, param: &FillerParameter, shape: &Shape) -> Result<Drawn, Refusal> {
    refuse_sparse(name, param)?;
    let n = f64::from(Fan::new(name, shape)?.n(param)?);
    let a = f64::from(param.a.unwrap_or(0.0));
    ensure!(a.is_finite(), "a", "a {a:?} is not finite");
    Ok(drawn(distribution, 2.0 / ((1.0 + a * a) * n), shape))
}

fn fan(name: &str, norm: VarianceNorm, shape: &Shape) -> Result<f64, Refusal> {
    let by_norm = FillerParameter { variance_norm: Some(norm as i32), ..Default::default() };
    Ok(Fan::new(name, shape)?.n(&by_norm)?.into())
}

/// A filler of mean 0 and this variance.
fn drawn(distribution: Shapes, variance: f64, shape: &Shape) -> Drawn {
    let std = variance.sqrt();
    let distribution = match distribution {
        Shapes::TruncatedNormal => {
            let cut = |std| TruncatedNormal::new(0.0, std, -CUT, CUT);
            let widened = cut(1.0).and_then(|standard| cut(std / standard.std()));
            Distribution::TruncatedNormal(widened.expect("the variance is a number above 0"))
        }
        Shapes::Normal => Distribution::Gaussian { mean: 0.0, std: std as f32 },
        Shapes::Uniform => {
            let bound = (3f64.sqrt() * std) as f32;
            Distribution::Uniform { min: -bound, max: bound }
        }
    };
    Drawn { distribution, count: shape.count() }
}

#[cfg(test)]
mod tests {
    use caffemodel_numeric::statistics::one_sample::{critical, kolmogorov_smirnov, normal_cdf};

    use super::*;
    use crate::filler::stub::{bits, values};
    use crate::filler::{Filler, FillerRegistry};
    use crate::random::{CaffeGenerator, Era, NativeGenerator};

    const DIMS: [i32; 4] = [256, 64, 4, 4];
    const COUNT: usize = 256 * 64 * 16;

    fn scaling(scale: f32, mode: FanMode, distribution: Shapes) -> FillerParameter {
        FillerParameter {
            r#type: Some("variance_scaling".into()),
            scale: Some(scale),
            mode: Some(mode as i32),
            distribution: Some(distribution as i32),
            ..Default::default()
        }
    }

    fn of_type(name: &str) -> FillerParameter {
        FillerParameter { r#type: Some(name.into()), ..Default::default() }
    }

    fn build(param: &FillerParameter, dims: &[i32]) -> Box<dyn Filler> {
        FillerRegistry::default().with_extensions().build(param, &Shape::new(dims).unwrap()).unwrap()
    }

    fn refused(param: &FillerParameter) -> (&'static str, String) {
        let shape = Shape::new([2, 3]).unwrap();
        let refusal = FillerRegistry::default().with_extensions().build(param, &shape).unwrap_err();
        (refusal.field, refusal.message)
    }

    /// The distribution function of a family with mean 0 and variance 1.
    fn cdf(distribution: Shapes, x: f64) -> f64 {
        match distribution {
            Shapes::Normal => normal_cdf(x),
            Shapes::Uniform => 0.5 + x / 12f64.sqrt(),
            Shapes::TruncatedNormal => {
                let below = normal_cdf(-2.0);
                (normal_cdf(x * 0.879_625_661_034_239_8) - below) / (1.0 - 2.0 * below)
            }
        }
    }

    #[test]
    fn values_follow_the_distribution_of_the_variance() {
        let (fan_in, fan_out) = (1024f64, 4096f64);
        let kaiming = |a| FillerParameter { a: Some(a), variance_norm: Some(1), ..of_type("kaiming_uniform") };
        let sloped = FillerParameter { a: Some(0.5), ..of_type("kaiming_normal") };
        for (param, distribution, variance) in [
            (scaling(2.0, FanMode::FanIn, Shapes::TruncatedNormal), Shapes::TruncatedNormal, 2.0 / fan_in),
            (scaling(0.5, FanMode::FanOut, Shapes::Normal), Shapes::Normal, 0.5 / fan_out),
            (scaling(1.0, FanMode::FanAvg, Shapes::Uniform), Shapes::Uniform, 2.0 / (fan_in + fan_out)),
            (of_type("variance_scaling"), Shapes::TruncatedNormal, 1.0 / fan_in),
            (of_type("lecun_normal"), Shapes::TruncatedNormal, 1.0 / fan_in),
            (of_type("lecun_uniform"), Shapes::Uniform, 1.0 / fan_in),
            (of_type("kaiming_uniform"), Shapes::Uniform, 2.0 / fan_in),
            (kaiming(0.2), Shapes::Uniform, 2.0 / (1.04 * fan_out)),
            (of_type("kaiming_normal"), Shapes::Normal, 2.0 / fan_in),
            (sloped, Shapes::Normal, 2.0 / (1.25 * fan_in)),
        ] {
            let filler = build(&param, &DIMS);
            let moments = filler.moments().unwrap();
            assert!(moments.mean == 0.0 && (moments.std / variance.sqrt() - 1.0).abs() < 1e-6, "{param:?}");
            for values in [
                values(&*filler, &mut NativeGenerator::new(1, "conv1", 0)),
                values(&*filler, &mut CaffeGenerator::new(1, Era::default())),
            ] {
                let distance = kolmogorov_smirnov(&values, |x| cdf(distribution, x / variance.sqrt()));
                assert!(distance < critical(COUNT), "{param:?}: {distance}");
                // No distribution here has a kurtosis above 3, so that the estimate strays by at most √(2 / N).
                let measured = values.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / COUNT as f64;
                assert!((measured / variance - 1.0).abs() < 4.0 * (2.0 / COUNT as f64).sqrt(), "{param:?}");
            }
        }
    }

    #[test]
    fn values_are_stable() {
        let stable = |param: &FillerParameter| {
            let filler = build(param, &[2, 3]);
            let caffe = values(&*filler, &mut CaffeGenerator::new(1701, Era::default()));
            let native = values(&*filler, &mut NativeGenerator::new(1701, "conv1", 0));
            [&bits(&caffe)[..3], &bits(&native)[..3]].concat()
        };
        assert_eq!(stable(&of_type("variance_scaling")), stable(&of_type("lecun_normal")));
        let expected = [0xbf4f_c962, 0x3cf1_2704, 0xbf3a_ff13, 0xbd92_977c, 0x3efa_93e7, 0xbed8_02b1];
        assert_eq!(stable(&of_type("lecun_normal")), expected);
        let expected = [0xbf52_35cf, 0x3d19_82c0, 0xbf44_ed37, 0xbdba_5350, 0x3f11_ef1c, 0xbf00_a3b7];
        assert_eq!(stable(&of_type("lecun_uniform")), expected);
        let expected = [0xbf94_a41c, 0x3d59_1900, 0xbf8b_3f86, 0xbe03_c088, 0x3f4e_61be, 0xbf35_ec7b];
        assert_eq!(stable(&of_type("kaiming_uniform")), expected);
        let expected = [0xbdc8_26e2, 0xbfbf_6a36, 0xbe3b_8da0, 0xbdeb_b9f4, 0x3f8c_b252, 0xbe7c_bd15];
        assert_eq!(stable(&scaling(2.0, FanMode::FanAvg, Shapes::Normal)), expected);
    }

    #[test]
    fn msra_is_kaiming_normal_for_rectifiers() {
        let of = |param: &FillerParameter| values(&*build(param, &[4, 3, 3, 3]), &mut NativeGenerator::new(1, "c", 0));
        assert_eq!(of(&of_type("kaiming_normal")), of(&of_type("msra")));
    }

    #[test]
    fn settings_that_mean_nothing_are_refused() {
        let scale = |scale| FillerParameter { scale: Some(scale), ..of_type("variance_scaling") };
        assert_eq!(refused(&scale(0.0)), ("scale", "scale 0.0 is not a finite number above 0".into()));
        assert_eq!(refused(&scale(f32::NAN)).0, "scale");
        let unknown = FillerParameter { mode: Some(3), ..of_type("variance_scaling") };
        assert_eq!(refused(&unknown), ("mode", "3 is not a mode".into()));
        let unknown = FillerParameter { distribution: Some(7), ..of_type("variance_scaling") };
        assert_eq!(refused(&unknown), ("distribution", "7 is not a distribution".into()));
        let slope = FillerParameter { a: Some(f32::INFINITY), ..of_type("kaiming_uniform") };
        assert_eq!(refused(&slope), ("a", "a inf is not finite".into()));
        let norm = FillerParameter { variance_norm: Some(9), ..of_type("kaiming_uniform") };
        assert_eq!(refused(&norm), ("variance_norm", "9 is not a variance norm".into()));
    }
}
