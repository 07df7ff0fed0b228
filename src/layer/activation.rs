//! Functions of each element, which few trees have: ReLU6, and those of happynear, Light CNN, FlowNet, caffe_pp2,
//! Xilinx and others.
//!
//! The top is like the bottom; Power and SignedSqrt of caffe_pp2 do not work in place. No blobs, no draws while the net
//! is built.

use super::neuron::power;
use super::{Arity, Layer, LayerType, Neuron, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};

const HAPPYNEAR: Known = Known::In(&["happynear"]);
const CAFFE_PP2: Known = Known::In(&["caffe-pp2"]);

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    of("Arccos", "Takes the arc cosine", &keep).known(HAPPYNEAR),
    of("Cosine", "Takes the cosine", &keep).known(HAPPYNEAR),
    of("Flip", "Mirrors pictures", &keep).params(&["flip_param"]).keeps_signal().known(HAPPYNEAR),
    of("Insanity", "Applies the rectified linear unit, with a random slope below zero", &insanity)
        .params(&["insanity_param"])
        .keeps_signal()
        .known(Known::WithField("insanity_param")),
    of("NegReLU", "Keeps what is below zero", &keep).keeps_signal().known(Known::In(&["flownet2"])),
    of("Noise", "Adds noise", &noise).params(&["noise_param"]).keeps_signal().known(HAPPYNEAR),
    of("Power", "Raises shift + scale x to a power", &power_apart).params(&["power_param"]).known(CAFFE_PP2),
    of("PowerFile", "Adds numbers of a file, one for each number of an item", &power_file)
        .params(&["power_file_param"])
        .keeps_signal()
        .known(Known::WithField("power_file_param")),
    of("ReLU6", "Applies the rectified linear unit, up to 6", &relu6)
        .params(&["relu6_param"])
        .keeps_signal()
        .known(Known::WithField("relu6_param")),
    of("ReLU6", "Applies the rectified linear unit, up to 6", &keep)
        .params(&["relu_param"])
        .keeps_signal()
        .known(Known::In(&["xilinx"])),
    of("MCDropout", "Sets values to zero at random, in TEST too", &keep)
        .params(&["dropout_param"])
        .keeps_signal()
        .known(Known::In(&["caffe3d"])),
    of("NoBP", "Lets no gradients through", &keep).keeps_signal().known(Known::In(&["charlesshang"])),
    of("SignedSqrt", "Takes the root of elements and keeps their signs", &apart).known(CAFFE_PP2),
    of("SoftTruncation", "Limits values softly", &keep).params(&["soft_truncation_param"]).known(HAPPYNEAR),
    of("Sparsify", "Sets small values to zero", &sparsify)
        .params(&["sparsify_param"])
        .known(Known::WithField("sparsify_param")),
    of("SpatialSoftmax", "Makes the values of each channel into probabilities", &spatial_softmax)
        .params(&["spatial_softmax_param"])
        .known(CAFFE_PP2),
    of("Truncation", "Limits values", &keep).params(&["truncation_param"]).known(HAPPYNEAR),
];

const fn of(name: &'static str, summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(1), Arity::exactly(1), rule).weightless()
}

fn keep(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::like_bottom(ctx, Operator::Opaque))
}

fn apart(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    keep(ctx)
}

fn power_apart(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    power(ctx)
}

/// What the file holds is no blob. One that is missing, or too short, leaves zeros.
fn power_file(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ensure!(ctx.bottom(0).axes() > 0, "bottom", "PowerFile needs an axis, and the input has none");
    keep(ctx)
}

fn spatial_softmax(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    ensure!(bottom.axes() >= 2, "bottom", "SpatialSoftmax needs at least 2 axes, the input is {bottom}");
    keep(ctx)
}

fn insanity(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.insanity_param().unwrap_or_default();
    let (lower, upper, bottom) = (param.lb(), param.ub(), ctx.bottom(0));
    ensure!(bottom.axes() >= 2, "bottom", "Insanity needs at least 2 axes, the input is {bottom}");
    let in_order = upper > lower;
    ensure!(in_order, "insanity_param.ub", "ub {upper} is not above lb {lower}");
    ensure!(lower * upper != 0.0, "insanity_param", "lb {lower} and ub {upper} must not be 0");
    ctx.legacy_dim(0, 1)?;
    keep(ctx)
}

/// Caffe shapes no top here: only one in place has a shape.
fn noise(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let top = if ctx.in_place(0, 0) { ctx.bottom(0).clone() } else { Shape::unshaped() };
    Ok(Setup::new(ctx, Operator::Opaque, [top]))
}

fn relu6(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    // Sophgo's Caffe has a message of its own for it.
    let own = ctx.param.relu6_param_relu6parameter().map(|param| param.negative_slope());
    let negative_slope = own.unwrap_or_else(|| ctx.param.relu6_param().unwrap_or_default().negative_slope());
    Ok(Setup::like_bottom(ctx, Operator::Neuron(Neuron::Relux { negative_slope, maximal_value: 6.0 })))
}

fn sparsify(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.sparsify_param().unwrap_or_default();
    for (name, field, value) in
        [("coef", "sparsify_param.coef", param.coef()), ("thre", "sparsify_param.thre", param.thre())]
    {
        let in_range = value >= 0.0;
        ensure!(in_range, field, "{name} {value} is below 0");
    }
    keep(ctx)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_shape_is_kept() {
        for entry in TYPES.iter().filter(|entry| entry.name != "Noise") {
            let knowing = Surroundings::of(entry.known.first().name);
            assert_eq!(knowing.top(entry.name, "", &[&[2, 3, 4]]), [2, 3, 4], "{}", entry.name);
        }
    }

    #[test]
    fn noise_shapes_nothing() {
        let happynear = Surroundings::of("happynear");
        let noise = TYPES.iter().find(|entry| entry.name == "Noise").unwrap();
        let bottom = [Shape::new([2, 3]).unwrap()];
        let top = |id| happynear.setup_blobs(noise, &Default::default(), &bottom, &[id]).unwrap().tops.remove(0);
        assert_eq!((top(0).dims(), top(1).count()), (&[2, 3][..], 0));
    }

    #[test]
    fn relu6_is_limited() {
        let text = "relu6_param { negative_slope: 0.1 }";
        for dialect in ["mobilenet-yolo", "sophgo"] {
            let made = Surroundings::of(dialect).run("ReLU6", text, &[&[2]], 1).unwrap();
            let expected = Neuron::Relux { negative_slope: 0.1, maximal_value: 6.0 };
            assert_eq!(made.operator, Operator::Neuron(expected), "{dialect}");
        }
    }

    #[test]
    fn refusals() {
        let error = |name: &str, text: &str, dialect| Surroundings::of(dialect).refusal(name, text, &[&[2, 3]]);
        let message = "insanity_param.ub: ub 10 is not above lb 12";
        assert_eq!(error("Insanity", "insanity_param { lb: 12 }", "happynear"), message);
        let message = "insanity_param: lb 0 and ub 10 must not be 0";
        assert_eq!(error("Insanity", "insanity_param { lb: 0 }", "seqface"), message);
        let error_of = |name: &str, bottom: &[i32]| Surroundings::of("caffe-pp2").refusal(name, "", &[bottom]);
        assert_eq!(error_of("PowerFile", &[]), "bottom: PowerFile needs an axis, and the input has none");
        let message = "bottom: SpatialSoftmax needs at least 2 axes, the input is (3)";
        assert_eq!(error_of("SpatialSoftmax", &[3]), message);
        let message = "sparsify_param.thre: thre -1 is below 0";
        assert_eq!(error("Sparsify", "sparsify_param { thre: -1 }", "wu-lightcnn"), message);
    }
}
