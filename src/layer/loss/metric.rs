//! Losses for features of faces, and TripletLoss, of happynear's tree.
//!
//! ```text
//! BatchContrastiveLoss, SoftContrastiveLoss, NCALoss   distances and labels at least
//! GeneralContrastiveLoss, GeneralTripletLoss            the same; GeneralTripletLoss these two alone
//! ConfidencePenaltyLoss                                 scores, labels of one channel
//! CorrelationLoss                                       two of one channel at least
//! TripletLoss                                           three times (N, C) or (N, C, 1, 1)
//! ```
//!
//! A second top has the mean distances of like and of unlike pairs: (2), or (3) with `add_intra_mae`. Bottoms agree in
//! their first dimension.

use super::{Loss, check_batches, check_single, scalar_loss};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, Deployment, Layer, LayerType, Operator, Setup, SetupContext};

const PAIR: Arity = Arity::exactly(2);
const PAIR_OR_MORE: Arity = Arity::at_least(2);
const ONE_OR_TWO: Arity = Arity::between(1, 2);

pub(super) const BATCH: LayerType = of(
    "BatchContrastiveLoss",
    "Computes the contrastive loss of all pairs of a batch",
    PAIR_OR_MORE,
    ONE_OR_TWO,
    &batch,
)
.params(&["batch_contrastive_loss_param"]);

pub(super) const CONFIDENCE: LayerType =
    of("ConfidencePenaltyLoss", "Penalises scores that are too confident", PAIR, Arity::exactly(1), &confidence)
        .params(&["confidence_penalty_loss_param"]);

pub(super) const CORRELATION: LayerType =
    of("CorrelationLoss", "Computes how little two inputs correlate", PAIR_OR_MORE, Arity::at_least(1), &correlation)
        .judges_both();

pub(super) const GENERAL_CONTRASTIVE: LayerType =
    of("GeneralContrastiveLoss", "Computes the contrastive loss of distances", PAIR_OR_MORE, ONE_OR_TWO, &contrastive)
        .params(&["general_contrastive_loss_param"]);

pub(super) const GENERAL_TRIPLET: LayerType =
    of("GeneralTripletLoss", "Computes the triplet loss of distances", PAIR, ONE_OR_TWO, &of_pairs)
        .params(&["general_triplet_loss_param"]);

pub(super) const NCA: LayerType =
    of("NCALoss", "Computes the loss of neighbourhood component analysis", PAIR_OR_MORE, ONE_OR_TWO, &of_pairs)
        .params(&["nca_param"]);

pub(super) const SOFT_CONTRASTIVE: LayerType =
    of("SoftContrastiveLoss", "Computes a soft contrastive loss of distances", PAIR_OR_MORE, ONE_OR_TWO, &of_pairs)
        .params(&["soft_contrastive_loss_param"]);

pub(super) const TRIPLET: LayerType =
    of("TripletLoss", super::triplet::SUMMARY, Arity::exactly(3), Arity::exactly(1), &triplet)
        .params(&["triplet_loss_param"])
        .deployed(|_| Deployment::Loss { predictions: 3 });

const fn of(
    name: &'static str,
    summary: &'static str,
    bottoms: Arity,
    tops: Arity,
    rule: &'static dyn Layer,
) -> LayerType {
    LayerType::new(name, summary, bottoms, tops, rule).auto_tops().judges_first().known(Known::In(&["happynear"]))
}

/// The loss and, where there are two tops, so many numbers more.
fn with_numbers(ctx: &SetupContext<'_>, numbers: i32) -> Result<Setup, Refusal> {
    check_batches(ctx)?;
    let mut tops = ctx.first_top(Shape::scalar());
    if let [_, second] = &mut tops[..] {
        *second = Shape::new([numbers]).at("top")?;
    }
    Ok(Setup { default_loss_weight: Some(1.0), ..Setup::new(ctx, Operator::Opaque, tops) })
}

fn of_pairs(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    with_numbers(ctx, 2)
}

fn batch(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (items, channels) = (ctx.legacy_dim(0, 0)?, ctx.legacy_dim(0, 1)?);
    let distances = ctx.bottom(0);
    ensure!(items == channels, "bottom", "the distances {distances} must be those of each item from each");
    of_pairs(ctx)
}

fn contrastive(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let adds = ctx.param.general_contrastive_loss_param().unwrap_or_default().add_intra_mae();
    with_numbers(ctx, if adds { 3 } else { 2 })
}

fn confidence(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_single(ctx, 1, 1..=3)?;
    of_pairs(ctx)
}

fn correlation(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    for bottom in [0, 1] {
        check_single(ctx, bottom, 1..=1)?;
    }
    let setup = of_pairs(ctx)?;
    // Only the first top gets a shape.
    let tops =
        setup.tops.iter().enumerate().map(|(top, shape)| if top == 0 { shape.clone() } else { Shape::unshaped() });
    Ok(Setup { tops: tops.collect(), ..setup })
}

fn triplet(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    for bottom in 0..3 {
        check_single(ctx, bottom, 2..=3)?;
        for axis in [0, 1] {
            let (own, first) = (ctx.legacy_dim(bottom, axis)?, ctx.legacy_dim(0, axis)?);
            let (vectors, others) = (ctx.bottom(0), ctx.bottom(bottom));
            ensure!(own == first, "bottom", "bottoms 0 and {bottom} differ at axis {axis}: {vectors} and {others}");
        }
    }
    let param = ctx.param.triplet_loss_param().unwrap_or_default();
    Ok(scalar_loss(ctx, Loss::Triplet { margin: param.margin() }))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn tops(name: &str, text: &str, bottoms: &[&[i32]], tops: usize) -> Result<Vec<Vec<i32>>, String> {
        let made = Surroundings::of("happynear").run(name, text, bottoms, tops)?;
        assert_eq!(made.default_loss_weight, Some(1.0));
        Ok(made.tops.iter().map(|top| top.dims().to_vec()).collect())
    }

    #[test]
    fn the_second_top_has_mean_distances() {
        let pair: &[&[i32]] = &[&[4, 4], &[4]];
        for name in
            ["BatchContrastiveLoss", "GeneralContrastiveLoss", "GeneralTripletLoss", "NCALoss", "SoftContrastiveLoss"]
        {
            assert_eq!(tops(name, "", pair, 2), Ok(vec![vec![], vec![2]]), "{name}");
        }
        let text = "general_contrastive_loss_param { add_intra_mae: true }";
        assert_eq!(tops("GeneralContrastiveLoss", text, pair, 2), Ok(vec![vec![], vec![3]]));
        assert_eq!(tops("ConfidencePenaltyLoss", "", pair, 1), Ok(vec![vec![]]));
        assert_eq!(tops("CorrelationLoss", "", &[&[4], &[4, 1]], 2), Ok(vec![vec![], vec![]]));
        assert_eq!(tops("TripletLoss", "", &[&[4, 8], &[4, 8, 1, 1], &[4, 8]], 1), Ok(vec![vec![]]));
    }

    #[test]
    fn refusals() {
        let message = "bottom: the distances (4, 3) must be those of each item from each";
        assert_eq!(tops("BatchContrastiveLoss", "", &[&[4, 3], &[4]], 1).unwrap_err(), message);
        let message = "bottom: bottom 1 must have dimension 1 at axis 1, its shape is (4, 2)";
        assert_eq!(tops("CorrelationLoss", "", &[&[4], &[4, 2]], 1).unwrap_err(), message);
        let message = "bottom: bottoms 0 and 2 differ at axis 0: (4, 8) and (3, 8)";
        assert_eq!(tops("TripletLoss", "", &[&[4, 8], &[4, 8], &[3, 8]], 1).unwrap_err(), message);
    }
}
