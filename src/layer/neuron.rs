//! Elementwise layers: one bottom, one top of the same shape, no blobs, no draws.
//!
//! | type | y = |
//! |---|---|
//! | AbsVal | \|x\| |
//! | BNLL | log(1 + exp(x)) |
//! | Clip | max(min, min(max, x)) |
//! | Dropout | x / (1 - ratio) or 0, at random, in phase TRAIN; x in phase TEST |
//! | DropoutChannel | the same for whole channels (DeconvNet) |
//! | ELU | x where x > 0, else alpha (exp(x) - 1) |
//! | Exp | base ^ (shift + scale x) |
//! | Log | log_base(shift + scale x) |
//! | Power | (shift + scale x) ^ power |
//! | ReLU | x where x > 0, else negative_slope x |
//! | RReLU | x where x > 0, else x / a, a at random between lb and ub in phase TRAIN, their mean in phase TEST (ducha-aiki) |
//! | ReLUX | that, and maximal_value where it would be more |
//! | SeLu | lambda x where x > 0, else lambda alpha (exp(x) - 1) |
//! | SeLuDropout | x or alpha, at random, then scaled and shifted to mean 0 and variance 1, in phase TRAIN; x in phase TEST |
//! | SpatialDropout | x / (1 - ratio) or 0 for whole channels, at random, in phase TRAIN; x in phase TEST |
//! | Sigmoid | 1 / (1 + exp(-x)) |
//! | Sqrt | the square root of x (Cambricon) |
//! | Swish | x sigmoid(beta x) |
//! | TanH | tanh(x) |
//! | Threshold | 1 where x > threshold, else 0 |
//!
//! All but AbsVal may work in place. Caffe checks nothing but the base of Exp and Log: Dropout takes any ratio, Clip a
//! minimum above its maximum.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::{ClipParameter, Phase};

const ONE: Arity = Arity::exactly(1);

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    LayerType::new("AbsVal", "Takes the absolute value", ONE, ONE, &abs_val).weightless(),
    LayerType::new("BNLL", "Computes log(1 + exp(x)), the binomial normal log likelihood", ONE, ONE, &bnll)
        .weightless(),
    LayerType::new("Clip", "Limits values to a range", ONE, ONE, &clip)
        .weightless()
        .params(&["clip_param"])
        .known(Known::WithField("clip_param")),
    LayerType::new("Dropout", "Sets values to zero at random while training", ONE, ONE, &dropout)
        .weightless()
        .params(&["dropout_param"])
        .keeps_signal(),
    LayerType::new(
        "DropoutChannel",
        "Sets whole channels to zero at random while training",
        ONE,
        ONE,
        &spatial_dropout,
    )
    .params(&["dropout_param"])
    .weightless()
    .keeps_signal()
    .known(Known::In(&["deconvnet"])),
    LayerType::new("ELU", "Applies the exponential linear unit", ONE, ONE, &elu)
        .weightless()
        .params(&["elu_param"])
        .known(Known::WithField("elu_param")),
    LayerType::new("Exp", "Raises a base to the power of shift + scale x", ONE, ONE, &exp)
        .weightless()
        .params(&["exp_param"]),
    LayerType::new("Log", "Takes the logarithm of shift + scale x", ONE, ONE, &log)
        .weightless()
        .params(&["log_param"])
        .known(Known::WithFieldBut { field: "log_param", not: &["wu-lightcnn", "mobilenet-yolo"] }),
    LayerType::new("Power", "Raises shift + scale x to a power", ONE, ONE, &power)
        .weightless()
        .params(&["power_param"])
        .known(Known::Except(&["caffe-pp2"])),
    LayerType::new("ReLU", "Applies the rectified linear unit, leaky if asked for", ONE, ONE, &relu)
        .with_engines()
        .weightless()
        .params(&["relu_param"])
        .keeps_signal()
        .known(Known::Except(&["synopsys"])),
    LayerType::new(
        "ReLU",
        "Applies the rectified linear unit, leaky or limited if asked for",
        Arity::between(1, 2),
        Arity::at_least(1),
        &relu_of_any_tops,
    )
    .params(&["relu_param"])
    .keeps_signal()
    .known(Known::In(&["synopsys"])),
    LayerType::new("RReLU", "Applies the rectified linear unit, with a random slope below zero", ONE, ONE, &rrelu)
        .params(&["rrelu_param"])
        .keeps_signal()
        .known(Known::WithField("rrelu_param")),
    LayerType::new("ReLUX", "Applies the rectified linear unit, up to a value", ONE, ONE, &relux)
        .params(&["relux_param"])
        .weightless()
        .keeps_signal()
        .known(Known::In(&["soeaver"])),
    LayerType::new("SeLu", "Applies the scaled exponential linear unit", ONE, ONE, &selu)
        .params(&["selu_param"])
        .weightless()
        .keeps_signal()
        .known(Known::In(&["soeaver"])),
    LayerType::new(
        "SeLuDropout",
        "Sets values at random to the limit of a SeLu while training",
        ONE,
        ONE,
        &selu_dropout,
    )
    .params(&["selu_dropout_param"])
    .weightless()
    .keeps_signal()
    .known(Known::In(&["soeaver"])),
    LayerType::new("Sigmoid", "Applies the logistic sigmoid", ONE, ONE, &sigmoid)
        .with_engines()
        .weightless()
        .params(&["sigmoid_param"]),
    LayerType::new(
        "SpatialDropout",
        "Sets whole channels to zero at random while training",
        ONE,
        ONE,
        &spatial_dropout,
    )
    .params(&["spatial_dropout_param"])
    .weightless()
    .keeps_signal()
    .known(Known::WithFieldBut { field: "spatial_dropout_param", not: &["sophgo"] }),
    LayerType::new("Sqrt", "Takes the square root", ONE, ONE, &sqrt).weightless().known(Known::In(&["cambricon"])),
    LayerType::new("Swish", "Computes x sigmoid(beta x)", ONE, ONE, &swish)
        .weightless()
        .params(&["swish_param"])
        .known(Known::WithField("swish_param")),
    LayerType::new("TanH", "Applies the hyperbolic tangent", ONE, ONE, &tanh)
        .with_engines()
        .weightless()
        .params(&["tanh_param"]),
    LayerType::new("Threshold", "Tests whether values exceed a threshold", ONE, ONE, &threshold)
        .weightless()
        .params(&["threshold_param"]),
];

/// A function of each element x.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Neuron {
    /// \|x\|.
    AbsVal,
    /// log(1 + exp(x)).
    Bnll,
    /// max(min, min(max, x)).
    Clip {
        /// The least.
        min: f32,
        /// The most.
        max: f32,
    },
    /// x / (1 - ratio) or 0, at random.
    Dropout {
        /// The probability of 0; none where x stays as it is, as in phase TEST.
        ratio: Option<f32>,
    },
    /// x / (1 - ratio) or 0 for whole channels, at random.
    SpatialDropout {
        /// The probability of 0; none where x stays as it is, as in phase TEST.
        ratio: Option<f32>,
    },
    /// x where x > 0, else alpha (exp(x) - 1).
    Elu {
        /// The negative of the limit at minus infinity.
        alpha: f32,
    },
    /// base ^ (shift + scale x).
    Exp {
        /// The base; none stands for e.
        base: Option<f32>,
        /// The factor of x.
        scale: f32,
        /// What is added to that.
        shift: f32,
    },
    /// The logarithm of shift + scale x.
    Log {
        /// Its base; none stands for e.
        base: Option<f32>,
        /// The factor of x.
        scale: f32,
        /// What is added to that.
        shift: f32,
    },
    /// (shift + scale x) ^ power.
    Power {
        /// The exponent.
        power: f32,
        /// The factor of x.
        scale: f32,
        /// What is added to that.
        shift: f32,
    },
    /// x where x > 0, else `negative_slope` x.
    Relu {
        /// The slope below 0.
        negative_slope: f32,
    },
    /// x where x > 0, else x / a with a number a between two bounds, drawn for each element while training.
    Rrelu {
        /// The lower bound.
        lower: f32,
        /// The upper bound.
        upper: f32,
        /// Whether numbers are drawn; otherwise a is the mean of the bounds.
        draws: bool,
    },
    /// x where x > 0, else `negative_slope` x; `maximal_value` where that is more.
    Relux {
        /// The slope below 0.
        negative_slope: f32,
        /// The most.
        maximal_value: f32,
    },
    /// `lambda` x where x > 0, else `lambda` `alpha` (exp(x) - 1).
    Selu {
        /// The slope above 0.
        lambda: f32,
        /// The negative of the limit at minus infinity, over `lambda`.
        alpha: f32,
    },
    /// x or `alpha`, at random, then scaled and shifted so that mean 0 and variance 1 stay.
    SeluDropout {
        /// The probability of `alpha`; none where x stays as it is, as in phase TEST.
        ratio: Option<f32>,
        /// What x is replaced by.
        alpha: f32,
    },
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// x / (1 + exp(-beta x)).
    Swish {
        /// The slope of the sigmoid.
        beta: f32,
    },
    /// tanh(x).
    TanH,
    /// 1 where x > threshold, else 0.
    Threshold {
        /// The threshold.
        threshold: f32,
    },
}

fn setup(ctx: &SetupContext<'_>, neuron: Neuron) -> Result<Setup, Refusal> {
    // C3D 1.0 gives the top a length of 1, whatever the bottom's is, and writes behind its end.
    let loses_length = ctx.dialect.traits.blobs_have_length && ctx.bottom(0).axes() == 5;
    ensure!(
        !loses_length || ctx.in_place(0, 0),
        "top",
        "this Caffe makes a top without the length of {}: work in place",
        ctx.bottom(0)
    );
    Ok(Setup::like_bottom(ctx, Operator::Neuron(neuron)))
}

fn abs_val(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    setup(ctx, Neuron::AbsVal)
}

fn sqrt(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::like_bottom(ctx, Operator::Opaque))
}

fn bnll(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    setup(ctx, Neuron::Bnll)
}

fn clip(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let ClipParameter { min, max } = ctx.param.clip_param.unwrap_or_default();
    setup(ctx, Neuron::Clip { min, max })
}

fn dropout(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    if !ctx.dialect.traits.dropout_takes_any_axes {
        ctx.legacy_dim(0, 0)?;
    }
    let ratio = ctx.param.dropout_param.unwrap_or_default().dropout_ratio();
    setup(ctx, Neuron::Dropout { ratio: (ctx.phase == Phase::Train).then_some(ratio) })
}

/// Intel's Caffe takes the ratio from `dropout_param`, whatever `spatial_dropout_param` says.
fn spatial_dropout(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let ratio = ctx.param.dropout_param.unwrap_or_default().dropout_ratio();
    setup(ctx, Neuron::SpatialDropout { ratio: (ctx.phase == Phase::Train).then_some(ratio) })
}

fn elu(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let alpha = ctx.param.elu_param.and_then(|param| param.alpha);
    setup(ctx, Neuron::Elu { alpha: alpha.unwrap_or_else(|| ctx.default_of("ELUParameter", "alpha")) })
}

fn exp(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.exp_param.unwrap_or_default();
    let base = checked_base(param.base(), "exp_param.base")?;
    setup(ctx, Neuron::Exp { base, scale: param.scale(), shift: param.shift() })
}

fn log(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.log_param.unwrap_or_default();
    let base = checked_base(param.base(), "log_param.base")?;
    ensure!(base != Some(1.0), "log_param.base", "there is no logarithm to base 1");
    setup(ctx, Neuron::Log { base, scale: param.scale(), shift: param.shift() })
}

pub(super) fn power(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.power_param.unwrap_or_default();
    setup(ctx, Neuron::Power { power: param.power(), scale: param.scale(), shift: param.shift() })
}

fn relu(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    setup(ctx, Neuron::Relu { negative_slope: ctx.param.relu_param.unwrap_or_default().negative_slope() })
}

/// Synopsys' ReLU: a second bottom is ignored, and further tops are left without a shape.
fn relu_of_any_tops(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let negative_slope = ctx.param.relu_param.unwrap_or_default().negative_slope();
    let tops = ctx.first_top(ctx.bottom(0).copied());
    Ok(Setup::new(ctx, Operator::Neuron(Neuron::Relu { negative_slope }), tops))
}

fn rrelu(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    ensure!((2..=4).contains(&bottom.axes()), "bottom", "RReLU takes 2 to 4 axes, the input is {bottom}");
    let param = ctx.param.rrelu_param().unwrap_or_default();
    let (lower, upper) = (param.lb(), param.ub());
    let grows = upper > lower;
    ensure!(grows, "rrelu_param", "the upper bound {upper} is not above the lower bound {lower}");
    ensure!(lower * upper != 0.0, "rrelu_param", "the bounds {lower} and {upper} must not be 0");
    setup(ctx, Neuron::Rrelu { lower, upper, draws: ctx.phase == Phase::Train })
}

fn relux(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.relux_param().unwrap_or_default();
    setup(ctx, Neuron::Relux { negative_slope: param.negative_slope(), maximal_value: param.maximal_value() })
}

fn selu(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.selu_param().unwrap_or_default();
    setup(ctx, Neuron::Selu { lambda: param.lambda(), alpha: param.alpha() })
}

fn selu_dropout(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.selu_dropout_param().unwrap_or_default();
    let ratio = (ctx.phase == Phase::Train).then_some(param.dropout_ratio());
    setup(ctx, Neuron::SeluDropout { ratio, alpha: param.alpha() })
}

fn sigmoid(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    setup(ctx, Neuron::Sigmoid)
}

fn swish(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    setup(ctx, Neuron::Swish { beta: ctx.param.swish_param.unwrap_or_default().beta() })
}

fn tanh(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    setup(ctx, Neuron::TanH)
}

fn threshold(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    setup(ctx, Neuron::Threshold { threshold: ctx.param.threshold_param.unwrap_or_default().threshold() })
}

/// A base must be positive and finite, so that its logarithm is; -1 stands for e.
fn checked_base(base: f32, field: &'static str) -> Result<Option<f32>, Refusal> {
    if base == -1.0 {
        return Ok(None);
    }
    if base > 0.0 && base.is_finite() {
        return Ok(Some(base));
    }
    Err(Refusal::at(field, format!("base {base} is not a positive number")).help("-1 stands for e"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;
    use crate::layer::testing::{Surroundings, refusal, refusal_in_place, setup_blobs, top};
    use crate::proto::caffe::LayerParameter;

    #[test]
    fn every_type_keeps_the_shape() {
        for entry in TYPES.iter().filter(|entry| entry.name != "RReLU") {
            for dims in [&[2, 3, 2, 1, 4][..], &[0, 3], &[]] {
                let knowing = Surroundings::of(entry.known.first().name);
                assert_eq!(knowing.top(entry.name, "", &[dims]), dims, "{}", entry.name);
            }
        }
    }

    #[test]
    fn random_slopes_are_for_two_to_four_axes() {
        let ducha = Surroundings::of("ducha-aiki");
        assert_eq!(ducha.top("RReLU", "", &[&[0, 3]]), [0, 3]);
        let message = "bottom: RReLU takes 2 to 4 axes, the input is (2)";
        assert_eq!(ducha.refusal("RReLU", "", &[&[2]]), message);
        let message = "rrelu_param: the upper bound 5 is not above the lower bound 5";
        assert_eq!(ducha.refusal("RReLU", "rrelu_param { ub: 5 }", &[&[2, 3]]), message);
        let message = "rrelu_param: the bounds 0 and 1 must not be 0";
        assert_eq!(ducha.refusal("RReLU", "rrelu_param { lb: 0 ub: 1 }", &[&[2, 3]]), message);
    }

    #[test]
    fn a_copy_of_an_unshaped_bottom_is_a_scalar() {
        for top_id in [0, 1] {
            let setup = setup_blobs("ReLU", "", &[Shape::unshaped()], &[top_id]).unwrap();
            assert_eq!(setup.tops, [Shape::scalar()]);
        }
    }

    #[test]
    fn all_but_abs_val_work_in_place() {
        for entry in TYPES.iter().filter(|entry| entry.name != "AbsVal") {
            let bottom = Shape::new([2, 3]).unwrap();
            let knowing = Surroundings::of(entry.known.first().name);
            let made = knowing.setup_blobs(entry, &LayerParameter::default(), &[bottom], &[0]).unwrap();
            assert_eq!(made.tops[0].dims(), [2, 3], "{}", entry.name);
        }
        let expected = ("top", "the layer cannot work in place".to_owned());
        assert_eq!(refusal_in_place("AbsVal", "", &[&[2, 3]], 1), expected);
    }

    #[test]
    fn odd_values_that_caffe_takes() {
        for (name, text) in [
            ("Dropout", "dropout_param { dropout_ratio: 1.5 }"),
            ("Clip", "clip_param { min: 3 max: -3 }"),
            ("Exp", "exp_param { base: 1 }"),
            ("Exp", "exp_param { base: -1 shift: 2 }"),
            ("Log", "log_param { base: 0.5 scale: -1 }"),
            ("Log", "log_param { base: 1.0000001 }"),
        ] {
            assert_eq!(top(name, text, &[&[4]]), [4], "{name} {text}");
        }
    }

    #[test]
    fn a_base_must_be_positive_and_finite() {
        let exp = |text| refusal("Exp", text, &[&[2]], 1);
        assert_eq!(exp("exp_param { base: 0 }"), ("exp_param.base", "base 0 is not a positive number".to_owned()));
        assert_eq!(exp("exp_param { base: nan }").1, "base NaN is not a positive number");
        assert_eq!(exp("exp_param { base: inf }").1, "base inf is not a positive number");
        let log = |text| refusal("Log", text, &[&[2]], 1);
        assert_eq!(log("log_param { base: -2 }"), ("log_param.base", "base -2 is not a positive number".to_owned()));
        assert_eq!(log("log_param { base: 1 }").1, "there is no logarithm to base 1");
    }

    #[test]
    fn numbers_of_bottoms_and_tops() {
        let bottoms: [&[i32]; 2] = [&[2], &[2]];
        assert_eq!(refusal("ReLU", "", &bottoms, 1).1, "ReLU takes 1 bottom, 2 given");
        assert_eq!(refusal("Dropout", "", &bottoms[..1], 2).1, "Dropout makes 1 top, 2 given");
    }
}
