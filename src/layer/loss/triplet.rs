//! TripletLoss: pulls vectors to those of their kind and pushes them away from others (ducha-aiki).
//!
//! Bottoms: three times N x C (x 1 x 1): anchors, vectors of their kind, and others, whose batch Caffe does not check.

use super::{Loss, check_batches, check_single, scalar_loss};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, Deployment, LayerType, Setup, SetupContext};

pub(super) const SUMMARY: &str = "Computes the loss of anchors, vectors of their class and other vectors";

pub(super) const TYPE: LayerType = LayerType::new("TripletLoss", SUMMARY, Arity::exactly(3), Arity::exactly(1), &setup)
    .params(&["triplet_loss_param"])
    .auto_tops()
    .deployed(|_| Deployment::Loss { predictions: 3 })
    .known(Known::In(&["ducha-aiki"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let [anchor, like, unlike] = [0, 1, 2].map(|bottom| ctx.legacy_dim(bottom, 1));
    let (anchor, like, unlike) = (anchor?, like?, unlike?);
    ensure!(
        anchor == like && anchor == unlike,
        "bottom",
        "the vectors differ in length: {anchor}, {like} and {unlike}"
    );
    for bottom in 0..3 {
        check_single(ctx, bottom, 2..=3)?;
    }
    check_batches(ctx)?;
    let param = ctx.param.triplet_loss_param.unwrap_or_default();
    Ok(scalar_loss(ctx, Loss::Triplet { margin: param.margin() }))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const NAME: &str = "TripletLoss";

    #[test]
    fn others_may_have_any_batch() {
        let ducha = Surroundings::of("ducha-aiki");
        let made = ducha.run(NAME, "", &[&[2, 8], &[2, 8, 1, 1], &[3, 8]], 1).unwrap();
        assert_eq!(made.default_loss_weight, Some(1.0));
        let message = "bottom: the vectors differ in length: 8, 8 and 7";
        assert_eq!(ducha.refusal(NAME, "", &[&[2, 8], &[2, 8], &[2, 7]]), message);
    }
}
