//! RegionLoss: the loss of the boxes that a grid predicts (YOLO, in Intel's Caffe).
//!
//! Bottoms: predictions and true boxes; neither is looked at while the net is built.

use super::{Loss, scalar_loss};
use crate::dialect::Known;
use crate::error::Refusal;
use crate::layer::{Arity, LayerType, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "RegionLoss",
    "Takes the loss of the boxes that a grid predicts",
    Arity::exactly(2),
    Arity::exactly(1),
    &setup,
)
.params(&["region_loss_param"])
.auto_tops()
.judges_first()
.known(Known::In(&["intel"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.region_loss_param.clone().unwrap_or_default();
    Ok(scalar_loss(ctx, Loss::Region { classes: param.num_class(), boxes: param.num() }))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn not_even_the_batch_is_compared() {
        let made = Surroundings::of("intel").run("RegionLoss", "", &[&[1, 5], &[2, 7]], 1).unwrap();
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
    }
}
