//! MultinomialLogisticLoss: the mean negative log-likelihood of the labels, from probabilities.
//!
//! Bottoms: N x any, and labels N (x 1 x 1 x 1).

use super::{Loss, check_batches, check_single, scalar_loss};
use crate::error::Refusal;
use crate::layer::{Arity, LayerType, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "MultinomialLogisticLoss",
    "Computes the negative log-likelihood of the labels, from probabilities",
    Arity::exactly(2),
    Arity::exactly(1),
    &setup,
)
.auto_tops()
.loss()
.judges_first();

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_batches(ctx)?;
    check_single(ctx, 1, 1..=3)?;
    Ok(scalar_loss(ctx, Loss::MultinomialLogistic))
}

#[cfg(test)]
mod tests {
    use crate::layer::loss::tests::run;

    #[test]
    fn there_is_one_label_an_item() {
        assert!(run("MultinomialLogisticLoss", "", &[&[2, 3, 1, 1, 1], &[2, 1, 1]], 1).is_ok());
        let error = run("MultinomialLogisticLoss", "", &[&[2, 3], &[2, 3]], 1).unwrap_err();
        assert_eq!(error, "bottom: bottom 1 must have dimension 1 at axis 1, its shape is (2, 3)");
    }
}
