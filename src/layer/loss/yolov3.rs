//! Yolov3, GaussianYolov3 and YoloSeg: the losses of boxes that a grid predicts, and of segments (MobileNet-YOLO).
//!
//! Bottoms: predictions (N, any, H, W) with `num (num_class + 5)` numbers for each of the H W cells, 4 more for each
//! box where its coordinates have deviations (GaussianYolov3), and true boxes. In the port for Windows the W W cells of
//! a square count. YoloSeg takes predictions and targets of equal count, and perhaps weights.

use super::{check_batches, opaque_loss};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Setup, SetupContext};

pub(super) const TYPE: LayerType =
    entry("Yolov3", BOXES, Arity::exactly(2), &yolov3).known(Known::In(&["mobilenet-yolo"]));

pub(super) const SQUARE: LayerType =
    entry("Yolov3", BOXES, Arity::exactly(2), &square_yolov3).known(Known::In(&["yolov3-windows"]));

pub(super) const GAUSSIAN: LayerType =
    entry("GaussianYolov3", BOXES, Arity::exactly(2), &gaussian_yolov3).known(Known::In(&["mobilenet-yolo"]));

pub(super) const SEGMENTS: LayerType =
    entry("YoloSeg", "Computes the loss of predicted segments", Arity::exactly(3), &yolo_seg)
        .params(&["yolo_seg_param"])
        .known(Known::In(&["mobilenet-yolo"]));

const BOXES: &str = "Computes the loss of the boxes that the cells of a grid predict";

const fn entry(name: &'static str, summary: &'static str, bottoms: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, bottoms, Arity::exactly(1), rule).params(&["yolov3_param"]).auto_tops().loss()
}

fn yolov3(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    boxes(ctx, ctx.legacy_dim(0, 2)?, 4)
}

fn square_yolov3(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    boxes(ctx, ctx.legacy_dim(0, 3)?, 4)
}

fn gaussian_yolov3(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    boxes(ctx, ctx.legacy_dim(0, 2)?, 8)
}

/// The loss of boxes with so many coordinates, on a grid of so many rows.
fn boxes(ctx: &SetupContext<'_>, rows: i32, coordinates: i64) -> Result<Setup, Refusal> {
    let param = ctx.param.yolov3_param_yolov3parameter().unwrap_or_default();
    let predictions = ctx.bottom(0);
    let (num, classes) = (i64::from(param.num()), i64::from(param.num_class()));
    let (rows, width) = (i64::from(rows), i64::from(ctx.legacy_dim(0, 3)?));
    let needed = (rows * width).saturating_mul(num.saturating_mul(classes + coordinates + 1));
    let given = predictions.count_from(1);
    ensure!(
        given == needed,
        "bottom",
        "{rows} x {width} cells of {num} boxes of {classes} classes need {needed} numbers per item, the predictions \
         {predictions} have {given}"
    );
    check_batches(ctx)?;
    Ok(opaque_loss(ctx, Shape::scalar()))
}

fn yolo_seg(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (a, b) = (ctx.bottom(0), ctx.bottom(1));
    ensure!(a.count() == b.count(), "bottom", "the predictions {a} and the targets {b} differ in count");
    check_batches(ctx)?;
    Ok(opaque_loss(ctx, Shape::scalar()))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const TEXT: &str = "yolov3_param { num: 3 num_class: 20 }";

    #[test]
    fn each_cell_has_its_boxes() {
        let top = |dialect: &str, name: &str, bottom: &[i32]| {
            let made = Surroundings::of(dialect).run(name, TEXT, &[bottom, &[2, 300, 5]], 1);
            made.map(|made| (made.tops[0].axes(), made.default_loss_weight))
        };
        assert_eq!(top("mobilenet-yolo", "Yolov3", &[2, 75, 13, 26]), Ok((0, Some(1.0))));
        assert_eq!(top("mobilenet-yolo", "GaussianYolov3", &[2, 87, 13, 26]), Ok((0, Some(1.0))));
        assert_eq!(top("yolov3-windows", "Yolov3", &[2, 75, 26, 26]), Ok((0, Some(1.0))));
        let message = "bottom: 26 x 26 cells of 3 boxes of 20 classes need 50700 numbers per item, the predictions \
                       (2, 75, 13, 26) have 25350";
        assert_eq!(top("yolov3-windows", "Yolov3", &[2, 75, 13, 26]).unwrap_err(), message);
        let message = "bottom: the bottoms differ in their first dimension: (1, 75, 13, 13) and (2, 300, 5)";
        assert_eq!(top("mobilenet-yolo", "Yolov3", &[1, 75, 13, 13]).unwrap_err(), message);
    }

    #[test]
    fn segments_are_as_many_as_targets() {
        let yolo = Surroundings::of("mobilenet-yolo");
        assert!(yolo.run("YoloSeg", "", &[&[2, 3, 4], &[2, 12], &[1]], 1).is_ok());
        let message = "bottom: the predictions (2, 3) and the targets (2, 4) differ in count";
        assert_eq!(yolo.refusal("YoloSeg", "", &[&[2, 3], &[2, 4], &[1]]), message);
    }
}
