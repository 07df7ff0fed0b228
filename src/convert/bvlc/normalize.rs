//! Normalize: division by the 2-norm.
//!
//! Over the channels of each position it is what LRN computes whose region has all of them:
//! `x / (k + alpha / n * sum of squares)^0.5` with `alpha = n` and `k = eps`. Over a whole item, Reduction sums up the
//! squares, Power takes the root of the inverse, and a Scale multiplies.

use super::convolution::unknown_channels;
use super::draft::{self, LayerDraft};
use super::scaling::of_channels;
use crate::error::{Refusal, Result, ensure};
use crate::proto::caffe::lrn_parameter::Engine;
use crate::proto::caffe::reduction_parameter::ReductionOp;
use crate::proto::caffe::{LrnParameter, PowerParameter, ReductionParameter, ScaleParameter};

const PARAM: &str = "NormalizeParameter";

/// Normalize with a learned scale.
pub(super) fn scaled(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    if !draft.is("Normalize") {
        return Ok(None);
    }
    let is_across = draft.bool_or_default("norm_param.across_spatial", PARAM);
    let is_shared = draft.bool_or_default("norm_param.channel_shared", PARAM);
    let eps = draft.f32_or_default("norm_param.eps", PARAM).unwrap_or_default();
    ensure!(
        !draft.fields.takes("norm_param.add_eps_before_sqrt", false),
        "norm_param.add_eps_before_sqrt",
        "BVLC's layers add eps before taking the root"
    );
    let filler = draft.fields.message("norm_param.scale_filler");
    draft.check_not_in_place()?;
    let (bottom, _) = draft.single()?;
    let normed = draft.fresh_blob("normed");
    let means = if is_across {
        divide_items(draft, &bottom, &normed, eps);
        "Reduction, Power and Scale"
    } else {
        divide_positions(draft, &bottom, &normed, eps, is_shared)?;
        "LRN"
    };
    let blobs = draft.blobs.iter().enumerate().map(|(index, blob)| draft::of_channels(blob, index, is_shared));
    draft.blobs = blobs.collect::<Result<_, Refusal>>()?;
    draft.param.r#type = Some("Scale".to_owned());
    draft.param.bottom = vec![normed];
    draft.param.scale_param = Some(ScaleParameter { filler, ..of_channels(is_shared) }.into());
    Ok(Some(format!("Normalize became {means}, and Scale")))
}

/// Normalize of items, without a scale.
pub(super) fn of_items(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    if !draft.is("Normalize") {
        return Ok(None);
    }
    draft.check_axes(4)?;
    draft.check_not_in_place()?;
    let (bottom, _) = draft.single()?;
    let factors = inverse_norms(draft, &bottom, 0.0);
    draft.param.r#type = Some("Scale".to_owned());
    draft.param.bottom = vec![bottom, factors];
    draft.param.scale_param = Some(ScaleParameter { axis: Some(0), ..Default::default() }.into());
    Ok(Some("Normalize became Reduction, Power and Scale".to_owned()))
}

fn divide_items(draft: &mut LayerDraft<'_>, bottom: &str, top: &str, eps: f32) {
    let factors = inverse_norms(draft, bottom, eps);
    let mut divide = draft.sibling("divide", "Scale");
    divide.scale_param = Some(ScaleParameter { axis: Some(0), ..Default::default() }.into());
    draft.precede(divide, vec![bottom.to_owned(), factors], vec![top.to_owned()]);
}

/// Has the inverse of each item's norm computed; returns the blob that it is in.
fn inverse_norms(draft: &mut LayerDraft<'_>, bottom: &str, eps: f32) -> String {
    let (squares, factors) = (draft.fresh_blob("squares"), draft.fresh_blob("factors"));
    let mut reduction = draft.sibling("reduction", "Reduction");
    let sum = ReductionParameter { operation: Some(ReductionOp::Sumsq as i32), axis: Some(1), ..Default::default() };
    reduction.reduction_param = Some(sum);
    draft.precede(reduction, vec![bottom.to_owned()], vec![squares.clone()]);
    let mut power = draft.sibling("power", "Power");
    let shift = (eps != 0.0).then_some(eps);
    power.power_param = Some(PowerParameter { power: Some(-0.5), shift, ..Default::default() });
    draft.precede(power, vec![squares], vec![factors.clone()]);
    factors
}

fn divide_positions(
    draft: &mut LayerDraft<'_>,
    bottom: &str,
    top: &str,
    eps: f32,
    is_shared: bool,
) -> Result<(), Refusal> {
    draft.check_axes(4)?;
    let stored = draft.blobs.first().filter(|_| !is_shared).and_then(|blob| i32::try_from(blob.shape.count()).ok());
    let channels = stored.or_else(|| draft.channels()).filter(|channels| *channels > 0);
    let channels = channels.ok_or_else(|| unknown_channels(draft))?;
    let region = u32::try_from(2 * i64::from(channels) - 1).map_err(|_| unknown_channels(draft))?;
    let mut lrn = draft.sibling("lrn", "LRN");
    let param = LrnParameter {
        local_size: Some(region),
        alpha: Some(region as f32),
        beta: Some(0.5),
        k: Some(eps),
        // cuDNN's has no regions of more than 16 channels.
        engine: Some(Engine::Caffe as i32),
        ..Default::default()
    };
    lrn.lrn_param = Some(param);
    draft.precede(lrn, vec![bottom.to_owned()], vec![top.to_owned()]);
    Ok(())
}
