//! DetectionEvaluate: which detections are true, given the true boxes (SSD).
//!
//! ```text
//! bottoms = detections (1, 1, D, 7), true boxes (1, 1, *, 8)
//! top     = (1, 1, K + V, 5)
//! ```
//!
//! K is the number of classes without that of the background; of all where `background_label_id` is -1,
//! written 4294967295. V is the number of detections whose second value, the class, is not -1 while the net is built:
//! all D of them, as blobs hold zeros then, unless a DummyData layer has filled the bottom with -1; in the trees of an
//! early SSD all D of them. TextBoxes++ has rows of 15 or 12, and of 16; Xilinx' Caffe of 7 and 8, or 9 and 10. In the
//! YOLOv2 of gklz1982 there is no background, and the true boxes may have any shape of one item. In Cascade R-CNN's
//! tree, where a third bottom has the sizes of the pictures, boxes are items: (D, 7), (*, 8) and (*, 2) make (K + V, 5,
//! 1, 1), and `name_size_file` has to be given. SegmentationEvaluate of MobileNet-YOLO makes (1, 1, 1, C), with C
//! channels of the second bottom. Caffe does not count the bottoms. No blobs, no draws.

use super::files::count_sizes;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType = entry(&setup).known(Known::In(&[
    "ssd",
    "refinedet",
    "intel",
    "nvidia",
    "synopsys",
    "mobilenet-yolo",
    "yolov3-windows",
    "sstd",
    "jacinto",
    "seqface",
    "sophgo",
]));

pub(super) const EARLY: LayerType = entry(&of_early_ssd).known(Known::In(&["yolo9000", "textboxes"]));

pub(super) const TEXTBOXES_PP: LayerType = entry(&of_textboxes_pp).known(Known::In(&["textboxes-pp"]));

pub(super) const YOLOV2: LayerType = entry(&of_yolov2).known(Known::In(&["caffe-yolov2"]));

pub(super) const XILINX: LayerType = entry(&of_xilinx).known(Known::In(&["xilinx"]));

pub(super) const REFINED: LayerType = LayerType::new(
    "DetectionEvaluateRefine",
    "Tells which detections in two steps are correct, given the true boxes",
    Arity::at_least(2),
    Arity::exactly(1),
    &setup,
)
.params(&["detection_evaluate_param"])
.measures()
.known(Known::In(&["xilinx"]));

pub(super) const CASCADE: LayerType = LayerType::new(
    "DetectionEvaluate",
    "Tells which detections are correct, given the true boxes and the sizes of the pictures",
    Arity::at_least(3),
    Arity::exactly(1),
    &of_cascade_rcnn,
)
.params(&["detection_evaluate_param"])
.measures()
.known(Known::In(&["cascade-rcnn"]));

pub(super) const SEGMENTS: LayerType = LayerType::new(
    "SegmentationEvaluate",
    "Measures how well predicted segments cover the true ones",
    Arity::at_least(2),
    Arity::exactly(1),
    &segments,
)
.params(&["segmentation_evaluate_param"])
.weightless()
.known(Known::In(&["mobilenet-yolo"]));

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "DetectionEvaluate",
        "Tells which detections are correct, given the true boxes",
        Arity::at_least(2),
        Arity::exactly(1),
        rule,
    )
    .params(&["detection_evaluate_param"])
    .measures()
}

/// Which detections are true.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DetectionEvaluate {
    /// How many classes there are, the background's among them.
    pub num_classes: i32,
    /// The class of what is no object; -1 if there is none.
    pub background_label: i32,
    /// The overlap with a true box above which a detection is true.
    pub overlap_threshold: f32,
    /// Whether true boxes that are marked difficult count.
    pub difficult: bool,
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (operator, notices) = prepare(ctx)?;
    check_rows(ctx, 0, 7, "detections")?;
    check_rows(ctx, 1, 8, "true boxes")?;
    let top = [1, 1, classes(&operator) + detections(ctx)?, 5];
    evaluate(ctx, operator, notices, top)
}

/// Boxes may have a direction.
fn of_xilinx(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (operator, notices) = prepare(ctx)?;
    let is_oriented = ctx.legacy_dim(0, 3)? == 9;
    check_rows(ctx, 0, if is_oriented { 9 } else { 7 }, "detections")?;
    check_rows(ctx, 1, if is_oriented { 10 } else { 8 }, "true boxes")?;
    let top = [1, 1, classes(&operator) + detections(ctx)?, 5];
    evaluate(ctx, operator, notices, top)
}

/// All detections count.
fn of_early_ssd(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (operator, notices) = prepare(ctx)?;
    check_rows(ctx, 0, 7, "detections")?;
    check_rows(ctx, 1, 8, "true boxes")?;
    let top = [1, 1, classes(&operator) + i64::from(ctx.legacy_dim(0, 2)?), 5];
    evaluate(ctx, operator, notices, top)
}

/// Boxes are quadrilaterals or, without `use_polygon`, oriented rectangles.
fn of_textboxes_pp(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (operator, notices) = prepare(ctx)?;
    let use_polygon = ctx.param.detection_evaluate_param().and_then(|param| param.use_polygon);
    check_rows(ctx, 0, if use_polygon.unwrap_or(true) { 15 } else { 12 }, "detections")?;
    check_rows(ctx, 1, 16, "true boxes")?;
    let top = [1, 1, classes(&operator) + detections(ctx)?, 5];
    evaluate(ctx, operator, notices, top)
}

/// There is no background, and the true boxes may have any shape.
fn of_yolov2(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (mut operator, notices) = prepare(ctx)?;
    operator.background_label = -1;
    check_rows(ctx, 0, 7, "detections")?;
    let batch = ctx.legacy_dim(1, 0)?;
    ensure!(batch == 1, "bottom", "the true boxes must be those of one picture, not {}", ctx.bottom(1));
    let top = [1, 1, classes(&operator) + detections(ctx)?, 5];
    evaluate(ctx, operator, notices, top)
}

/// Boxes are items, and the sizes of the pictures have to be listed.
fn of_cascade_rcnn(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const SIZES: &str = "detection_evaluate_param.name_size_file";
    let is_listed = ctx.param.detection_evaluate_param().is_some_and(|param| param.name_size_file.is_some());
    let (mut operator, notices) = prepare(ctx)?;
    ensure!(is_listed, SIZES, "name_size_file is missing: the layer needs the sizes of the pictures");
    operator.background_label = 0;
    for (bottom, values, what) in [(0, 7, "detections"), (1, 8, "true boxes"), (2, 2, "sizes")] {
        let given = ctx.legacy_dim(bottom, 1)?;
        let shape = ctx.bottom(bottom);
        ensure!(given == values, "bottom", "the {what} must have {values} channels, and {shape} has {given}");
    }
    let invalid = ctx.constants.get(&ctx.bottom_ids[0]) == Some(&-1.0);
    let detections = if invalid { 0 } else { i64::from(ctx.legacy_dim(0, 0)?) };
    let top = [classes(&operator) + detections, 5, 1, 1];
    evaluate(ctx, operator, notices, top)
}

/// A value for each channel of the second bottom.
fn segments(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const CLASSES: &str = "segmentation_evaluate_param.num_classes";
    let param = ctx.param.segmentation_evaluate_param().unwrap_or_default();
    ensure!(param.num_classes.is_some(), CLASSES, "num_classes is missing");
    let top = Shape::new([1, 1, 1, ctx.legacy_dim(1, 1)?]).at("bottom")?;
    Ok(Setup::new(ctx, Operator::Opaque, [top]))
}

fn evaluate(
    ctx: &SetupContext<'_>,
    operator: DetectionEvaluate,
    notices: Vec<String>,
    top: [i64; 4],
) -> Result<Setup, Refusal> {
    let top = Shape::new(top).at("detection_evaluate_param.num_classes")?;
    Ok(Setup { notices, ..Setup::new(ctx, Operator::DetectionEvaluate(operator), [top]) })
}

/// The settings, checked, and what there is to say of the files that they name.
fn prepare(ctx: &SetupContext<'_>) -> Result<(DetectionEvaluate, Vec<String>), Refusal> {
    let param = ctx.param.detection_evaluate_param().unwrap_or_default();
    let Some(num_classes) = param.num_classes else {
        let refusal = Refusal::at("detection_evaluate_param.num_classes", "num_classes is missing");
        return Err(refusal.help("give the number of classes, with background"));
    };
    let operator = DetectionEvaluate {
        num_classes: num_classes.cast_signed(),
        background_label: param.background_label_id().cast_signed(),
        overlap_threshold: param.overlap_threshold(),
        difficult: param.evaluate_difficult_gt(),
    };
    let (overlap, field) = (operator.overlap_threshold, "detection_evaluate_param.overlap_threshold");
    let positive = overlap > 0.0;
    ensure!(positive, field, "overlap_threshold {overlap} is not above 0");
    let mut notices = Vec::new();
    if let Some(sizes) = &param.name_size_file {
        count_sizes(ctx, "detection_evaluate_param.name_size_file", sizes, &mut notices)?;
    }
    Ok((operator, notices))
}

/// Checks that a bottom is one plane of rows with so many values.
fn check_rows(ctx: &SetupContext<'_>, bottom: usize, values: i32, what: &str) -> Result<(), Refusal> {
    let dims = [0, 1, 3].map(|axis| ctx.legacy_dim(bottom, axis));
    let [num, channels, width] = dims;
    let shape = ctx.bottom(bottom);
    ensure!(
        (num?, channels?, width?) == (1, 1, values),
        "bottom",
        "the {what} must be (1, 1, rows, {values}), not {shape}"
    );
    Ok(())
}

/// The classes that have a row.
fn classes(operator: &DetectionEvaluate) -> i64 {
    i64::from(operator.num_classes) - i64::from(operator.background_label != -1)
}

/// The detections that are valid while the net is built.
fn detections(ctx: &SetupContext<'_>) -> Result<i64, Refusal> {
    let invalid = ctx.constants.get(&ctx.bottom_ids[0]) == Some(&-1.0);
    Ok(if invalid { 0 } else { i64::from(ctx.legacy_dim(0, 2)?) })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::layer::testing::Surroundings;

    const NAME: &str = "DetectionEvaluate";
    const BOTTOMS: [&[i32]; 2] = [&[1, 1, 5, 7], &[1, 1, 4, 8]];

    fn text(fields: &str) -> String {
        format!("detection_evaluate_param {{ num_classes: 3 {fields} }}")
    }

    #[test]
    fn there_is_a_row_for_each_class_and_detection() {
        let ssd = Surroundings::of("ssd");
        assert_eq!(ssd.top(NAME, &text(""), &BOTTOMS), [1, 1, 7, 5]);
        assert_eq!(ssd.top(NAME, &text("background_label_id: 7"), &BOTTOMS), [1, 1, 7, 5]);
        assert_eq!(ssd.top(NAME, &text("background_label_id: 4294967295"), &BOTTOMS), [1, 1, 8, 5]);
        let three: [&[i32]; 3] = [BOTTOMS[0], BOTTOMS[1], BOTTOMS[1]];
        assert_eq!(ssd.top(NAME, &text(""), &three), [1, 1, 7, 5]);
    }

    #[test]
    fn detections_of_no_class_do_not_count() {
        let filled = |value| Surroundings { constants: BTreeMap::from([(0, value)]), ..Surroundings::of("ssd") };
        assert_eq!(filled(-1.0).top(NAME, &text(""), &BOTTOMS), [1, 1, 2, 5]);
        assert_eq!(filled(1.0).top(NAME, &text(""), &BOTTOMS), [1, 1, 7, 5]);
    }

    #[test]
    fn other_trees_have_other_rows() {
        let filled = Surroundings { constants: BTreeMap::from([(0, -1.0)]), ..Surroundings::of("textboxes") };
        assert_eq!(filled.top(NAME, &text(""), &BOTTOMS), [1, 1, 7, 5]);
        let pp = Surroundings::of("textboxes-pp");
        assert_eq!(pp.top(NAME, &text(""), &[&[1, 1, 5, 15], &[1, 1, 4, 16]]), [1, 1, 7, 5]);
        assert_eq!(pp.top(NAME, &text("use_polygon: false"), &[&[1, 1, 5, 12], &[1, 1, 4, 16]]), [1, 1, 7, 5]);
        let message = "bottom: the detections must be (1, 1, rows, 15), not (1, 1, 5, 7)";
        assert_eq!(pp.refusal(NAME, &text(""), &BOTTOMS), message);
        let (yolo, classes) = (Surroundings::of("mobilenet-yolo"), "segmentation_evaluate_param { num_classes: 2 }");
        let bottoms: [&[i32]; 2] = [&[2, 3, 4, 5], &[2, 7, 4, 5]];
        assert_eq!(yolo.top("SegmentationEvaluate", classes, &bottoms), [1, 1, 1, 7]);
        let message = "segmentation_evaluate_param.num_classes: num_classes is missing";
        assert_eq!(yolo.refusal("SegmentationEvaluate", "", &bottoms), message);
        let yolov2 = Surroundings::of("caffe-yolov2");
        assert_eq!(yolov2.top(NAME, &text(""), &[&[1, 1, 5, 7], &[1, 150]]), [1, 1, 8, 5]);
        let message = "bottom: the true boxes must be those of one picture, not (2, 150)";
        assert_eq!(yolov2.refusal(NAME, &text(""), &[&[1, 1, 5, 7], &[2, 150]]), message);
    }

    #[test]
    fn the_boxes_of_cascade_rcnn_are_items() {
        let sizes = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(sizes.path(), "a 3 4\n").unwrap();
        let text = text(&format!("name_size_file: {:?}", sizes.path()));
        let cascade = Surroundings::of("cascade-rcnn");
        assert_eq!(cascade.top(NAME, &text, &[&[5, 7], &[4, 8], &[1, 2]]), [7, 5, 1, 1]);
        let message = "bottom: the sizes must have 2 channels, and (1, 3) has 3";
        assert_eq!(cascade.refusal(NAME, &text, &[&[5, 7], &[4, 8], &[1, 3]]), message);
        let text = "detection_evaluate_param { num_classes: 3 }";
        let message = "detection_evaluate_param.name_size_file: name_size_file is missing: the layer needs the sizes of the pictures";
        assert_eq!(cascade.refusal(NAME, text, &[&[5, 7], &[4, 8], &[1, 2]]), message);
    }

    #[test]
    fn boxes_may_have_a_direction() {
        let xilinx = Surroundings::of("xilinx");
        let text = "detection_evaluate_param { num_classes: 3 overlap_threshold: 0.5 }";
        assert_eq!(xilinx.top("DetectionEvaluate", text, &[&[1, 1, 4, 7], &[1, 1, 9, 8]]), [1, 1, 6, 5]);
        assert_eq!(xilinx.top("DetectionEvaluate", text, &[&[1, 1, 4, 9], &[1, 1, 9, 10]]), [1, 1, 6, 5]);
        assert_eq!(xilinx.top("DetectionEvaluateRefine", text, &[&[1, 1, 4, 7], &[1, 1, 9, 8]]), [1, 1, 6, 5]);
        for (name, bottoms) in [
            ("DetectionEvaluate", [&[1, 1, 4, 9][..], &[1, 1, 9, 8]]),
            ("DetectionEvaluateRefine", [&[1, 1, 4, 9], &[1, 1, 9, 10]]),
        ] {
            assert!(xilinx.refusal(name, text, &bottoms).starts_with("bottom: "), "{name}");
        }
    }

    #[test]
    fn refusals() {
        let error = |fields: &str, bottoms: &[&[i32]]| Surroundings::of("ssd").refusal(NAME, fields, bottoms);
        let message = "detection_evaluate_param.num_classes: num_classes is missing";
        assert_eq!(error("", &BOTTOMS), message);
        let message = "detection_evaluate_param.overlap_threshold: overlap_threshold 0 is not above 0";
        assert_eq!(error(&text("overlap_threshold: 0"), &BOTTOMS), message);
        let message = "detection_evaluate_param.name_size_file: the sizes of the pictures are not known: \
                       cannot read absent: No such file or directory (os error 2)";
        assert_eq!(error(&text("name_size_file: 'absent'"), &BOTTOMS), message);
        let message = "bottom: the detections must be (1, 1, rows, 7), not (2, 1, 5, 7)";
        assert_eq!(error(&text(""), &[&[2, 1, 5, 7], BOTTOMS[1]]), message);
        let message = "bottom: the true boxes must be (1, 1, rows, 8), not (1, 1, 4, 7)";
        assert_eq!(error(&text(""), &[BOTTOMS[0], &[1, 1, 4, 7]]), message);
        assert_eq!(error(&text(""), &BOTTOMS[..1]), "bottom: DetectionEvaluate takes at least 2 bottoms, 1 given");
    }
}
