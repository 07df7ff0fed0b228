//! FocalLoss: the mean negative log-likelihood of the labels, weighted by how unlikely they are (Lin et al. 2017).
//!
//! Bottoms: scores, and one label for each place outside `softmax_param.axis`. Two tops are documented but cannot be
//! set up, as in [`softmax`](super::softmax).
//!
//! SeqFace's is one of targets in [0, 1], as many as scores, under a sigmoid.

use super::softmax::inner_softmax_axis;
use super::{Labels, Loss, check_batches, check_label_count, loss, scalar_loss};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, Deployment, Layer, LayerType, Setup, SetupContext};
use crate::proto::caffe::focal_loss_parameter::Type;

pub(super) const SOEAVER: LayerType = entry(&of_soeaver).known(Known::In(&["soeaver"]));

pub(super) const HAPPYNEAR: LayerType = entry(&of_happynear).known(Known::In(&["happynear"]));

pub(super) const OF_SIGMOID: LayerType = LayerType::new(
    "FocalLoss",
    "Takes the cross entropy of independent targets in [0, 1], weighted by how unlikely they are",
    Arity::exactly(2),
    Arity::at_least(1),
    &of_seqface,
)
.params(&["focal_loss_param", "loss_param"])
.auto_tops()
.loss()
.deployed(|_| Deployment::LossOf("Sigmoid"))
.known(Known::In(&["seqface"]));

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "FocalLoss",
        "Computes the negative log-likelihood of the labels, weighted by how unlikely they are",
        Arity::exactly(2),
        Arity::between(1, 2),
        rule,
    )
    .params(&["focal_loss_param", "loss_param", "softmax_param"])
    .auto_tops()
    .loss()
    .loss_of_softmax()
}

/// The negative log-likelihood of the labels under a softmax, weighted by how unlikely they are.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FocalLoss {
    /// The labels.
    pub labels: Labels,
    /// Which formula it is.
    pub formula: Type,
    /// The exponent of 1 - p.
    pub gamma: f32,
    /// The factor of the loss.
    pub alpha: f32,
    /// What is added in the linear formula.
    pub beta: f32,
}

fn of_soeaver(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    setup(ctx, 0.25)
}

fn of_happynear(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    setup(ctx, 1.0)
}

fn of_seqface(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.focal_loss_param().unwrap_or_default();
    check_batches(ctx)?;
    let (scores, targets) = (ctx.bottom(0), ctx.bottom(1));
    ensure!(scores.axes() > 0, "bottom", "the scores need an axis, and have none");
    let same = scores.count() == targets.count();
    ensure!(same, "bottom", "the scores {scores} and the targets {targets} differ in number");
    // Only the first top gets a shape.
    let tops = ctx.first_top(Shape::scalar());
    Ok(loss(ctx, Loss::FocalOfSigmoid { gamma: param.gamma(), alpha: param.alpha.unwrap_or(0.25) }, tops))
}

/// The setup with this factor where the net gives none.
fn setup(ctx: &SetupContext<'_>, default_alpha: f32) -> Result<Setup, Refusal> {
    let param = ctx.param.focal_loss_param().unwrap_or_default();
    let axis = inner_softmax_axis(ctx)?;
    let (gamma, alpha, beta) = (param.gamma(), param.alpha.unwrap_or(default_alpha), param.beta());
    let (weighs, counts) = (gamma >= 0.0, alpha > 0.0);
    ensure!(weighs, "focal_loss_param.gamma", "gamma {gamma} is below 0");
    ensure!(counts, "focal_loss_param.alpha", "alpha {alpha} is not above 0");
    check_batches(ctx)?;
    check_label_count(ctx, axis)?;
    let labels = Labels::new(ctx, axis);
    Ok(scalar_loss(ctx, Loss::Focal(FocalLoss { labels, formula: param.r#type(), gamma, alpha, beta })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Operator;
    use crate::layer::testing::Surroundings;

    const NAME: &str = "FocalLoss";

    #[test]
    fn the_defaults_are_filled_in() {
        for (dialect, alpha) in [("soeaver", 0.25), ("happynear", 1.0)] {
            let made = Surroundings::of(dialect).run(NAME, "", &[&[2, 3, 4, 5], &[2, 1, 4, 5]], 1).unwrap();
            assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
            let Operator::Loss(Loss::Focal(loss)) = made.operator else { panic!() };
            assert_eq!((loss.formula, loss.gamma, loss.alpha, loss.beta), (Type::Origin, 2.0, alpha, 1.0));
        }
    }

    #[test]
    fn refusals() {
        let error = |fields: &str, tops| {
            let text = format!("focal_loss_param {{ {fields} }}");
            Surroundings::of("soeaver").run(NAME, &text, &[&[2, 3], &[2]], tops).unwrap_err()
        };
        assert_eq!(error("gamma: -1", 1), "focal_loss_param.gamma: gamma -1 is below 0");
        assert_eq!(error("alpha: 0", 1), "focal_loss_param.alpha: alpha 0 is not above 0");
        assert!(error("", 2).starts_with("top: a second top cannot be set up"));
    }

    #[test]
    fn targets_under_a_sigmoid_are_as_many_as_scores() {
        let seqface = Surroundings::of("seqface");
        let made = seqface.run(NAME, "", &[&[2, 3, 4], &[2, 12]], 2).unwrap();
        assert_eq!((made.tops[0].axes(), made.tops[1].count(), made.default_loss_weight), (0, 0, Some(1.0)));
        let message = "bottom: the scores (2, 3) and the targets (2, 4) differ in number";
        assert_eq!(seqface.refusal(NAME, "", &[&[2, 3], &[2, 4]]), message);
    }
}
