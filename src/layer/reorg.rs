//! Reorg: squares of positions become channels, or the other way round (YOLO).
//!
//! ```text
//! top = (N, C s s, H / s, W / s), of bottom (N, C, H, W) with s = stride
//!       (N, C / (s s), H s, W s) with `reverse`
//! ```
//!
//! Missing axes count as 1; what does not divide is cut off, but for the trees of YOLO9000 and Cambricon, which refuse
//! it, the latter where channels are no multiple of s s, too. Tiling and GSTiling of Xilinx' Caffe do the same in other
//! orders of channels, the first the other way round alone, and cut nothing off either. No blobs, no draws.

use super::size::{field_name, positive_size};
use super::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

const STRIDE: &str = "reorg_param.stride";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry(&reorg).known(Known::WithFieldBut { field: "reorg_param", not: &["yolo9000", "cambricon"] }),
    entry(&of_yolo9000).known(Known::In(&["yolo9000"])),
    entry(&of_cambricon).known(Known::In(&["cambricon"])),
    moved("Tiling", "Makes channels into squares of positions", &tiling).params(&["tiling_param"]),
    moved("GSTiling", "Makes squares of positions into channels, or channels into squares", &gs_tiling)
        .params(&["gs_tiling_param"]),
];

/// A layer of Xilinx' Caffe.
const fn moved(name: &'static str, summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(1), Arity::exactly(1), rule)
        .weightless()
        .keeps_signal()
        .known(Known::In(&["xilinx"]))
}

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "Reorg",
        "Makes squares of positions into channels, or channels into squares",
        Arity::exactly(1),
        Arity::exactly(1),
        rule,
    )
    .params(&["reorg_param"])
    .keeps_signal()
}

/// Squares of positions as channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reorg {
    /// The side of a square.
    pub stride: i64,
    /// Whether channels become squares.
    pub reverse: bool,
}

fn reorg(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    let param = ctx.param.reorg_param();
    let Some(stride) = param.and_then(|param| param.stride) else {
        return Err(Refusal::at(STRIDE, "stride is missing").help("give the side of the squares"));
    };
    squares(ctx, positive_size(stride, STRIDE)?, param.is_some_and(|param| param.reverse()))
}

fn squares(ctx: &SetupContext<'_>, stride: i64, reverse: bool) -> Result<Setup, Refusal> {
    let [num, channels, height, width] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis).map(i64::from));
    let (num, channels, height, width) = (num?, channels?, height?, width?);
    let square = stride.saturating_mul(stride);
    let dims = if reverse {
        [num, channels / square, height.saturating_mul(stride), width.saturating_mul(stride)]
    } else {
        [num, channels.saturating_mul(square), height / stride, width / stride]
    };
    let top = Shape::new(dims).at("reorg_param")?;
    Ok(Setup::new(ctx, Operator::Reorg(Reorg { stride, reverse }), [top]))
}

/// The stride is 2 unless it is given, and nothing may be cut off.
fn of_yolo9000(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    let stride = ctx.param.reorg_param().map_or(2, |param| param.stride_int32());
    ensure!(stride > 0, STRIDE, "stride {stride} is not above 0");
    let setup = squares(ctx, stride.into(), false)?;
    let (bottom, top) = (ctx.bottom(0), &setup.tops[0]);
    ensure!(bottom.count() == top.count(), "bottom", "{bottom} would lose elements: it becomes {top}");
    Ok(setup)
}

/// Channels, height and width must all be multiples.
fn of_cambricon(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let setup = reorg(ctx)?;
    let Operator::Reorg(Reorg { stride, .. }) = setup.operator else { return Ok(setup) };
    check_multiples(ctx, &[(1, stride.saturating_mul(stride)), (2, stride), (3, stride)])?;
    Ok(setup)
}

/// Checks that axes of the bottom are multiples of these numbers.
fn check_multiples(ctx: &SetupContext<'_>, axes: &[(usize, i64)]) -> Result<(), Refusal> {
    for &(axis, of) in axes {
        let dim = i64::from(ctx.legacy_dim(0, axis)?);
        ensure!(dim % of == 0, "bottom", "axis {axis} of {} is not a multiple of {of}", ctx.bottom(0));
    }
    Ok(())
}

fn tiling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let side = ctx.param.tiling_param().unwrap_or_default().tile_dim();
    tiles(ctx, (side, "tiling_param.tile_dim"), true)
}

fn gs_tiling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.gs_tiling_param().unwrap_or_default();
    tiles(ctx, (param.stride(), "gs_tiling_param.stride"), param.reverse())
}

/// Squares of this side, of which nothing may be cut off.
fn tiles(ctx: &SetupContext<'_>, (side, field): (i32, &'static str), reverse: bool) -> Result<Setup, Refusal> {
    ensure!(side > 0, field, "{} {side} is not above 0", field_name(field));
    let side = i64::from(side);
    let axes: &[(usize, i64)] = if reverse { &[(1, side.saturating_mul(side))] } else { &[(2, side), (3, side)] };
    check_multiples(ctx, axes)?;
    Ok(Setup { operator: Operator::Opaque, ..squares(ctx, side, reverse)? })
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn top(text: &str, bottom: &[i32]) -> Vec<i32> {
        Surroundings::of("intel").run("Reorg", text, &[bottom], 1).unwrap().tops[0].dims().to_vec()
    }

    #[test]
    fn what_does_not_divide_is_cut_off() {
        assert_eq!(top("reorg_param { stride: 2 }", &[1, 3, 5, 7]), [1, 12, 2, 3]);
        assert_eq!(top("reorg_param { stride: 2 reverse: true }", &[1, 9, 5, 7]), [1, 2, 10, 14]);
    }

    #[test]
    fn tiles_are_whole() {
        let xilinx = Surroundings::of("xilinx");
        assert_eq!(xilinx.top("Tiling", "tiling_param { tile_dim: 2 }", &[&[1, 8, 3, 5]]), [1, 2, 6, 10]);
        assert_eq!(xilinx.top("GSTiling", "gs_tiling_param { stride: 2 }", &[&[1, 3, 4, 6]]), [1, 12, 2, 3]);
        let reversed = "gs_tiling_param { stride: 2 reverse: true }";
        assert_eq!(xilinx.top("GSTiling", reversed, &[&[1, 12, 2, 3]]), [1, 3, 4, 6]);
        let error = |name: &str, text: &str| xilinx.refusal(name, text, &[&[1, 6, 4, 5]]);
        assert_eq!(error("Tiling", ""), "tiling_param.tile_dim: tile_dim 0 is not above 0");
        let message = "bottom: axis 1 of (1, 6, 4, 5) is not a multiple of 4";
        assert_eq!(error("Tiling", "tiling_param { tile_dim: 2 }"), message);
        let message = "bottom: axis 3 of (1, 6, 4, 5) is not a multiple of 2";
        assert_eq!(error("GSTiling", "gs_tiling_param { stride: 2 }"), message);
    }

    #[test]
    fn some_trees_cut_nothing_off() {
        let yolo9000 = Surroundings::of("yolo9000");
        assert_eq!(yolo9000.top("Reorg", "reorg_param { stride: 2 }", &[&[1, 3, 4, 6]]), [1, 12, 2, 3]);
        assert_eq!(yolo9000.top("Reorg", "", &[&[1, 3, 4, 6]]), [1, 12, 2, 3]);
        let message = "reorg_param.stride: stride -1 is not above 0";
        assert_eq!(yolo9000.refusal("Reorg", "reorg_param { stride: -1 }", &[&[1, 3, 4, 6]]), message);
        let message = "bottom: (1, 3, 5, 6) would lose elements: it becomes (1, 12, 2, 3)";
        assert_eq!(yolo9000.refusal("Reorg", "reorg_param { stride: 2 }", &[&[1, 3, 5, 6]]), message);
        let message = "bottom: axis 1 of (1, 3, 4, 6) is not a multiple of 4";
        let error = Surroundings::of("cambricon").refusal("Reorg", "reorg_param { stride: 2 }", &[&[1, 3, 4, 6]]);
        assert_eq!(error, message);
    }

    #[test]
    fn refusals() {
        let error = |text: &str| Surroundings::of("intel").refusal("Reorg", text, &[&[1, 3, 4, 4]]);
        assert_eq!(error(""), "reorg_param.stride: stride is missing");
        assert_eq!(error("reorg_param { stride: 0 }"), "reorg_param.stride: stride must be at least 1");
    }
}
