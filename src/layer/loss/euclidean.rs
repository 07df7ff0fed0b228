//! EuclideanLoss: half the mean squared distance between items, sum (a - b)^2 / (2 N).
//!
//! Bottoms: N x any, and N x as many numbers an item.

use super::{Loss, check_batches, scalar_loss};
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "EuclideanLoss",
    "Computes half the mean squared distance between prediction and target",
    Arity::exactly(2),
    Arity::exactly(1),
    &setup,
)
.auto_tops()
.loss()
.judges_both();

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_batches(ctx)?;
    let (a, b) = (ctx.bottom(0).count_from(1), ctx.bottom(1).count_from(1));
    ensure!(a == b, "bottom", "the bottoms have {a} and {b} numbers per item");
    Ok(scalar_loss(ctx, Loss::Euclidean))
}

#[cfg(test)]
mod tests {
    use crate::layer::loss::tests::run;

    #[test]
    fn only_the_size_of_an_item_counts() {
        assert!(run("EuclideanLoss", "", &[&[2, 3, 4], &[2, 12]], 1).is_ok());
        let error = run("EuclideanLoss", "", &[&[2, 3], &[2, 4]], 1).unwrap_err();
        assert_eq!(error, "bottom: the bottoms have 3 and 4 numbers per item");
        let error = run("EuclideanLoss", "", &[&[2, 3], &[2, 3]], 2).unwrap_err();
        assert_eq!(error, "top: EuclideanLoss makes 1 top, 2 given");
    }
}
