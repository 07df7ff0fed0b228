//! RetinaFaceDetection, YoloDetection and FrcnDetection: the best boxes of each picture, always as many (Sophgo).
//!
//! ```text
//! top = (N, 1, keep_topk, numbers), with 15 numbers a face, and 6 a box of the others
//! ```
//!
//! N is the first axis of the first bottom, of the third one in FrcnDetection; nothing else of the bottoms is looked at
//! while the net is built, nor is their number. No blobs, no draws.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};
use crate::layer::size::checked_size;
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};

pub(super) const FACES: LayerType =
    entry("RetinaFaceDetection", "Keeps the best of predicted faces", Arity::at_least(1), &faces)
        .params(&["retinaface_detection_param"]);

pub(super) const GRIDS: LayerType =
    entry("YoloDetection", "Keeps the best of the boxes that grids predict", Arity::at_least(1), &grids)
        .params(&["yolo_detection_param"]);

pub(super) const REGIONS: LayerType =
    entry("FrcnDetection", "Keeps the best of the boxes predicted for regions", Arity::at_least(3), &regions)
        .params(&["frcn_detection_param"]);

const fn entry(name: &'static str, summary: &'static str, bottoms: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, bottoms, Arity::at_least(1), rule).weightless().known(Known::In(&["sophgo"]))
}

fn faces(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let kept = ctx.param.retinaface_detection_param().unwrap_or_default().keep_topk();
    kept_boxes(ctx, 0, (kept, "retinaface_detection_param.keep_topk"), 15)
}

fn grids(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let kept = ctx.param.yolo_detection_param().unwrap_or_default().keep_topk();
    kept_boxes(ctx, 0, (kept, "yolo_detection_param.keep_topk"), 6)
}

fn regions(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let kept = ctx.param.frcn_detection_param().unwrap_or_default().keep_topk();
    kept_boxes(ctx, 2, (kept, "frcn_detection_param.keep_topk"), 6)
}

/// The layer that keeps so many boxes, of so many numbers, of each item of a bottom.
fn kept_boxes(
    ctx: &SetupContext<'_>,
    bottom: usize,
    (kept, field): (u32, &'static str),
    numbers: i64,
) -> Result<Setup, Refusal> {
    let top = Shape::new([ctx.legacy_dim(bottom, 0)?.into(), 1, checked_size(kept, field)?, numbers]).at(field)?;
    Ok(Setup::new(ctx, Operator::Opaque, ctx.first_top(top)))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn each_picture_has_as_many_boxes() {
        let top = |name: &str, text: &str| Surroundings::of("sophgo").top(name, text, &[&[2, 3], &[1], &[4, 5]]);
        assert_eq!(top("RetinaFaceDetection", "retinaface_detection_param { keep_topk: 50 }"), [2, 1, 50, 15]);
        assert_eq!(top("YoloDetection", "yolo_detection_param { keep_topk: 200 }"), [2, 1, 200, 6]);
        assert_eq!(top("FrcnDetection", "frcn_detection_param { keep_topk: 9 }"), [4, 1, 9, 6]);
        assert_eq!(top("YoloDetection", ""), [2, 1, 0, 6]);
    }

    #[test]
    fn refusals() {
        let sophgo = Surroundings::of("sophgo");
        let text = "yolo_detection_param { keep_topk: 4294967295 }";
        let message = "yolo_detection_param.keep_topk: keep_topk 4294967295 is more than 2147483647";
        assert_eq!(sophgo.refusal("YoloDetection", text, &[&[2]]), message);
        let message = "bottom: FrcnDetection takes at least 3 bottoms, 2 given";
        assert_eq!(sophgo.refusal("FrcnDetection", "", &[&[2], &[2]]), message);
    }
}
