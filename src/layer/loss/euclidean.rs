//! EuclideanLoss: half the mean squared distance between items, sum (a - b)^2 / (2 N).
//!
//! Bottoms: N x any, and N x as many numbers an item. EuclideanLossW has weights as a third bottom, which it does not
//! look at while the net is built (caffe3d); so may EuclideanLoss in happynear's tree.

use super::{Loss, check_batches, scalar_loss};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType = entry(Arity::exactly(2), &setup).known(Known::Except(&["happynear"]));

pub(super) const OF_HAPPYNEAR: LayerType =
    entry(Arity::between(2, 3), &perhaps_weighed).known(Known::In(&["happynear"]));

const fn entry(bottoms: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "EuclideanLoss",
        "Computes half the mean squared distance between prediction and target",
        bottoms,
        Arity::exactly(1),
        rule,
    )
    .auto_tops()
    .loss()
    .judges_both()
}

pub(super) const WEIGHED: LayerType = LayerType::new(
    "EuclideanLossW",
    "Computes half the mean squared distance between prediction and target, weighed",
    Arity::exactly(3),
    Arity::exactly(1),
    &weighed,
)
.auto_tops()
.loss()
.judges_both()
.known(Known::In(&["caffe3d"]));

fn weighed(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup { operator: Operator::Opaque, ..setup(ctx)? })
}

fn perhaps_weighed(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    if ctx.bottoms.len() > 2 { weighed(ctx) } else { setup(ctx) }
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_batches(ctx)?;
    let (a, b) = (ctx.bottom(0).count_from(1), ctx.bottom(1).count_from(1));
    ensure!(a == b, "bottom", "the bottoms have {a} and {b} numbers per item");
    Ok(scalar_loss(ctx, Loss::Euclidean))
}

#[cfg(test)]
mod tests {
    use crate::layer::loss::tests::run;
    use crate::layer::testing::Surroundings;

    #[test]
    fn weights_are_a_third_bottom() {
        let caffe3d = Surroundings::of("caffe3d");
        let made = caffe3d.run("EuclideanLossW", "", &[&[2, 3], &[2, 3], &[1]], 1).unwrap();
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
        let message = "bottom: the bottoms have 3 and 4 numbers per item";
        assert_eq!(caffe3d.refusal("EuclideanLossW", "", &[&[2, 3], &[2, 4], &[1]]), message);
    }

    #[test]
    fn happynear_s_may_have_weights() {
        let happynear = Surroundings::of("happynear");
        let pair: [&[i32]; 3] = [&[2, 3], &[2, 3], &[1]];
        for bottoms in [&pair[..2], &pair] {
            assert_eq!(happynear.run("EuclideanLoss", "", bottoms, 1).unwrap().default_loss_weight, Some(1.0));
        }
        assert_eq!(run("EuclideanLoss", "", &pair, 1).unwrap_err(), "bottom: EuclideanLoss takes 2 bottoms, 3 given");
    }

    #[test]
    fn only_the_size_of_an_item_counts() {
        assert!(run("EuclideanLoss", "", &[&[2, 3, 4], &[2, 12]], 1).is_ok());
        let error = run("EuclideanLoss", "", &[&[2, 3], &[2, 4]], 1).unwrap_err();
        assert_eq!(error, "bottom: the bottoms have 3 and 4 numbers per item");
        let error = run("EuclideanLoss", "", &[&[2, 3], &[2, 3]], 2).unwrap_err();
        assert_eq!(error, "top: EuclideanLoss makes 1 top, 2 given");
    }
}
