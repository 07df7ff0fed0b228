//! Functions of each element, and LogSoftmax and LpNormalization: the shape stays.
//!
//! | type | y = |
//! |---|---|
//! | Atan, Sin | that of x |
//! | Ceil, Floor, Round | x, rounded |
//! | HardSigmoid | alpha x + beta, between 0 and 1 |
//! | HardSwish | x HardSigmoid(x) with 1/6 and 1/2 |
//! | HardTanH | x, between -1 and 1 |
//! | LogSoftmax | the logarithm of the softmax along an axis |
//! | LpNormalization | x / the p-norm over axes |
//! | Mish | x tanh(log(1 + exp(x))) |
//! | ScaledTanH | alpha tanh(beta x) |
//! | SeLU | lambda x where x > 0, else lambda alpha (exp(x) - 1) |
//! | SeLUDropout | Dropout that keeps mean and variance of SeLU |
//! | Softplus, Softsign | log(1 + exp(x)), x / (1 + abs(x)) |
//! | ThresholdedReLU | x where x > alpha, else 0 |
//! | XLU | x within bounds, with a slope below 0 |
//!
//! All may work in place. XLU has any number of tops, of which the first one alone gets a shape, and a second bottom
//! that is ignored; Atan, Ceil, Floor and Round ignore any number of them. No blobs, no draws.

use super::SYNOPSYS;
use crate::dialect::Known;
use crate::error::Refusal;
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    of_any_bottoms("Atan", "Takes the arctangent"),
    of_any_bottoms("Ceil", "Rounds up"),
    of_any_bottoms("Floor", "Rounds down"),
    of("HardSigmoid", "Applies the sigmoid, made of three straight lines").params(&["hard_sigmoid_param"]),
    of("HardSwish", "Computes x times a sigmoid made of three straight lines"),
    of("HardTanH", "Limits values to -1 and 1"),
    LayerType::new("LogSoftmax", "Takes the logarithm of the softmax along an axis", ONE, ONE, &log_softmax)
        .params(&["log_softmax_param"])
        .known(SYNOPSYS),
    LayerType::new("LpNormalization", "Divides by the p-norm over axes", ONE, ONE, &lp_normalization)
        .params(&["lp_normalization_param"])
        .known(SYNOPSYS),
    of("Mish", "Computes x tanh(log(1 + exp(x)))").known(Known::In(&["synopsys", "sophgo"])),
    of_any_bottoms("Round", "Rounds to the nearest integer"),
    of("ScaledTanH", "Applies the hyperbolic tangent, scaled").params(&["scaled_tanh_param"]),
    of("SeLU", "Applies the scaled exponential linear unit").params(&["selu_param"]).keeps_signal(),
    of("SeLUDropout", "Sets values to the limit of SeLU at random while training")
        .params(&["selu_dropout_param"])
        .keeps_signal(),
    of("Sin", "Takes the sine"),
    of("Softplus", "Computes log(1 + exp(x))"),
    of("Softsign", "Computes x / (1 + abs(x))"),
    of("ThresholdedReLU", "Sets values up to a threshold to 0").params(&["thresholded_relu_param"]),
    LayerType::new(
        "XLU",
        "Limits values to a range, with a slope below 0",
        Arity::between(1, 2),
        Arity::at_least(1),
        &first_top,
    )
    .params(&["xlu_param"])
    .keeps_signal()
    .known(SYNOPSYS),
];

const fn of(name: &'static str, summary: &'static str) -> LayerType {
    LayerType::new(name, summary, ONE, ONE, &like_bottom).known(SYNOPSYS)
}

/// For those that ignore further bottoms.
const fn of_any_bottoms(name: &'static str, summary: &'static str) -> LayerType {
    LayerType::new(name, summary, Arity::at_least(1), ONE, &like_bottom).known(SYNOPSYS)
}

fn like_bottom(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::like_bottom(ctx, Operator::Opaque))
}

fn first_top(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let tops = ctx.first_top(ctx.bottom(0).copied());
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

fn log_softmax(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.bottom_axis(0, ctx.param.log_softmax_param().unwrap_or_default().axis(), "log_softmax_param.axis")?;
    like_bottom(ctx)
}

fn lp_normalization(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const AXIS: &str = "lp_normalization_param.axis";
    let named = ctx.param.lp_normalization_param().unwrap_or_default().axis;
    let (count, bottom) = (named.len(), ctx.bottom(0));
    if count > bottom.axes() {
        return Err(Refusal::at(AXIS, format!("{count} axes named, more than {bottom} has")));
    }
    for axis in named {
        ctx.bottom_axis(0, axis, AXIS)?;
    }
    like_bottom(ctx)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_shape_stays() {
        let synopsys = Surroundings::of("synopsys");
        for entry in super::TYPES {
            assert_eq!(synopsys.top(entry.name, "", &[&[2, 3, 0, 1, 4]]), [2, 3, 0, 1, 4], "{}", entry.name);
        }
    }

    #[test]
    fn axes_must_be_there() {
        let synopsys = Surroundings::of("synopsys");
        let message = "log_softmax_param.axis: axis 1 is out of range for the 1-axis shape (5)";
        assert_eq!(synopsys.refusal("LogSoftmax", "", &[&[5]]), message);
        let message = "lp_normalization_param.axis: 2 axes named, more than (5) has";
        assert_eq!(synopsys.refusal("LpNormalization", "lp_normalization_param { axis: [0, 0] }", &[&[5]]), message);
        let made = synopsys.run("XLU", "", &[&[2], &[9]], 2).unwrap();
        assert_eq!(made.tops.iter().map(|top| top.axes()).collect::<Vec<_>>(), [1, 0]);
    }
}
