//! SoftmaxWithLoss: the mean negative log-likelihood of the labels, from scores.
//!
//! Bottoms: scores, and one label for each place outside `softmax_param.axis`. Two tops, the second with the softmax,
//! are documented but cannot be set up: Caffe wants a loss weight for each top, gives the layer just one itself, and
//! hands those of the net to the softmax inside, which has one top.

use super::{Labels, Loss, check_batches, check_inner_weight, check_label_count, scalar_loss};
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};
use crate::proto::caffe::SoftmaxParameter;

pub(super) const TYPE: LayerType = LayerType::new(
    "SoftmaxWithLoss",
    "Takes the negative log-likelihood of the labels under the softmax of the scores",
    Arity::exactly(2),
    Arity::between(1, 2),
    &setup,
)
.params(&["loss_param", "softmax_param"])
.auto_tops()
.loss();

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = SoftmaxParameter::default();
    let param = ctx.param.softmax_param.as_ref().unwrap_or(&default);
    let axis = ctx.bottom_axis(0, param.axis(), "softmax_param.axis")?;
    let scores = ctx.bottom(0);
    ensure!(scores.dim(axis) != Some(0), "bottom", "axis {axis} of the scores {scores} has no classes");
    check_inner_weight(ctx, ctx.param.loss_weight.first().copied().unwrap_or(1.0), "softmax")?;
    if ctx.top_count() > 1 {
        let message = "a second top cannot be set up: the loss weights would have to match the layer's 2 tops \
                       as well as the 1 top of the softmax inside it";
        return Err(Refusal::at("top", message).help("keep one top, and add a Softmax layer for the probabilities"));
    }
    check_batches(ctx)?;
    check_label_count(ctx, axis)?;
    Ok(scalar_loss(ctx, Loss::Softmax(Labels::new(ctx, axis))))
}

#[cfg(test)]
mod tests {
    use crate::layer::loss::tests::run;

    const NAME: &str = "SoftmaxWithLoss";

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
    fn two_tops_are_refused_with_or_without_weights() {
        let message = "top: a second top cannot be set up: the loss weights would have to match the layer's 2 tops \
                       as well as the 1 top of the softmax inside it";
        for text in ["", "loss_weight: 1", "loss_weight: 1 loss_weight: 0"] {
            assert_eq!(run(NAME, text, &[&[2, 3], &[2]], 2).unwrap_err(), message);
        }
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
