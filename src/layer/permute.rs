//! Permute: the axes of a blob in another order (SSD).
//!
//! `order` names the bottom's axes in the order of the top's; those that it does not name follow as they are. Working
//! in place is allowed, but then Caffe permutes the shape twice. No blobs, no draws.
//!
//! Transpose does the same by `dim`, which names all axes, and not in place. That of CharlesShang has no settings, and
//! makes (N, C, H, W) a list of positions, (N H W, C, 1, 1).

use super::size::field_name;
use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

const ORDER: &str = "permute_param.order";
const DIM: &str = "transpose_param.dim";

const ONE: Arity = Arity::exactly(1);
const SUMMARY: &str = "Permutes the axes";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    LayerType::new("Permute", SUMMARY, ONE, ONE, &permute)
        .params(&["permute_param"])
        .keeps_signal()
        .known(Known::WithField("permute_param"))
        .weightless(),
    LayerType::new("Transpose", SUMMARY, ONE, ONE, &transpose)
        .params(&["transpose_param"])
        .keeps_signal()
        .known(Known::WithField("transpose_param"))
        .weightless(),
    LayerType::new("Transpose", "Makes pictures a list of their positions", ONE, ONE, &positions)
        .keeps_signal()
        .known(Known::In(&["charlesshang"]))
        .weightless(),
];

/// The axes of the bottom in the order of the top's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Permute {
    /// For each axis of the top that of the bottom.
    pub order: Vec<usize>,
}

impl Permute {
    /// The order that a field names.
    fn new(named: &[u32], field: &'static str, bottom: &Shape) -> Result<Permute, Refusal> {
        let name = field_name(field);
        let mut order: Vec<usize> = Vec::with_capacity(bottom.axes());
        for &axis in named {
            let index = axis as usize;
            ensure!(index < bottom.axes(), field, "{name} names axis {axis}, past the last one of {bottom}");
            ensure!(!order.contains(&index), field, "{name} names axis {axis} twice");
            order.push(index);
        }
        let rest: Vec<usize> = (0..bottom.axes()).filter(|axis| !order.contains(axis)).collect();
        order.extend(rest);
        Ok(Permute { order })
    }

    fn shape(&self, bottom: &Shape) -> Result<Shape, Refusal> {
        let dims: Vec<i32> = self.order.iter().map(|&axis| bottom.dims()[axis]).collect();
        Shape::new(dims).at(ORDER)
    }
}

fn permute(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let named = ctx.param.permute_param().unwrap_or_default().order;
    let permute = Permute::new(&named, ORDER, ctx.bottom(0))?;
    let mut top = permute.shape(ctx.bottom(0))?;
    if ctx.in_place(0, 0) {
        top = permute.shape(&top)?;
    }
    Ok(Setup::new(ctx, Operator::Permute(permute), [top]))
}

fn positions(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let [items, channels, height, width] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis).map(i64::from));
    let positions = items?.saturating_mul(height?).saturating_mul(width?);
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new([positions, channels?, 1, 1]).at("bottom")?]))
}

fn transpose(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    let bottom = ctx.bottom(0);
    ensure!(bottom.axes() > 0, "bottom", "Transpose needs at least 1 axis, the input is {bottom}");
    let named = ctx.param.transpose_param().unwrap_or_default().dim;
    let count = named.len();
    ensure!(count == bottom.axes(), DIM, "{count} dim for the axes of {bottom}: name each of them once");
    let axis = |&axis: &i32| u32::try_from(axis).map_err(|_| Refusal::at(DIM, format!("dim names axis {axis}")));
    let named: Vec<u32> = named.iter().map(axis).collect::<Result<_, _>>()?;
    let permute = Permute::new(&named, DIM, bottom)?;
    let top = permute.shape(bottom)?;
    Ok(Setup::new(ctx, Operator::Permute(permute), [top]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{Surroundings, layer_of};

    #[test]
    fn pictures_become_lists_of_positions() {
        let own = crate::layer::testing::Surroundings::of("charlesshang");
        assert_eq!(own.top("Transpose", "", &[&[2, 3, 4, 5]]), [40, 3, 1, 1]);
        assert_eq!(own.top("NoBP", "", &[&[2, 3]]), [2, 3]);
    }

    const NHWC: &str = "permute_param { order: 0 order: 2 order: 3 order: 1 }";

    #[test]
    fn axes_that_are_not_named_follow() {
        let ssd = Surroundings::of("ssd");
        assert_eq!(ssd.top("Permute", NHWC, &[&[2, 3, 4, 5]]), [2, 4, 5, 3]);
        assert_eq!(ssd.top("Permute", "permute_param { order: 2 }", &[&[2, 3, 4, 5, 0]]), [4, 2, 3, 5, 0]);
        assert!(ssd.top("Permute", "", &[&[]]).is_empty());
    }

    #[test]
    fn in_place_the_shape_is_permuted_twice() {
        let ssd = Surroundings::of("ssd");
        let bottom = Shape::new([2, 3, 4, 5]).unwrap();
        let made = ssd.setup_blobs(&TYPES[0], &layer_of(ssd.dialect, NHWC), &[bottom], &[0]).unwrap();
        assert_eq!(made.tops[0].dims(), [2, 5, 3, 4]);
        assert_eq!(made.operator, Operator::Permute(Permute { order: vec![0, 2, 3, 1] }));
    }

    #[test]
    fn transpose_names_every_axis() {
        let ocr = Surroundings::of("caffe-ocr");
        assert_eq!(ocr.top("Transpose", "transpose_param { dim: [2, 0, 1] }", &[&[2, 3, 4]]), [4, 2, 3]);
        let error = |dims: &str| ocr.refusal("Transpose", &format!("transpose_param {{ dim: {dims} }}"), &[&[2, 3]]);
        let message = "transpose_param.dim: 1 dim for the axes of (2, 3): name each of them once";
        assert_eq!(error("[1]"), message);
        assert_eq!(error("[0, -1]"), "transpose_param.dim: dim names axis -1");
        assert_eq!(error("[1, 1]"), "transpose_param.dim: dim names axis 1 twice");
    }

    #[test]
    fn refusals() {
        let error = |text: &str| Surroundings::of("ssd").refusal("Permute", text, &[&[2, 3]]);
        let message = "permute_param.order: order names axis 2, past the last one of (2, 3)";
        assert_eq!(error("permute_param { order: 0 order: 2 }"), message);
        let message = "permute_param.order: order names axis 4294967295, past the last one of (2, 3)";
        assert_eq!(error("permute_param { order: 4294967295 }"), message);
        assert_eq!(error("permute_param { order: 1 order: 1 }"), "permute_param.order: order names axis 1 twice");
    }
}
