//! Elementwise layers: one bottom, one top of the same shape, no blobs, no draws.
//!
//! | type | y = |
//! |---|---|
//! | AbsVal | \|x\| |
//! | BNLL | log(1 + exp(x)) |
//! | Clip | max(min, min(max, x)) |
//! | Dropout | x / (1 - ratio) or 0, at random, in phase TRAIN; x in phase TEST |
//! | ELU | x where x > 0, else alpha (exp(x) - 1) |
//! | Exp | base ^ (shift + scale x) |
//! | Log | log_base(shift + scale x) |
//! | Power | (shift + scale x) ^ power |
//! | ReLU | x where x > 0, else negative_slope x |
//! | Sigmoid | 1 / (1 + exp(-x)) |
//! | Swish | x sigmoid(beta x) |
//! | TanH | tanh(x) |
//! | Threshold | 1 where x > threshold, else 0 |
//!
//! All but AbsVal may work in place. Caffe checks nothing but the base of Exp and Log: Dropout takes any ratio, Clip a
//! minimum above its maximum.

use super::registry::LayerType;
use super::{Arity, Setup, SetupContext};
use crate::error::{Refusal, ensure};

const ONE: Arity = Arity::exactly(1);

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    LayerType::new("AbsVal", "Takes the absolute value", ONE, ONE, &abs_val).v1("ABSVAL"),
    LayerType::new("BNLL", "Takes log(1 + exp(x)), the binomial normal log likelihood", ONE, ONE, &unchecked)
        .v1("BNLL"),
    LayerType::new("Clip", "Limits values to a range", ONE, ONE, &unchecked).params(&["clip_param"]),
    LayerType::new("Dropout", "Sets values to zero at random while training", ONE, ONE, &unchecked)
        .params(&["dropout_param"])
        .v1("DROPOUT"),
    LayerType::new("ELU", "Takes the exponential linear unit", ONE, ONE, &unchecked).params(&["elu_param"]),
    LayerType::new("Exp", "Takes a base to the power of shift + scale x", ONE, ONE, &exp)
        .params(&["exp_param"])
        .v1("EXP"),
    LayerType::new("Log", "Takes the logarithm of shift + scale x", ONE, ONE, &log).params(&["log_param"]),
    LayerType::new("Power", "Takes shift + scale x to a power", ONE, ONE, &unchecked)
        .params(&["power_param"])
        .v1("POWER"),
    LayerType::new("ReLU", "Takes the rectified linear unit, leaky if asked for", ONE, ONE, &unchecked)
        .params(&["relu_param"])
        .v1("RELU"),
    LayerType::new("Sigmoid", "Takes the logistic sigmoid", ONE, ONE, &unchecked)
        .params(&["sigmoid_param"])
        .v1("SIGMOID"),
    LayerType::new("Swish", "Takes x sigmoid(beta x)", ONE, ONE, &unchecked).params(&["swish_param"]),
    LayerType::new("TanH", "Takes the hyperbolic tangent", ONE, ONE, &unchecked).params(&["tanh_param"]).v1("TANH"),
    LayerType::new("Threshold", "Tells whether values exceed a threshold", ONE, ONE, &unchecked)
        .params(&["threshold_param"])
        .v1("THRESHOLD"),
];

fn unchecked(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::like_bottom(ctx))
}

fn abs_val(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    unchecked(ctx)
}

fn exp(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_base(ctx.param.exp_param.unwrap_or_default().base(), "exp_param.base")?;
    unchecked(ctx)
}

fn log(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let base = ctx.param.log_param.unwrap_or_default().base();
    check_base(base, "log_param.base")?;
    ensure!(base != 1.0, "log_param.base", "there is no logarithm to base 1");
    unchecked(ctx)
}

/// A base must be positive and finite, so that its logarithm is; -1 stands for e.
fn check_base(base: f32, field: &'static str) -> Result<(), Refusal> {
    if base == -1.0 || base > 0.0 && base.is_finite() {
        return Ok(());
    }
    Err(Refusal::at(field, format!("base {base} is not a positive number")).help("-1 stands for e"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;
    use crate::layer::testing::{refusal, refusal_in_place, setup_blobs, top, tops};

    #[test]
    fn every_type_keeps_the_shape() {
        for entry in TYPES {
            for dims in [&[2, 3, 2, 1, 4][..], &[0, 3], &[]] {
                assert_eq!(top(entry.name, "", &[dims]), dims, "{}", entry.name);
            }
        }
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
            assert_eq!(tops(entry.name, "", &[&[2, 3]], &[0]), [[2, 3]], "{}", entry.name);
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
