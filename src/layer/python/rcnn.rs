//! The layers of Faster R-CNN (py-faster-rcnn), of R-FCN and of their descendants.

use super::{PythonCall, PythonTop};
use crate::error::{Refusal, ensure};

use PythonTop::{Asked, ByDefault, Dims};

const PARAM_STR: &str = "python_param.param_str";

/// The size of pictures where nothing is configured.
const SCALE: i64 = 600;
const MAX_SIZE: i64 = 1000;

/// ProposalLayer: (1, 5), and (1, 1, 1, 1) for the scores.
pub(super) fn proposals(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    ensure!(call.settings.has("feat_stride"), PARAM_STR, "feat_stride is missing");
    let mut tops = vec![Dims(vec![1, 5])];
    if call.ctx.top_count() > 1 {
        tops.push(Dims(vec![1; 4]));
    }
    Ok(tops)
}

/// AnchorTargetLayer, with A anchors at each place of bottom 0: (1, 1, A H, W) and three times (1, 4 A, H, W).
pub(super) fn anchor_targets(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    targets_of(call, anchors(call))
}

/// The same in Curve-Text-Detector: four scales unless the settings have others, and always three ratios.
pub(super) fn anchor_targets_of_curves(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    targets_of(call, counted(call, "scales", 4).and_then(|scales| scales.checked_mul(3)))
}

/// The targets of so many anchors at each place, which may not be known.
fn targets_of(call: &PythonCall<'_>, anchors: Option<i64>) -> Result<Vec<PythonTop>, Refusal> {
    let Some(anchors) = anchors else { return Ok((0..4).map(|_| Asked("1,C,H,W")).collect()) };
    let Some(scores) = call.bottom(0) else { return Ok((0..4).map(|_| Asked("1,C,H,W")).collect()) };
    let dims = scores.dims();
    ensure!(dims.len() >= 2, "bottom", "bottom 0 has no height and width: its shape is {scores}");
    let (height, width) = (i64::from(dims[dims.len() - 2]), i64::from(dims[dims.len() - 1]));
    let too_many = || Refusal::at(PARAM_STR, "there are too many anchors");
    let rows = anchors.checked_mul(height).ok_or_else(too_many)?;
    let boxes = anchors.checked_mul(4).ok_or_else(too_many)?;
    let mut tops = vec![Dims(vec![1, 1, rows, width])];
    tops.extend((0..3).map(|_| Dims(vec![1, boxes, height, width])));
    Ok(tops)
}

/// How many anchors there are at each place: three scales and three ratios unless the settings have others.
fn anchors(call: &PythonCall<'_>) -> Option<i64> {
    counted(call, "scales", 3)?.checked_mul(counted(call, "ratios", 3)?)
}

/// How many items the list of this key has; so many if there is no such key.
fn counted(call: &PythonCall<'_>, key: &str, default: i64) -> Option<i64> {
    match call.settings.has(key) {
        true => call.settings.list(key).map(|items| items.len() as i64),
        false => Some(default),
    }
}

/// ProposalTargetLayer for k classes: (1, 5), (1, 1) and three times (1, 4 k).
pub(super) fn proposal_targets(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    let boxes = box_numbers(call)?;
    Ok(vec![Dims(vec![1, 5]), Dims(vec![1, 1]), Dims(vec![1, boxes]), Dims(vec![1, boxes]), Dims(vec![1, boxes])])
}

/// The same with two axes of 1 behind.
pub(super) fn proposal_targets_of_four_axes(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    Ok(proposal_targets(call)?.into_iter().map(with_four_axes).collect())
}

/// How many regions there are in an image where nothing is configured, and how many of them are objects.
const REGIONS: i64 = 128;
const OBJECTS: i64 = 32;

/// How many attributes an object may have.
const ATTRIBUTES: i64 = 16;

/// The same for the regions of an image, and then the attributes of the objects among them, where there are classes of
/// these, and the relations between two, where there are classes of those.
pub(super) fn proposal_targets_with_attributes(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    let boxes = box_numbers(call)?;
    let mut tops: Vec<PythonTop> =
        [5, 1, boxes, boxes, boxes].into_iter().map(|numbers| Dims(vec![REGIONS, numbers, 1, 1])).collect();
    let has = |key: &str| call.settings.number(key).is_some_and(|classes| classes > 0);
    if has("num_attr_classes") {
        tops.push(Dims(vec![OBJECTS, ATTRIBUTES]));
    }
    if has("num_rel_classes") {
        tops.push(Dims(vec![OBJECTS * OBJECTS, 1, 1, 1]));
    }
    Ok(tops)
}

/// ProposalFgDisHWTargetLayer, of text along curves, for k classes: as [`proposal_targets_of_four_axes`], then four
/// times (1, 16 (k - 1), 1, 1) and the regions that hold text, (1, 5, 1, 1).
pub(super) fn curve_targets(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    let mut tops = proposal_targets_of_four_axes(call)?;
    // The boxes of all classes have been counted above.
    let points = call.settings.number("num_classes").unwrap_or_default().saturating_sub(1).saturating_mul(16);
    tops.extend((0..4).map(|_| Dims(vec![1, points, 1, 1])));
    tops.push(Dims(vec![1, 5, 1, 1]));
    Ok(tops)
}

/// AssignRoisLayer: (1, 5) for each level.
pub(super) fn assigned_regions(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    let levels = call.settings.number("pyramid_number").unwrap_or(4);
    let fits = i64::try_from(call.ctx.top_count()) == Ok(levels);
    ensure!(fits, "top", "a pyramid of {levels} levels needs as many tops, {} given", call.ctx.top_count());
    Ok((0..levels).map(|_| Dims(vec![1, 5])).collect())
}

/// RoIDataLayer with a network that proposes regions: the picture, im_info (1, 3) and gt_boxes (1, 4), for text along
/// curves gt_info (1, 4), too. Without one: the pictures, regions (1, 5), labels (1), and three times (1, 4 k) where
/// boxes are learned, or twice, as Fast R-CNN had it.
pub(super) fn data(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    let picture = |batch| ByDefault(vec![batch, 3, SCALE, MAX_SIZE]);
    let named = |top: usize| call.ctx.top_name(top);
    if call.ctx.top_count() == 3 && (named(1) == "im_info" || named(2) == "gt_boxes") {
        return Ok(vec![picture(1), Dims(vec![1, 3]), Dims(vec![1, 4])]);
    }
    if call.ctx.top_count() == 4 && named(3) == "gt_info" {
        return Ok(vec![picture(1), Dims(vec![1, 3]), Dims(vec![1, 4]), Dims(vec![1, 4])]);
    }
    let mut tops = vec![picture(2), Dims(vec![1, 5]), Dims(vec![1])];
    if call.ctx.top_count() > 3 {
        let boxes = box_numbers(call)?;
        let of_boxes = if call.ctx.top_count() == 5 { 2 } else { 3 };
        tops.extend((0..of_boxes).map(|_| Dims(vec![1, boxes])));
    }
    Ok(tops)
}

/// The same, where regions have two axes of 1 behind.
pub(super) fn data_of_four_axes(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    let tops = data(call)?;
    let has_regions = !matches!(&tops[1], Dims(dims) if dims[..] == [1, 3]);
    Ok(if has_regions { tops.into_iter().map(with_four_axes).collect() } else { tops })
}

fn with_four_axes(top: PythonTop) -> PythonTop {
    match top {
        Dims(mut dims) => {
            dims.resize(4, 1);
            Dims(dims)
        }
        other => other,
    }
}

/// The numbers of the boxes of all classes.
fn box_numbers(call: &PythonCall<'_>) -> Result<i64, Refusal> {
    let classes = call.settings.number("num_classes");
    let classes = classes.ok_or_else(|| Refusal::at(PARAM_STR, "num_classes is missing"))?;
    classes.checked_mul(4).ok_or_else(|| Refusal::at(PARAM_STR, "there are too many classes"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{tops, tops_in};

    const TARGETS: [&str; 5] = ["rois", "labels", "targets", "inside", "outside"];

    #[test]
    fn proposals_have_five_numbers() {
        let class = "rpn.proposal_layer.ProposalLayer";
        let made = |settings: &str, names: &[&str]| tops(class, settings, &[&[1, 18, 9, 9]], names);
        assert_eq!(made("'feat_stride': 16", &["rois"]).unwrap(), ["1,5"]);
        assert_eq!(made("feat_stride: 16", &["rois", "scores"]).unwrap(), ["1,5", "1,1,1,1"]);
        assert_eq!(made("", &["rois"]).unwrap_err(), "feat_stride is missing");
        let message = "rpn.proposal_layer.ProposalLayer makes 2 tops, 3 given";
        assert_eq!(made("'feat_stride': 16", &["a", "b", "c"]).unwrap_err(), message);
    }

    #[test]
    fn anchors_follow_from_scales() {
        let class = "rpn.anchor_target_layer.AnchorTargetLayer";
        let made = |settings: &str| tops(class, settings, &[&[1, 18, 4, 5]], &["a", "b", "c", "d"]).unwrap();
        assert_eq!(made("'feat_stride': 16"), ["1,1,36,5", "1,36,4,5", "1,36,4,5", "1,36,4,5"]);
        assert_eq!(made("'scales': [4, 8, 16, 32]")[..2], ["1,1,48,5", "1,48,4,5"]);
        assert_eq!(made("'scales': !!yaml x")[0], "1,C,H,W");
        let made = |settings: &str| tops_in("curve-text", class, settings, &[&[1, 18, 4, 5]], &["a", "b", "c", "d"]);
        assert_eq!(made("'feat_stride': 16, 'ratios': [1]").unwrap()[..2], ["1,1,48,5", "1,48,4,5"]);
        assert_eq!(made("'scales': [8]").unwrap()[0], "1,1,12,5");
    }

    #[test]
    fn targets_follow_from_classes() {
        let class = "rpn.proposal_target_layer.ProposalTargetLayer";
        let made = |settings: &str| tops(class, settings, &[&[1, 5], &[1, 4]], &TARGETS);
        assert_eq!(made("'num_classes': 21").unwrap(), ["1,5", "1,1", "1,84", "1,84", "1,84"]);
        assert_eq!(made("'num_classes': 9223372036854775807").unwrap_err(), "there are too many classes");
        assert_eq!(made("").unwrap_err(), "num_classes is missing");
    }

    #[test]
    fn regions_have_four_axes_where_their_maps_do() {
        let of = |dialect: &str, class: &str, names: &[&str]| {
            tops_in(dialect, class, "'num_classes': 3", &[], names).unwrap()
        };
        for dialect in ["rfcn", "microsoft", "intel"] {
            let made = of(dialect, "rpn.proposal_target_layer.ProposalTargetLayer", &TARGETS);
            assert_eq!(made, ["1,5,1,1", "1,1,1,1", "1,12,1,1", "1,12,1,1", "1,12,1,1"]);
            let made = of(dialect, "roi_data_layer.layer.RoIDataLayer", &["data", "rois", "labels"]);
            assert_eq!(made, ["2,3,600,1000", "1,5,1,1", "1,1,1,1"]);
        }
        let names = ["data", "im_info", "gt_boxes", "gt_info"];
        let made = of("curve-text", "roi_data_layer.layer.RoIDataLayer", &names);
        assert_eq!(made, ["1,3,600,1000", "1,3", "1,4", "1,4"]);
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        let made = of("curve-text", "rpn.proposal_fg_disHW_target_layer.ProposalFgDisHWTargetLayer", &names);
        assert_eq!(made[..3], ["1,5,1,1", "1,1,1,1", "1,12,1,1"]);
        assert_eq!(made[5..], ["1,32,1,1", "1,32,1,1", "1,32,1,1", "1,32,1,1", "1,5,1,1"]);
    }

    #[test]
    fn objects_may_have_attributes_and_relations() {
        let class = "rpn.proposal_target_layer.ProposalTargetLayer";
        let made = |settings: &str, names: &[&str]| tops_in("bottom-up-attention", class, settings, &[], names);
        let regions = ["128,5,1,1", "128,1,1,1", "128,12,1,1", "128,12,1,1", "128,12,1,1"];
        assert_eq!(made("'num_classes': 3", &TARGETS).unwrap(), regions);
        let names = [&TARGETS[..], &["attributes"]].concat();
        let settings = "'num_classes': 3, 'num_attr_classes': 9, 'num_rel_classes': 0";
        assert_eq!(made(settings, &names).unwrap()[5..], ["32,16"]);
        let names = [&TARGETS[..], &["relations"]].concat();
        assert_eq!(made("'num_classes': 3, 'num_rel_classes': 4", &names).unwrap()[5..], ["1024,1,1,1"]);
        let message = format!("{class} makes 5 tops, 6 given");
        assert_eq!(made("'num_classes': 3", &names).unwrap_err(), message);
    }

    #[test]
    fn data_is_told_by_its_tops() {
        let made = |names: &[&str]| tops("roi_data_layer.layer.RoIDataLayer", "'num_classes': 3", &[], names).unwrap();
        assert_eq!(made(&["data", "im_info", "gt_boxes"]), ["1,3,600,1000", "1,3", "1,4"]);
        assert_eq!(made(&["data", "rois", "labels"]), ["2,3,600,1000", "1,5", "1"]);
        assert_eq!(made(&["data", "rois", "labels", "a", "b", "c"])[3..], ["1,12", "1,12", "1,12"]);
        assert_eq!(made(&["data", "rois", "labels", "a", "b"])[1..], ["1,5", "1", "1,12", "1,12"]);
        assert_eq!(made(&["data", "im_info", "gt_boxes", "gt_info"])[1..], ["1,3", "1,4", "1,4"]);
        let class = "rpn.assign_rois_layer.AssignRoisLayer";
        assert_eq!(tops(class, "", &[&[1, 5]], &["a", "b", "c", "d"]).unwrap(), ["1,5"; 4]);
        assert_eq!(
            tops(class, "", &[&[1, 5]], &["a"]).unwrap_err(),
            "a pyramid of 4 levels needs as many tops, 1 given"
        );
    }
}
