//! Pad and MirrorPad: each axis made longer at both ends.
//!
//! `paddings` has two numbers for each axis. What stands there (`mode`, `constant_values`) changes no shape. No blobs, no
//! draws.

use super::{SYNOPSYS, shaped, wide};
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    LayerType::new("MirrorPad", "Pads axes with their own values, mirrored", ONE, ONE, &mirror_pad)
        .params(&["mirror_pad_param"])
        .keeps_signal()
        .known(SYNOPSYS),
    LayerType::new("Pad", "Pads axes with a constant", ONE, ONE, &pad)
        .params(&["pad_param"])
        .keeps_signal()
        .known(SYNOPSYS),
];

fn pad(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.pad_param().unwrap_or_default();
    padded(ctx, &param.paddings, "pad_param.paddings")
}

fn mirror_pad(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.mirror_pad_param().unwrap_or_default();
    padded(ctx, &param.paddings, "mirror_pad_param.paddings")
}

fn padded(ctx: &SetupContext<'_>, paddings: &[u32], field: &'static str) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let (given, axes) = (paddings.len(), bottom.axes());
    ensure!(given == 2 * axes, field, "{given} paddings given for the {axes} axes of {bottom}: there are two for each");
    let mut dims = wide(bottom);
    for (dim, sides) in dims.iter_mut().zip(paddings.chunks_exact(2)) {
        // Caffe keeps them in an `int`.
        *dim += i64::from(sides[0].cast_signed()) + i64::from(sides[1].cast_signed());
    }
    shaped(ctx, dims, field)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn each_axis_has_two_paddings() {
        let synopsys = Surroundings::of("synopsys");
        assert_eq!(synopsys.top("Pad", "pad_param { paddings: [1, 2, 0, 3] }", &[&[2, 3]]), [5, 6]);
        let message = "mirror_pad_param.paddings: 0 paddings given for the 2 axes of (2, 3): there are two for each";
        assert_eq!(synopsys.refusal("MirrorPad", "", &[&[2, 3]]), message);
    }
}
