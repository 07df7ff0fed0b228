//! ArgMax: the positions of the `top_k` largest values.
//!
//! With `axis`, the top has the bottom's shape with `top_k` in place of that axis. Without, each item of the batch is
//! searched whole: (N, ...) gives (N, 1, top_k), or (N, 2, top_k) with `out_max_val`, followed by ones up to the
//! bottom's number of axes. Caffes of 2015 and before, which know no `axis`, take four axes at most, and the top has
//! four. No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] =
    &[LayerType::new("ArgMax", "Finds the largest values", Arity::exactly(1), Arity::exactly(1), &argmax)
        .params(&["argmax_param"])
        .weightless()];

const TOP_K: &str = "argmax_param.top_k";

/// The positions of the largest values.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArgMax {
    /// The axis to search along; none to search each item of the batch whole.
    pub axis: Option<usize>,
    /// How many values are found.
    pub top_k: i64,
    /// Whether the top holds the values: in place of their positions with an axis, behind these without.
    pub values: bool,
}

impl ArgMax {
    /// The shape of the top.
    fn top(&self, bottom: &Shape) -> Result<Shape, Refusal> {
        let top_k = self.top_k;
        let mut dims: Vec<i64>;
        if let Some(axis) = self.axis {
            dims = bottom.dims().iter().copied().map(i64::from).collect();
            let length = dims[axis];
            ensure!(top_k <= length, TOP_K, "top_k {top_k} exceeds axis {axis} of length {length}");
            dims[axis] = top_k;
        } else {
            let Some(batch) = bottom.dim(0) else {
                return Err(Refusal::at("bottom", "a bottom without axes has no batch"));
            };
            let item = bottom.count_from(1);
            ensure!(top_k <= item, TOP_K, "top_k {top_k} exceeds the {item} elements of an item");
            dims = vec![1; bottom.axes().max(3)];
            dims[0] = i64::from(batch);
            dims[1] = if self.values { 2 } else { 1 };
            dims[2] = top_k;
        }
        Shape::new(dims).at(TOP_K)
    }
}

fn argmax(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.argmax_param.unwrap_or_default();
    let top_k = i64::from(param.top_k());
    ensure!(top_k >= 1, TOP_K, "top_k 0 leaves nothing to find");
    let axis = param.axis.map(|axis| ctx.bottom_axis(0, axis, "argmax_param.axis")).transpose()?;
    let operator = ArgMax { axis, top_k, values: param.out_max_val() };
    let top = match ctx.dialect.traits.argmax_takes_any_axes {
        true => operator.top(ctx.bottom(0))?,
        false => operator.top(&ctx.four_axes(0)?)?,
    };
    Ok(Setup::new(ctx, Operator::ArgMax(operator), [top]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{refusal, top, tops};

    #[test]
    fn without_axis_there_are_at_least_three_axes() {
        assert_eq!(top("ArgMax", "", &[&[2, 3, 4, 5]]), [2, 1, 1, 1]);
        assert_eq!(top("ArgMax", "argmax_param { top_k: 3 }", &[&[2, 6]]), [2, 1, 3]);
        assert_eq!(top("ArgMax", "argmax_param { out_max_val: true top_k: 2 }", &[&[2, 3, 4, 5]]), [2, 2, 2, 1]);
        assert_eq!(top("ArgMax", "", &[&[3]]), [3, 1, 1]);
        assert_eq!(top("ArgMax", "", &[&[2, 3, 2, 2, 2]]), [2, 1, 1, 1, 1]);
        assert_eq!(top("ArgMax", "", &[&[0, 3]]), [0, 1, 1]);
    }

    #[test]
    fn there_were_four_axes_once() {
        let ctpn = crate::layer::testing::Surroundings::of("ctpn");
        assert_eq!(ctpn.top("ArgMax", "argmax_param { top_k: 3 }", &[&[2, 6]]), [2, 1, 3, 1]);
        let message = "bottom: bottom 0 has more than 4 axes: its shape is (2, 3, 2, 2, 2)";
        assert_eq!(ctpn.refusal("ArgMax", "", &[&[2, 3, 2, 2, 2]]), message);
    }

    #[test]
    fn with_axis_only_that_axis_changes() {
        assert_eq!(top("ArgMax", "argmax_param { axis: 1 }", &[&[2, 3, 4]]), [2, 1, 4]);
        assert_eq!(top("ArgMax", "argmax_param { axis: -1 top_k: 2 out_max_val: true }", &[&[2, 6]]), [2, 2]);
        assert_eq!(tops("ArgMax", "argmax_param { axis: 0 }", &[&[2, 6]], &[0]), [[1, 6]]);
    }

    #[test]
    fn refusals() {
        let refusal = |text, dims: &[i32]| refusal("ArgMax", text, &[dims], 1);
        let (field, message) = refusal("argmax_param { top_k: 0 }", &[2, 3]);
        assert_eq!((field, message.as_str()), ("argmax_param.top_k", "top_k 0 leaves nothing to find"));
        assert_eq!(refusal("argmax_param { top_k: 4 }", &[2, 3]).1, "top_k 4 exceeds the 3 elements of an item");
        assert_eq!(refusal("argmax_param { axis: 1 top_k: 5 }", &[2, 3]).1, "top_k 5 exceeds axis 1 of length 3");
        assert_eq!(refusal("argmax_param { axis: 2 }", &[2, 3]).0, "argmax_param.axis");
        assert_eq!(refusal("", &[]).1, "a bottom without axes has no batch");
    }
}
