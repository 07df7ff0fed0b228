//! L1Loss, NVIDIA's and Texas Instruments': the distances of prediction and target, summed and divided by N.
//!
//! Bottoms: N x any, and N x as many numbers an item. There are no settings. AbsdistLoss is the same (CharlesShang).
//! The layer of this name in FlowNet's tree is not this one.

use super::{Loss, check_batches, scalar_loss};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};

pub(super) const TYPE: LayerType =
    entry("L1Loss").known(Known::In(&["nvidia", "nvidia-0.15", "xilinx", "wu-lightcnn", "jacinto"]));

pub(super) const ABSDIST: LayerType = entry("AbsdistLoss").known(Known::In(&["charlesshang"]));

const fn entry(name: &'static str) -> LayerType {
    const SUMMARY: &str = "Computes the mean distance between prediction and target";
    LayerType::new(name, SUMMARY, Arity::exactly(2), Arity::exactly(1), &setup).auto_tops().judges_both()
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_batches(ctx)?;
    let (a, b) = (ctx.bottom(0).count_from(1), ctx.bottom(1).count_from(1));
    ensure!(a == b, "bottom", "the bottoms have {a} and {b} numbers per item");
    Ok(scalar_loss(ctx, Loss::L1))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn only_the_size_of_an_item_counts() {
        let made = Surroundings::of("charlesshang").run("AbsdistLoss", "", &[&[2, 3], &[2, 3]], 1).unwrap();
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
        let nvidia = Surroundings::of("nvidia");
        let made = nvidia.run("L1Loss", "", &[&[2, 3, 4], &[2, 12]], 1).unwrap();
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
        let error = |bottoms: &[&[i32]]| nvidia.refusal("L1Loss", "", bottoms);
        assert_eq!(error(&[&[2, 3], &[2, 4]]), "bottom: the bottoms have 3 and 4 numbers per item");
        assert_eq!(
            error(&[&[2, 3], &[3, 3]]),
            "bottom: the bottoms differ in their first dimension: (2, 3) and (3, 3)"
        );
    }
}
