//! Axes added and taken away: Squeeze, ExpandDimsND, Stack and Unstack; and Shape, which tells them.
//!
//! Squeeze removes the axes named, each of length 1, or all such; ExpandDimsND inserts axes of length 1, where the n-th
//! one named counts those put in before it; Stack lays blobs of one shape along a new axis, and Unstack takes one
//! apart, of which the number of tops is not checked. None but Stack, Unstack and Shape may work in place. No blobs, no
//! draws.

use super::{SYNOPSYS, shaped, wide};
use crate::Shape;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    LayerType::new("ExpandDimsND", "Inserts axes of length 1", ONE, ONE, &expand_dims)
        .params(&["expand_dims_nd_param"])
        .keeps_signal()
        .known(SYNOPSYS),
    LayerType::new("Shape", "Outputs the shape of its first input", Arity::at_least(1), ONE, &shape).known(SYNOPSYS),
    LayerType::new("Squeeze", "Removes axes of length 1", ONE, ONE, &squeeze)
        .params(&["squeeze_param"])
        .keeps_signal()
        .known(SYNOPSYS),
    LayerType::new("Stack", "Lays blobs of one shape along a new axis", Arity::at_least(1), ONE, &stack)
        .params(&["stack_param"])
        .keeps_signal()
        .known(SYNOPSYS),
    LayerType::new("Unstack", "Splits a blob along an axis, which is removed", ONE, Arity::at_least(1), &unstack)
        .params(&["unstack_param"])
        .keeps_signal()
        .known(SYNOPSYS),
];

fn squeeze(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const AXIS: &str = "squeeze_param.axis";
    ctx.refuse_in_place(0, 0)?;
    let bottom = ctx.bottom(0);
    let named = ctx.param.squeeze_param().unwrap_or_default().axis;
    let mut removed = vec![false; bottom.axes()];
    for &axis in &named {
        let index = ctx.bottom_axis(0, axis, AXIS)?;
        ensure!(bottom.dims()[index] == 1, AXIS, "axis {axis} of {bottom} is not of length 1");
        removed[index] = true;
    }
    let stays = |axis: usize| bottom.dims()[axis] != 1 || !named.is_empty() && !removed[axis];
    let dims: Vec<i32> = (0..bottom.axes()).filter(|&axis| stays(axis)).map(|axis| bottom.dims()[axis]).collect();
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(dims).at(AXIS)?]))
}

fn expand_dims(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const AXIS: &str = "expand_dims_nd_param.axis";
    ctx.refuse_in_place(0, 0)?;
    let bottom = ctx.bottom(0);
    let mut dims = wide(bottom);
    for (inserted, &axis) in ctx.param.expand_dims_nd_param().unwrap_or_default().axis.iter().enumerate() {
        let place = match usize::try_from(axis) {
            Ok(axis) => axis,
            Err(_) => ctx.bottom_axis(0, axis, AXIS)? + 1,
        };
        ensure!(place <= bottom.axes(), AXIS, "axis {axis} is past the end of {bottom}");
        dims.insert(place + inserted, 1);
    }
    shaped(ctx, dims, AXIS)
}

fn stack(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const AXIS: &str = "stack_param.axis";
    let bottom = ctx.bottom(0);
    let axis = ctx.param.stack_param().unwrap_or_default().axis();
    let axes = bottom.axes() as i64 + 1;
    let place = if axis < 0 { i64::from(axis) + axes } else { axis.into() };
    ensure!((0..axes).contains(&place), AXIS, "axis {axis} is outside of the {axes} axes of the stack");
    for (index, other) in ctx.bottoms.iter().enumerate() {
        ensure!(other == bottom, "bottom", "bottom {index} has the shape {other}, bottom 0 has {bottom}");
    }
    let mut dims = wide(bottom);
    dims.insert(place as usize, ctx.bottoms.len() as i64);
    shaped(ctx, dims, AXIS)
}

fn unstack(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const AXIS: &str = "unstack_param.axis";
    let axis = ctx.bottom_axis(0, ctx.param.unstack_param().unwrap_or_default().axis(), AXIS)?;
    let mut dims = wide(ctx.bottom(0));
    dims.remove(axis);
    Ok(Setup::new(ctx, Operator::Opaque, vec![Shape::new(dims).at(AXIS)?; ctx.top_count()]))
}

fn shape(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    shaped(ctx, [ctx.bottom(0).axes() as i64], "bottom")
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn top(name: &str, text: &str, bottom: &[i32]) -> Vec<i32> {
        Surroundings::of("synopsys").top(name, text, &[bottom])
    }

    fn error(name: &str, text: &str, bottom: &[i32]) -> String {
        Surroundings::of("synopsys").refusal(name, text, &[bottom])
    }

    #[test]
    fn axes_of_length_one_come_and_go() {
        assert_eq!(top("Squeeze", "", &[1, 2, 1, 3]), [2, 3]);
        assert_eq!(top("Squeeze", "squeeze_param { axis: -2 }", &[1, 2, 1, 3]), [1, 2, 3]);
        assert_eq!(top("ExpandDimsND", "expand_dims_nd_param { axis: 0 axis: -1 }", &[2, 3]), [1, 2, 3, 1]);
        let message = "squeeze_param.axis: axis 1 of (1, 2) is not of length 1";
        assert_eq!(error("Squeeze", "squeeze_param { axis: 1 }", &[1, 2]), message);
        let message = "expand_dims_nd_param.axis: axis 3 is past the end of (1, 2)";
        assert_eq!(error("ExpandDimsND", "expand_dims_nd_param { axis: 3 }", &[1, 2]), message);
    }

    #[test]
    fn stacks_have_an_axis_more() {
        let synopsys = Surroundings::of("synopsys");
        assert_eq!(synopsys.top("Stack", "stack_param { axis: -1 }", &[&[2, 3], &[2, 3]]), [2, 3, 2]);
        assert_eq!(synopsys.run("Unstack", "", &[&[2, 3]], 5).unwrap().tops.len(), 5);
        let message = "stack_param.axis: axis 3 is outside of the 3 axes of the stack";
        assert_eq!(error("Stack", "stack_param { axis: 3 }", &[2, 3]), message);
    }
}
