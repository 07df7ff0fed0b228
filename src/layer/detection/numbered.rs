//! ImageDetect, SsdDetection, Yolov3Detection and DetectionOut: boxes in blobs of a fixed size, with their number
//! (Cambricon).
//!
//! ```text
//! ImageDetect      boxes (N, C, ..)              -> (1, N (C / 4), 1, 6)
//! SsdDetection     predictions of N pictures     -> (N, 7 keep_top_k + 64, 1, 1)
//! Yolov3Detection  three grids (N, ..)           -> (1, N (7 num_box + 64), 1, 1)
//! DetectionOut     predictions of a grid         -> (1, 1, 1, 7), of which the third axis is the number of boxes once there are any
//! ```
//!
//! The first 64 values of a picture begin with the number of its boxes. The label map of DetectionOut is read while the
//! net is built. No blobs, no draws.

use super::yolo::GridOutput;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);

/// The numbers of a box.
const NUMBERS: i64 = 7;
/// What stands in front of the boxes of a picture.
const HEADER: i64 = 64;
/// How many biases there is room for.
const MOST_BIASES: usize = 64;

pub(super) const IMAGE_DETECT: LayerType =
    entry("ImageDetect", "Keeps the best of the boxes predicted for regions", Arity::at_least(1), ONE, &image_detect)
        .params(&["image_detect_param"]);

pub(super) const SSD_DETECTION: LayerType =
    entry("SsdDetection", "Keeps the best of the boxes that SSD predicts", Arity::at_least(1), ONE, &ssd_detection)
        .params(&["detection_output_param"]);

pub(super) const YOLOV3_DETECTION: LayerType = entry(
    "Yolov3Detection",
    "Keeps the best of the boxes that three grids predict",
    Arity::exactly(3),
    Arity::at_least(1),
    &yolov3_detection,
)
.params(&["yolov3_param"]);

pub(super) const DETECTION_OUT: LayerType =
    entry("DetectionOut", "Keeps the best of the boxes that a grid predicts", Arity::at_least(1), ONE, &detection_out)
        .params(&["detection_out_param"]);

const fn entry(
    name: &'static str,
    summary: &'static str,
    bottoms: Arity,
    tops: Arity,
    rule: &'static dyn Layer,
) -> LayerType {
    LayerType::new(name, summary, bottoms, tops, rule).weightless().known(Known::In(&["cambricon"]))
}

fn image_detect(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (items, channels) = (i64::from(ctx.legacy_dim(0, 0)?), i64::from(ctx.legacy_dim(0, 1)?));
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new([1, items * (channels / 4), 1, 6]).at("bottom")?]))
}

fn ssd_detection(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const KEPT: &str = "detection_output_param.keep_top_k";
    let param = super::output::param(ctx);
    super::output::check(&param)?;
    let kept = NUMBERS * i64::from(param.keep_top_k()) + HEADER;
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new([ctx.legacy_dim(0, 0)?.into(), kept, 1, 1]).at(KEPT)?]))
}

fn yolov3_detection(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const BIASES: &str = "yolov3_param.biases";
    const BOXES: &str = "yolov3_param.num_box";
    let param = ctx.param.yolov3_param().unwrap_or_default();
    let needed = i64::from(param.anchor_num()) * ctx.bottoms.len() as i64 * 2;
    let given = param.biases.len();
    ensure!(i64::try_from(given) == Ok(needed), BIASES, "{needed} biases are needed, {given} given");
    ensure!(given <= MOST_BIASES, BIASES, "there is room for {MOST_BIASES} biases, {given} given");
    let of_picture = NUMBERS * i64::from(param.num_box()) + HEADER;
    let values = of_picture.saturating_mul(ctx.legacy_dim(0, 0)?.into());
    Ok(Setup::new(ctx, Operator::Opaque, ctx.first_top(Shape::new([1, values, 1, 1]).at(BOXES)?)))
}

fn detection_out(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const CLASSES: &str = "detection_out_param.num_classes";
    let param = ctx.param.detection_out_param().unwrap_or_default();
    let output = GridOutput { classes: (param.num_classes, CLASSES), label_map: param.label_map_file() };
    output.setup(ctx, "detection_out_param.label_map_file")
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn there_is_room_for_so_many_boxes() {
        let cambricon = Surroundings::of("cambricon");
        let ssd = "detection_output_param { num_classes: 21 keep_top_k: 100 }";
        assert_eq!(cambricon.top("SsdDetection", ssd, &[&[2, 16, 8, 8]]), [2, 764, 1, 1]);
        assert_eq!(cambricon.top("ImageDetect", "", &[&[300, 87], &[300, 21]]), [1, 6300, 1, 6]);
        let biases = "biases: 1 ".repeat(18);
        let grids: &[&[i32]] = &[&[2, 255, 13, 13], &[2, 255, 26, 26], &[2, 255, 52, 52]];
        let yolo = format!("yolov3_param {{ num_box: 10 {biases} }}");
        assert_eq!(cambricon.top("Yolov3Detection", &yolo, grids), [1, 268, 1, 1]);
        assert_eq!(cambricon.top("DetectionOut", "detection_out_param { num_classes: 20 }", &[&[2]]), [1, 1, 1, 7]);
    }

    #[test]
    fn refusals() {
        let cambricon = Surroundings::of("cambricon");
        let error = |text: &str| cambricon.refusal("Yolov3Detection", text, &[&[1], &[1], &[1]]);
        assert_eq!(error("yolov3_param { biases: 1 }"), "yolov3_param.biases: 18 biases are needed, 1 given");
        let text = format!("yolov3_param {{ anchor_num: 11 {} }}", "biases: 1 ".repeat(66));
        assert_eq!(error(&text), "yolov3_param.biases: there is room for 64 biases, 66 given");
        let most: &[i32] = &[i32::MAX];
        let text = format!("yolov3_param {{ num_box: {} {} }}", i32::MAX, "biases: 1 ".repeat(18));
        let message = "yolov3_param.num_box: a blob holds at most 2147483647 elements, \
                       1 x 9223372036854775807 x 1 x 1 are more";
        assert_eq!(cambricon.refusal("Yolov3Detection", &text, &[most; 3]), message);
        let error = |text: &str| cambricon.refusal("SsdDetection", text, &[&[1]]);
        assert_eq!(error(""), "detection_output_param.num_classes: num_classes is missing");
        let message = "detection_output_param.nms_param.nms_threshold: nms_threshold -1 is below 0";
        assert_eq!(error("detection_output_param { num_classes: 2 nms_param { nms_threshold: -1 } }"), message);
        let message = "detection_out_param.num_classes: num_classes is missing";
        assert_eq!(cambricon.refusal("DetectionOut", "", &[&[1]]), message);
    }
}
