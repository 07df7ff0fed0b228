//! BoxAnnotatorOHEM: of all boxes those with the largest losses keep their labels and weights (R-FCN).
//!
//! ```text
//! bottoms = boxes (R, 5, H, W), losses (R, 1, H, W), labels (R, 1, H, W), weights (R, C, H, W)
//! tops    = labels (R, 1, H, W), weights (R, C, H, W)
//! ```
//!
//! No more than four axes anywhere, missing ones counting as 1. The schema requires `roi_per_img`, but a layer without
//! the message has it as 0. No blobs, no draws.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::positive_size;
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "BoxAnnotatorOHEM",
    "Keeps the labels and weights of the boxes with the largest losses",
    Arity::exactly(4),
    Arity::exactly(2),
    &setup,
)
.params(&["box_annotator_ohem_param"])
.weightless()
.known(Known::WithFieldBut { field: "box_annotator_ohem_param", not: &["sophgo"] });

/// The labels and weights of the boxes with the largest losses; those of the others are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoxAnnotator {
    /// How many boxes of each picture are kept.
    pub roi_per_img: i64,
    /// The label of the others.
    pub ignore_label: i32,
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.box_annotator_ohem_param().unwrap_or_default();
    let roi_per_img = positive_size(param.roi_per_img(), "box_annotator_ohem_param.roi_per_img")?;
    let boxes = ctx.bottom(0);
    let values = ctx.legacy_dim(0, 1)?;
    ensure!(values == 5, "bottom", "each of the boxes {boxes} has {values} values instead of 5");
    for (bottom, what) in [(1, "losses"), (2, "labels"), (3, "weights")] {
        for axis in [0, 2, 3] {
            let (a, b) = (ctx.legacy_dim(0, axis)?, ctx.legacy_dim(bottom, axis)?);
            let shape = ctx.bottom(bottom);
            ensure!(a == b, "bottom", "the {what} {shape} and the boxes {boxes} differ at axis {axis}");
        }
    }
    for (bottom, what) in [(1, "loss"), (2, "label")] {
        let channels = ctx.legacy_dim(bottom, 1)?;
        ensure!(channels == 1, "bottom", "a box has one {what}, and {channels} in {}", ctx.bottom(bottom));
    }
    let [regions, height, width] = [0, 2, 3].map(|axis| ctx.legacy_dim(0, axis));
    let (regions, height, width) = (regions?, height?, width?);
    let top = |channels: i32| Shape::new([regions, channels, height, width]).at("bottom");
    let tops = [top(1)?, top(ctx.legacy_dim(3, 1)?)?];
    let operator = BoxAnnotator { roi_per_img, ignore_label: param.ignore_label() };
    Ok(Setup::new(ctx, Operator::BoxAnnotator(operator), tops))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const NAME: &str = "BoxAnnotatorOHEM";
    const TEXT: &str = "box_annotator_ohem_param { roi_per_img: 8 }";

    #[test]
    fn the_weights_keep_their_channels() {
        let tops = |bottoms: &[&[i32]]| {
            let made = Surroundings::of("rfcn").run(NAME, TEXT, bottoms, 2).unwrap();
            made.tops.iter().map(|top| top.dims().to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(tops(&[&[6, 5], &[6], &[6, 1], &[6, 8]]), [[6, 1, 1, 1], [6, 8, 1, 1]]);
        let maps: &[&[i32]] = &[&[2, 5, 3, 4], &[2, 1, 3, 4], &[2, 1, 3, 4], &[2, 7, 3, 4]];
        assert_eq!(tops(maps), [[2, 1, 3, 4], [2, 7, 3, 4]]);
    }

    #[test]
    fn refusals() {
        let error = |text: &str, bottoms: &[&[i32]]| Surroundings::of("rfcn").run(NAME, text, bottoms, 2).unwrap_err();
        let message = "box_annotator_ohem_param.roi_per_img: roi_per_img must be at least 1";
        assert_eq!(error("", &[&[6, 5], &[6], &[6], &[6, 8]]), message);
        let message = "bottom: each of the boxes (6, 4) has 4 values instead of 5";
        assert_eq!(error(TEXT, &[&[6, 4], &[6], &[6], &[6, 8]]), message);
        let message = "bottom: the labels (5) and the boxes (6, 5) differ at axis 0";
        assert_eq!(error(TEXT, &[&[6, 5], &[6], &[5], &[6, 8]]), message);
        let message = "bottom: a box has one loss, and 2 in (6, 2)";
        assert_eq!(error(TEXT, &[&[6, 5], &[6, 2], &[6], &[6, 8]]), message);
    }
}
