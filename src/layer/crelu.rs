//! CReLU: the rectified values of a blob, and those of its opposite, along an axis (Cambricon).
//!
//! The axis `concat_axis` of the top is twice as long as that of the bottom. Not in place. No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "CReLU",
    "Joins the rectified values of a blob and of its opposite",
    Arity::at_least(1),
    Arity::at_least(1),
    &crelu,
)
.params(&["crelu_param"])
.weightless()
.keeps_signal()
.known(Known::In(&["cambricon"]))];

fn crelu(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const AXIS: &str = "crelu_param.concat_axis";
    ctx.refuse_in_place(0, 0)?;
    let axis = ctx.bottom_axis(0, ctx.param.crelu_param().unwrap_or_default().concat_axis(), AXIS)?;
    let mut dims: Vec<i64> = ctx.bottom(0).dims().iter().map(|&dim| i64::from(dim)).collect();
    dims[axis] *= 2;
    Ok(Setup::new(ctx, Operator::Opaque, ctx.first_top(Shape::new(dims).at(AXIS)?)))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn an_axis_is_doubled() {
        let cambricon = Surroundings::of("cambricon");
        assert_eq!(cambricon.top("CReLU", "", &[&[2, 3, 4]]), [2, 6, 4]);
        assert_eq!(cambricon.top("CReLU", "crelu_param { concat_axis: -1 }", &[&[2, 3, 4]]), [2, 3, 8]);
        let message = "crelu_param.concat_axis: axis 1 is out of range for the 1-axis shape (2)";
        assert_eq!(cambricon.refusal("CReLU", "", &[&[2]]), message);
    }
}
