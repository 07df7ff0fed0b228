//! Permute: the axes of a blob in another order (SSD).
//!
//! `order` names the bottom's axes in the order of the top's; those that it does not name follow as they are. Working in
//! place is allowed, but then Caffe permutes the shape twice. No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

const ORDER: &str = "permute_param.order";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] =
    &[LayerType::new("Permute", "Puts the axes in another order", Arity::exactly(1), Arity::exactly(1), &permute)
        .params(&["permute_param"])
        .keeps_signal()
        .known(Known::WithField("permute_param"))
        .weightless()];

/// The axes of the bottom in the order of the top's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Permute {
    /// For each axis of the top that of the bottom.
    pub order: Vec<usize>,
}

impl Permute {
    fn new(named: &[u32], bottom: &Shape) -> Result<Permute, Refusal> {
        let mut order: Vec<usize> = Vec::with_capacity(bottom.axes());
        for &axis in named {
            let index = axis as usize;
            ensure!(index < bottom.axes(), ORDER, "order names axis {axis}, past the last one of {bottom}");
            ensure!(!order.contains(&index), ORDER, "order names axis {axis} twice");
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
    let named = ctx.param.permute_param.as_ref().map_or(&[][..], |param| &param.order);
    let permute = Permute::new(named, ctx.bottom(0))?;
    let mut top = permute.shape(ctx.bottom(0))?;
    if ctx.in_place(0, 0) {
        top = permute.shape(&top)?;
    }
    Ok(Setup::new(ctx, Operator::Permute(permute), [top]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{Surroundings, layer_of};

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
    fn refusals() {
        let error = |text: &str| Surroundings::of("ssd").refusal("Permute", text, &[&[2, 3]]);
        let message = "permute_param.order: order names axis 2, past the last one of (2, 3)";
        assert_eq!(error("permute_param { order: 0 order: 2 }"), message);
        let message = "permute_param.order: order names axis 4294967295, past the last one of (2, 3)";
        assert_eq!(error("permute_param { order: 4294967295 }"), message);
        assert_eq!(error("permute_param { order: 1 order: 1 }"), "permute_param.order: order names axis 1 twice");
    }
}
