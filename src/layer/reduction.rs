//! Reduction: the sum, mean, sum of absolute values or sum of squares over the axes from `axis` (0 by default) on.
//!
//! (d0, ..., dn) gives (d0, ..., d(axis-1)), a scalar from axis 0. No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::reduction_parameter::ReductionOp;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] =
    &[LayerType::new("Reduction", "Sums or averages the last axes", Arity::exactly(1), Arity::exactly(1), &reduction)
        .params(&["reduction_param"])
        .known(Known::WithField("reduction_param"))
        .weightless()];

/// A sum, a mean or the like over the axes from one on, times a factor.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reduction {
    /// The first axis that is reduced.
    pub axis: usize,
    /// Sum, mean, sum of absolute values or of squares.
    pub operation: ReductionOp,
    /// The factor.
    pub coefficient: f32,
}

fn reduction(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.reduction_param.unwrap_or_default();
    let axis = ctx.bottom_axis(0, param.axis(), "reduction_param.axis")?;
    let bottom = ctx.bottom(0);
    // For sum and mean Caffe makes a blob of as many ones as there are terms and fills it at once. In place the bottom
    // has the top's shape by then, and there is one term.
    if matches!(param.operation(), ReductionOp::Sum | ReductionOp::Mean) && !ctx.in_place(0, 0) {
        let terms = Shape::new([bottom.count_from(axis)]).at("reduction_param.axis")?;
        ensure!(
            terms.count() > 0,
            "reduction_param.axis",
            "there are no elements to sum from axis {axis} of the shape {bottom} on"
        );
    }
    let operator = Reduction { axis, operation: param.operation(), coefficient: param.coeff() };
    Ok(Setup::new(ctx, Operator::Reduction(operator), [Shape::new(&bottom.dims()[..axis]).at("bottom")?]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{refusal, top, tops};

    #[test]
    fn the_axes_before_axis_stay() {
        let top = |text| top("Reduction", text, &[&[2, 3, 4, 5]]);
        assert_eq!(top(""), [0; 0]);
        assert_eq!(top("reduction_param { axis: 1 }"), [2]);
        assert_eq!(top("reduction_param { operation: MEAN axis: 2 }"), [2, 3]);
        assert_eq!(top("reduction_param { operation: SUMSQ axis: -1 }"), [2, 3, 4]);
        assert_eq!(top("reduction_param { axis: -4 }"), [0; 0]);
    }

    #[test]
    fn an_empty_batch_stays() {
        assert_eq!(top("Reduction", "reduction_param { axis: 1 }", &[&[0, 3]]), [0]);
    }

    #[test]
    fn only_sum_and_mean_out_of_place_need_elements() {
        let bottom: [&[i32]; 1] = [&[2, 0, 3]];
        for operation in ["SUM", "MEAN"] {
            let text = format!("reduction_param {{ operation: {operation} axis: 1 }}");
            let message = "there are no elements to sum from axis 1 of the shape (2, 0, 3) on";
            assert_eq!(refusal("Reduction", &text, &bottom, 1), ("reduction_param.axis", message.to_owned()));
            assert_eq!(tops("Reduction", &text, &bottom, &[0]), [[2]]);
        }
        assert_eq!(top("Reduction", "reduction_param { operation: ASUM axis: 1 }", &bottom), [2]);
    }

    #[test]
    fn refusals() {
        assert_eq!(
            refusal("Reduction", "reduction_param { axis: -4 }", &[&[2, 3, 4]], 1).1,
            "axis -4 is out of range for the 3-axis shape (2, 3, 4)"
        );
        assert_eq!(
            refusal("Reduction", "reduction_param { axis: 1 }", &[&[0, 65536, 65536]], 1).1,
            "a blob holds at most 2147483647 elements, 4294967296 are more"
        );
        assert_eq!(refusal("Reduction", "", &[&[]], 1).1, "axis 0 is out of range for the 0-axis shape ()");
    }
}
