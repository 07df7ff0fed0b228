//! BatchNorm with a scale and a shift of its own, or with what forks add to it.

use super::draft::{LayerDraft, fixed};
use crate::dialect::BatchNormBlobs;
use crate::donors;
use crate::error::{Refusal, Result, ensure};
use crate::formats::{StoredBlob, StoredLayer};
use crate::proto::caffe::{BatchNormParameter, FillerParameter, LayerParameter, ScaleParameter};

const PARAM: &str = "BatchNormParameter";

/// The least that is added to the variance where the statistics themselves are kept.
const LEAST_EPS: f32 = 1e-5;

/// The scale and the shift of a BatchNorm.
#[derive(Default)]
struct OwnScale {
    filler: Option<FillerParameter>,
    /// Whether there is a shift too, and its filler.
    bias: Option<Option<FillerParameter>>,
}

/// BatchNorm with scale and shift becomes BatchNorm and Scale.
pub(super) fn translate(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    if !draft.is("BatchNorm") {
        return Ok(None);
    }
    let given = draft.fields.paths().count();
    let own = own_scale(draft);
    let is_given = draft.fields.paths().count() < given;
    let mut done = settings(draft)?;
    let stored = StoredLayer::new("", std::mem::take(&mut draft.blobs));
    let is_corrected = draft.net.dialect.traits.batch_norm_blobs == BatchNormBlobs::Corrected;
    let has_flattened = stored.blobs.len() == 3 && stored.blobs.iter().any(|blob| blob.shape.axes() > 1);
    let (norm, learned) = match donors::parted(&stored, is_corrected) {
        Some((norm, learned)) => (norm.blobs, learned.blobs),
        None => (stored.blobs, Vec::new()),
    };
    ensure!(matches!(norm.len(), 0 | 3), "blobs", "BatchNorm has 3 blobs or 5, {} given", norm.len());
    let own = own.or_else(|| {
        let bias = (learned.len() == 2).then_some(None);
        (!learned.is_empty()).then_some(OwnScale { filler: None, bias })
    });
    draft.blobs = norm;
    if let Some(own) = own {
        add_scale(draft, own, learned)?;
        done.insert(0, "BatchNorm became BatchNorm and Scale");
    } else if is_given {
        done.push("settings of a scale that the layer does not have were dropped");
    }
    if has_flattened {
        done.push("blobs of the shape (1, C, 1, 1) became (C)");
    }
    Ok((!done.is_empty()).then(|| done.join("; ")))
}

fn add_scale(draft: &mut LayerDraft<'_>, own: OwnScale, learned: Vec<StoredBlob>) -> Result<(), Refusal> {
    let count = 1 + usize::from(own.bias.is_some());
    ensure!(
        draft.blobs.is_empty() || learned.len() == count,
        "blobs",
        "with scale and shift BatchNorm has {} blobs, {} given",
        3 + count,
        3 + learned.len()
    );
    let mut params = std::mem::take(&mut draft.param.param);
    let of_scale = params.split_off(params.len().min(3));
    draft.param.param = params;
    let mut scale = draft.sibling("scale", "Scale");
    scale.param = of_scale;
    scale.scale_param = Some(
        ScaleParameter {
            filler: own.filler,
            bias_term: Some(own.bias.is_some()),
            bias_filler: own.bias.flatten(),
            ..Default::default()
        }
        .into(),
    );
    draft.follow(scale, learned);
    Ok(())
}

/// The scale that the layer's settings ask for.
fn own_scale(draft: &mut LayerDraft<'_>) -> Option<OwnScale> {
    if draft.knows(PARAM, "scale_bias") {
        let is_asked = draft.fields.bool("batch_norm_param.scale_bias").unwrap_or_default();
        let filler = draft.fields.message("batch_norm_param.scale_filler");
        let bias_filler = draft.fields.message("batch_norm_param.bias_filler");
        let has_any = is_asked || filler.is_some() || bias_filler.is_some();
        return has_any.then_some(OwnScale { filler, bias: Some(bias_filler) });
    }
    if draft.net.dialect.traits.batch_norm_blobs == BatchNormBlobs::ScaleFirst {
        // Zero unless filled, where BVLC's Scale is 1.
        let filler = draft.fields.message("batch_norm_param.scale_filler").unwrap_or_default();
        let bias_filler = draft.fields.message("batch_norm_param.bias_filler");
        return Some(OwnScale { filler: Some(filler), bias: Some(bias_filler) });
    }
    if draft.knows(PARAM, "use_alpha_beta") {
        let is_asked = draft.fields.bool("batch_norm_param.use_alpha_beta").unwrap_or_default();
        return is_asked.then_some(OwnScale { filler: None, bias: Some(None) });
    }
    if draft.knows(PARAM, "use_weight_bias") { scale_of_engine(draft) } else { None }
}

/// Intel's engines have scale and shift in the layer. Where a Scale follows, that is what they are.
fn scale_of_engine(draft: &mut LayerDraft<'_>) -> Option<OwnScale> {
    let has_weight = draft.fields.bool("batch_norm_param.use_weight_bias").unwrap_or(true);
    let has_bias = draft.fields.bool("batch_norm_param.bias_term").unwrap_or(true);
    let filler = draft.fields.message("batch_norm_param.filler");
    let bias_filler = draft.fields.message("batch_norm_param.bias_filler");
    let engine = draft.fields.name("batch_norm_param.engine");
    let engine = engine.or_else(|| draft.fields.name("engine")).unwrap_or_else(|| draft.net.engine.to_owned());
    let is_intels = ["MKL2017", "MKLDNN"].iter().any(|name| engine.contains(name));
    let is_followed = |reader: &LayerParameter| reader.r#type() == "Scale" && reader.bottom.len() == 1;
    let has_own = is_intels && has_weight && draft.blobs.len() != 3 && !draft.net.reader.is_some_and(is_followed);
    has_own.then(|| OwnScale { filler, bias: has_bias.then_some(bias_filler) })
}

/// Brings the other settings to what BVLC's layer does without them; says what was done.
fn settings(draft: &mut LayerDraft<'_>) -> Result<Vec<&'static str>, Refusal> {
    let mut done = Vec::new();
    let of_training = draft
        .fields
        .drop_all(|path| matches!(path, "batch_norm_param.stats_batch_size" | "batch_norm_param.update_global_stats"));
    if !of_training.is_empty() {
        done.push("settings of the statistics in training were dropped");
    }
    let learning = draft.param.param.iter_mut().take(3).filter(|param| param.lr_mult() != 0.0);
    if learning.map(|param| *param = fixed(param.name.take())).count() > 0 {
        done.push("lr_mult of the statistics became 0, as BVLC's Caffe has it");
    }
    if draft.fields.takes("batch_norm_param.add_eps_before_sqrt", false) {
        let message = "BVLC's BatchNorm adds eps to the variance before taking the root";
        return Err(Refusal::at("batch_norm_param.add_eps_before_sqrt", message));
    }
    let is_corrected = draft.net.dialect.traits.batch_norm_blobs == BatchNormBlobs::Corrected;
    let param = draft.param.batch_norm_param.as_deref().cloned();
    if is_corrected && let Some(given) = &param {
        let param: &mut BatchNormParameter = draft.param.batch_norm_param.get_or_insert_default();
        if given.eps() < LEAST_EPS {
            param.eps = Some(LEAST_EPS);
            done.push("eps became 1e-5, the least that the fork accepts");
        }
        if given.use_global_stats == Some(false) {
            param.use_global_stats = None;
            done.push("use_global_stats: false was dropped, as the phase decides there");
        }
    }
    let is_global = || draft.net.dialect.schema().message(PARAM)?.field_named("use_global_stats")?.declared_default();
    if is_global() == Some("true") && param.is_none_or(|param| param.use_global_stats.is_none()) {
        draft.param.batch_norm_param.get_or_insert_default().use_global_stats = Some(true);
        done.push("use_global_stats: true, the default there, was written out");
    }
    Ok(done)
}
