//! SigmoidCrossEntropyLoss: the cross entropy of independent targets, from scores.
//!
//! Bottoms: N x any, and as many targets, in any shape of the same batch; in multi-task network cascades' tree also as
//! many weights.

use super::{Loss, check_batches, check_inner_weight, ignore_label, normalization, opaque_loss, scalar_loss};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, Deployment, LayerType, Setup, SetupContext};
use crate::proto::caffe::loss_parameter::NormalizationMode;

pub(super) const TYPE: LayerType = of(Arity::exactly(2)).known(Known::Except(&["mnc"]));

/// That of multi-task network cascades, whose third bottom may weigh the numbers.
pub(super) const WEIGHED: LayerType = of(Arity::at_least(2)).known(Known::In(&["mnc"]));

const fn of(bottoms: Arity) -> LayerType {
    LayerType::new(
        "SigmoidCrossEntropyLoss",
        "Computes the cross entropy of independent targets in [0, 1], from scores",
        bottoms,
        Arity::exactly(1),
        &setup,
    )
    .params(&["loss_param"])
    .auto_tops()
    .loss()
    .deployed(|_| Deployment::LossOf("Sigmoid"))
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    // The sigmoid inside is made before the weight 1 is added, so it knows only a weight that the net gives.
    let weight = ctx.param.loss_weight.first().copied().unwrap_or(0.0);
    check_inner_weight(ctx, weight, "sigmoid")?;
    check_batches(ctx)?;
    let (scores, targets) = (ctx.bottom(0).count(), ctx.bottom(1).count());
    ensure!(scores == targets, "bottom", "{scores} scores, but {targets} targets");
    if let [_, _, weights] = ctx.bottoms {
        let weights = weights.count();
        ensure!(scores == weights, "bottom", "{scores} scores, but {weights} weights");
        return Ok(opaque_loss(ctx, Shape::scalar()));
    }
    let normalization = normalization(ctx, NormalizationMode::BatchSize);
    Ok(scalar_loss(ctx, Loss::SigmoidCrossEntropy { ignore_label: ignore_label(ctx), normalization }))
}

#[cfg(test)]
mod tests {
    use crate::layer::loss::tests::run;
    use crate::layer::testing::Surroundings;

    const NAME: &str = "SigmoidCrossEntropyLoss";

    #[test]
    fn there_are_as_many_targets_as_scores() {
        assert!(run(NAME, "", &[&[2, 3, 2], &[2, 6]], 1).is_ok());
        assert_eq!(run(NAME, "", &[&[2, 3], &[2, 4]], 1).unwrap_err(), "bottom: 6 scores, but 8 targets");
    }

    #[test]
    fn numbers_may_have_weights_in_network_cascades() {
        let run = |dialect: &str, bottoms: &[&[i32]]| Surroundings::of(dialect).run(NAME, "", bottoms, 1);
        assert!(run("mnc", &[&[2, 3], &[2, 3]]).is_ok());
        assert!(run("mnc", &[&[2, 3], &[2, 3], &[6]]).is_ok());
        let error = run("mnc", &[&[2, 3], &[2, 3], &[2]]).unwrap_err();
        assert_eq!(error, "bottom: 6 scores, but 2 weights");
        let error = run("bvlc", &[&[2, 3], &[2, 3], &[6]]).unwrap_err();
        assert_eq!(error, "bottom: SigmoidCrossEntropyLoss takes 2 bottoms, 3 given");
    }

    #[test]
    fn only_a_given_weight_asks_for_elements() {
        assert!(run(NAME, "", &[&[0, 3], &[0, 3]], 1).is_ok());
        assert!(run(NAME, "loss_weight: 0", &[&[0, 3], &[0, 3]], 1).is_ok());
        let error = run(NAME, "loss_weight: 2", &[&[0, 3], &[0, 3]], 1).unwrap_err();
        let message = "the sigmoid inside the layer cannot take a loss weight: bottom 0 of shape (0, 3) is empty";
        assert_eq!(error, format!("bottom: {message}"));
    }
}
