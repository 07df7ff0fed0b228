//! Activations that BVLC's Caffe has under other names or in several layers.

use super::draft::LayerDraft;
use crate::error::{Refusal, Result};
use crate::proto::caffe::{ClipParameter, EluParameter, PowerParameter, ReLuParameter};

/// What ReLU6 limits values to.
const SIX: f32 = 6.0;

/// A ReLU within another layer becomes a ReLU behind it.
pub(super) fn fused(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    for message in ["convolution_param", "inner_product_param", "batch_norm_param"] {
        let slope = format!("{message}.negative_slope");
        if !draft.fields.takes(&format!("{message}.relu"), true) {
            if draft.fields.drop_all(|path| path == slope).is_empty() {
                continue;
            }
            return Ok(Some("negative_slope was dropped, as there is no ReLU in the layer".to_owned()));
        }
        let slope = draft.fields.f32(&slope).filter(|slope| *slope != 0.0);
        let mut relu = draft.sibling("relu", "ReLU");
        relu.relu_param = slope.map(|slope| ReLuParameter { negative_slope: Some(slope), ..Default::default() });
        draft.follow(relu, Vec::new());
        return Ok(Some("the ReLU in the layer became a ReLU after it".to_owned()));
    }
    Ok(None)
}

/// ReLUX and ReLU6 become Clip, and ReLU before it where they have a slope below zero.
pub(super) fn limited(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    let (limit, slope) = match draft.param.r#type() {
        "ReLUX" => (
            draft.f32_or_default("relux_param.maximal_value", "ReLUXParameter").unwrap_or(SIX),
            draft.fields.f32("relux_param.negative_slope").unwrap_or_default(),
        ),
        "ReLU6" => (SIX, draft.fields.f32("relu6_param.negative_slope").unwrap_or_default()),
        "ReLU" if draft.fields.takes("relu_param.relu6", true) => {
            let param = draft.param.relu_param.take();
            (SIX, param.map_or(0.0, |param| param.negative_slope()))
        }
        _ => return Ok(None),
    };
    let was = draft.param.r#type().to_owned();
    let clip = |min| Some(ClipParameter { min, max: limit });
    if slope == 0.0 {
        draft.param.r#type = Some("Clip".to_owned());
        draft.param.clip_param = clip(0.0);
        return Ok(Some(format!("{was} became Clip")));
    }
    draft.param.r#type = Some("ReLU".to_owned());
    draft.param.relu_param = Some(ReLuParameter { negative_slope: Some(slope), ..Default::default() });
    let mut behind = draft.sibling("clip", "Clip");
    behind.clip_param = clip(f32::MIN);
    draft.follow(behind, Vec::new());
    Ok(Some(format!("{was} became ReLU and Clip")))
}

/// SeLu becomes ELU and Power.
pub(super) fn selu(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    if !draft.is("SeLu") {
        return Ok(None);
    }
    let alpha = draft.f32_or_default("selu_param.alpha", "SeLuParameter");
    let lambda = draft.f32_or_default("selu_param.lambda", "SeLuParameter");
    draft.param.r#type = Some("ELU".to_owned());
    draft.param.elu_param = Some(EluParameter { alpha });
    let mut power = draft.sibling("scale", "Power");
    power.power_param = Some(PowerParameter { scale: lambda, ..Default::default() });
    draft.follow(power, Vec::new());
    Ok(Some("SeLu became ELU and Power".to_owned()))
}

/// Dropout that scales in TEST and not in TRAIN becomes Dropout and Power, which undoes the one and does the other.
pub(super) fn dropout(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    if !draft.is("Dropout") || !draft.fields.takes("dropout_param.scale_train", false) {
        return Ok(None);
    }
    let ratio = draft.param.dropout_param.as_ref().map_or(0.5, |param| param.dropout_ratio());
    let mut power = draft.sibling("scale", "Power");
    power.power_param = Some(PowerParameter { scale: Some(1.0 - ratio), ..Default::default() });
    draft.follow(power, Vec::new());
    Ok(Some("Dropout with scale_train: false became Dropout and Power".to_owned()))
}
