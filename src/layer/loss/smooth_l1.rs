//! SmoothL1Loss, SSD's: the distance of prediction and target, squared where it is below 1, summed and divided by N.
//!
//! Bottoms: N x C x H x W twice, missing axes counting as 1. There are no settings. The layers of this name in the trees of
//! Fast R-CNN and others are not this one.

use super::{Loss, check_batches, scalar_loss};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "SmoothL1Loss",
    "Takes the distance between prediction and target, squared where it is below 1",
    Arity::exactly(2),
    Arity::exactly(1),
    &setup,
)
.auto_tops()
.known(Known::In(&["ssd", "refinedet", "nvidia"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_batches(ctx)?;
    for axis in 1..=3 {
        let (a, b) = (ctx.legacy_dim(0, axis)?, ctx.legacy_dim(1, axis)?);
        ensure!(
            a == b,
            "bottom",
            "the bottoms differ at axis {axis}: {} and {}, where missing axes count as 1",
            ctx.bottom(0),
            ctx.bottom(1)
        );
    }
    Ok(scalar_loss(ctx, Loss::SmoothL1))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const NAME: &str = "SmoothL1Loss";

    #[test]
    fn missing_axes_count_as_one() {
        let ssd = Surroundings::of("ssd");
        let made = ssd.run(NAME, "", &[&[2, 3, 1, 1], &[2, 3]], 1).unwrap();
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
        assert!(ssd.run(NAME, "", &[&[4], &[4, 1]], 1).is_ok());
    }

    #[test]
    fn refusals() {
        let error = |bottoms: &[&[i32]]| Surroundings::of("ssd").refusal(NAME, "", bottoms);
        let message = "bottom: the bottoms differ in their first dimension: (2, 3) and (3, 3)";
        assert_eq!(error(&[&[2, 3], &[3, 3]]), message);
        let message = "bottom: the bottoms differ at axis 2: (2, 3, 4) and (2, 3), where missing axes count as 1";
        assert_eq!(error(&[&[2, 3, 4], &[2, 3]]), message);
        let message = "bottom: bottom 0 has more than 4 axes: its shape is (2, 1, 1, 1, 1)";
        assert_eq!(error(&[&[2, 1, 1, 1, 1], &[2]]), message);
        assert_eq!(error(&[&[2], &[2], &[2]]), "bottom: SmoothL1Loss takes 2 bottoms, 3 given");
    }
}
