//! DomainTransform and DomainTransformForwardOnly: the bottom, smoothed up to the edges that the second one shows.
//!
//! ```text
//! top = (N, C, H, W), of bottoms (N, C, H, W) and edges (N, 1, H, W)
//! ```
//!
//! Further bottoms, the sizes of pictures, are not counted while the net is built.

use super::{DEEPLAB, Segmentation, check_ones, check_same};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType = entry("DomainTransform");
pub(super) const FORWARD_ONLY: LayerType = entry("DomainTransformForwardOnly");

const fn entry(name: &'static str) -> LayerType {
    LayerType::new(
        name,
        "Smooths up to the edges that its second input shows",
        Arity::at_least(0),
        Arity::exactly(1),
        &setup,
    )
    .params(&["domain_transform_param"])
    .known(Known::In(DEEPLAB))
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.domain_transform_param().unwrap_or_default();
    for (name, field, sigma) in [
        ("spatial_sigma", "domain_transform_param.spatial_sigma", param.spatial_sigma()),
        ("range_sigma", "domain_transform_param.range_sigma", param.range_sigma()),
    ] {
        let in_range = sigma > 0.0;
        ensure!(in_range, field, "{name} {sigma} is not above 0");
    }
    let (weight, iterations) = (param.min_weight(), param.num_iter());
    let in_range = weight >= 0.0;
    ensure!(in_range, "domain_transform_param.min_weight", "min_weight {weight} is below 0");
    ensure!(iterations > 0, "domain_transform_param.num_iter", "num_iter {iterations} is not above 0");
    let bottoms = ctx.bottoms.len();
    ensure!(bottoms >= 2, "bottom", "the layer reads a second bottom, the edges, and there are {bottoms} bottoms");
    check_ones(ctx, 1, &[1])?;
    check_same(ctx, 1, &[0, 2, 3])?;
    Ok(Setup::new(ctx, Operator::Segmentation(Segmentation::DomainTransform(param)), [ctx.four_axes(0)?]))
}
