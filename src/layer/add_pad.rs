//! AddPad: a border around pictures (Cambricon).
//!
//! (N, C, H, W) becomes (N, C, H + 2 `pad_h`, W + 2 `pad_w`), missing axes counting as 1; `pad`, given once, stands for
//! both. No blobs, no draws.

use super::size::checked_size;
use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] =
    &[LayerType::new("AddPad", "Puts a border around pictures", Arity::at_least(1), Arity::at_least(1), &add_pad)
        .params(&["addpad_param"])
        .weightless()
        .keeps_signal()
        .known(Known::In(&["cambricon"]))];

fn add_pad(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const PAD: &str = "addpad_param.pad";
    const SIDES: [&str; 2] = ["addpad_param.pad_h", "addpad_param.pad_w"];
    let param = ctx.param.addpad_param().unwrap_or_default();
    let pads = if param.pad_h.is_some() || param.pad_w.is_some() {
        ensure!(param.pad.is_empty(), PAD, "pad and pad_h or pad_w are both given");
        [checked_size(param.pad_h(), SIDES[0])?, checked_size(param.pad_w(), SIDES[1])?]
    } else {
        let &[pad] = &param.pad[..] else {
            return Err(Refusal::at(PAD, format!("pad is given {} times instead of once", param.pad.len())));
        };
        [checked_size(pad, PAD)?; 2]
    };
    let mut dims: Vec<i64> = ctx.four_axes(0)?.dims().iter().map(|&dim| i64::from(dim)).collect();
    for (side, pad) in dims[2..].iter_mut().zip(pads) {
        *side += 2 * pad;
    }
    Ok(Setup::new(ctx, Operator::Opaque, ctx.first_top(Shape::new(dims).at("addpad_param")?)))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn both_sides_get_a_border() {
        let cambricon = Surroundings::of("cambricon");
        let top = |fields: &str| cambricon.top("AddPad", &format!("addpad_param {{ {fields} }}"), &[&[2, 3, 4, 5]]);
        assert_eq!(top("pad: 2"), [2, 3, 8, 9]);
        assert_eq!(top("pad_w: 1"), [2, 3, 4, 7]);
        let error =
            |fields: &str| cambricon.refusal("AddPad", &format!("addpad_param {{ {fields} }}"), &[&[2, 3, 4, 5]]);
        assert_eq!(error(""), "addpad_param.pad: pad is given 0 times instead of once");
        assert_eq!(error("pad: 1 pad_h: 1"), "addpad_param.pad: pad and pad_h or pad_w are both given");
    }
}
