//! RegionLoss: the loss of the boxes that a grid predicts (YOLO).
//!
//! Bottoms: predictions and true boxes; neither is looked at while the net is built. Only the YOLOv2 of gklz1982 counts
//! them: predictions have `side^2 num (coords + num_class + 1)` numbers an item, true boxes `30 num`.

use super::{Loss, check_batches, scalar_loss};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "RegionLoss",
    "Computes the loss of the boxes that a grid predicts",
    Arity::exactly(2),
    Arity::exactly(1),
    &setup,
)
.params(&["region_loss_param"])
.auto_tops()
.judges_first()
.known(Known::In(&["intel", "yolo9000", "mobilenet-yolo", "yolov3-windows", "sophgo"]));

pub(super) const COUNTED: LayerType = LayerType::new(
    "RegionLoss",
    "Computes the loss of the boxes that a grid predicts",
    Arity::exactly(2),
    Arity::exactly(1),
    &counted,
)
.params(&["region_loss_param"])
.auto_tops()
.judges_first()
.loss()
.known(Known::In(&["caffe-yolov2"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.region_loss_param().unwrap_or_default();
    Ok(scalar_loss(ctx, Loss::Region { classes: param.num_class(), boxes: param.num() }))
}

fn counted(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.region_loss_param().unwrap_or_default();
    let (side, boxes) = (i64::from(param.side()), i64::from(param.num()));
    let values = i64::from(param.coords()) + i64::from(param.num_class()) + 1;
    let needed = side.saturating_mul(side).saturating_mul(boxes).saturating_mul(values);
    for (bottom, needed, what) in [(0, needed, "predictions"), (1, boxes.saturating_mul(30), "true boxes")] {
        let shape = ctx.bottom(bottom);
        let given = shape.count_from(1);
        ensure!(given == needed, "bottom", "the {what} {shape} have {given} numbers per item, and need {needed}");
    }
    check_batches(ctx)?;
    setup(ctx)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn not_even_the_batch_is_compared() {
        let made = Surroundings::of("intel").run("RegionLoss", "", &[&[1, 5], &[2, 7]], 1).unwrap();
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
    }

    #[test]
    fn one_tree_counts() {
        let yolov2 = Surroundings::of("caffe-yolov2");
        let text = "region_loss_param { side: 13 num_class: 20 num: 5 }";
        let made = yolov2.run("RegionLoss", text, &[&[2, 125, 13, 13], &[2, 150]], 1).unwrap();
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
        let error = |bottoms: &[&[i32]]| yolov2.refusal("RegionLoss", text, bottoms);
        let message = "bottom: the predictions (2, 125) have 125 numbers per item, and need 21125";
        assert_eq!(error(&[&[2, 125], &[2, 150]]), message);
        let message = "bottom: the true boxes (2, 30) have 30 numbers per item, and need 150";
        assert_eq!(error(&[&[2, 21125], &[2, 30]]), message);
        let message = "bottom: the bottoms differ in their first dimension: (2, 21125) and (1, 150)";
        assert_eq!(error(&[&[2, 21125], &[1, 150]]), message);
    }
}
