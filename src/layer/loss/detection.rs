//! DetectionLoss and DetectionGroupLoss: the losses of boxes predicted on grids, in three trees of different meanings.
//!
//! | tree | predictions | targets | loss |
//! |---|---|---|---|
//! | YOLO | (N, S S (K + 5 B)) | (N, 7 S S) | () |
//! | MS-CNN | (N, K + C, H, W) | (N, any, H, W) | (1, 1, 1, 2), classes and boxes |
//! | Cascade R-CNN (DetectionGroupLoss) | (N, K, H, W), (N, 4, H, W) | (N, 6, H, W) | (1, 1, 1, 2) |
//!
//! with S = `side`, B = `num_object` and K classes, `num_class` or `cls_num`; C = `coord_num`. In Cascade R-CNN N is a
//! multiple of the number of `field_h`, which are as many as `field_w`; the layer draws one number, and is saved with
//! `propagate_down: true true false` where the net gives none. The statistics in `bbox_reg_param` come four at a time.

use super::{check_batches, check_inner_weight, opaque_loss};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::region::check_statistics;
use crate::layer::{Arity, Draw, LayerType, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);
const SUMMARY: &str = "Computes the loss of the boxes and classes that a grid predicts";

pub(super) const YOLO: LayerType = LayerType::new("DetectionLoss", SUMMARY, Arity::exactly(2), ONE, &of_yolo)
    .params(&["detection_loss_param"])
    .auto_tops()
    .judges_first()
    .loss()
    .known(Known::In(&["caffe-yolo", "caffe-yolov2"]));

pub(super) const MSCNN: LayerType = LayerType::new("DetectionLoss", SUMMARY, Arity::exactly(2), ONE, &of_mscnn)
    .params(&["detection_loss_param", "bbox_reg_param", "loss_param", "softmax_param"])
    .auto_tops()
    .judges_first()
    .loss()
    .known(Known::In(&["mscnn"]));

pub(super) const CASCADE: LayerType =
    LayerType::new("DetectionGroupLoss", SUMMARY, Arity::exactly(3), ONE, &of_cascade_rcnn)
        .params(&["detection_group_loss_param", "bbox_reg_param", "loss_param", "softmax_param"])
        .auto_tops()
        .judges_first()
        .known(Known::In(&["cascade-rcnn"]));

fn of_yolo(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.detection_loss_param().unwrap_or_default();
    let (side, boxes) = (i64::from(param.side()), i64::from(param.num_object()));
    let cells = side.saturating_mul(side);
    let needed = cells.saturating_mul(i64::from(param.num_class()) + 5 * boxes);
    for (bottom, needed, what) in [(0, needed, "predictions"), (1, cells.saturating_mul(7), "targets")] {
        let shape = ctx.bottom(bottom);
        let given = shape.count_from(1);
        ensure!(given == needed, "bottom", "the {what} {shape} have {given} numbers per item, and need {needed}");
    }
    check_batches(ctx)?;
    Ok(opaque_loss(ctx, Shape::scalar()))
}

fn of_mscnn(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.detection_loss_param().unwrap_or_default();
    check_statistics(ctx)?;
    check_alike(ctx, &[1])?;
    let (classes, coordinates) = (i64::from(param.cls_num()), i64::from(param.coord_num()));
    check_channels(ctx, 0, classes + coordinates)?;
    check_objectness(param.objectness(), classes, "detection_loss_param.cls_num")?;
    both_losses(ctx)
}

fn of_cascade_rcnn(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const FIELDS: &str = "detection_group_loss_param.field_h";
    let param = ctx.param.detection_group_loss_param().unwrap_or_default();
    check_statistics(ctx)?;
    check_groups(ctx, param.field_h.len(), param.field_w.len(), FIELDS)?;
    check_group_bottoms(ctx, param.cls_num())?;
    check_objectness(param.objectness(), param.cls_num().into(), "detection_group_loss_param.cls_num")?;
    let setup = both_losses(ctx)?;
    Ok(Setup { draws: vec![Draw::Skip(1)], default_propagate_down: vec![true, true, false], ..setup })
}

/// The loss of the classes beside that of the boxes.
fn both_losses(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_inner_weight(ctx, ctx.param.loss_weight.first().copied().unwrap_or(1.0), "softmax")?;
    check_batches(ctx)?;
    Ok(opaque_loss(ctx, Shape::new([1, 1, 1, 2]).at("top")?))
}

/// Checks that there is a height for each width of the boxes of a group, and that items come in groups.
pub(in crate::layer) fn check_groups(
    ctx: &SetupContext<'_>,
    heights: usize,
    widths: usize,
    field: &'static str,
) -> Result<(), Refusal> {
    ensure!(heights > 0, field, "field_h is missing");
    ensure!(heights == widths, field, "{heights} field_h and {widths} field_w are given");
    let items = ctx.legacy_dim(0, 0)?;
    ensure!(
        (items as usize).is_multiple_of(heights),
        "bottom",
        "the {items} items of {} do not form groups of {heights}",
        ctx.bottom(0)
    );
    Ok(())
}

/// Checks the shapes of scores, boxes and targets.
pub(in crate::layer) fn check_group_bottoms(ctx: &SetupContext<'_>, classes: u32) -> Result<(), Refusal> {
    check_alike(ctx, &[1, 2])?;
    for (bottom, channels) in [(0, classes.into()), (1, 4), (2, 6)] {
        check_channels(ctx, bottom, channels)?;
    }
    Ok(())
}

/// Checks that these bottoms agree with the first in all axes but the channels.
pub(in crate::layer) fn check_alike(ctx: &SetupContext<'_>, bottoms: &[usize]) -> Result<(), Refusal> {
    for &bottom in bottoms {
        for axis in [0, 2, 3] {
            let (a, b) = (ctx.legacy_dim(0, axis)?, ctx.legacy_dim(bottom, axis)?);
            ensure!(
                a == b,
                "bottom",
                "bottoms 0 and {bottom} differ at axis {axis}: {} and {}",
                ctx.bottom(0),
                ctx.bottom(bottom)
            );
        }
    }
    Ok(())
}

/// Checks the channels of a bottom.
pub(in crate::layer) fn check_channels(ctx: &SetupContext<'_>, bottom: usize, needed: i64) -> Result<(), Refusal> {
    let (given, shape) = (i64::from(ctx.legacy_dim(bottom, 1)?), ctx.bottom(bottom));
    ensure!(given == needed, "bottom", "bottom {bottom} {shape} has {given} channels, and needs {needed}");
    Ok(())
}

/// Checks that there are two classes where objects are told from what is none.
pub(in crate::layer) fn check_objectness(objectness: bool, classes: i64, field: &'static str) -> Result<(), Refusal> {
    ensure!(!objectness || classes == 2, field, "cls_num is {classes}, and must be 2 with objectness");
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::testing::Surroundings;

    #[test]
    fn cells_of_yolo_share_their_classes() {
        let text = "detection_loss_param { side: 7 num_class: 20 num_object: 2 }";
        for dialect in ["caffe-yolo", "caffe-yolov2"] {
            let made = Surroundings::of(dialect).run("DetectionLoss", text, &[&[2, 1470], &[2, 343]], 1).unwrap();
            assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
        }
        let error = |bottoms: &[&[i32]]| Surroundings::of("caffe-yolo").refusal("DetectionLoss", text, bottoms);
        let message = "bottom: the predictions (2, 1471) have 1471 numbers per item, and need 1470";
        assert_eq!(error(&[&[2, 1471], &[2, 343]]), message);
        let message = "bottom: the targets (2, 150) have 150 numbers per item, and need 343";
        assert_eq!(error(&[&[2, 1470], &[2, 150]]), message);
        let message = "bottom: the bottoms differ in their first dimension: (2, 1470) and (1, 343)";
        assert_eq!(error(&[&[2, 1470], &[1, 343]]), message);
    }

    #[test]
    fn classes_and_boxes_have_a_loss_each() {
        let text = "detection_loss_param { cls_num: 2 coord_num: 4 objectness: true }";
        let mscnn = Surroundings::of("mscnn");
        let made = mscnn.run("DetectionLoss", text, &[&[2, 6, 3, 5], &[2, 9, 3, 5]], 1).unwrap();
        assert_eq!((made.tops[0].dims(), made.default_loss_weight), (&[1, 1, 1, 2][..], Some(1.0)));
        assert!(made.draws.is_empty() && made.default_propagate_down.is_empty());
        let error = |text: &str, bottoms: &[&[i32]]| mscnn.refusal("DetectionLoss", text, bottoms);
        let message = "bottom: bottoms 0 and 1 differ at axis 3: (2, 6, 3, 5) and (2, 9, 3, 4)";
        assert_eq!(error(text, &[&[2, 6, 3, 5], &[2, 9, 3, 4]]), message);
        let message = "bottom: bottom 0 (2, 7, 3, 5) has 7 channels, and needs 6";
        assert_eq!(error(text, &[&[2, 7, 3, 5], &[2, 9, 3, 5]]), message);
        let three = text.replace("cls_num: 2", "cls_num: 3");
        let message = "detection_loss_param.cls_num: cls_num is 3, and must be 2 with objectness";
        assert_eq!(error(&three, &[&[2, 7, 3, 5], &[2, 9, 3, 5]]), message);
        let means = format!("{text} bbox_reg_param {{ bbox_mean: 0 bbox_std: 1 }}");
        let message = "bbox_reg_param.bbox_mean: 1 bbox_mean and 1 bbox_std are given: there must be four of each";
        assert_eq!(error(&means, &[&[2, 6, 3, 5], &[2, 9, 3, 5]]), message);
    }

    #[test]
    fn groups_draw_a_number() {
        let text = "detection_group_loss_param { cls_num: 3 field_h: 9 field_h: 8 field_w: 7 field_w: 6 }";
        let bottoms: [&[i32]; 3] = [&[4, 3, 2, 5], &[4, 4, 2, 5], &[4, 6, 2, 5]];
        let cascade = Surroundings::of("cascade-rcnn");
        let made = cascade.run("DetectionGroupLoss", text, &bottoms, 1).unwrap();
        assert_eq!(made.tops[0].dims(), [1, 1, 1, 2]);
        assert_eq!((made.draws, made.default_loss_weight), (vec![Draw::Skip(1)], Some(1.0)));
        assert_eq!(made.default_propagate_down, [true, true, false]);
        let error = |text: &str, bottoms: &[&[i32]]| cascade.refusal("DetectionGroupLoss", text, bottoms);
        assert_eq!(error("", &bottoms), "detection_group_loss_param.field_h: field_h is missing");
        let message = "detection_group_loss_param.field_h: 2 field_h and 1 field_w are given";
        assert_eq!(error(&text.replace("field_w: 6", ""), &bottoms), message);
        let message = "bottom: the 3 items of (3, 3, 2, 5) do not form groups of 2";
        assert_eq!(error(text, &[&[3, 3, 2, 5], bottoms[1], bottoms[2]]), message);
        let message = "bottom: bottom 2 (4, 5, 2, 5) has 5 channels, and needs 6";
        assert_eq!(error(text, &[bottoms[0], bottoms[1], &[4, 5, 2, 5]]), message);
    }
}
