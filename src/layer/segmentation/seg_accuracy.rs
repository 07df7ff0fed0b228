//! SegAccuracy: the accuracy of the pixels, that of the classes, and the overlap of labels and scores.
//!
//! ```text
//! top = (1, 1, 1, 3), of bottoms (N, C, H, W) and labels (N, 1, H, W)
//! ```

use super::{Segmentation, check_ones, check_same};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "SegAccuracy",
    "Measures how well the scores of pixels agree with their labels",
    Arity::exactly(2),
    Arity::exactly(1),
    &setup,
)
.params(&["seg_accuracy_param"])
.measures()
.known(Known::WithField("seg_accuracy_param"));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let classes = ctx.legacy_dim(0, 1)?;
    ensure!(classes > 0, "bottom", "there are no classes: the scores are {}", ctx.bottom(0));
    check_ones(ctx, 1, &[1])?;
    check_same(ctx, 1, &[0, 2, 3])?;
    let param = ctx.param.seg_accuracy_param().unwrap_or_default();
    let top = Shape::new([1, 1, 1, 3]).at("top")?;
    Ok(Setup::new(ctx, Operator::Segmentation(Segmentation::Accuracy(param)), [top]))
}
