//! SoftmaxWithLoss: the mean negative log-likelihood of the labels, from scores.
//!
//! Bottoms: scores, and one label for each place outside `softmax_param.axis`. Two tops, the second with the softmax,
//! are documented but cannot be set up: Caffe wants a loss weight for each top, gives the layer just one itself, and
//! hands those of the net to the softmax inside, which has one top. In R-FCN's tree, where the softmax inside gets no
//! weights, there may be two tops or three, the third with the loss of each label, if the net gives as many weights;
//! elsewhere that is SoftmaxWithLossOHEM.
//!
//! In happynear's tree a third bottom may weigh the labels. `normalize_type` L1 or L2 puts a Normalize in the place of
//! the softmax, `class_weight` is given for each class, `hard_ratio` and `cutting_point` are from 0 to 1.

use super::{Labels, Loss, check_batches, check_inner_weight, check_label_count, check_weights, loss, scalar_loss};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::size::field_name;
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::SoftmaxParameter;

const NAME: &str = "SoftmaxWithLoss";

pub(super) const TYPE: LayerType = entry(NAME, Arity::between(1, 2), &of_bvlc).known(Known::Except(&[
    "rfcn",
    "cascade-rcnn",
    "curve-text",
    "happynear",
]));

pub(super) const OF_HAPPYNEAR: LayerType =
    of(NAME, Arity::between(2, 3), Arity::between(1, 2), &of_happynear).known(Known::In(&["happynear"]));

pub(super) const RFCN: LayerType =
    entry(NAME, Arity::between(1, 3), &of_each_label).known(Known::In(&["rfcn", "cascade-rcnn", "curve-text"]));

pub(super) const OHEM: LayerType = entry("SoftmaxWithLossOHEM", Arity::between(1, 3), &of_each_label)
    .known(Known::In(&["soeaver", "intel", "microsoft", "bottom-up-attention", "curve-text"]));

/// That of DeconvNet, for fewer classes than there are labels of; a third bottom may weigh places.
pub(super) const RED: LayerType = of("RedSoftmaxWithLoss", Arity::between(2, 3), Arity::between(1, 2), &of_fewer)
    .params(&["loss_param", "red_softmax_loss_param"])
    .known(Known::In(&["deconvnet"]));

const fn entry(name: &'static str, tops: Arity, rule: &'static dyn Layer) -> LayerType {
    of(name, Arity::exactly(2), tops, rule)
}

const fn of(name: &'static str, bottoms: Arity, tops: Arity, rule: &'static dyn Layer) -> LayerType {
    const SUMMARY: &str = "Computes the negative log-likelihood of the labels under the softmax of the scores";
    LayerType::new(name, SUMMARY, bottoms, tops, rule)
        .params(&["loss_param", "softmax_param"])
        .auto_tops()
        .loss()
        .loss_of_softmax()
}

/// The axis of the classes.
pub(super) fn class_axis(ctx: &SetupContext<'_>) -> Result<usize, Refusal> {
    let default = SoftmaxParameter::default();
    let param = ctx.param.softmax_param.as_deref().unwrap_or(&default);
    let axis = ctx.bottom_axis(0, param.axis(), "softmax_param.axis")?;
    let scores = ctx.bottom(0);
    ensure!(scores.dim(axis) != Some(0), "bottom", "axis {axis} of the scores {scores} has no classes");
    Ok(axis)
}

/// The axis of the classes, for a loss that hands its loss weights on to the softmax inside it, and so has one top.
pub(super) fn inner_softmax_axis(ctx: &SetupContext<'_>) -> Result<usize, Refusal> {
    let axis = class_axis(ctx)?;
    check_inner_weight(ctx, ctx.param.loss_weight.first().copied().unwrap_or(1.0), "softmax")?;
    if ctx.top_count() > 1 {
        let message = "a second top cannot be set up: the loss weights would have to match the layer's 2 tops \
                       as well as the 1 top of the softmax inside it";
        return Err(Refusal::at("top", message).help("keep one top, and add a Softmax layer for the probabilities"));
    }
    Ok(axis)
}

fn of_bvlc(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let axis = inner_softmax_axis(ctx)?;
    check_batches(ctx)?;
    if ctx.dialect.traits.softmax_counts_labels {
        check_label_count(ctx, axis)?;
    }
    check_class_weights(ctx)?;
    Ok(scalar_loss(ctx, Loss::Softmax(Labels::new(ctx, axis))))
}

/// The operator is that of BVLC's where nothing is weighed, mined or smoothed.
fn of_happynear(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const NORMALIZE: &str = "softmax_param.normalize_type";
    let default = SoftmaxParameter::default();
    let param = ctx.param.softmax_param.as_deref().unwrap_or(&default);
    let kind = param.normalize_type();
    ensure!(["Softmax", "L1", "L2"].contains(&kind), NORMALIZE, "normalize_type is {kind:?}, not Softmax, L1 or L2");
    if kind != "Softmax" {
        ctx.four_axes(0)?;
    }
    let axis = inner_softmax_axis(ctx)?;
    check_share("softmax_param.hard_ratio", param.hard_ratio)?;
    check_share("softmax_param.cutting_point", param.cutting_point)?;
    check_class_weight(ctx.bottom(0), axis, &param.class_weight)?;
    check_batches(ctx)?;
    check_label_count(ctx, axis)?;
    check_weights(ctx)?;
    let plain = SoftmaxParameter { axis: param.axis, engine: param.engine, ..Default::default() };
    let is_plain = ctx.bottoms.len() == 2 && *param == plain;
    let setup = scalar_loss(ctx, Loss::Softmax(Labels::new(ctx, axis)));
    Ok(if is_plain { setup } else { Setup { operator: Operator::Opaque, ..setup } })
}

/// Checks a share that the net gives.
fn check_share(field: &'static str, share: Option<f32>) -> Result<(), Refusal> {
    let share = share.unwrap_or(0.0);
    ensure!((0.0..=1.0).contains(&share), field, "{} {share} is not in [0, 1]", field_name(field));
    Ok(())
}

/// Checks that there is a weight for each class, or none: happynear's counts the classes along the axis, and then the
/// channels.
fn check_class_weight(scores: &Shape, axis: usize, weights: &[f32]) -> Result<(), Refusal> {
    let classes = [axis, 1].map(|axis| scores.dim(axis).and_then(|dim| usize::try_from(dim).ok()));
    let fits = weights.is_empty() || classes == [Some(weights.len()); 2];
    ensure!(
        fits,
        "softmax_param.class_weight",
        "{} class_weight for scores of {scores}: there is one for each class, along axis {axis} and along axis 1",
        weights.len()
    );
    Ok(())
}

fn of_fewer(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    inner_softmax_axis(ctx)?;
    check_batches(ctx)?;
    Ok(Setup { default_loss_weight: Some(1.0), ..Setup::new(ctx, Operator::Opaque, [Shape::scalar()]) })
}

/// Checks that classes that are to be weighed have a weight each: SegNet counts the channels, whatever the axis.
fn check_class_weights(ctx: &SetupContext<'_>) -> Result<(), Refusal> {
    let Some(param) = ctx.param.loss_param.as_deref().filter(|param| param.weight_by_label_freqs()) else {
        return Ok(());
    };
    let (weights, channels) = (param.class_weighting.len(), ctx.legacy_dim(0, 1)?);
    ensure!(
        i32::try_from(weights) == Ok(channels),
        "loss_param.class_weighting",
        "{weights} class_weighting for {channels} channels: weight_by_label_freqs takes one for each"
    );
    Ok(())
}

fn of_each_label(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let axis = class_axis(ctx)?;
    check_batches(ctx)?;
    check_label_count(ctx, axis)?;
    let mut tops = vec![Shape::scalar(), ctx.bottom(0).clone(), ctx.bottom(1).clone()];
    tops.truncate(ctx.top_count());
    Ok(loss(ctx, Loss::Softmax(Labels::new(ctx, axis)), tops))
}

#[cfg(test)]
mod tests {
    use super::NAME;
    use crate::layer::Operator;
    use crate::layer::loss::tests::run;
    use crate::layer::testing::Surroundings;

    #[test]
    fn labels_cover_every_place_outside_the_axis() {
        assert!(run(NAME, "", &[&[2, 3, 4, 5], &[2, 1, 4, 5]], 1).is_ok());
        assert!(run(NAME, "softmax_param { axis: -1 }", &[&[2, 4, 3], &[2, 4]], 1).is_ok());
        let error = run(NAME, "", &[&[2, 3, 2, 2], &[2]], 1).unwrap_err();
        let message =
            "2 labels of shape (2) given, scores of shape (2, 3, 2, 2) need 8: one for each place outside axis 1";
        assert_eq!(error, format!("bottom: {message}"));
        let error = run(NAME, "softmax_param { axis: 2 }", &[&[2, 3], &[2]], 1).unwrap_err();
        assert_eq!(error, "softmax_param.axis: axis 2 is out of range for the 2-axis shape (2, 3)");
    }

    #[test]
    fn classes_that_are_weighed_have_weights() {
        let segnet = Surroundings::of("segnet");
        let text = |weights: &str| format!("loss_param {{ weight_by_label_freqs: true {weights} }}");
        let bottoms: [&[i32]; 2] = [&[2, 3], &[2]];
        let three = "class_weighting: 1 class_weighting: 2 class_weighting: 3";
        assert!(segnet.run(NAME, &text(three), &bottoms, 1).is_ok());
        let message = "1 class_weighting for 3 channels: weight_by_label_freqs takes one for each";
        let error = segnet.refusal(NAME, &text("class_weighting: 1"), &bottoms);
        assert_eq!(error, format!("loss_param.class_weighting: {message}"));
        assert!(segnet.run(NAME, "loss_param { class_weighting: 1 }", &bottoms, 1).is_ok());
    }

    #[test]
    fn happynear_s_weighs_labels_and_classes() {
        let happynear = Surroundings::of("happynear");
        let bottoms: [&[i32]; 3] = [&[2, 3, 4, 1], &[2, 4], &[8]];
        let is_opaque = |fields: &str, bottoms: &[&[i32]]| {
            let made = happynear.run(NAME, &format!("softmax_param {{ {fields} }}"), bottoms, 1).unwrap();
            made.operator == Operator::Opaque
        };
        assert!(!is_opaque("axis: 1", &bottoms[..2]) && is_opaque("axis: 1", &bottoms));
        let weights = "class_weight: 1 class_weight: 2 class_weight: 1";
        for fields in [weights, "normalize_type: 'L2'", "hard_ratio: 1", "label_smooth_factor: 0.1"] {
            assert!(is_opaque(fields, &bottoms[..2]), "{fields}");
        }
        let error = |fields: &str, bottoms: &[&[i32]]| {
            happynear.refusal(NAME, &format!("softmax_param {{ {fields} }}"), bottoms)
        };
        let message = "bottom: 2 weights of shape (2) given for the 8 labels of shape (2, 4)";
        assert_eq!(error("", &[bottoms[0], bottoms[1], &[2]]), message);
        let message = "softmax_param.normalize_type: normalize_type is \"L3\", not Softmax, L1 or L2";
        assert_eq!(error("normalize_type: 'L3'", &bottoms), message);
        let message = "softmax_param.cutting_point: cutting_point 2 is not in [0, 1]";
        assert_eq!(error("cutting_point: 2", &bottoms), message);
        let message = "softmax_param.class_weight: 1 class_weight for scores of (2, 3, 4, 1): there is one for each \
                       class, along axis 1 and along axis 1";
        assert_eq!(error("class_weight: 1", &bottoms), message);
    }

    #[test]
    fn two_tops_are_refused_with_or_without_weights() {
        let message = "top: a second top cannot be set up: the loss weights would have to match the layer's 2 tops \
                       as well as the 1 top of the softmax inside it";
        for text in ["", "loss_weight: 1", "loss_weight: 1 loss_weight: 0"] {
            assert_eq!(run(NAME, text, &[&[2, 3], &[2]], 2).unwrap_err(), message);
        }
    }

    #[test]
    fn the_third_top_of_rfcn_is_like_the_labels() {
        for (dialect, name) in [("rfcn", NAME), ("soeaver", "SoftmaxWithLossOHEM")] {
            let made = Surroundings::of(dialect).run(name, "", &[&[2, 3, 4, 5], &[2, 1, 4, 5]], 3).unwrap();
            let tops: Vec<&[i32]> = made.tops.iter().map(|top| top.dims()).collect();
            assert_eq!(tops, [&[][..], &[2, 3, 4, 5], &[2, 1, 4, 5]]);
        }
        let error = Surroundings::of("rfcn").refusal(NAME, "", &[&[2, 3, 2, 2], &[2]]);
        assert!(error.starts_with("bottom: 2 labels of shape (2) given"), "{error}");
    }

    #[test]
    fn empty_scores_are_refused() {
        let error = run(NAME, "", &[&[0, 3], &[0]], 1).unwrap_err();
        let message = "the softmax inside the layer cannot take a loss weight: bottom 0 of shape (0, 3) is empty";
        assert_eq!(error, format!("bottom: {message}"));
        assert!(run(NAME, "loss_weight: 0", &[&[0, 3], &[0]], 1).is_ok());
        let error = run(NAME, "loss_weight: 0", &[&[2, 0], &[2]], 1).unwrap_err();
        assert_eq!(error, "bottom: axis 1 of the scores (2, 0) has no classes");
    }
}
