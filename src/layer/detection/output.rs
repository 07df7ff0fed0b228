//! DetectionOutput: the boxes that are left of all predicted ones, by confidence and overlap (SSD).
//!
//! ```text
//! bottoms = locations (N, 4 P L), confidences (N, P K), priors (1, 2, 4 P), and what RefineDet adds
//! top     = (1, 1, 1, 7), of which the third axis is the number of boxes once there are any
//! ```
//!
//! with P priors, K = `num_classes`, and L = 1 where all classes share a location, else K. Missing axes count as 1. No
//! blobs. With `visualize` the layer sets up a transformer, which draws as in [data layers](super::super::data), once.
//!
//! In Synopsys' Caffe the predictions of `nbottom` layers may come apart, confidences first, then locations, then the
//! priors of all, in one bottom or in as many; there are at least 2 `nbottom` + 1 bottoms then, and with fewer than
//! that, but at least `nbottom`, nothing is checked. With `tflite_detection` the top is (max_classes_per_detection
//! `keep_top_k`, 7).
//!
//! In SSTD DetectionOrientedOutput has oriented locations as fourth bottom, and a top (1, 1, 1, 12). In TextBoxes++ a
//! box has 12 numbers instead of 4, or 9 without `use_polygon`, and the top as many more. In the YOLOv2 of gklz1982 the
//! only bottom is YOLO's predictions for one picture.
//!
//! In Xilinx' Caffe a location may have six numbers, and the top is (1, 1, 1, 9) then; confidences are not counted.
//! With `has_segmap` there is a second top like the fourth bottom. DetectionOutputRefine is RefineDet's.
//!
//! The label map and the list of sizes are read while the net is built. Caffe also makes the folder `output_directory`
//! then; nothing is made here.

use super::Priors;
use super::files::{check_label_map, count_sizes};
use super::yolo::GridOutput;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::data::Transform;
use crate::layer::{Arity, Draw, Layer, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::prior_box_parameter::CodeType;
use crate::proto::caffe::{DetectionOutputParameter, NonMaximumSuppressionParameter, SaveOutputParameter};

pub(super) const SSD: LayerType = entry(Arity::between(3, 4), &setup).known(Known::In(&[
    "ssd",
    "intel",
    "nvidia",
    "mobilenet-yolo",
    "yolo9000",
    "textboxes",
    "sstd",
    "jacinto",
    "cambricon",
    "seqface",
    "sophgo",
]));

pub(super) const REFINEDET: LayerType = entry(Arity::between(3, 5), &setup).known(Known::In(&["refinedet"]));

pub(super) const SYNOPSYS: LayerType = entry(Arity::at_least(3), &setup).known(Known::In(&["synopsys"]));

pub(super) const TEXTBOXES_PP: LayerType =
    entry(Arity::between(3, 4), &of_textboxes_pp).known(Known::In(&["textboxes-pp"]));

pub(super) const YOLOV2: LayerType = entry(Arity::at_least(1), &of_yolov2).known(Known::In(&["caffe-yolov2"]));

pub(super) const XILINX: LayerType = LayerType::new(
    "DetectionOutput",
    "Keeps the best of the predicted boxes, by confidence and overlap",
    Arity::between(3, 4),
    Arity::at_least(1),
    &of_xilinx,
)
.params(&["detection_output_param"])
.known(Known::In(&["xilinx"]));

pub(super) const REFINED: LayerType = LayerType::new(
    "DetectionOutputRefine",
    "Keeps the best of the boxes predicted in two steps, by confidence and overlap",
    Arity::between(3, 5),
    Arity::exactly(1),
    &setup,
)
.params(&["detection_output_param"])
.known(Known::In(&["xilinx"]));

pub(super) const ORIENTED: LayerType = LayerType::new(
    "DetectionOrientedOutput",
    "Keeps the best of the predicted boxes, upright and oriented, by confidence and overlap",
    Arity::between(4, 5),
    Arity::exactly(1),
    &oriented,
)
.params(&["detection_output_param"])
.known(Known::In(&["sstd"]));

const fn entry(bottoms: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "DetectionOutput",
        "Keeps the best of the predicted boxes, by confidence and overlap",
        bottoms,
        Arity::exactly(1),
        rule,
    )
    .params(&["detection_output_param"])
}

/// The boxes that are left of all predicted ones.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DetectionOutput {
    /// How many classes there are, the background's among them.
    pub num_classes: i64,
    /// Whether all classes share a location.
    pub share_location: bool,
    /// The class of what is no object.
    pub background_label: i32,
    /// How boxes are written as numbers.
    pub code: CodeType,
    /// Whether the variances of the priors are in the predictions already.
    pub variance_encoded: bool,
    /// The confidence from which on a box counts.
    pub confidence_threshold: Option<f32>,
    /// The overlap above which the less confident of two boxes goes.
    pub nms_threshold: f32,
    /// By what that threshold is multiplied for each box that is kept, while it is above one half.
    pub eta: f32,
    /// How many boxes of a class there may be before overlaps are looked at.
    pub top_k: Option<i32>,
    /// How many boxes of a picture are kept.
    pub keep_top_k: i32,
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = param(ctx);
    let Prepared { operator, draws, notices } = prepare(ctx, &param)?;
    match parts(ctx, &param) {
        Parts::Together => {
            check_together(ctx, &operator, 4)?;
        }
        Parts::Apart { count, priors } => check_apart(ctx, &operator, param.no_permute(), count, priors)?,
        Parts::Unchecked => {}
    }
    const REGULAR: &str = "detection_output_param.tflite_use_regular_nms";
    ensure!(!param.tflite_use_regular_nms(), REGULAR, "tflite_use_regular_nms is not implemented");
    let dims = match param.tflite_detection() {
        true => vec![i64::from(param.max_classes_per_detection()).saturating_mul(operator.keep_top_k.into()), 7],
        false => vec![1, 1, 1, 7],
    };
    let top = Shape::new(dims).at("detection_output_param.keep_top_k")?;
    Ok(Setup { draws, notices, ..Setup::new(ctx, Operator::DetectionOutput(operator), [top]) })
}

/// A box has 12 numbers instead of 4, or 9 without `use_polygon`, and as many more in the top.
fn of_textboxes_pp(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = param(ctx);
    let Prepared { operator, draws, notices } = prepare(ctx, &param)?;
    let coordinates = if param.use_polygon.unwrap_or(true) { 4 + 8 } else { 4 + 5 };
    check_together(ctx, &operator, coordinates)?;
    let top = Shape::new([1, 1, 1, 3 + coordinates]).at("detection_output_param")?;
    Ok(Setup { draws, notices, ..Setup::new(ctx, Operator::DetectionOutput(operator), [top]) })
}

/// A location of six numbers instead of four has a direction, and the top two more for it. Confidences are not counted.
/// With `has_segmap` the fourth bottom is handed on.
fn of_xilinx(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const SEGMENTS: &str = "detection_output_param.has_segmap";
    let param = param(ctx);
    let Prepared { operator, draws, notices } = prepare(ctx, &param)?;
    let (a, b) = (ctx.legacy_dim(0, 0)?, ctx.legacy_dim(1, 0)?);
    ensure!(a == b, "bottom", "the batches differ: {} and {}", ctx.bottom(0), ctx.bottom(1));
    let is_oriented = Priors::new(ctx)?.are_oriented(ctx, operator.num_classes, operator.share_location)?;
    let top = Shape::new([1, 1, 1, if is_oriented { 9 } else { 7 }]).at("top")?;
    let mut tops = ctx.first_top(top);
    if param.has_segmap() {
        let (Some(segments), Some(second)) = (ctx.bottoms.get(3), tops.get_mut(1)) else {
            return Err(Refusal::at(SEGMENTS, "has_segmap needs a fourth bottom and a second top"));
        };
        *second = segments.copied();
    }
    Ok(Setup { draws, notices, ..Setup::new(ctx, Operator::Opaque, tops) })
}

/// The fourth bottom has oriented locations, whose five numbers stand in the top, too.
fn oriented(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let Prepared { operator, draws, notices } = prepare(ctx, &param(ctx))?;
    let (a, b) = (ctx.legacy_dim(0, 0)?, ctx.legacy_dim(3, 0)?);
    ensure!(a == b, "bottom", "the batches differ: {} and {}", ctx.bottom(0), ctx.bottom(3));
    check_together(ctx, &operator, 4)?;
    let top = Shape::new([1, 1, 1, 12]).at("detection_output_param")?;
    Ok(Setup { draws, notices, ..Setup::new(ctx, Operator::DetectionOutput(operator), [top]) })
}

/// The boxes of one picture, from YOLO's predictions.
fn of_yolov2(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const CLASSES: &str = "detection_output_param.num_classes";
    let param = param(ctx);
    let output = GridOutput { classes: (param.num_classes, CLASSES), label_map: param.label_map_file() };
    let batch = ctx.legacy_dim(0, 0)?;
    ensure!(batch == 1, "bottom", "the predictions must be those of one picture, not {}", ctx.bottom(0));
    output.setup(ctx, "detection_output_param.label_map_file")
}

/// Checks that predictions go with the priors in bottom 2.
fn check_together(ctx: &SetupContext<'_>, operator: &DetectionOutput, coordinates: i64) -> Result<(), Refusal> {
    let (a, b) = (ctx.legacy_dim(0, 0)?, ctx.legacy_dim(1, 0)?);
    ensure!(a == b, "bottom", "the batches differ: {} and {}", ctx.bottom(0), ctx.bottom(1));
    Priors::new(ctx)?.check_predictions(ctx, operator.num_classes, operator.share_location, coordinates)
}

/// The settings, of which there may be none.
pub(super) fn param(ctx: &SetupContext<'_>) -> DetectionOutputParameter {
    ctx.param.detection_output_param.as_deref().cloned().unwrap_or_default()
}

/// What the settings make before any bottom is looked at.
pub(super) struct Prepared {
    pub(super) operator: DetectionOutput,
    pub(super) draws: Vec<Draw>,
    pub(super) notices: Vec<String>,
}

/// Checks what every layer with these settings does, and gives the number of classes.
///
/// # Errors
/// The number of classes is missing, or a setting about overlaps out of its range.
pub(super) fn check(param: &DetectionOutputParameter) -> Result<u32, Refusal> {
    let Some(num_classes) = param.num_classes else {
        let refusal = Refusal::at("detection_output_param.num_classes", "num_classes is missing");
        return Err(refusal.help("give the number of classes, with background"));
    };
    check_nms(&param.nms_param.unwrap_or_default())?;
    Ok(num_classes)
}

/// Reads the settings and the files that they name.
///
/// # Errors
/// A setting is missing or out of its range, or a file cannot be read.
pub(super) fn prepare(ctx: &SetupContext<'_>, param: &DetectionOutputParameter) -> Result<Prepared, Refusal> {
    let nms = param.nms_param.unwrap_or_default();
    let num_classes = check(param)?;
    let operator = DetectionOutput {
        num_classes: i64::from(num_classes.cast_signed()),
        share_location: param.share_location(),
        background_label: param.background_label_id(),
        code: param.code_type(),
        variance_encoded: param.variance_encoded_in_target(),
        confidence_threshold: param.confidence_threshold,
        nms_threshold: nms.nms_threshold(),
        eta: nms.eta(),
        top_k: nms.top_k,
        keep_top_k: param.keep_top_k(),
    };
    let mut notices = Vec::new();
    let save = param.save_output_param.as_ref().filter(|_| ctx.dialect.traits.reads_fields_of_intel);
    check_files(ctx, save, &mut notices)?;
    let draws = if param.visualize() { Transform::new(ctx, &mut notices)?.draws() } else { Vec::<Draw>::new() };
    Ok(Prepared { operator, draws, notices })
}

/// How the predictions of several layers come to the layer.
enum Parts {
    /// Put together before.
    Together,
    /// The confidences of so many layers, their locations, and the priors of all, in so many bottoms.
    Apart { count: usize, priors: usize },
    /// In a way that Caffe does not check.
    Unchecked,
}

/// By the number of bottoms. Only where there is a field `nbottom` predictions may come apart.
fn parts(ctx: &SetupContext<'_>, param: &DetectionOutputParameter) -> Parts {
    let count = param.nbottom.unwrap_or_else(|| ctx.default_of("DetectionOutputParameter", "nbottom"));
    let (count, given) = (usize::try_from(count).unwrap_or(0), ctx.bottoms.len());
    let has_first_step = param.arm_conf_no_concat() || param.arm_loc_no_concat();
    match count {
        0 => Parts::Together,
        _ if has_first_step && given == 4 * count + 1 => Parts::Apart { count, priors: 1 },
        _ if has_first_step => Parts::Unchecked,
        _ if given < count => Parts::Together,
        _ if given < 2 * count + 1 => Parts::Unchecked,
        _ if given < 3 * count || count == 1 => Parts::Apart { count, priors: 1 },
        _ => Parts::Apart { count, priors: count },
    }
}

fn check_apart(
    ctx: &SetupContext<'_>,
    operator: &DetectionOutput,
    no_permute: bool,
    count: usize,
    priors: usize,
) -> Result<(), Refusal> {
    let locations_of_one = if operator.share_location { 4 } else { 4 * operator.num_classes };
    let dim = |bottom: usize, axis: usize| ctx.legacy_dim(bottom, axis).map(i64::from);
    let (mut confidences, mut locations) = (0, 0);
    for (bottom, located) in (0..count).map(|bottom| (bottom, bottom + count)) {
        let (a, b) = (ctx.bottom(bottom), ctx.bottom(located));
        ensure!(dim(bottom, 0)? == dim(located, 0)?, "bottom", "the batches differ: {a} and {b}");
        if no_permute {
            let anchors = dim(located, 1)?.checked_div(locations_of_one).unwrap_or_default();
            let positions = dim(located, 2)? * dim(located, 3)?;
            let wanted = [operator.num_classes, anchors, positions];
            let found = [dim(bottom, 1)?, dim(bottom, 2)?, dim(bottom, 3)?];
            ensure!(found == wanted, "bottom", "the confidences {a} do not match the locations {b}");
        }
        confidences += dim(bottom, 1)?;
        locations += dim(located, 1)?;
    }
    let mut boxes = 0;
    for bottom in 2 * count..2 * count + priors {
        boxes += dim(bottom, 2)? / 4;
    }
    if !no_permute {
        let needed = boxes * locations_of_one;
        ensure!(locations == needed, "bottom", "{boxes} priors need {needed} channels of locations, not {locations}");
        let needed = boxes * operator.num_classes;
        ensure!(
            confidences == needed,
            "bottom",
            "{boxes} priors need {needed} channels of confidences, not {confidences}"
        );
    }
    Ok(())
}

fn check_nms(nms: &NonMaximumSuppressionParameter) -> Result<(), Refusal> {
    let (threshold, eta) = (nms.nms_threshold(), nms.eta());
    let threshold_field = "detection_output_param.nms_param.nms_threshold";
    let in_range = threshold >= 0.0;
    ensure!(in_range, threshold_field, "nms_threshold {threshold} is below 0");
    ensure!(eta > 0.0 && eta <= 1.0, "detection_output_param.nms_param.eta", "eta {eta} is not above 0 and at most 1");
    Ok(())
}

/// Reads the files that the output is saved by. Empty names stand for none.
fn check_files(
    ctx: &SetupContext<'_>,
    save: Option<&SaveOutputParameter>,
    notices: &mut Vec<String>,
) -> Result<(), Refusal> {
    const LABELS: &str = "detection_output_param.save_output_param.label_map_file";
    const SIZES: &str = "detection_output_param.save_output_param.name_size_file";
    const TESTED: &str = "detection_output_param.save_output_param.num_test_image";
    let Some(save) = save else { return Ok(()) };
    let (labels, sizes) = (save.label_map_file(), save.name_size_file());
    if !labels.is_empty() {
        check_label_map(ctx, LABELS, labels, notices)?;
    }
    if sizes.is_empty() {
        return Ok(());
    }
    let listed = count_sizes(ctx, SIZES, sizes, notices)?;
    let tested = save.num_test_image.map_or(listed, u64::from);
    ensure!(tested <= listed, TESTED, "num_test_image is {tested}, but {sizes:?} lists {listed} pictures");
    let saves = !save.output_directory().is_empty() && !labels.is_empty();
    ensure!(
        !saves || tested > 0,
        TESTED,
        "there are no test pictures to save the output of: Caffe divides by their number"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::layer::Draw;
    use crate::layer::testing::Surroundings;
    use crate::proto::caffe::Phase;

    const NAME: &str = "DetectionOutput";

    /// Six priors and three classes.
    const BOTTOMS: [&[i32]; 3] = [&[2, 24], &[2, 18], &[1, 2, 24]];

    fn text(fields: &str) -> String {
        format!("detection_output_param {{ num_classes: 3 {fields} }}")
    }

    #[test]
    fn the_number_of_boxes_is_not_known_yet() {
        let ssd = Surroundings::of("ssd");
        assert_eq!(ssd.top(NAME, &text(""), &BOTTOMS), [1, 1, 1, 7]);
        let none = "detection_output_param { num_classes: 0 }";
        assert_eq!(ssd.top(NAME, none, &[&[2, 24], &[2, 0], &[1, 2, 24]]), [1, 1, 1, 7]);
    }

    #[test]
    fn a_picture_of_the_boxes_draws_as_transformers_do() {
        let draws = |phase, fields: &str| {
            let surroundings = Surroundings { phase, ..Surroundings::of("ssd") };
            surroundings.run(NAME, fields, &BOTTOMS, 1).unwrap().draws
        };
        let (mirror, crop) = ("transform_param { mirror: true }", "transform_param { crop_size: 2 }");
        let visualize = text("visualize: true");
        assert_eq!(draws(Phase::Test, &format!("{visualize} {mirror}")), [Draw::Skip(1)]);
        assert_eq!(draws(Phase::Train, &format!("{visualize} {crop}")), [Draw::Skip(1)]);
        assert_eq!(draws(Phase::Test, &format!("{visualize} {crop}")), []);
        assert_eq!(draws(Phase::Train, &format!("{} {mirror}", text(""))), []);
    }

    #[test]
    fn oriented_boxes_have_more_numbers() {
        let pp = Surroundings::of("textboxes-pp");
        let bottoms = |channels: &'static [i32]| [channels, BOTTOMS[1], BOTTOMS[2]];
        assert_eq!(pp.top(NAME, &text(""), &bottoms(&[2, 72])), [1, 1, 1, 15]);
        assert_eq!(pp.top(NAME, &text("use_polygon: false"), &bottoms(&[2, 54])), [1, 1, 1, 12]);
        let message = "bottom: 6 priors need 72 channels of locations, bottom 0 (2, 24) has 24";
        assert_eq!(pp.refusal(NAME, &text(""), &BOTTOMS), message);
    }

    #[test]
    fn oriented_locations_come_beside_upright_ones() {
        let sstd = Surroundings::of("sstd");
        let bottoms = |oriented: &'static [i32]| [BOTTOMS[0], BOTTOMS[1], BOTTOMS[2], oriented];
        assert_eq!(sstd.top("DetectionOrientedOutput", &text(""), &bottoms(&[2, 30])), [1, 1, 1, 12]);
        let message = "bottom: the batches differ: (2, 24) and (1, 30)";
        assert_eq!(sstd.refusal("DetectionOrientedOutput", &text(""), &bottoms(&[1, 30])), message);
    }

    #[test]
    fn a_grid_is_of_one_picture() {
        let yolov2 = Surroundings::of("caffe-yolov2");
        assert_eq!(yolov2.top(NAME, &text(""), &[&[1, 9, 9, 40]]), [1, 1, 1, 7]);
        let message = "bottom: the predictions must be those of one picture, not (2, 9)";
        assert_eq!(yolov2.refusal(NAME, &text(""), &[&[2, 9]]), message);
        let message = "detection_output_param.num_classes: num_classes is missing";
        assert_eq!(yolov2.refusal(NAME, "", &[&[1, 9]]), message);
    }

    #[test]
    fn refinedet_has_five_bottoms() {
        let bottoms: Vec<&[i32]> = BOTTOMS.iter().copied().chain([&[2, 12][..], &[2, 24]]).collect();
        let text = text("objectness_score: 0.01");
        assert_eq!(Surroundings::of("refinedet").top(NAME, &text, &bottoms), [1, 1, 1, 7]);
        let error = Surroundings::of("ssd").refusal(NAME, "detection_output_param { num_classes: 3 }", &bottoms);
        assert_eq!(error, "bottom: DetectionOutput takes 3 to 4 bottoms, 5 given");
    }

    #[test]
    fn refusals_name_the_field() {
        let refused = |fields: &str, message: &str| {
            let error = Surroundings::of("ssd").refusal(NAME, &text(fields), &BOTTOMS);
            assert_eq!(error, format!("detection_output_param.{message}"));
        };
        let error = Surroundings::of("ssd").refusal(NAME, "", &BOTTOMS);
        assert_eq!(error, "detection_output_param.num_classes: num_classes is missing");
        refused("nms_param { nms_threshold: -0.1 }", "nms_param.nms_threshold: nms_threshold -0.1 is below 0");
        refused("nms_param { eta: 0 }", "nms_param.eta: eta 0 is not above 0 and at most 1");
        refused("nms_param { eta: 1.5 }", "nms_param.eta: eta 1.5 is not above 0 and at most 1");
    }

    #[test]
    fn refusals_name_the_shapes() {
        let error = |bottoms: &[&[i32]]| Surroundings::of("ssd").refusal(NAME, &text(""), bottoms);
        let message = "bottom: 6 priors need 24 channels of locations, bottom 0 (2, 48) has 48";
        assert_eq!(error(&[&[2, 48], &[2, 18], &[1, 2, 24]]), message);
        let message = "bottom: 6 priors of 3 classes need 18 channels of confidences, bottom 1 (2, 12) has 12";
        assert_eq!(error(&[&[2, 24], &[2, 12], &[1, 2, 24]]), message);
        assert_eq!(error(&[&[2, 24], &[1, 18], &[1, 2, 24]]), "bottom: the batches differ: (2, 24) and (1, 18)");
    }

    fn saving(folder: &Path, fields: &str) -> Result<(), String> {
        let folder = format!("{}/", folder.display());
        let save = format!("save_output_param {{ {} }}", fields.replace("DIR/", &folder));
        let made = Surroundings::of("ssd").run(NAME, &text(&save), &BOTTOMS, 1);
        made.map(|_| ()).map_err(|error| error.replace(&folder, "DIR/"))
    }

    #[test]
    fn xilinx_s_tell_directions_by_the_channels() {
        let xilinx = Surroundings::of("xilinx");
        let run = |fields: &str, bottoms: &[&[i32]], tops: usize| {
            let made =
                xilinx.run("DetectionOutput", &format!("detection_output_param {{ {fields} }}"), bottoms, tops)?;
            Ok::<_, String>(made.tops.iter().map(|top| top.dims().to_vec()).collect::<Vec<_>>())
        };
        let (upright, oriented, priors): (&[i32], &[i32], &[i32]) = (&[2, 20], &[2, 30], &[1, 2, 20]);
        assert_eq!(run("num_classes: 3", &[upright, &[2], priors], 1), Ok(vec![vec![1, 1, 1, 7]]));
        assert_eq!(run("num_classes: 3", &[oriented, &[2], priors], 2), Ok(vec![vec![1, 1, 1, 9], vec![]]));
        let segments = "num_classes: 3 has_segmap: true";
        let made = run(segments, &[upright, &[2], priors, &[2, 1, 8, 8]], 2);
        assert_eq!(made, Ok(vec![vec![1, 1, 1, 7], vec![2, 1, 8, 8]]));
        let message = "detection_output_param.has_segmap: has_segmap needs a fourth bottom and a second top";
        assert_eq!(run(segments, &[upright, &[2], priors], 2), Err(message.into()));
        let message = "bottom: 5 priors need 20 or 30 channels of locations, bottom 0 (2, 25) has 25";
        assert_eq!(run("num_classes: 3", &[&[2, 25], &[2], priors], 1), Err(message.into()));
        let refined = "detection_output_param { num_classes: 2 objectness_score: 0.1 }";
        let bottoms: &[&[i32]] = &[upright, &[2, 10], priors, &[2, 10], upright];
        assert_eq!(xilinx.top("DetectionOutputRefine", refined, bottoms), [1, 1, 1, 7]);
    }

    #[test]
    fn the_files_of_the_output_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("labels", "item { name: 'a' label: 1 } item { name: 'b' label: 2 display_name: 'B' }");
        write("twice", "item { name: 'a' label: 2 } item { name: 'b' label: 2 }");
        write("garbage", "items { }");
        write("sizes", "a 3 4\nb 5 6\n");
        write("empty", "");
        let of = |fields: &str| saving(folder.path(), fields);
        assert_eq!(of("label_map_file: '' name_size_file: ''"), Ok(()));
        assert_eq!(of("label_map_file: 'DIR/labels' name_size_file: 'DIR/sizes' num_test_image: 2"), Ok(()));
        assert_eq!(of("output_directory: 'DIR/out'"), Ok(()));
        assert!(!folder.path().join("out").exists());
        let refused = |fields: &str, message: &str| {
            let error = of(fields).unwrap_err();
            assert_eq!(error, format!("detection_output_param.save_output_param.{message}"));
        };
        let message = "label_map_file: the label map \"DIR/twice\" has the label 2 more than once";
        refused("label_map_file: 'DIR/twice'", message);
        let message =
            "label_map_file: cannot read the label map \"DIR/absent\": No such file or directory (os error 2)";
        refused("label_map_file: 'DIR/absent'", message);
        let error = of("label_map_file: 'DIR/garbage'").unwrap_err();
        assert!(error.contains("cannot read the label map \"DIR/garbage\": "), "{error}");
        let message = "name_size_file: the sizes of the pictures are not known: \
                       cannot read DIR/absent: No such file or directory (os error 2)";
        refused("name_size_file: 'DIR/absent'", message);
        let message = "num_test_image: num_test_image is 3, but \"DIR/sizes\" lists 2 pictures";
        refused("name_size_file: 'DIR/sizes' num_test_image: 3", message);
        let message = "num_test_image: there are no test pictures to save the output of: Caffe divides by their number";
        refused("output_directory: 'o' label_map_file: 'DIR/labels' name_size_file: 'DIR/empty'", message);
    }
}
