//! DetectionEvaluate: which detections are true, given the true boxes (SSD).
//!
//! ```text
//! bottoms = detections (1, 1, D, 7), true boxes (1, 1, *, 8)
//! top     = (1, 1, K + V, 5)
//! ```
//!
//! K is the number of classes without that of the background; of all where `background_label_id` is -1, written 4294967295. V
//! is the number of detections whose second value, the class, is not -1 while the net is built: all D of them, as blobs hold
//! zeros then, unless a DummyData layer has filled the bottom with -1. Caffe does not count the bottoms. No blobs, no draws.

use super::files::count_sizes;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::DetectionEvaluateParameter;

pub(super) const TYPE: LayerType = LayerType::new(
    "DetectionEvaluate",
    "Tells which detections are true, given the true boxes",
    Arity::at_least(2),
    Arity::exactly(1),
    &setup,
)
.params(&["detection_evaluate_param"])
.measures()
.known(Known::In(&["ssd", "refinedet", "intel", "nvidia", "synopsys"]));

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
    let default = DetectionEvaluateParameter::default();
    let param = ctx.param.detection_evaluate_param.as_deref().unwrap_or(&default);
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
    check_rows(ctx, 0, 7, "detections")?;
    check_rows(ctx, 1, 8, "true boxes")?;
    let top = Shape::new([1, 1, rows(ctx, &operator)?, 5]).at("detection_evaluate_param.num_classes")?;
    Ok(Setup { notices, ..Setup::new(ctx, Operator::DetectionEvaluate(operator), [top]) })
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

fn rows(ctx: &SetupContext<'_>, operator: &DetectionEvaluate) -> Result<i64, Refusal> {
    let classes = i64::from(operator.num_classes) - i64::from(operator.background_label != -1);
    let invalid = ctx.constants.get(&ctx.bottom_ids[0]) == Some(&-1.0);
    let detections = if invalid { 0 } else { i64::from(ctx.legacy_dim(0, 2)?) };
    Ok(classes + detections)
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
