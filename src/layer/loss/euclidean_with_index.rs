//! EuclideanLossWithIndex: the Euclidean loss of those items that an index names (ducha-aiki).
//!
//! Bottoms: N x any, as many numbers again, and the index, which Caffe does not check while the net is built.

use super::{Loss, check_batches, scalar_loss};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "EuclideanLossWithIndex",
    "Computes half the mean squared distance between the parts of prediction and target that an index names",
    Arity::exactly(3),
    Arity::exactly(1),
    &setup,
)
.auto_tops()
.judges_both()
.known(Known::In(&["ducha-aiki"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_batches(ctx)?;
    let (a, b) = (ctx.bottom(0).count(), ctx.bottom(1).count());
    ensure!(a == b, "bottom", "the bottoms have {a} and {b} numbers");
    Ok(scalar_loss(ctx, Loss::EuclideanWithIndex))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn prediction_and_target_have_as_many_numbers() {
        let ducha = Surroundings::of("ducha-aiki");
        let made = ducha.run("EuclideanLossWithIndex", "", &[&[2, 8], &[2, 2, 4], &[2, 1]], 1).unwrap();
        assert_eq!(made.default_loss_weight, Some(1.0));
        let message = "bottom: the bottoms have 16 and 14 numbers";
        assert_eq!(ducha.refusal("EuclideanLossWithIndex", "", &[&[2, 8], &[2, 7], &[2]]), message);
    }
}
