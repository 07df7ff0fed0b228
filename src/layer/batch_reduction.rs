//! BatchReduction: one axis reduced, at once or level by level (temporal segment networks).
//!
//! ```text
//! top = (d0, .., levels, .., dn) in place of the axis that `reduction_param` names, 0 by default
//! ```
//!
//! A level l takes l² positions of the axis, and together the levels take all. With the only level 1, which a layer
//! without any is saved with, the axis is reduced whole and goes. `pos` takes the axis behind away, too. The sum, the
//! mean and the mean of the `k` largest are known, the last with one level. No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::reduction_parameter::ReductionOp;
use crate::proto::caffe::{BatchReductionParameter, LayerParameter};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "BatchReduction",
    "Sums or averages one axis, level by level",
    Arity::exactly(1),
    Arity::exactly(1),
    &batch_reduction,
)
.params(&["batch_reduction_param"])
.known(Known::WithField("batch_reduction_param"))];

const FIELD: &str = "batch_reduction_param";
const LEVEL: &str = "batch_reduction_param.level";

/// One axis, reduced level by level.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BatchReduction {
    /// The axis.
    pub axis: usize,
    /// Sum, mean, or mean of the largest.
    pub operation: ReductionOp,
    /// How many of the largest count.
    pub k: i32,
    /// How many positions of the axis each level takes.
    pub positions: Vec<i64>,
    /// Whether the axis behind goes by position, and so goes away, too.
    pub by_position: bool,
}

fn batch_reduction(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const OPERATION: &str = "batch_reduction_param.reduction_param.operation";
    let param = ctx.param.batch_reduction_param.as_deref().cloned().unwrap_or_default();
    let reduction = param.reduction_param.unwrap_or_default();
    let bottom = ctx.bottom(0);
    let axis = ctx.bottom_axis(0, reduction.axis(), "batch_reduction_param.reduction_param.axis")?;
    let (levels, operation) = (param.level.len().max(1), reduction.operation());
    ensure!(
        matches!(operation, ReductionOp::Sum | ReductionOp::Mean | ReductionOp::Topk),
        OPERATION,
        "BatchReduction does not do {}",
        operation.as_str_name()
    );
    ensure!(levels == 1 || operation != ReductionOp::Topk, LEVEL, "TOPK takes 1 level, {levels} given");
    ensure!(levels == 1 || !param.pos(), LEVEL, "pos takes 1 level, {levels} given");
    let behind = axis + 1 + usize::from(param.pos());
    ensure!(behind <= bottom.axes(), FIELD, "pos takes the axis after axis {axis}, and {bottom} has none");

    let mut dims: Vec<i64> = bottom.dims()[..axis].iter().map(|&dim| dim.into()).collect();
    let positions = match *param.level {
        [] | [1] => vec![bottom.dims()[axis].into()],
        ref levels => {
            dims.push(levels.len() as i64);
            positions(levels, bottom, axis)?
        }
    };
    dims.extend(bottom.dims()[behind..].iter().map(|&dim| i64::from(dim)));
    let operator = BatchReduction { axis, operation, k: reduction.k(), positions, by_position: param.pos() };
    let top = Shape::new(dims).at(FIELD)?;
    let saved = param.level.is_empty().then(|| Box::new(with_level(ctx.param, param)));
    Ok(Setup { saved, ..Setup::new(ctx, Operator::BatchReduction(operator), [top]) })
}

/// The positions of each level, together those of the axis.
fn positions(levels: &[i32], bottom: &Shape, axis: usize) -> Result<Vec<i64>, Refusal> {
    let squares: Vec<i64> = levels.iter().map(|&level| i64::from(level) * i64::from(level)).collect();
    let (all, dim) = (squares.iter().fold(0, |all: i64, &square| all.saturating_add(square)), bottom.dims()[axis]);
    ensure!(all == i64::from(dim), LEVEL, "the levels take {all} positions, axis {axis} of {bottom} has {dim}");
    Ok(squares)
}

/// The layer with the level that Caffe gives it.
fn with_level(layer: &LayerParameter, param: BatchReductionParameter) -> LayerParameter {
    let param = BatchReductionParameter { level: vec![1], ..param };
    LayerParameter { batch_reduction_param: Some(param.into()), ..layer.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::Surroundings;

    fn run(fields: &str, bottom: &[i32]) -> Result<Setup, String> {
        let text = format!("batch_reduction_param {{ {fields} }}");
        Surroundings::of("yjxiong").run("BatchReduction", &text, &[bottom], 1)
    }

    fn top(fields: &str, bottom: &[i32]) -> Vec<i32> {
        run(fields, bottom).unwrap().tops[0].dims().to_vec()
    }

    #[test]
    fn an_axis_goes_or_holds_the_levels() {
        assert_eq!(top("", &[4, 14, 3]), [14, 3]);
        assert_eq!(top("level: 1 level: 2 level: 3 reduction_param { axis: 1 }", &[4, 14, 3]), [4, 3, 3]);
        assert_eq!(top("level: 2", &[4, 14]), [1, 14]);
        assert_eq!(top("pos: true reduction_param { axis: 1 }", &[4, 5, 5, 3]), [4, 3]);
    }

    #[test]
    fn a_layer_without_levels_is_saved_with_one() {
        let saved = run("pos: false", &[4, 14]).unwrap().saved.unwrap().batch_reduction_param.unwrap();
        assert_eq!((saved.level, saved.pos), (vec![1], Some(false)));
        assert!(run("level: 1", &[4, 14]).unwrap().saved.is_none());
    }

    #[test]
    fn refusals() {
        let refused = |fields: &str, message: &str| {
            assert_eq!(run(fields, &[4]).unwrap_err(), format!("batch_reduction_param{message}"));
        };
        refused("level: 1 level: 2", ".level: the levels take 5 positions, axis 0 of (4) has 4");
        refused("pos: true", ": pos takes the axis after axis 0, and (4) has none");
        refused("pos: true level: 1 level: 1", ".level: pos takes 1 level, 2 given");
        let sums = "reduction_param { operation: ASUM }";
        refused(sums, ".reduction_param.operation: BatchReduction does not do ASUM");
        let largest = "level: 1 level: 1 reduction_param { operation: TOPK }";
        refused(largest, ".level: TOPK takes 1 level, 2 given");
    }
}
