//! Blocks of positions that become channels or items, and back: DepthToSpace, SpaceToDepth, SpaceToBatchND,
//! BatchToSpaceND.
//!
//! With `b` the block size, DepthToSpace makes (N, H, W, C) into (N, H b, W b, C / (b b)), SpaceToDepth does the
//! reverse; another `data_format` than NHWC has the channels on axis 1. Divisions leave no rest, in the ND layers they
//! do unchecked. SpaceToBatchND and BatchToSpaceND have a block length and two paddings or crops for each axis from 1
//! on. Only these may work in place. No blobs, no draws.

use super::{SYNOPSYS, shaped, wide};
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);
const DEPTH_TO_SPACE: &str = "depth_to_space_param";
const SPACE_TO_DEPTH: &str = "space_to_depth_param";

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    LayerType::new("BatchToSpaceND", "Lays items out as blocks of positions", ONE, ONE, &batch_to_space)
        .params(&["batch_to_space_nd_param"])
        .keeps_signal()
        .known(SYNOPSYS),
    LayerType::new("DepthToSpace", "Lays channels out as blocks of positions", ONE, ONE, &depth_to_space)
        .params(&["depth_to_space_param"])
        .keeps_signal()
        .known(SYNOPSYS),
    LayerType::new("SpaceToBatchND", "Takes blocks of positions as items", ONE, ONE, &space_to_batch)
        .params(&["space_to_batch_nd_param"])
        .keeps_signal()
        .known(SYNOPSYS),
    LayerType::new("SpaceToDepth", "Takes blocks of positions as channels", ONE, ONE, &space_to_depth)
        .params(&["space_to_depth_param"])
        .keeps_signal()
        .known(SYNOPSYS),
];

/// The axes of channels, height and width.
fn picture_axes(
    ctx: &SetupContext<'_>,
    format: &str,
    first: &[&str],
    field: &'static str,
) -> Result<[usize; 3], Refusal> {
    let bottom = ctx.bottom(0);
    ensure!(bottom.axes() >= 4, "bottom", "the bottom {bottom} must have 4 axes");
    match format {
        "NHWC" => Ok([3, 1, 2]),
        _ if first.contains(&format) => Ok([1, 2, 3]),
        _ => Err(Refusal::at(field, format!("data_format {format:?} is not known"))
            .help(format!("write NHWC or {}", first.join(" or ")))),
    }
}

fn block(size: Option<i32>, field: &'static str) -> Result<i64, Refusal> {
    let size = size.unwrap_or_default();
    ensure!(size > 0, field, "block_size {size} is not at least 1");
    Ok(size.into())
}

fn depth_to_space(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    let param = ctx.param.depth_to_space_param().unwrap_or_default();
    let axes = picture_axes(ctx, param.data_format(), &["NCHW", "CRD", "DCR"], "depth_to_space_param.data_format")?;
    let size = block(param.block_size, "depth_to_space_param.block_size")?;
    let mut dims = wide(ctx.bottom(0));
    dims.truncate(4);
    let channels = dims[axes[0]];
    ensure!(
        channels % (size * size) == 0,
        DEPTH_TO_SPACE,
        "{channels} channels are not a multiple of the {size} x {size} positions of a block"
    );
    dims[axes[0]] /= size * size;
    dims[axes[1]] *= size;
    dims[axes[2]] *= size;
    same_count(ctx, shaped(ctx, dims, DEPTH_TO_SPACE)?, DEPTH_TO_SPACE)
}

fn space_to_depth(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    let param = ctx.param.space_to_depth_param().unwrap_or_default();
    let axes = picture_axes(ctx, param.data_format(), &["NCHW"], "space_to_depth_param.data_format")?;
    let size = block(param.block_size, "space_to_depth_param.block_size")?;
    let mut dims = wide(ctx.bottom(0));
    dims.truncate(4);
    for axis in [axes[1], axes[2]] {
        ensure!(
            dims[axis] % size == 0,
            SPACE_TO_DEPTH,
            "{} positions are not a multiple of the block's {size}",
            dims[axis]
        );
        dims[axis] /= size;
    }
    dims[axes[0]] = dims[axes[0]].saturating_mul(size * size);
    same_count(ctx, shaped(ctx, dims, SPACE_TO_DEPTH)?, SPACE_TO_DEPTH)
}

/// Refuses a top that has other axes beside the four.
fn same_count(ctx: &SetupContext<'_>, setup: Setup, field: &'static str) -> Result<Setup, Refusal> {
    let (bottom, top) = (ctx.bottom(0), &setup.tops[0]);
    ensure!(top.count() == bottom.count(), field, "the top {top} has a different count than the bottom {bottom}");
    Ok(setup)
}

/// A block length for each axis from 1 on with two further numbers, and the bottom's dimensions.
struct AxisBlocks {
    dims: Vec<i64>,
    blocks: Vec<(i64, i64)>,
}

impl AxisBlocks {
    fn new(ctx: &SetupContext<'_>, lengths: &[u32], sides: &[u32], field: &'static str) -> Result<AxisBlocks, Refusal> {
        let bottom = ctx.bottom(0);
        let count = lengths.len();
        ensure!(count < bottom.axes(), field, "{count} blocks given for the axes after the first of {bottom}");
        ensure!(
            sides.len() == 2 * count,
            field,
            "{} sides given for {count} blocks: there are two for each",
            sides.len()
        );
        ensure!(!lengths.contains(&0), field, "a block of length 0");
        let side = |pair: &[u32]| i64::from(pair[0]) + i64::from(pair[1]);
        let blocks = lengths.iter().map(|&length| i64::from(length)).zip(sides.chunks_exact(2).map(side)).collect();
        Ok(AxisBlocks { dims: wide(bottom), blocks })
    }
}

fn space_to_batch(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const FIELD: &str = "space_to_batch_nd_param";
    let param = ctx.param.space_to_batch_nd_param().unwrap_or_default();
    let AxisBlocks { mut dims, blocks } = AxisBlocks::new(ctx, &param.block_shape, &param.paddings, FIELD)?;
    for (axis, (length, sides)) in (1..).zip(blocks) {
        let padded = dims[axis] + sides;
        ensure!(
            padded % length == 0,
            FIELD,
            "axis {axis} has {padded} positions with its padding, not a multiple of {length}"
        );
        dims[axis] = padded / length;
        dims[0] = dims[0].saturating_mul(length);
    }
    shaped(ctx, dims, FIELD)
}

fn batch_to_space(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const FIELD: &str = "batch_to_space_nd_param";
    let param = ctx.param.batch_to_space_nd_param().unwrap_or_default();
    let AxisBlocks { mut dims, blocks } = AxisBlocks::new(ctx, &param.block_shape, &param.crops, FIELD)?;
    for (axis, (length, sides)) in (1..).zip(blocks) {
        dims[0] /= length;
        dims[axis] = dims[axis] * length - sides;
    }
    shaped(ctx, dims, FIELD)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn top(name: &str, text: &str, bottom: &[i32]) -> Result<Vec<i32>, String> {
        Surroundings::of("synopsys").run(name, text, &[bottom], 1).map(|made| made.tops[0].dims().to_vec())
    }

    #[test]
    fn channels_become_positions_and_back() {
        let text = "depth_to_space_param { block_size: 2 }";
        assert_eq!(top("DepthToSpace", text, &[1, 3, 5, 8]), Ok(vec![1, 6, 10, 2]));
        let text = "depth_to_space_param { block_size: 2 data_format: 'CRD' }";
        assert_eq!(top("DepthToSpace", text, &[1, 8, 3, 5]), Ok(vec![1, 2, 6, 10]));
        let text = "space_to_depth_param { block_size: 2 }";
        assert_eq!(top("SpaceToDepth", text, &[1, 6, 10, 2]), Ok(vec![1, 3, 5, 8]));
        let message = "space_to_depth_param: 5 positions are not a multiple of the block's 2";
        assert_eq!(top("SpaceToDepth", text, &[1, 5, 10, 2]), Err(message.into()));
        let text = "depth_to_space_param { block_size: 2 data_format: 'nhwc' }";
        let message = "depth_to_space_param.data_format: data_format \"nhwc\" is not known";
        assert_eq!(top("DepthToSpace", text, &[1, 8, 3, 5]), Err(message.into()));
    }

    #[test]
    fn positions_become_items_and_back() {
        let text = "space_to_batch_nd_param { block_shape: [2, 3] paddings: [1, 0, 0, 1] }";
        assert_eq!(top("SpaceToBatchND", text, &[2, 3, 5, 4]), Ok(vec![12, 2, 2, 4]));
        let text = "batch_to_space_nd_param { block_shape: [2, 3] crops: [1, 0, 0, 1] }";
        assert_eq!(top("BatchToSpaceND", text, &[12, 2, 2, 4]), Ok(vec![2, 3, 5, 4]));
    }
}
