//! SoftmaxWithLoss: the mean negative log-likelihood of the labels, from scores.
//!
//! Bottoms: scores, and one label for each place outside `softmax_param.axis`. Two tops, the second with the softmax,
//! are documented but cannot be set up: Caffe wants a loss weight for each top, gives the layer just one itself, and
//! hands those of the net to the softmax inside, which has one top. In R-FCN's tree, where the softmax inside gets no
//! weights, there may be two tops or three, the third with the loss of each label, if the net gives as many weights;
//! elsewhere that is SoftmaxWithLossOHEM.

use super::{Labels, Loss, check_batches, check_inner_weight, check_label_count, loss, scalar_loss};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::SoftmaxParameter;

const NAME: &str = "SoftmaxWithLoss";

pub(super) const TYPE: LayerType =
    entry(NAME, Arity::between(1, 2), &of_bvlc).known(Known::Except(&["rfcn", "cascade-rcnn", "curve-text"]));

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
    let param = ctx.param.softmax_param.as_ref().unwrap_or(&default);
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
