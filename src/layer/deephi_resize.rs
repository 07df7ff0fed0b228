//! DeephiResize: pictures in another size (Xilinx).
//!
//! (N, C, H, W) becomes (N, C, new_height, new_width), or else the sides are multiplied by `scale_h` and `scale_w`, by
//! default 1, and what is not whole is cut off. Both sides are given, or none. Missing axes count as 1. No blobs, no
//! draws.

use super::size::checked_size;
use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

const PARAM: &str = "deephi_resize_param";
const SIDES: [&str; 2] = ["deephi_resize_param.new_height", "deephi_resize_param.new_width"];

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] =
    &[LayerType::new("DeephiResize", "Resizes pictures", Arity::exactly(1), Arity::exactly(1), &resize)
        .params(&[PARAM])
        .weightless()
        .keeps_signal()
        .known(Known::In(&["xilinx"]))];

fn resize(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.deephi_resize_param().unwrap_or_default();
    for (names, given) in [
        ("new_height and new_width", [param.new_height.is_some(), param.new_width.is_some()]),
        ("scale_h and scale_w", [param.scale_h.is_some(), param.scale_w.is_some()]),
    ] {
        ensure!(given[0] == given[1], PARAM, "{names} go together, and one of them is missing");
    }
    let [items, channels, height, width] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis));
    let sides = match (param.new_height, param.new_width) {
        (Some(height), Some(width)) => [checked_size(height, SIDES[0])?, checked_size(width, SIDES[1])?],
        _ => [scaled(height?, param.scale_h())?, scaled(width?, param.scale_w())?],
    };
    let top = Shape::new([items?.into(), channels?.into(), sides[0], sides[1]]).at(PARAM)?;
    Ok(Setup::new(ctx, Operator::Opaque, [top]))
}

/// A side times a factor, in single precision.
fn scaled(side: i32, factor: f32) -> Result<i64, Refusal> {
    let scaled = side as f32 * factor;
    let fits = (0.0..2_147_483_648.0).contains(&scaled);
    ensure!(fits, PARAM, "a side of {side} times {factor} is no size");
    Ok(scaled as i64)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn sides_are_given_or_scaled() {
        let xilinx = Surroundings::of("xilinx");
        let text = |fields: &str| format!("deephi_resize_param {{ {fields} }}");
        let top = |fields: &str| xilinx.top("DeephiResize", &text(fields), &[&[1, 2, 5, 7]]);
        assert_eq!(top(""), [1, 2, 5, 7]);
        assert_eq!(top("scale_h: 1.5 scale_w: 2"), [1, 2, 7, 14]);
        assert_eq!(top("new_height: 3 new_width: 4 scale_h: 9 scale_w: 9"), [1, 2, 3, 4]);
        let error = |fields: &str| xilinx.refusal("DeephiResize", &text(fields), &[&[1, 2, 5, 7]]);
        let message = "deephi_resize_param: new_height and new_width go together, and one of them is missing";
        assert_eq!(error("new_height: 3"), message);
        let message = "deephi_resize_param: a side of 5 times -1 is no size";
        assert_eq!(error("scale_h: -1 scale_w: 1"), message);
    }
}
