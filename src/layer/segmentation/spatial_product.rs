//! SpatialProduct: each channel of the first bottom times the second, (N, 1, H, W). The top has the first one's shape.

use super::{DEEPLAB, Segmentation, check_ones, check_same};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "SpatialProduct",
    "Multiplies each channel by its second input",
    Arity::exactly(2),
    Arity::exactly(1),
    &setup,
)
.known(Known::In(DEEPLAB));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    ensure!(bottom.axes() >= 2, "bottom", "SpatialProduct needs at least 2 axes, the input is {bottom}");
    check_ones(ctx, 1, &[1])?;
    check_same(ctx, 1, &[3, 2])?;
    ctx.legacy_dim(0, 0)?;
    Ok(Setup::like_bottom(ctx, Operator::Segmentation(Segmentation::SpatialProduct)))
}
