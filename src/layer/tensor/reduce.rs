//! Reductions over axes: ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd, ReduceAll, ReduceAny,
//! ReduceLogSumExp, ReduceL1, ReduceL2 and CountNonzero.
//!
//! The axes named are gone, or of length 1 with `keepdims`; without any, all are. ReduceL1 and ReduceL2 keep them by
//! default, and take only the value 1 for that. What surprises: an axis named twice takes the one that follows it
//! along. No blobs, no draws.

use super::{SYNOPSYS, shaped, wide};
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Setup, SetupContext};

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    of("CountNonzero", "Counts what is not 0 along axes", &|ctx: &SetupContext<'_>| {
        let param = ctx.param.count_nonzero_param().unwrap_or_default();
        reduce(ctx, &param.axis, param.keepdims(), "count_nonzero_param.axis")
    })
    .params(&["count_nonzero_param"]),
    of("ReduceAll", "Tests whether everything is not 0 along axes", &|ctx: &SetupContext<'_>| {
        let param = ctx.param.reduce_all_param().unwrap_or_default();
        reduce(ctx, &param.axis, param.keepdims(), "reduce_all_param.axis")
    })
    .params(&["reduce_all_param"]),
    of("ReduceAny", "Tests whether anything is not 0 along axes", &|ctx: &SetupContext<'_>| {
        let param = ctx.param.reduce_any_param().unwrap_or_default();
        reduce(ctx, &param.axis, param.keepdims(), "reduce_any_param.axis")
    })
    .params(&["reduce_any_param"]),
    of("ReduceL1", "Takes the 1-norm along axes", &|ctx: &SetupContext<'_>| {
        let param = ctx.param.reduce_l1_param().unwrap_or_default();
        reduce(ctx, &param.axes, param.keepdims() == 1, "reduce_l1_param.axes")
    })
    .params(&["reduce_l1_param"]),
    of("ReduceL2", "Takes the 2-norm along axes", &|ctx: &SetupContext<'_>| {
        let param = ctx.param.reduce_l2_param().unwrap_or_default();
        reduce(ctx, &param.axes, param.keepdims() == 1, "reduce_l2_param.axes")
    })
    .params(&["reduce_l2_param"]),
    of("ReduceLogSumExp", "Takes the logarithm of the sum of exponentials along axes", &|ctx: &SetupContext<'_>| {
        let param = ctx.param.reduce_logsumexp_param().unwrap_or_default();
        reduce(ctx, &param.axis, param.keepdims(), "reduce_logsumexp_param.axis")
    })
    .params(&["reduce_logsumexp_param"]),
    of("ReduceMax", "Takes the maximum along axes", &|ctx: &SetupContext<'_>| {
        let param = ctx.param.reduce_max_param().unwrap_or_default();
        reduce(ctx, &param.axis, param.keepdims(), "reduce_max_param.axis")
    })
    .params(&["reduce_max_param"]),
    of("ReduceMean", "Takes the mean along axes", &|ctx: &SetupContext<'_>| {
        let param = ctx.param.reduce_mean_param().unwrap_or_default();
        reduce(ctx, &param.axis, param.keepdims(), "reduce_mean_param.axis")
    })
    .params(&["reduce_mean_param"]),
    of("ReduceMin", "Takes the minimum along axes", &|ctx: &SetupContext<'_>| {
        let param = ctx.param.reduce_min_param().unwrap_or_default();
        reduce(ctx, &param.axis, param.keepdims(), "reduce_min_param.axis")
    })
    .params(&["reduce_min_param"]),
    of("ReduceProd", "Takes the product along axes", &|ctx: &SetupContext<'_>| {
        let param = ctx.param.reduce_prod_param().unwrap_or_default();
        reduce(ctx, &param.axis, param.keepdims(), "reduce_prod_param.axis")
    })
    .params(&["reduce_prod_param"]),
    of("ReduceSum", "Takes the sum along axes", &|ctx: &SetupContext<'_>| {
        let param = ctx.param.reduce_sum_param().unwrap_or_default();
        reduce(ctx, &param.axis, param.keepdims(), "reduce_sum_param.axis")
    })
    .params(&["reduce_sum_param"]),
];

const fn of(name: &'static str, summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(1), Arity::exactly(1), rule).known(SYNOPSYS)
}

fn reduce(ctx: &SetupContext<'_>, named: &[i32], keeps: bool, field: &'static str) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let (count, axes) = (named.len(), bottom.axes());
    ensure!(count <= axes, field, "{count} axes named, more than {bottom} has");
    let mut reduced = (named.iter().map(|&axis| ctx.bottom_axis(0, axis, field))).collect::<Result<Vec<_>, _>>()?;
    reduced.sort_unstable();
    if reduced.is_empty() {
        reduced = (0..axes).collect();
    }
    let mut dims = wide(bottom);
    for &axis in reduced.iter().rev() {
        match keeps {
            true => dims[axis] = 1,
            false => {
                ensure!(axis < dims.len(), field, "the last axis of {bottom} is named twice");
                dims.remove(axis);
            }
        }
    }
    shaped(ctx, dims, field)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn sum(fields: &str) -> Result<Vec<i32>, String> {
        let text = format!("reduce_sum_param {{ {fields} }}");
        let made = Surroundings::of("synopsys").run("ReduceSum", &text, &[&[2, 3, 4]], 1)?;
        Ok(made.tops[0].dims().to_vec())
    }

    #[test]
    fn axes_go_or_shrink() {
        assert_eq!(sum(""), Ok(vec![]));
        assert_eq!(sum("keepdims: true"), Ok(vec![1, 1, 1]));
        assert_eq!(sum("axis: [0, -1]"), Ok(vec![3]));
        assert_eq!(sum("axis: 1 keepdims: true"), Ok(vec![2, 1, 4]));
        assert_eq!(Surroundings::of("synopsys").top("ReduceL2", "", &[&[2, 3]]), [1, 1]);
    }

    #[test]
    fn an_axis_named_twice_takes_its_neighbour_along() {
        assert_eq!(sum("axis: [1, 1]"), Ok(vec![2]));
        let message = "reduce_sum_param.axis: the last axis of (2, 3, 4) is named twice";
        assert_eq!(sum("axis: [2, 2]"), Err(message.into()));
        assert_eq!(
            sum("axis: [0, 0, 0, 0]"),
            Err("reduce_sum_param.axis: 4 axes named, more than (2, 3, 4) has".into())
        );
    }
}
