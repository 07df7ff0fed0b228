//! BN: normalisation, scale and shift in one layer.

use super::draft::{LayerDraft, as_list, filled, fixed};
use crate::error::{Refusal, Result, ensure};
use crate::formats::StoredBlob;
use crate::proto::caffe::{BatchNormParameter, FillerParameter, ParamSpec, ScaleParameter};

/// What SegNet's layer adds to the variance.
const SEGNET_EPS: f32 = 1e-9;

/// BN becomes BatchNorm and Scale, or a Scale alone where SegNet's INFERENCE mode has the statistics in scale and
/// shift.
pub(super) fn translate(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    if !draft.is("BN") {
        return Ok(None);
    }
    let is_whole = match draft.knows("BNParameter", "icnet") {
        true => draft.fields.bool("bn_param.icnet").unwrap_or_default(),
        false => draft.knows("BNParameter", "eps") || draft.knows("BNParameter", "var_eps"),
    };
    draft.fields.drop_all(|path| path == "bn_param.engine");
    if is_whole { with_statistics(draft).map(Some) } else { without_statistics(draft).map(Some) }
}

/// SegNet's: blobs scale and shift, (1, C, 1, 1).
fn without_statistics(draft: &mut LayerDraft<'_>) -> Result<String, Refusal> {
    let is_folded = draft.fields.name("bn_param.bn_mode").as_deref() == Some("INFERENCE");
    ensure!(draft.param.top.len() <= 1, "top", "BVLC's layers have no tops for the mean and variance of the batch");
    draft.check_axes(4)?;
    let (filler, bias_filler) = fillers(draft, ["scale_filler", "shift_filler"]);
    let blobs = std::mem::take(&mut draft.blobs);
    ensure!(matches!(blobs.len(), 0 | 2), "blobs", "BN without statistics has 2 blobs, {} given", blobs.len());
    let scale = scale_param(filler, bias_filler);
    if is_folded {
        draft.param.r#type = Some("Scale".to_owned());
        draft.param.scale_param = Some(scale.into());
        draft.blobs = lists(&blobs)?;
        return Ok("BN in INFERENCE mode became Scale".to_owned());
    }
    let norm = BatchNormParameter { use_global_stats: Some(false), eps: Some(SEGNET_EPS), ..Default::default() };
    let statistics = match blobs.first() {
        Some(blob) => statistics_of_none(blob.shape.count())?,
        None => Vec::new(),
    };
    let params = std::mem::take(&mut draft.param.param);
    part(draft, norm, statistics, scale, lists(&blobs)?, params);
    Ok("BN in LEARN mode became BatchNorm and Scale, which take the statistics of the batch in TEST, too".to_owned())
}

/// The layer with blobs slope, bias, mean and variance, whatever they are called.
fn with_statistics(draft: &mut LayerDraft<'_>) -> Result<String, Refusal> {
    let is_frozen = draft.bool_or_default("bn_param.frozen", "BNParameter");
    let has_average = draft.fields.bool("bn_param.moving_average").unwrap_or(true);
    let eps = draft.f32_or_default("bn_param.eps", "BNParameter");
    let eps = if draft.knows("BNParameter", "var_eps") {
        draft.f32_or_default("bn_param.var_eps", "BNParameter")
    } else {
        eps
    };
    let momentum = match draft.f32_or_default("bn_param.decay", "BNParameter") {
        Some(decay) => Some(1.0 - decay),
        None => draft.f32_or_default("bn_param.momentum", "BNParameter"),
    };
    let names = match draft.knows("BNParameter", "slope_filler") {
        true => ["slope_filler", "bias_filler"],
        false => ["scale_filler", "shift_filler"],
    };
    if names[0] == "scale_filler" {
        draft.check_axes(4)?;
    }
    let (filler, bias_filler) = fillers(draft, names);
    let norm = BatchNormParameter {
        use_global_stats: is_frozen.then_some(true).or((!has_average).then_some(false)),
        moving_average_fraction: momentum,
        eps,
        ..Default::default()
    };
    let blobs = std::mem::take(&mut draft.blobs);
    ensure!(matches!(blobs.len(), 0 | 4), "blobs", "BN with statistics has 4 blobs, {} given", blobs.len());
    let (learned, statistics) = blobs.split_at(blobs.len() / 2);
    let mut statistics = lists(statistics)?;
    if !statistics.is_empty() {
        statistics.push(filled(2, 1, 1.0)?);
    }
    let mut params = std::mem::take(&mut draft.param.param);
    let of_statistics = params.split_off(params.len().min(2));
    if is_frozen {
        params.resize(2, ParamSpec::default());
        params.iter_mut().for_each(|param| *param = fixed(param.name.take()));
    }
    draft.param.param = shared(&of_statistics);
    part(draft, norm, statistics, scale_param(filler, bias_filler), lists(learned)?, params);
    Ok("BN became BatchNorm and Scale".to_owned())
}

/// The `param` entries of a BatchNorm whose mean and variance are shared under names; the factor is then, too.
fn shared(of_statistics: &[ParamSpec]) -> Vec<ParamSpec> {
    if of_statistics.iter().all(|param| param.name().is_empty()) {
        return Vec::new();
    }
    let name = |index: usize| of_statistics.get(index).and_then(|param| param.name.clone());
    let factor = name(0).or(name(1)).map(|name| format!("{name}_factor"));
    [name(0), name(1), factor].map(fixed).into()
}

/// Makes the layer a BatchNorm and puts a Scale behind it.
fn part(
    draft: &mut LayerDraft<'_>,
    norm: BatchNormParameter,
    statistics: Vec<StoredBlob>,
    scale: ScaleParameter,
    learned: Vec<StoredBlob>,
    params: Vec<ParamSpec>,
) {
    draft.param.r#type = Some("BatchNorm".to_owned());
    draft.param.batch_norm_param = Some(norm.into());
    draft.blobs = statistics;
    let mut behind = draft.sibling("scale", "Scale");
    behind.scale_param = Some(scale.into());
    behind.param = params;
    draft.follow(behind, learned);
}

fn fillers(draft: &mut LayerDraft<'_>, names: [&str; 2]) -> (FillerParameter, FillerParameter) {
    let [filler, bias_filler] = names.map(|name| format!("bn_param.{name}"));
    (draft.filler_or_zeros(&filler), draft.filler_or_zeros(&bias_filler))
}

/// A Scale with a bias. BN's own scale is 0 where the net has no filler for it, and Scale's would be 1.
fn scale_param(filler: FillerParameter, bias_filler: FillerParameter) -> ScaleParameter {
    ScaleParameter { filler: Some(filler), bias_term: Some(true), bias_filler: Some(bias_filler), ..Default::default() }
}

fn lists(blobs: &[StoredBlob]) -> Result<Vec<StoredBlob>, Refusal> {
    let count = blobs.first().map_or(0, |blob| blob.shape.count());
    let differs = blobs.iter().find(|blob| blob.shape.count() != count);
    if let Some(blob) = differs {
        let message = format!("blob {} has {} values, where others have {count}", blob.index, blob.shape.count());
        return Err(Refusal::at("blobs", message));
    }
    blobs.iter().enumerate().map(|(index, blob)| as_list(blob, index)).collect()
}

/// The statistics that a BatchNorm has which has seen nothing.
fn statistics_of_none(channels: usize) -> Result<Vec<StoredBlob>, Refusal> {
    Ok(vec![filled(0, channels, 0.0)?, filled(1, channels, 0.0)?, filled(2, 1, 0.0)?])
}
