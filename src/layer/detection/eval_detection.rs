//! EvalDetection: the boxes that a grid predicts, beside the true ones (YOLO, in Intel's Caffe).
//!
//! ```text
//! bottoms = predictions (N, S S B (K + 5)) with S = side, B = num_object, K = num_class; true boxes
//! top     = (N, K + 4 S S B)
//! ```
//!
//! No blobs, no draws.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::checked_size;
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::EvalDetectionParameter;

pub(super) const TYPE: LayerType = LayerType::new(
    "EvalDetection",
    "Puts the boxes that a grid predicts beside the true ones",
    Arity::exactly(2),
    Arity::exactly(1),
    &setup,
)
.params(&["eval_detection_param"])
.measures()
.known(Known::In(&["intel"]));

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

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = EvalDetectionParameter::default();
    let param = ctx.param.eval_detection_param.as_deref().unwrap_or(&default);
    let side = checked_size(param.side(), "eval_detection_param.side")?;
    let classes = checked_size(param.num_class(), "eval_detection_param.num_class")?;
    let boxes = checked_size(param.num_object(), "eval_detection_param.num_object")?;
    let bottom = ctx.bottom(0);
    let Some(num) = bottom.dim(0) else { return Err(Refusal::at("bottom", "the predictions have no axes")) };
    let all_boxes = side.saturating_mul(side).saturating_mul(boxes);
    let (given, needed) = (bottom.count_from(1), all_boxes.saturating_mul(classes + 5));
    ensure!(
        given == needed,
        "bottom",
        "{all_boxes} boxes of {classes} classes need {needed} numbers an item, the predictions {bottom} have {given}"
    );
    let dims = [i64::from(num), classes.saturating_add(all_boxes.saturating_mul(4))];
    let top = Shape::new(dims).at("eval_detection_param")?;
    Ok(Setup::new(ctx, Operator::EvalDetection(EvalDetection { side, classes, boxes }), [top]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const TEXT: &str = "eval_detection_param { side: 7 num_class: 1 num_object: 5 }";

    #[test]
    fn the_top_has_all_boxes_of_an_item() {
        let intel = Surroundings::of("intel");
        let made = intel.run("EvalDetection", TEXT, &[&[2, 1470], &[2, 150]], 1).unwrap();
        assert_eq!(made.tops[0].dims(), [2, 981]);
        let message = "bottom: 245 boxes of 1 classes need 1470 numbers an item, the predictions (2, 1471) have 1471";
        assert_eq!(intel.refusal("EvalDetection", TEXT, &[&[2, 1471], &[2, 150]]), message);
    }
}
