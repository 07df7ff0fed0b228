//! What goes with the boxes of MS-CNN and Cascade R-CNN.
//!
//! | type | bottoms | tops |
//! |---|---|---|
//! | BoxOutput | predictions | boxes (1, 5, 1, 1), the same with scores (1, 6, 1, 1) |
//! | BoxGroupOutput | scores (N, K, H, W) and boxes (N, 4, H, W), pair by pair | the same |
//! | DecodeBBox | shifts (N, 8), boxes (N, 5), in TRAIN perhaps N true ones | boxes, as the second bottom |
//! | ProposalTarget | boxes (N, 5), true boxes | (B, 5), (B, 1), thrice (B, D), (B, 6), perhaps weights (B, 1) |
//! | FrcnnOutput | scores (N, K), shifts (N, D), boxes (N, 5) or (N, 6), sizes (1, 2) | (1, 7, 1, 1) |
//! | HardMining | losses (N), boxes (N, 5) and more of N | all but the first with min(N, images x boxes) items |
//! | ScaleRoute | boxes (N, 5) and more of N | one for each, of one item |
//!
//! Tops have four axes, missing ones of bottoms count as 1. D is 4 K, or 8 where `bbox_reg_param` is not `cls_aware`; B
//! is `batch_size`, or N but at least 1 where that is -1. The statistics in `bbox_reg_param` come four at a time. No
//! blobs. ProposalTarget draws one number; all others none. HardMining and ScaleRoute are saved with
//! `propagate_down: false` for each bottom where the net gives none, and refuse any other.

use super::{check_statistics, is_class_aware};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::detection::files::{check_label_map, count_sizes};
use crate::layer::loss::detection::check_channels;
use crate::layer::size::positive_size;
use crate::layer::{Arity, Deployment, Draw, Layer, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::Phase;

const ONE: Arity = Arity::exactly(1);
const ONE_OR_TWO: Arity = Arity::between(1, 2);
const BOTH: Known = Known::In(&["mscnn", "cascade-rcnn"]);
const CASCADE: Known = Known::In(&["cascade-rcnn"]);

pub(super) const BOX_OUTPUT: LayerType =
    LayerType::new("BoxOutput", "Keeps the best of predicted boxes", Arity::at_least(1), ONE_OR_TWO, &box_output)
        .params(&["box_output_param", "bbox_reg_param"])
        .weightless()
        .known(Known::In(&["mscnn"]));

pub(super) const BOX_GROUP_OUTPUT: LayerType = LayerType::new(
    "BoxGroupOutput",
    "Keeps the best of the boxes that several grids predict",
    Arity::at_least(2),
    ONE_OR_TWO,
    &box_group_output,
)
.params(&["box_group_output_param", "bbox_reg_param"])
.weightless()
.known(CASCADE);

pub(super) const DECODE_BBOX: LayerType =
    LayerType::new("DecodeBBox", "Moves boxes by predicted shifts", Arity::between(2, 3), ONE, &decode_bbox)
        .params(&["bbox_reg_param", "decode_bbox_param"])
        .weightless()
        .known(BOTH);

pub(super) const PROPOSAL_TARGET: LayerType = targets(&proposal_target).known(CASCADE);

pub(super) const MSCNN_PROPOSAL_TARGET: LayerType = targets(&mscnn_proposal_target).known(Known::In(&["mscnn"]));

const fn targets(rule: &'static dyn Layer) -> LayerType {
    const SUMMARY: &str = "Gives proposals their labels and true boxes";
    LayerType::new("ProposalTarget", SUMMARY, Arity::at_least(2), Arity::at_least(6), rule)
        .params(&["proposal_target_param", "bbox_reg_param"])
        .copes_without_shapes()
        .deployed(|_| Deployment::Bypassed)
}

pub(super) const FRCNN_OUTPUT: LayerType =
    LayerType::new("FrcnnOutput", "Keeps the best of the boxes of all classes", Arity::exactly(4), ONE, &frcnn_output)
        .params(&["frcnn_output_param", "bbox_reg_param"])
        .known(CASCADE);

pub(super) const HARD_MINING: LayerType = LayerType::new(
    "HardMining",
    "Keeps the boxes with the largest losses",
    Arity::at_least(2),
    Arity::at_least(1),
    &hard_mining,
)
.params(&["hard_mining_param"])
.known(CASCADE);

pub(super) const SCALE_ROUTE: LayerType = LayerType::new(
    "ScaleRoute",
    "Keeps the boxes whose sizes are in a range",
    Arity::at_least(1),
    Arity::at_least(1),
    &scale_route,
)
.params(&["scale_route_param"])
.matching_tops()
.known(CASCADE);

fn box_output(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let tops = [[1, 5, 1, 1], [1, 6, 1, 1]].into_iter().take(ctx.top_count());
    let tops = tops.map(|dims| Shape::new(dims).at("top")).collect::<Result<Vec<Shape>, Refusal>>()?;
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

fn box_group_output(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const GROUPS: &str = "box_group_output_param.box_group_param";
    let param = ctx.param.box_group_output_param().unwrap_or_default();
    let (count, groups) = (ctx.bottoms.len(), &param.box_group_param);
    ensure!(count % 2 == 0, "bottom", "scores and boxes come in pairs, {count} bottoms are given");
    let given = groups.len();
    ensure!(
        given == count / 2,
        GROUPS,
        "{given} box_group_param for {} pairs of bottoms: give one for each",
        count / 2
    );
    check_statistics(ctx)?;
    let (classes, mut pictures) = (ctx.legacy_dim(0, 1)?, None);
    for (group, scores) in groups.iter().zip((0..count).step_by(2)) {
        let (heights, widths) = (group.field_h.len(), group.field_w.len());
        ensure!(heights == widths, GROUPS, "{heights} field_h and {widths} field_w are given");
        ensure!(heights > 0, GROUPS, "field_h is missing");
        check_channels(ctx, scores, classes.into())?;
        check_channels(ctx, scores + 1, 4)?;
        for axis in [0, 2, 3] {
            let (a, b) = (ctx.bottom(scores), ctx.bottom(scores + 1));
            let agree = ctx.legacy_dim(scores, axis)? == ctx.legacy_dim(scores + 1, axis)?;
            ensure!(agree, "bottom", "the scores {a} and the boxes {b} differ at axis {axis}");
        }
        let own = ctx.legacy_dim(scores, 0)? as usize / heights;
        let all = *pictures.get_or_insert(own);
        ensure!(own == all, "bottom", "bottom {scores} has the boxes of {own} pictures, and bottom 0 those of {all}");
    }
    box_output(ctx)
}

fn decode_bbox(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_statistics(ctx)?;
    let items = ctx.legacy_dim(0, 0)?;
    for bottom in 1..ctx.bottoms.len() {
        let (others, a, b) = (ctx.legacy_dim(bottom, 0)?, ctx.bottom(0), ctx.bottom(bottom));
        ensure!(items == others, "bottom", "bottoms 0 and {bottom} differ at axis 0: {a} and {b}");
    }
    let trains = ctx.phase == Phase::Train;
    ensure!(ctx.bottoms.len() == 2 || trains, "bottom", "a third bottom, of true boxes, is only for TRAIN");
    check_channels(ctx, 0, 8)?;
    check_channels(ctx, 1, 5)?;
    Ok(Setup::new(ctx, Operator::Opaque, [ctx.bottom(1).copied()]))
}

fn mscnn_proposal_target(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    if *ctx.bottom(1) != Shape::unshaped() {
        check_channels(ctx, 1, 7)?;
    }
    proposal_target(ctx)
}

fn proposal_target(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const BATCH: &str = "proposal_target_param.batch_size";
    const CLASSES: &str = "proposal_target_param.cls_num";
    let param = ctx.param.proposal_target_param().unwrap_or_default();
    let boxes = ctx.bottom(0);
    let is_known = *boxes != Shape::unshaped();
    let batch = match param.batch_size() {
        -1 if is_known => ctx.legacy_dim(0, 0)?.max(1),
        -1 => return Err(Refusal::at("bottom", "with batch_size -1 the number of boxes must be known, and is not")),
        batch => batch,
    };
    ensure!(batch > 0, BATCH, "batch_size {batch} is neither above 0 nor -1");
    if is_known {
        check_channels(ctx, 0, 5)?;
    }
    let targets = if is_class_aware(ctx) { 4 * i64::from(param.cls_num()) } else { 8 };
    let channels = [5, 1, targets, targets, targets, 6, 1];
    let top = |&channels: &i64| Shape::new([i64::from(batch), channels, 1, 1]).at(CLASSES);
    let mut tops = channels.iter().map(top).collect::<Result<Vec<Shape>, Refusal>>()?;
    tops.resize(ctx.top_count(), Shape::unshaped());
    Ok(Setup { draws: vec![Draw::Skip(1)], ..Setup::new(ctx, Operator::Opaque, tops) })
}

fn frcnn_output(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let mut notices = Vec::new();
    check_statistics(ctx)?;
    check_saved(ctx, &mut notices)?;
    let items = ctx.legacy_dim(0, 0)?;
    for bottom in [1, 2] {
        let (others, a, b) = (ctx.legacy_dim(bottom, 0)?, ctx.bottom(0), ctx.bottom(bottom));
        ensure!(items == others, "bottom", "bottoms 0 and {bottom} differ at axis 0: {a} and {b}");
    }
    let values = ctx.legacy_dim(2, 1)?;
    ensure!(
        values == 5 || values == 6,
        "bottom",
        "each of the boxes {} has {values} values, not 5 or 6",
        ctx.bottom(2)
    );
    let shifts = if is_class_aware(ctx) { 4 * i64::from(ctx.legacy_dim(0, 1)?) } else { 8 };
    check_channels(ctx, 1, shifts)?;
    let pictures = ctx.legacy_dim(3, 0)?;
    ensure!(pictures == 1, "bottom", "the size must be that of one picture, not {}", ctx.bottom(3));
    check_channels(ctx, 3, 2)?;
    let top = Shape::new([1, 7, 1, 1]).at("top")?;
    Ok(Setup { notices, ..Setup::new(ctx, Operator::Opaque, [top]) })
}

/// Reads the files by which boxes are saved. Empty names stand for none.
fn check_saved(ctx: &SetupContext<'_>, notices: &mut Vec<String>) -> Result<(), Refusal> {
    const LABELS: &str = "frcnn_output_param.save_output_param.label_map_file";
    const SIZES: &str = "frcnn_output_param.save_output_param.name_size_file";
    const TESTED: &str = "frcnn_output_param.save_output_param.num_test_image";
    let Some(save) = ctx.param.frcnn_output_param().and_then(|param| param.save_output_param) else {
        return Ok(());
    };
    if !save.label_map_file().is_empty() {
        check_label_map(ctx, LABELS, save.label_map_file(), notices)?;
    }
    if !save.name_size_file().is_empty() {
        let listed = count_sizes(ctx, SIZES, save.name_size_file(), notices)?;
        let tested = save.num_test_image.map_or(listed, u64::from);
        ensure!(tested <= listed, TESTED, "num_test_image is {tested}, but the list has {listed} pictures");
        ensure!(tested > 0, TESTED, "there are no test pictures to save the output of: Caffe divides by their number");
    }
    Ok(())
}

fn hard_mining(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.hard_mining_param().unwrap_or_default();
    let (bottoms, tops) = (ctx.bottoms.len(), ctx.top_count());
    ensure!(
        bottoms == tops + 1,
        "top",
        "HardMining makes one top for each bottom but the first: {bottoms} bottoms, {tops} tops"
    );
    let boxes = positive_size(param.num_roi_per_image(), "hard_mining_param.num_roi_per_image")?;
    let images = positive_size(param.num_image(), "hard_mining_param.num_image")?;
    let (losses, count) = (ctx.bottom(0), ctx.legacy_dim(0, 0)?);
    ensure!(losses.count() as i64 == i64::from(count), "bottom", "the losses {losses} are not one for each item");
    let kept = boxes.saturating_mul(images).min(count.into());
    check_channels(ctx, 1, 5)?;
    let tops = (1..bottoms).map(|bottom| route(ctx, bottom, kept)).collect::<Result<Vec<Shape>, Refusal>>()?;
    without_gradients(ctx, tops)
}

fn scale_route(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_channels(ctx, 0, 5)?;
    let tops = (0..ctx.bottoms.len()).map(|bottom| route(ctx, bottom, 1)).collect::<Result<Vec<Shape>, Refusal>>()?;
    without_gradients(ctx, tops)
}

/// The shape of a bottom with so many of its items, which are as many as those of the first one.
fn route(ctx: &SetupContext<'_>, bottom: usize, kept: i64) -> Result<Shape, Refusal> {
    let (items, others, a, b) = (ctx.legacy_dim(0, 0)?, ctx.legacy_dim(bottom, 0)?, ctx.bottom(0), ctx.bottom(bottom));
    ensure!(items == others, "bottom", "bottoms 0 and {bottom} differ at axis 0: {a} and {b}");
    let [channels, height, width] = [1, 2, 3].map(|axis| ctx.legacy_dim(bottom, axis).map(i64::from));
    Shape::new([kept, channels?, height?, width?]).at("bottom")
}

/// A layer with these tops whose bottoms take no gradients.
fn without_gradients(ctx: &SetupContext<'_>, tops: Vec<Shape>) -> Result<Setup, Refusal> {
    let none = !ctx.param.propagate_down.contains(&true);
    ensure!(none, "propagate_down", "propagate_down must be false for each bottom, as the layer has no gradients");
    let default_propagate_down = vec![false; ctx.bottoms.len()];
    Ok(Setup { default_propagate_down, ..Setup::new(ctx, Operator::Opaque, tops) })
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::testing::Surroundings;
    use crate::proto::caffe::Phase;

    fn tops(dialect: &str, name: &str, text: &str, bottoms: &[&[i32]], tops: usize) -> Result<Vec<Vec<i32>>, String> {
        let made = Surroundings::of(dialect).run(name, text, bottoms, tops)?;
        Ok(made.tops.iter().map(|top| top.dims().to_vec()).collect())
    }

    #[test]
    fn boxes_have_scores_in_a_second_top() {
        let both = [[1, 5, 1, 1], [1, 6, 1, 1]];
        assert_eq!(tops("mscnn", "BoxOutput", "", &[&[1, 9, 4, 5]], 2).unwrap(), both);
        let text = "box_group_output_param { box_group_param { field_h: 1 field_w: 1 } \
                    box_group_param { field_h: 1 field_h: 2 field_w: 1 field_w: 2 } }";
        let bottoms: [&[i32]; 4] = [&[2, 3, 8, 8], &[2, 4, 8, 8], &[4, 3, 5, 5], &[4, 4, 5, 5]];
        let group = |text: &str, bottoms: &[&[i32]]| tops("cascade-rcnn", "BoxGroupOutput", text, bottoms, 2);
        assert_eq!(group(text, &bottoms).unwrap(), both);
        let message = "bottom: scores and boxes come in pairs, 3 bottoms are given";
        assert_eq!(group(text, &bottoms[..3]).unwrap_err(), message);
        let message =
            "box_group_output_param.box_group_param: 2 box_group_param for 1 pairs of bottoms: give one for each";
        assert_eq!(group(text, &bottoms[..2]).unwrap_err(), message);
        let message = "bottom: bottom 2 has the boxes of 3 pictures, and bottom 0 those of 2";
        assert_eq!(group(text, &[bottoms[0], bottoms[1], &[6, 3, 5, 5], &[6, 4, 5, 5]]).unwrap_err(), message);
        let message = "bottom: the scores (4, 3, 5, 5) and the boxes (4, 4, 5, 6) differ at axis 3";
        assert_eq!(group(text, &[bottoms[0], bottoms[1], bottoms[2], &[4, 4, 5, 6]]).unwrap_err(), message);
    }

    #[test]
    fn decoded_boxes_are_like_boxes() {
        let decode = |text: &str, bottoms: &[&[i32]]| tops("cascade-rcnn", "DecodeBBox", text, bottoms, 1);
        assert_eq!(decode("", &[&[7, 8], &[7, 5]]).unwrap(), [[7, 5]]);
        assert_eq!(decode("", &[&[7, 8], &[7, 5, 1, 1], &[7]]).unwrap(), [[7, 5, 1, 1]]);
        let message = "bottom: bottom 0 (7, 12) has 12 channels, and needs 8";
        assert_eq!(decode("", &[&[7, 12], &[7, 5]]).unwrap_err(), message);
        let text = "bbox_reg_param { bbox_mean: 0 bbox_mean: 0 bbox_mean: 0 bbox_mean: 0 \
                    bbox_std: 0.1 bbox_std: 0.1 bbox_std: 0 bbox_std: 0.2 }";
        assert_eq!(
            decode(text, &[&[7, 8], &[7, 5]]).unwrap_err(),
            "bbox_reg_param.bbox_std: bbox_std 0 is not above 0"
        );
        let test = Surroundings { phase: Phase::Test, ..Surroundings::of("mscnn") };
        let message = "bottom: a third bottom, of true boxes, is only for TRAIN";
        assert_eq!(test.refusal("DecodeBBox", "", &[&[7, 8], &[7, 5], &[7]]), message);
    }

    #[test]
    fn targets_are_those_of_a_batch() {
        let text = "proposal_target_param { cls_num: 3 batch_size: 64 }";
        let made = Surroundings::of("cascade-rcnn").run("ProposalTarget", text, &[&[9, 5], &[2, 8]], 7).unwrap();
        let channels: Vec<i32> = made.tops.iter().map(|top| top.dims()[1]).collect();
        assert_eq!((channels, made.draws), (vec![5, 1, 12, 12, 12, 6, 1], vec![Draw::Skip(1)]));
        let all = format!("{} bbox_reg_param {{ cls_aware: false }}", text.replace("64", "-1"));
        let made = tops("mscnn", "ProposalTarget", &all, &[&[9, 5], &[2, 7]], 6).unwrap();
        assert_eq!(made[2], [9, 8, 1, 1]);
        let message = "bottom: bottom 1 (2, 8) has 8 channels, and needs 7";
        assert_eq!(tops("mscnn", "ProposalTarget", &all, &[&[9, 5], &[2, 8]], 6).unwrap_err(), message);
        let message = "proposal_target_param.batch_size: batch_size 0 is neither above 0 nor -1";
        let none = text.replace("64", "0");
        assert_eq!(tops("mscnn", "ProposalTarget", &none, &[&[9, 5], &[2, 7]], 6).unwrap_err(), message);
    }

    #[test]
    fn the_output_of_all_classes() {
        let output = |text: &str, bottoms: &[&[i32]]| tops("cascade-rcnn", "FrcnnOutput", text, bottoms, 1);
        let bottoms: [&[i32]; 4] = [&[9, 3], &[9, 12], &[9, 5], &[1, 2]];
        assert_eq!(output("", &bottoms).unwrap(), [[1, 7, 1, 1]]);
        let message = "bottom: bottom 1 (9, 12) has 12 channels, and needs 8";
        assert_eq!(output("bbox_reg_param { cls_aware: false }", &bottoms).unwrap_err(), message);
        let message = "bottom: each of the boxes (9, 7) has 7 values, not 5 or 6";
        assert_eq!(output("", &[bottoms[0], bottoms[1], &[9, 7], bottoms[3]]).unwrap_err(), message);
        let message = "bottom: the size must be that of one picture, not (2, 2)";
        assert_eq!(output("", &[bottoms[0], bottoms[1], bottoms[2], &[2, 2]]).unwrap_err(), message);
        let text = "frcnn_output_param { save_output_param { label_map_file: 'absent' } }";
        let message = "frcnn_output_param.save_output_param.label_map_file: cannot read the label map \"absent\": \
                       No such file or directory (os error 2)";
        assert_eq!(output(text, &bottoms).unwrap_err(), message);
    }

    #[test]
    fn routes_have_no_gradients() {
        let cascade = Surroundings::of("cascade-rcnn");
        let text = "hard_mining_param { num_image: 2 num_roi_per_image: 3 }";
        let bottoms: [&[i32]; 3] = [&[9, 1, 1, 1], &[9, 5], &[9, 4, 2, 2]];
        let made = cascade.run("HardMining", text, &bottoms, 2).unwrap();
        assert_eq!([made.tops[0].dims(), made.tops[1].dims()], [[6, 5, 1, 1], [6, 4, 2, 2]]);
        assert_eq!(made.default_propagate_down, [false; 3]);
        let message = "bottom: the losses (9, 2) are not one for each item";
        assert_eq!(cascade.refusal("HardMining", text, &[&[9, 2], &[9, 5]]), message);
        let message = "propagate_down: propagate_down must be false for each bottom, as the layer has no gradients";
        assert_eq!(cascade.refusal("ScaleRoute", "propagate_down: true", &[&[9, 5]]), message);
        assert_eq!(tops("cascade-rcnn", "ScaleRoute", "", &[&[9, 5], &[9]], 2).unwrap(), [[1, 5, 1, 1], [1, 1, 1, 1]]);
        let message = "top: HardMining makes one top for each bottom but the first: 3 bottoms, 1 tops";
        assert_eq!(cascade.refusal("HardMining", text, &bottoms), message);
    }
}
