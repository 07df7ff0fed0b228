//! TripletLoss: pulls vectors to those of their kind and pushes them away from others (ducha-aiki, SeqFace, Light CNN).
//!
//! Bottoms: three times N x C (x 1 x 1): anchors, vectors of their kind, and others, whose batch ducha-aiki's Caffe
//! does not check. SeqFace's has labels of one channel behind them; Light CNN's takes further axes.

use std::ops::RangeInclusive;

use super::{Loss, check_batches, check_single, scalar_loss};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, Deployment, Layer, LayerType, Setup, SetupContext};

pub(super) const SUMMARY: &str = "Computes the loss of anchors, vectors of their class and other vectors";

pub(super) const TYPE: LayerType = entry(Arity::exactly(3), &setup).known(Known::In(&["ducha-aiki"]));

pub(super) const LABELLED: LayerType = entry(Arity::exactly(4), &of_seqface).known(Known::In(&["seqface"]));

pub(super) const WHOLE: LayerType = entry(Arity::exactly(3), &of_lightcnn).known(Known::In(&["wu-lightcnn"]));

const fn entry(bottoms: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new("TripletLoss", SUMMARY, bottoms, Arity::exactly(1), rule)
        .params(&["triplet_loss_param"])
        .auto_tops()
        .deployed(|_| Deployment::Loss { predictions: 3 })
}

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
    let param = ctx.param.triplet_loss_param().unwrap_or_default();
    Ok(scalar_loss(ctx, Loss::Triplet { margin: param.margin() }))
}

/// Checks that the first three bottoms agree in these axes, missing ones counting as 1.
fn check_same(ctx: &SetupContext<'_>, axes: RangeInclusive<usize>) -> Result<(), Refusal> {
    for bottom in 1..3 {
        for axis in axes.clone() {
            let (own, first) = (ctx.legacy_dim(bottom, axis)?, ctx.legacy_dim(0, axis)?);
            let (vectors, others) = (ctx.bottom(0), ctx.bottom(bottom));
            ensure!(own == first, "bottom", "bottoms 0 and {bottom} differ at axis {axis}: {vectors} and {others}");
        }
    }
    Ok(())
}

fn of_seqface(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_same(ctx, 0..=1)?;
    for bottom in 0..3 {
        check_single(ctx, bottom, 2..=3)?;
    }
    check_single(ctx, 3, 1..=3)?;
    check_batches(ctx)?;
    let param = ctx.param.triplet_loss_param().unwrap_or_default();
    Ok(scalar_loss(ctx, Loss::Triplet { margin: param.margin() }))
}

fn of_lightcnn(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_batches(ctx)?;
    check_same(ctx, 0..=3)?;
    let param = ctx.param.triplet_loss_param().unwrap_or_default();
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

    #[test]
    fn vectors_of_faces_agree() {
        let error = |dialect, bottoms: &[&[i32]]| Surroundings::of(dialect).refusal(NAME, "", bottoms);
        let vectors: &[i32] = &[2, 8];
        assert!(Surroundings::of("seqface").run(NAME, "", &[vectors, vectors, vectors, &[2]], 1).is_ok());
        let pictures: &[i32] = &[2, 8, 3, 3];
        assert!(Surroundings::of("wu-lightcnn").run(NAME, "", &[pictures; 3], 1).is_ok());
        let message = "bottom: bottoms 0 and 2 differ at axis 0: (2, 8) and (3, 8)";
        assert_eq!(error("seqface", &[vectors, vectors, &[3, 8], &[2]]), message);
        let message = "bottom: bottom 3 must have dimension 1 at axis 1, its shape is (2, 2)";
        assert_eq!(error("seqface", &[vectors, vectors, vectors, &[2, 2]]), message);
        let message = "bottom: bottoms 0 and 1 differ at axis 3: (2, 8, 3, 3) and (2, 8, 3, 4)";
        assert_eq!(error("wu-lightcnn", &[pictures, &[2, 8, 3, 4], pictures]), message);
    }
}
