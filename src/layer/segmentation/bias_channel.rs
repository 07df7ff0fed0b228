//! BiasChannel and AdaptiveBiasChannel: the scores of the classes that a picture is labelled with are raised.
//!
//! ```text
//! top = (N, C, H, W), of bottoms (N, C, H, W) and labels (N, any, 1, 1)
//! ```
//!
//! With `label_type: PIXEL` the labels of BiasChannel are (N, 1, H, W).

use super::{DEEPLAB, Segmentation, check_ones, check_same};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::bias_channel_parameter::LabelType;

pub(super) const TYPE: LayerType = LayerType::new(
    "BiasChannel",
    "Raises the scores of the classes that a picture is labelled with",
    Arity::exactly(2),
    Arity::exactly(1),
    &setup,
)
.params(&["bias_channel_param"])
.known(Known::In(DEEPLAB));

pub(super) const ADAPTIVE: LayerType = LayerType::new(
    "AdaptiveBiasChannel",
    "Raises the scores of the classes that a picture is labelled with until each has its share",
    Arity::exactly(2),
    Arity::exactly(1),
    &adaptive,
)
.params(&["adaptive_bias_channel_param"])
.known(Known::In(DEEPLAB));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.bias_channel_param().unwrap_or_default();
    for (name, field, bias) in [
        ("bg_bias", "bias_channel_param.bg_bias", param.bg_bias()),
        ("fg_bias", "bias_channel_param.fg_bias", param.fg_bias()),
    ] {
        let in_range = bias >= 0.0;
        ensure!(in_range, field, "{name} {bias} is below 0");
    }
    check_same(ctx, 1, &[0])?;
    check_labels(ctx)?;
    match param.label_type() {
        LabelType::Pixel => {
            check_ones(ctx, 1, &[1])?;
            check_same(ctx, 1, &[2, 3])?;
        }
        _ => check_ones(ctx, 1, &[2, 3])?,
    }
    Ok(Setup::new(ctx, Operator::Segmentation(Segmentation::BiasChannel(param)), [ctx.four_axes(0)?]))
}

fn adaptive(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.adaptive_bias_channel_param().unwrap_or_default();
    let (iterations, margin) = (param.num_iter(), param.margin_others());
    ensure!(iterations > 0, "adaptive_bias_channel_param.num_iter", "num_iter {iterations} is not above 0");
    let in_range = margin >= 0.0;
    ensure!(in_range, "adaptive_bias_channel_param.margin_others", "margin_others {margin} is below 0");
    for (name, field, portion) in [
        ("bg_portion", "adaptive_bias_channel_param.bg_portion", param.bg_portion()),
        ("fg_portion", "adaptive_bias_channel_param.fg_portion", param.fg_portion()),
    ] {
        ensure!((0.0..=1.0).contains(&portion), field, "{name} {portion} is not in [0, 1]");
    }
    let channels = ctx.legacy_dim(0, 1)?;
    ensure!(channels > 1, "bottom", "there must be more than 1 channel, the scores are {}", ctx.bottom(0));
    check_same(ctx, 1, &[0])?;
    check_labels(ctx)?;
    check_ones(ctx, 1, &[2, 3])?;
    Ok(Setup::new(ctx, Operator::Segmentation(Segmentation::AdaptiveBiasChannel(param)), [ctx.four_axes(0)?]))
}

/// Checks that there are labels.
fn check_labels(ctx: &SetupContext<'_>) -> Result<(), Refusal> {
    let labels = ctx.legacy_dim(1, 1)?;
    ensure!(labels > 0, "bottom", "there are no labels: their shape is {}", ctx.bottom(1));
    Ok(())
}
