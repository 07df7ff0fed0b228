//! DenseCRF: scores, smoothed over near and similar pixels by a fully connected conditional random field.
//!
//! ```text
//! top = (N, C, H, W), of bottoms (N, C, H, W), sizes (N, ..) and a picture (N, 3, H, W)
//! ```
//!
//! The picture may be left out by the checks of the layer's own code, which then reads it all the same.

use super::{Segmentation, check_same};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "DenseCRF",
    "Smooths scores over near and similar pixels",
    Arity::between(2, 3),
    Arity::exactly(1),
    &setup,
)
.params(&["dense_crf_param"])
.known(Known::WithField("dense_crf_param"));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.dense_crf_param().unwrap_or_default();
    let weights = [
        ("pos_w", param.pos_w.len(), "pos_xy_std", param.pos_xy_std.len(), "dense_crf_param.pos_xy_std"),
        ("bi_w", param.bi_w.len(), "bi_xy_std", param.bi_xy_std.len(), "dense_crf_param.bi_xy_std"),
        ("bi_w", param.bi_w.len(), "bi_rgb_std", param.bi_rgb_std.len(), "dense_crf_param.bi_rgb_std"),
    ];
    for (weight, weights, name, count, field) in weights {
        ensure!(weights == count, field, "{count} {name} for {weights} {weight}: give one for each");
    }
    ensure!(ctx.bottoms.len() == 3, "bottom", "DenseCRF reads a third bottom, the picture, and there is none");
    ensure!(!param.bi_w.is_empty(), "dense_crf_param.bi_w", "there is a picture, but no bi_w");
    let colours = ctx.legacy_dim(2, 1)?;
    ensure!(colours == 3, "bottom", "the picture must have 3 channels, its shape is {}", ctx.bottom(2));
    check_same(ctx, 1, &[0])?;
    check_same(ctx, 2, &[0, 2, 3])?;
    Ok(Setup::new(ctx, Operator::Segmentation(Segmentation::DenseCrf(param)), [ctx.four_axes(0)?]))
}
