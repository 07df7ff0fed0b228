//! Layers that scale, which become Scale and what it needs.

use super::draft::{self, LayerDraft, constant};
use crate::error::{Refusal, Result};
use crate::proto::caffe::eltwise_parameter::EltwiseOp;
use crate::proto::caffe::{EltwiseParameter, ScaleParameter};

/// EltwiseAffine becomes Scale.
pub(super) fn eltwise_affine(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    if !draft.is("EltwiseAffine") {
        return Ok(None);
    }
    let is_shared = draft.bool_or_default("eltwise_affine_param.channel_shared", "EltwiseAffineParameter");
    let slope = draft.fields.message("eltwise_affine_param.slope_filler").unwrap_or_else(|| constant(1.0001));
    let bias = draft.fields.message("eltwise_affine_param.bias_filler").unwrap_or_else(|| constant(0.0001));
    let scale = ScaleParameter {
        filler: Some(slope),
        bias_term: Some(true),
        bias_filler: Some(bias),
        ..of_channels(is_shared)
    };
    draft.param.r#type = Some("Scale".to_owned());
    draft.param.scale_param = Some(scale.into());
    let blobs = draft.blobs.iter().enumerate().map(|(index, blob)| draft::of_channels(blob, index, is_shared));
    draft.blobs = blobs.collect::<Result<_, Refusal>>()?;
    Ok(Some("EltwiseAffine became Scale".to_owned()))
}

/// Settings of a Scale with a factor for each channel, or one for all.
pub(super) fn of_channels(is_shared: bool) -> ScaleParameter {
    let (axis, num_axes) = if is_shared { (Some(0), Some(0)) } else { (None, None) };
    ScaleParameter { axis, num_axes, ..Default::default() }
}

/// Axpy becomes Flatten of the factors, Scale, and Eltwise.
pub(super) fn axpy(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    if !draft.is("Axpy") {
        return Ok(None);
    }
    let [factors, x, y] = &draft.param.bottom[..] else {
        return Err(Refusal::at("bottom", format!("Axpy takes 3 bottoms, {} given", draft.param.bottom.len())));
    };
    draft.check_not_in_place()?;
    let (factors, x, y) = (factors.clone(), x.clone(), y.clone());
    let (flat, scaled) = (draft.fresh_blob("factors"), draft.fresh_blob("scaled"));
    let flatten = draft.sibling("flatten", "Flatten");
    draft.precede(flatten, vec![factors], vec![flat.clone()]);
    let mut scale = draft.sibling("scale", "Scale");
    scale.scale_param = Some(ScaleParameter { axis: Some(0), ..Default::default() }.into());
    draft.precede(scale, vec![x, flat], vec![scaled.clone()]);
    draft.param.r#type = Some("Eltwise".to_owned());
    draft.param.bottom = vec![scaled, y];
    let sum = EltwiseParameter { operation: Some(EltwiseOp::Sum as i32), ..Default::default() };
    draft.param.eltwise_param = Some(sum.into());
    Ok(Some("Axpy became Flatten, Scale and Eltwise".to_owned()))
}
