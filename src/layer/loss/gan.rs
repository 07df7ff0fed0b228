//! GANLoss and BEGANLoss: those of generative adversarial networks (Synopsys).
//!
//! Bottoms: two times scores (N, 1) for GANLoss; two pairs of blobs of one shape for BEGANLoss.

use super::{check_batches, opaque_loss};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};

pub(super) const GAN: LayerType = LayerType::new(
    "GANLoss",
    "Computes the loss of a discriminator's scores and of the generator in turn",
    Arity::exactly(2),
    Arity::exactly(1),
    &gan,
)
.params(&["gan_loss_param"])
.auto_tops()
.judges_both()
.known(Known::In(&["synopsys"]));

pub(super) const BEGAN: LayerType = LayerType::new(
    "BEGANLoss",
    "Computes the loss of an autoencoder that discriminates",
    Arity::exactly(4),
    Arity::exactly(1),
    &began,
)
.params(&["gan_loss_param"])
.auto_tops()
.judges_both()
.known(Known::In(&["synopsys"]));

fn gan(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    for (bottom, scores) in ctx.bottoms.iter().enumerate() {
        ensure!(scores.dim(1) == Some(1), "bottom", "bottom {bottom} {scores} must have one score per item");
    }
    loss(ctx)
}

fn began(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    for pair in [0, 2] {
        let (a, b) = (ctx.bottom(pair), ctx.bottom(pair + 1));
        ensure!(a == b, "bottom", "bottoms {pair} and {} differ: {a} and {b}", pair + 1);
    }
    loss(ctx)
}

fn loss(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_batches(ctx)?;
    Ok(opaque_loss(ctx, Shape::scalar()))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn shapes_go_in_pairs() {
        let synopsys = Surroundings::of("synopsys");
        let made = synopsys.run("GANLoss", "", &[&[4, 1], &[4, 1]], 1).unwrap();
        assert_eq!(made.default_loss_weight, Some(1.0));
        let message = "bottom: bottom 0 (4, 2) must have one score per item";
        assert_eq!(synopsys.refusal("GANLoss", "", &[&[4, 2], &[4, 1]]), message);
        let message = "bottom: bottoms 2 and 3 differ: (1) and (2)";
        assert_eq!(synopsys.refusal("BEGANLoss", "", &[&[4], &[4], &[1], &[2]]), message);
    }
}
