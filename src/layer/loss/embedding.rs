//! Losses of vectors and their labels: LiftedStructSimilaritySoftmaxLoss and RankHardLoss (SeqFace), CMDLoss (Light
//! CNN).
//!
//! ```text
//! LiftedStructSimilaritySoftmaxLoss  vectors (N, C) or (N, C, 1, 1), labels of one channel
//! RankHardLoss                       vectors of at most four axes, labels
//! CMDLoss                            two sets of vectors of the same size, whose moments up to the order `K` are compared
//! ```
//!
//! A scalar top.

use super::{check_batches, check_single, opaque_loss};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Setup, SetupContext};

pub(super) const LIFTED: LayerType = of(
    "LiftedStructSimilaritySoftmaxLoss",
    "Takes the loss of all pairs of a batch, by a softmax of their distances",
    &lifted,
)
.params(&["lifted_struct_sim_softmax_loss_param"])
.judges_first()
.known(Known::In(&["seqface"]));

pub(super) const RANK_HARD: LayerType =
    of("RankHardLoss", "Takes the loss of the hardest pairs of a batch", &rank_hard)
        .params(&["rankhard_loss_param"])
        .judges_first()
        .known(Known::In(&["seqface"]));

pub(super) const MOMENTS: LayerType = of("CMDLoss", "Takes the distance of the central moments of two blobs", &moments)
    .params(&["cmd_loss_param"])
    .judges_both()
    .known(Known::In(&["wu-lightcnn"]));

const fn of(name: &'static str, summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(2), Arity::exactly(1), rule).auto_tops().loss()
}

fn lifted(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_single(ctx, 0, 2..=3)?;
    check_single(ctx, 1, 1..=3)?;
    check_batches(ctx)?;
    Ok(opaque_loss(ctx, Shape::scalar()))
}

fn rank_hard(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_batches(ctx)?;
    ctx.legacy_dim(0, 0)?;
    Ok(opaque_loss(ctx, Shape::scalar()))
}

fn moments(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (one, other) = (ctx.bottom(0), ctx.bottom(1));
    for axis in 1..=3 {
        let same = ctx.legacy_dim(0, axis)? == ctx.legacy_dim(1, axis)?;
        ensure!(same, "bottom", "the bottoms differ at axis {axis}: {one} and {other}");
    }
    let order = ctx.param.cmd_loss_param().unwrap_or_default().k();
    ensure!(order >= 1, "cmd_loss_param.K", "K {order} is below 1");
    check_batches(ctx)?;
    Ok(opaque_loss(ctx, Shape::scalar()))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn vectors_make_a_number() {
        for (dialect, name, bottoms) in [
            ("seqface", "LiftedStructSimilaritySoftmaxLoss", [&[4, 8][..], &[4]]),
            ("seqface", "RankHardLoss", [&[4, 8], &[4]]),
            ("wu-lightcnn", "CMDLoss", [&[4, 8], &[4, 8]]),
        ] {
            let made = Surroundings::of(dialect).run(name, "", &bottoms, 1).unwrap();
            assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)), "{name}");
        }
    }

    #[test]
    fn refusals() {
        let error = |dialect, name, text, bottoms: &[&[i32]]| Surroundings::of(dialect).refusal(name, text, bottoms);
        let message = "bottom: bottom 1 must have dimension 1 at axis 1, its shape is (4, 2)";
        assert_eq!(error("seqface", "LiftedStructSimilaritySoftmaxLoss", "", &[&[4, 8], &[4, 2]]), message);
        let message = "bottom: bottom 0 has more than 4 axes: its shape is (4, 1, 1, 1, 1)";
        assert_eq!(error("seqface", "RankHardLoss", "", &[&[4, 1, 1, 1, 1], &[4]]), message);
        let message = "bottom: the bottoms differ at axis 1: (4, 8) and (4, 7)";
        assert_eq!(error("wu-lightcnn", "CMDLoss", "", &[&[4, 8], &[4, 7]]), message);
        let message = "cmd_loss_param.K: K 0 is below 1";
        assert_eq!(error("wu-lightcnn", "CMDLoss", "cmd_loss_param { K: 0 }", &[&[4, 8], &[4, 8]]), message);
    }
}
