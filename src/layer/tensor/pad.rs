//! Pad and MirrorPad: each axis made longer at both ends. Padding (Sophgo): the last two axes.
//!
//! `paddings` has two numbers for each axis. What stands there (`mode`, `constant_values`) changes no shape. No blobs,
//! no draws.
//!
//! Padding has a number for each side: `pad_t` and `pad_b`, `pad_l` and `pad_r`.

use super::{SYNOPSYS, shaped, wide};
use crate::dialect::Known;
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
    LayerType::new("Padding", "Pads pictures with a constant", ONE, ONE, &padding)
        .params(&["padding_param"])
        .weightless()
        .keeps_signal()
        .known(Known::In(&["sophgo"])),
];

fn pad(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.pad_param().unwrap_or_default();
    padded(ctx, &param.paddings, "pad_param.paddings")
}

fn mirror_pad(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.mirror_pad_param().unwrap_or_default();
    padded(ctx, &param.paddings, "mirror_pad_param.paddings")
}

fn padding(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const FIELD: &str = "padding_param";
    let param = ctx.param.padding_param().unwrap_or_default();
    let mut dims = wide(ctx.bottom(0));
    let [.., height, width] = &mut dims[..] else {
        return Err(Refusal::at("bottom", format!("Padding needs at least 2 axes, the input is {}", ctx.bottom(0))));
    };
    *height += i64::from(param.pad_t()) + i64::from(param.pad_b());
    *width += i64::from(param.pad_l()) + i64::from(param.pad_r());
    shaped(ctx, dims, FIELD)
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

    #[test]
    fn pictures_have_four_sides() {
        let sophgo = Surroundings::of("sophgo");
        let text = "padding_param { pad_t: 1 pad_b: 2 pad_l: 3 }";
        assert_eq!(sophgo.top("Padding", text, &[&[2, 3, 4, 5]]), [2, 3, 7, 8]);
        assert_eq!(sophgo.refusal("Padding", text, &[&[2]]), "bottom: Padding needs at least 2 axes, the input is (2)");
        let message = "padding_param: a blob holds at most 2147483647 elements, 4294967297 x 3 are more";
        assert_eq!(sophgo.refusal("Padding", "padding_param { pad_b: 4294967295 }", &[&[2, 3]]), message);
    }
}
