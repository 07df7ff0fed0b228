//! HingeLoss: the mean one-versus-all hinge, L1 or L2.
//!
//! Bottoms: N x any, and labels of the same batch; Caffe checks nothing else while the net is built.

use super::{Loss, check_batches, scalar_loss};
use crate::error::Refusal;
use crate::layer::{Arity, LayerType, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "HingeLoss",
    "Computes the one-versus-all hinge loss, L1 or L2",
    Arity::exactly(2),
    Arity::exactly(1),
    &setup,
)
.params(&["hinge_loss_param"])
.auto_tops()
.loss()
.judges_first();

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_batches(ctx)?;
    let norm = ctx.param.hinge_loss_param.unwrap_or_default().norm();
    Ok(scalar_loss(ctx, Loss::Hinge { norm }))
}

#[cfg(test)]
mod tests {
    use crate::layer::loss::tests::run;

    #[test]
    fn the_number_of_labels_is_not_checked() {
        assert!(run("HingeLoss", "", &[&[2, 3], &[2, 7, 3]], 1).is_ok());
    }
}
