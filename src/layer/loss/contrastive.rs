//! ContrastiveLoss: pulls similar pairs of vectors together and pushes dissimilar ones apart.
//!
//! Bottoms: two times N x C (x 1 x 1), and one flag an item whose own batch Caffe does not check. In happynear's tree
//! there are labels of both vectors instead of the flag, of which the second ones are not looked at.

use super::{Loss, check_batches, check_single, scalar_loss};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType = entry(
    "Computes the contrastive loss of pairs of vectors, similar or dissimilar by a flag",
    Arity::exactly(3),
    &setup,
)
.known(Known::Except(&["happynear"]));

pub(super) const OF_LABELS: LayerType = entry(
    "Computes the contrastive loss of pairs of vectors, similar where their labels are the same",
    Arity::exactly(4),
    &of_labels,
)
.known(Known::In(&["happynear"]));

const fn entry(summary: &'static str, bottoms: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new("ContrastiveLoss", summary, bottoms, Arity::exactly(1), rule)
        .params(&["contrastive_loss_param"])
        .auto_tops()
        .loss()
        .judges_both()
}

fn of_labels(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup { operator: Operator::Opaque, ..setup(ctx)? })
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (a, b) = (ctx.legacy_dim(0, 1)?, ctx.legacy_dim(1, 1)?);
    ensure!(a == b, "bottom", "the vectors differ in length: {a} and {b}");
    check_single(ctx, 0, 2..=3)?;
    check_single(ctx, 1, 2..=3)?;
    check_single(ctx, 2, 1..=3)?;
    check_batches(ctx)?;
    let param = ctx.param.contrastive_loss_param.unwrap_or_default();
    Ok(scalar_loss(ctx, Loss::Contrastive { margin: param.margin(), legacy: param.legacy_version() }))
}

#[cfg(test)]
mod tests {
    use crate::layer::loss::tests::run;
    use crate::layer::testing::Surroundings;

    #[test]
    fn happynear_s_has_two_labels() {
        let happynear = Surroundings::of("happynear");
        let bottoms: [&[i32]; 4] = [&[3, 4], &[3, 4], &[3], &[3]];
        assert_eq!(happynear.top("ContrastiveLoss", "", &bottoms), [0; 0]);
        let message = "bottom: ContrastiveLoss takes 4 bottoms, 3 given";
        assert_eq!(happynear.refusal("ContrastiveLoss", "", &bottoms[..3]), message);
        let message = "bottom: bottom 2 must have dimension 1 at axis 1, its shape is (3, 2)";
        assert_eq!(happynear.refusal("ContrastiveLoss", "", &[&[3, 4], &[3, 4], &[3, 2], &[3]]), message);
    }

    #[test]
    fn the_flags_may_have_any_batch() {
        assert!(run("ContrastiveLoss", "", &[&[3, 4], &[3, 4, 1, 1], &[2, 1, 1, 1]], 1).is_ok());
    }

    #[test]
    fn refuses_what_is_not_a_pair_of_vectors() {
        let error = |bottoms: &[&[i32]]| run("ContrastiveLoss", "", bottoms, 1).unwrap_err();
        assert_eq!(error(&[&[3, 3], &[3, 4], &[3]]), "bottom: the vectors differ in length: 3 and 4");
        let message = "bottom: bottom 0 must have dimension 1 at axis 2, its shape is (3, 4, 2)";
        assert_eq!(error(&[&[3, 4, 2], &[3, 4], &[3]]), message);
        let message = "bottom: bottom 2 must have dimension 1 at axis 1, its shape is (3, 2)";
        assert_eq!(error(&[&[3, 4], &[3, 4], &[3, 2]]), message);
        let message = "bottom: bottom 1 has more than 4 axes: its shape is (3, 4, 1, 1, 1)";
        assert_eq!(error(&[&[3, 4], &[3, 4, 1, 1, 1], &[3]]), message);
        assert_eq!(error(&[&[3, 4], &[3, 4]]), "bottom: ContrastiveLoss takes 3 bottoms, 2 given");
    }
}
