//! Gather, GatherND and GatherV2: elements of a blob by their indices.
//!
//! Gather replaces an axis by the shape of its indices; a single index, without a shape or with one of 0, removes the
//! axis. GatherND's indices are rows of places along the first axes, which the other axes of the indices replace.
//! GatherV2 takes the indices from its second bottom. Indices are checked against their axis by Gather alone. No blobs,
//! no draws.

use super::{SYNOPSYS, shaped, wide};
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    LayerType::new("Gather", "Takes elements along an axis by their indices", ONE, ONE, &gather)
        .params(&["gather_param"])
        .known(SYNOPSYS),
    LayerType::new("GatherND", "Takes elements by rows of indices", ONE, ONE, &gather_nd)
        .params(&["gather_nd_param"])
        .known(SYNOPSYS),
    LayerType::new(
        "GatherV2",
        "Takes elements along an axis by the indices in a blob",
        Arity::exactly(2),
        ONE,
        &gather_v2,
    )
    .params(&["gather_v2_param"])
    .known(SYNOPSYS),
];

/// Checks that there are as many indices as their shape says.
pub(super) fn check_count(indices: usize, shape: &[u32], field: &'static str) -> Result<(), Refusal> {
    let count = shape.iter().fold(1, |count: u64, &dim| count.saturating_mul(dim.into()));
    ensure!(indices as u64 == count, field, "{indices} indices given, their shape holds {count}");
    Ok(())
}

fn gather(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const INDICES: &str = "gather_param.indices";
    let param = ctx.param.gather_param().unwrap_or_default();
    let bottom = ctx.bottom(0);
    let axis = ctx.bottom_axis(0, param.axis(), "gather_param.axis")?;
    let shape = if param.shape == [0] { &[][..] } else { &param.shape };
    check_count(param.indices.len(), shape, INDICES)?;
    let dim = bottom.dims()[axis];
    for &index in &param.indices {
        ensure!(i64::from(index) < dim.into(), INDICES, "index {index} is past the {dim} elements of axis {axis}");
    }
    let mut dims = wide(bottom);
    dims.splice(axis..=axis, shape.iter().map(|&dim| i64::from(dim)));
    shaped(ctx, dims, "gather_param.shape")
}

fn gather_nd(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const SHAPE: &str = "gather_nd_param.indices_shape";
    let param = ctx.param.gather_nd_param().unwrap_or_default();
    let bottom = ctx.bottom(0);
    let Some((&row, outer)) = param.indices_shape.split_last() else {
        return Err(Refusal::at(SHAPE, "indices_shape is missing"));
    };
    check_count(param.indices.len(), &param.indices_shape, "gather_nd_param.indices")?;
    let axes = bottom.axes();
    ensure!(row as usize <= axes, SHAPE, "a row of {row} indices is longer than {bottom} has axes");
    ensure!(axes > 0, "bottom", "the bottom has no axes");
    let mut dims = wide(bottom);
    dims.splice(..row as usize, outer.iter().map(|&dim| i64::from(dim)));
    shaped(ctx, dims, SHAPE)
}

fn gather_v2(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let axis = ctx.bottom_axis(0, ctx.param.gather_v2_param().unwrap_or_default().axis(), "gather_v2_param.axis")?;
    let mut dims = wide(ctx.bottom(0));
    dims.splice(axis..=axis, wide(ctx.bottom(1)));
    shaped(ctx, dims, "bottom")
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn run(name: &str, text: &str, bottoms: &[&[i32]]) -> Result<Vec<i32>, String> {
        Surroundings::of("synopsys").run(name, text, bottoms, 1).map(|made| made.tops[0].dims().to_vec())
    }

    #[test]
    fn indices_take_the_place_of_axes() {
        let bottom: &[&[i32]] = &[&[4, 5, 6]];
        assert_eq!(
            run("Gather", "gather_param { indices: [0, 1] shape: [2, 1] axis: 1 }", bottom),
            Ok(vec![4, 2, 1, 6])
        );
        assert_eq!(run("Gather", "gather_param { indices: 3 shape: 0 }", bottom), Ok(vec![5, 6]));
        let text = "gather_nd_param { indices: [0, 1, 2, 3] indices_shape: [2, 2] }";
        assert_eq!(run("GatherND", text, bottom), Ok(vec![2, 6]));
        assert_eq!(run("GatherV2", "gather_v2_param { axis: -1 }", &[&[4, 5], &[2, 3]]), Ok(vec![4, 2, 3]));
    }

    #[test]
    fn refusals() {
        let message = "gather_param.indices: index 4 is past the 4 elements of axis 0";
        assert_eq!(run("Gather", "gather_param { indices: 4 }", &[&[4]]), Err(message.into()));
        let message = "gather_param.indices: 2 indices given, their shape holds 1";
        assert_eq!(run("Gather", "gather_param { indices: [0, 1] }", &[&[4]]), Err(message.into()));
        let message = "gather_nd_param.indices_shape: a row of 2 indices is longer than (4) has axes";
        assert_eq!(
            run("GatherND", "gather_nd_param { indices: [0, 1] indices_shape: 2 }", &[&[4]]),
            Err(message.into())
        );
        let message = "gather_nd_param.indices_shape: indices_shape is missing";
        assert_eq!(run("GatherND", "gather_nd_param { indices: 0 }", &[&[4]]), Err(message.into()));
    }
}
