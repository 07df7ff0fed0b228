//! EvalDetection: the boxes that a grid predicts, beside the true ones (YOLO).
//!
//! ```text
//! bottoms = predictions (N, S S B (K + 5)) with S = side, B = num_object, K = num_class; true boxes; others are not looked at
//! top     = (N, K + 4 S S B)
//! ```
//!
//! In the first YOLO the boxes of a cell share its classes, which makes predictions (N, S S (K + 5 B)), and the true
//! boxes have 7 numbers for each cell; in YOLOv2 they have 150, 5 for each of 30. YoloEvalDetection of Xilinx' Caffe
//! takes the grid's sides from the predictions (N, C, H, W), and makes (1, 1, 1, 7). No blobs, no draws.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::checked_size;
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType = entry(&setup).known(Known::In(&["intel", "yolo9000", "sophgo"]));

pub(super) const YOLO: LayerType = entry(&of_yolo).known(Known::In(&["caffe-yolo"]));

pub(super) const YOLOV2: LayerType = entry(&of_yolov2).known(Known::In(&["caffe-yolov2"]));

pub(super) const OF_XILINX: LayerType = LayerType::new(
    "YoloEvalDetection",
    "Tells which of the boxes that a grid predicts are true",
    Arity::at_least(1),
    Arity::at_least(1),
    &of_xilinx,
)
.params(&["yolo_eval_detection_param"])
.weightless()
.measures()
.known(Known::In(&["xilinx"]));

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "EvalDetection",
        "Joins the boxes that a grid predicts with the true ones",
        Arity::at_least(2),
        Arity::exactly(1),
        rule,
    )
    .params(&["eval_detection_param"])
    .measures()
}

/// The numbers of the true boxes of an item: five for each of 30.
const TRUE_NUMBERS: i64 = 150;

/// The grid that boxes are predicted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EvalDetection {
    /// How many cells a side of the grid has.
    pub side: i64,
    /// How many classes there are.
    pub classes: i64,
    /// How many boxes there are in a cell.
    pub boxes: i64,
}

/// Each box has its classes.
fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let grid = grid(ctx)?;
    let needed = grid.all_boxes().saturating_mul(grid.classes + 5);
    evaluate(ctx, grid, needed)
}

/// The same, with true boxes as BoxData makes them.
fn of_yolov2(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_true_boxes(ctx, TRUE_NUMBERS)?;
    setup(ctx)
}

/// The boxes of a cell share its classes.
fn of_yolo(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let grid = grid(ctx)?;
    let cells = grid.side.saturating_mul(grid.side);
    let needed = cells.saturating_mul(grid.classes.saturating_add(grid.boxes.saturating_mul(5)));
    check_true_boxes(ctx, cells.saturating_mul(7))?;
    evaluate(ctx, grid, needed)
}

/// The true boxes are not looked at while the net is built.
fn of_xilinx(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.yolo_eval_detection_param().unwrap_or_default();
    let cells = i64::from(ctx.legacy_dim(0, 2)?) * i64::from(ctx.legacy_dim(0, 3)?);
    let boxes = cells.saturating_mul(param.num_object().into());
    check_numbers(ctx, boxes, param.num_class().into(), boxes.saturating_mul(i64::from(param.num_class()) + 5))?;
    let tops = ctx.first_top(Shape::new([1, 1, 1, 7]).at("top")?);
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

/// Checks that the predictions have so many numbers an item, which so many boxes need.
fn check_numbers(ctx: &SetupContext<'_>, boxes: i64, classes: i64, needed: i64) -> Result<(), Refusal> {
    let bottom = ctx.bottom(0);
    ensure!(bottom.axes() > 0, "bottom", "the predictions have no axes");
    let given = bottom.count_from(1);
    ensure!(
        given == needed,
        "bottom",
        "{boxes} boxes of {classes} classes need {needed} numbers per item, the predictions {bottom} have {given}"
    );
    Ok(())
}

fn check_true_boxes(ctx: &SetupContext<'_>, needed: i64) -> Result<(), Refusal> {
    let boxes = ctx.bottom(1);
    let given = boxes.count_from(1);
    ensure!(given == needed, "bottom", "the true boxes {boxes} have {given} numbers per item, and need {needed}");
    Ok(())
}

impl EvalDetection {
    /// The boxes of all cells.
    fn all_boxes(&self) -> i64 {
        self.side.saturating_mul(self.side).saturating_mul(self.boxes)
    }
}

/// The grid that the settings describe.
fn grid(ctx: &SetupContext<'_>) -> Result<EvalDetection, Refusal> {
    let param = ctx.param.eval_detection_param().unwrap_or_default();
    let side = checked_size(param.side(), "eval_detection_param.side")?;
    let classes = checked_size(param.num_class(), "eval_detection_param.num_class")?;
    let boxes = checked_size(param.num_object(), "eval_detection_param.num_object")?;
    Ok(EvalDetection { side, classes, boxes })
}

fn evaluate(ctx: &SetupContext<'_>, grid: EvalDetection, needed: i64) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let (all_boxes, classes) = (grid.all_boxes(), grid.classes);
    check_numbers(ctx, all_boxes, classes, needed)?;
    let dims = [i64::from(bottom.dims()[0]), classes.saturating_add(all_boxes.saturating_mul(4))];
    let top = Shape::new(dims).at("eval_detection_param")?;
    Ok(Setup::new(ctx, Operator::EvalDetection(grid), [top]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_grid_may_be_that_of_the_predictions() {
        let xilinx = Surroundings::of("xilinx");
        let text = "yolo_eval_detection_param { num_object: 2 num_class: 3 }";
        assert_eq!(xilinx.top("YoloEvalDetection", text, &[&[1, 16, 4, 5], &[1, 9]]), [1, 1, 1, 7]);
        let message = "bottom: 40 boxes of 3 classes need 320 numbers per item, the predictions (1, 15, 4, 5) have 300";
        assert_eq!(xilinx.refusal("YoloEvalDetection", text, &[&[1, 15, 4, 5]]), message);
    }

    const TEXT: &str = "eval_detection_param { side: 7 num_class: 1 num_object: 5 }";

    #[test]
    fn the_top_has_all_boxes_of_an_item() {
        let intel = Surroundings::of("intel");
        let made = intel.run("EvalDetection", TEXT, &[&[2, 1470], &[2, 150]], 1).unwrap();
        assert_eq!(made.tops[0].dims(), [2, 981]);
        assert_eq!(Surroundings::of("yolo9000").top("EvalDetection", TEXT, &[&[2, 1470], &[2, 9]]), [2, 981]);
        assert_eq!(intel.top("EvalDetection", TEXT, &[&[2, 1470], &[2, 150], &[2, 3, 9, 9]]), [2, 981]);
        let message = "bottom: 245 boxes of 1 classes need 1470 numbers per item, the predictions (2, 1471) have 1471";
        assert_eq!(intel.refusal("EvalDetection", TEXT, &[&[2, 1471], &[2, 150]]), message);
    }

    #[test]
    fn ports_of_yolo_count_the_true_boxes() {
        let yolo = Surroundings::of("caffe-yolo");
        assert_eq!(yolo.top("EvalDetection", TEXT, &[&[2, 1274], &[2, 343]]), [2, 981]);
        let message = "bottom: the true boxes (2, 150) have 150 numbers per item, and need 343";
        assert_eq!(yolo.refusal("EvalDetection", TEXT, &[&[2, 1274], &[2, 150]]), message);
        let yolov2 = Surroundings::of("caffe-yolov2");
        assert_eq!(yolov2.top("EvalDetection", TEXT, &[&[2, 1470], &[2, 30, 5]]), [2, 981]);
        let message = "bottom: the true boxes (2, 343) have 343 numbers per item, and need 150";
        assert_eq!(yolov2.refusal("EvalDetection", TEXT, &[&[2, 1470], &[2, 343]]), message);
    }
}
