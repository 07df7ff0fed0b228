//! Losses of a softmax that few trees have.
//!
//! ```text
//! LSROLoss                   labels, where -1 stands for all classes alike (SeqFace)
//! SoftmaxWithLossMultiLabel  several labels for each place along `softmax_param.axis` (caffe-ocr)
//! SoftmaxWithLossW           labels with weights of their own (caffe3d)
//! SoftmaxWithWeightLoss      labels, and weights in a third bottom, which Caffe does not look at (caffe3d)
//! SoftmaxPerInstLoss         labels; the top has the loss of each item, in the shape of the labels (lisa-caffe, recurrent)
//! ```
//!
//! Bottoms: scores, and labels, one for each place outside the axis. Two tops are documented but cannot be set up, as
//! in [`softmax`](super::softmax).

use super::softmax::inner_softmax_axis;
use super::{check_batches, check_label_count, opaque_loss};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Setup, SetupContext};

const PAIR: Arity = Arity::exactly(2);

pub(super) const LSRO: LayerType =
    of("LSROLoss", "Takes the negative log-likelihood of the labels, or of all classes alike", PAIR, &one_label)
        .known(Known::In(&["seqface"]));

pub(super) const MULTI_LABEL: LayerType = of(
    "SoftmaxWithLossMultiLabel",
    "Takes the negative log-likelihood of several labels under the softmax of the scores",
    PAIR,
    &several_labels,
)
.known(Known::In(&["caffe-ocr"]));

pub(super) const PER_INSTANCE: LayerType = LayerType::new(
    "SoftmaxPerInstLoss",
    "Takes the negative log-likelihood of each label under the softmax of the scores",
    PAIR,
    Arity::exactly(1),
    &per_instance,
)
.params(&["loss_param", "softmax_param"])
.auto_tops()
.loss()
.loss_of_softmax()
.known(Known::In(&["lisa-recurrent"]));

pub(super) const WEIGHED: LayerType = of(
    "SoftmaxWithLossW",
    "Takes the negative log-likelihood of the labels, each with a weight of its own",
    PAIR,
    &weighed,
)
.params(&["loss_param", "softmax_param", "softmax_lossw_param"])
.known(Known::In(&["caffe3d"]));

pub(super) const WITH_WEIGHTS: LayerType = of(
    "SoftmaxWithWeightLoss",
    "Takes the negative log-likelihood of the labels, with a weight for each place",
    Arity::exactly(3),
    &one_label,
)
.known(Known::In(&["caffe3d"]));

const fn of(name: &'static str, summary: &'static str, bottoms: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, bottoms, Arity::between(1, 2), rule)
        .params(&["loss_param", "softmax_param"])
        .auto_tops()
        .loss()
        .loss_of_softmax()
}

fn one_label(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let axis = inner_softmax_axis(ctx)?;
    check_batches(ctx)?;
    check_label_count(ctx, axis)?;
    Ok(opaque_loss(ctx, Shape::scalar()))
}

/// A weight goes with a label each, which must be one of the classes: Caffe writes past the end of its list for others.
fn weighed(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const LABELS: &str = "softmax_lossw_param.weight_labels";
    let param = ctx.param.softmax_lossw_param().unwrap_or_default();
    let (labels, weights) = (param.weight_labels.len(), param.labels_weight.len());
    if labels > 0 {
        ensure!(labels == weights, LABELS, "{labels} weight_labels and {weights} labels_weight are given");
        let classes = ctx.legacy_dim(0, 1)?;
        for &label in &param.weight_labels {
            ensure!((0..classes).contains(&label), LABELS, "the label {label} is none of the {classes} classes");
        }
    }
    one_label(ctx)
}

fn several_labels(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let axis = inner_softmax_axis(ctx)?;
    check_batches(ctx)?;
    let (scores, labels) = (ctx.bottom(0), ctx.bottom(1));
    let fits = labels.axes() >= axis && labels.count_range(0, axis) == scores.count_range(0, axis);
    ensure!(fits, "bottom", "the labels {labels} and the scores {scores} differ before axis {axis}");
    Ok(opaque_loss(ctx, Shape::scalar()))
}

fn per_instance(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let axis = inner_softmax_axis(ctx)?;
    check_label_count(ctx, axis)?;
    let (scores, labels) = (ctx.bottom(0), ctx.bottom(1));
    let fits = labels.dim(0).is_some() && labels.dim(0) == scores.dim(0);
    ensure!(fits, "bottom", "the bottoms differ in their first dimension: {scores} and {labels}");
    Ok(opaque_loss(ctx, labels.clone()))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn labels_may_have_weights() {
        let caffe3d = crate::layer::testing::Surroundings::of("caffe3d");
        let bottoms: &[&[i32]] = &[&[2, 3, 4], &[2, 1, 4]];
        let text = |fields: &str| format!("softmax_lossw_param {{ {fields} }}");
        let made = caffe3d.run("SoftmaxWithLossW", &text("weight_labels: 2 labels_weight: 0.5"), bottoms, 1).unwrap();
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
        let error = |fields: &str| caffe3d.refusal("SoftmaxWithLossW", &text(fields), bottoms);
        let message = "softmax_lossw_param.weight_labels: 1 weight_labels and 0 labels_weight are given";
        assert_eq!(error("weight_labels: 2"), message);
        let message = "softmax_lossw_param.weight_labels: the label 3 is none of the 3 classes";
        assert_eq!(error("weight_labels: 3 labels_weight: 1"), message);
        let weighed = caffe3d.run("SoftmaxWithWeightLoss", "", &[bottoms[0], bottoms[1], &[7]], 1).unwrap();
        assert_eq!(weighed.tops[0].axes(), 0);
    }

    #[test]
    fn each_is_a_loss_of_weight_one() {
        for (dialect, name, bottoms, top) in [
            ("seqface", "LSROLoss", [&[2, 3][..], &[2]], &[][..]),
            ("caffe-ocr", "SoftmaxWithLossMultiLabel", [&[2, 3], &[2, 4, 1, 1]], &[]),
            ("lisa-recurrent", "SoftmaxPerInstLoss", [&[2, 3, 4], &[2, 4]], &[2, 4]),
        ] {
            let text = if name == "SoftmaxPerInstLoss" { "softmax_param { axis: 1 }" } else { "" };
            let made = Surroundings::of(dialect).run(name, text, &bottoms, 1).unwrap();
            assert_eq!((made.tops[0].dims(), made.default_loss_weight), (top, Some(1.0)), "{name}");
        }
    }

    #[test]
    fn refusals() {
        let error = |dialect, name, bottoms: &[&[i32]]| Surroundings::of(dialect).refusal(name, "", bottoms);
        let message =
            "bottom: 3 labels of shape (3) given, scores of shape (3, 2, 2) need 6: one for each place outside axis 1";
        assert_eq!(error("seqface", "LSROLoss", &[&[3, 2, 2], &[3]]), message);
        let message = "bottom: the labels (2) and the scores (2, 3, 4) differ before axis 2";
        let text = "softmax_param { axis: 2 }";
        let caffe_ocr = Surroundings::of("caffe-ocr");
        assert_eq!(caffe_ocr.refusal("SoftmaxWithLossMultiLabel", text, &[&[2, 3, 4], &[2]]), message);
        let message = "bottom: the bottoms differ in their first dimension: (2, 3, 4) and (8)";
        assert_eq!(error("lisa-recurrent", "SoftmaxPerInstLoss", &[&[2, 3, 4], &[8]]), message);
    }
}
