//! FocalLoss: the mean negative log-likelihood of the labels, weighted by how unlikely they are (Lin et al. 2017).
//!
//! Bottoms: scores, and one label for each place outside `softmax_param.axis`. Two tops are documented but cannot be set up, as
//! in [`softmax`](super::softmax).

use super::softmax::inner_softmax_axis;
use super::{Labels, Loss, check_batches, check_label_count, scalar_loss};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Setup, SetupContext};
use crate::proto::caffe::focal_loss_parameter::Type;

pub(super) const SOEAVER: LayerType = entry(&of_soeaver).known(Known::In(&["soeaver"]));

pub(super) const HAPPYNEAR: LayerType = entry(&of_happynear).known(Known::In(&["happynear"]));

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

/// The setup with this factor where the net gives none.
fn setup(ctx: &SetupContext<'_>, default_alpha: f32) -> Result<Setup, Refusal> {
    let param = ctx.param.focal_loss_param.unwrap_or_default();
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
}
