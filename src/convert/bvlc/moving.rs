//! Layers that move values without learning anything.

use super::convolution::unknown_channels;
use super::draft::{LayerDraft, constant, fixed};
use crate::Shape;
use crate::error::{AtField, Refusal, Result, ensure};
use crate::formats::StoredBlob;
use crate::proto::caffe::{BlobShape, ConcatParameter, ConvolutionParameter, ReshapeParameter};

/// The most groups that channels are shuffled in: each takes a layer.
const MAX_GROUPS: u32 = 1024;

/// ShuffleChannel becomes Slice, a Reshape for each group, Concat and Reshape: the groups stand side by side on an axis
/// of their own, which then becomes one with that of the channels.
pub(super) fn shuffle_channel(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    if !draft.is("ShuffleChannel") {
        return Ok(None);
    }
    let group = draft.fields.u32("shuffle_channel_param.group").unwrap_or(1);
    ensure!(
        (1..=MAX_GROUPS).contains(&group),
        "shuffle_channel_param.group",
        "group {group} is not between 1 and {MAX_GROUPS}"
    );
    draft.check_axes(4)?;
    draft.check_not_in_place()?;
    let (bottom, _) = draft.single()?;
    if group == 1 {
        draft.param.r#type = Some("Concat".to_owned());
        return Ok(Some("ShuffleChannel of a single group became Concat of one bottom".to_owned()));
    }
    let parts: Vec<String> = (0..group).map(|index| draft.fresh_blob(&format!("group{index}"))).collect();
    let slice = draft.sibling("slice", "Slice");
    draft.precede(slice, vec![bottom], parts.clone());
    let mut rows = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        let row = draft.fresh_blob(&format!("row{index}"));
        let mut reshape = draft.sibling(&format!("reshape{index}"), "Reshape");
        reshape.reshape_param = Some(reshaped(2, 0, 1).into());
        draft.precede(reshape, vec![part], vec![row.clone()]);
        rows.push(row);
    }
    let turns = draft.fresh_blob("turns");
    let mut concat = draft.sibling("concat", "Concat");
    concat.concat_param = Some(ConcatParameter { axis: Some(2), ..Default::default() });
    draft.precede(concat, rows, vec![turns.clone()]);
    draft.param.r#type = Some("Reshape".to_owned());
    draft.param.bottom = vec![turns];
    draft.param.reshape_param = Some(reshaped(1, 2, -1).into());
    Ok(Some("ShuffleChannel became Slice, Reshape and Concat".to_owned()))
}

/// So many axes from this one on become one of this size.
fn reshaped(axis: i32, num_axes: i32, dim: i64) -> ReshapeParameter {
    let shape = Some(BlobShape { dim: vec![dim] });
    ReshapeParameter { shape, axis: Some(axis), num_axes: Some(num_axes), ..Default::default() }
}

/// Upsample that repeats values becomes a Deconvolution with filters of ones, which do not learn.
pub(super) fn repeat(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    if !draft.is("Upsample") {
        return Ok(None);
    }
    let scale = draft.fields.u32("upsample_param.scale").unwrap_or(1);
    ensure!(i32::try_from(scale).is_ok_and(|scale| scale > 0), "upsample_param.scale", "scale {scale} is not above 0");
    draft.check_axes(4)?;
    draft.check_not_in_place()?;
    let channels = draft.channels().filter(|channels| *channels > 0);
    if channels.is_none() && draft.net.has_weights {
        // The weights need not name the layer: the filler of the net gives its only values.
        draft.is_filled = true;
    } else if channels.is_none() {
        return Err(unknown_channels(draft));
    }
    let channels = channels.unwrap_or(1);
    let param = ConvolutionParameter {
        num_output: Some(channels as u32),
        group: Some(channels as u32),
        kernel_size: vec![scale],
        stride: vec![scale],
        bias_term: Some(false),
        weight_filler: Some(constant(1.0)),
        ..Default::default()
    };
    draft.param.r#type = Some("Deconvolution".to_owned());
    draft.param.param = vec![fixed(None)];
    draft.param.convolution_param = Some(param.into());
    if draft.net.has_weights && !draft.is_filled {
        let shape = Shape::new([i64::from(channels), 1, scale.into(), scale.into()]).at("upsample_param.scale")?;
        let ones = vec![1.0; shape.count()];
        draft.blobs = vec![StoredBlob::new(0, shape, ones)];
    }
    Ok(Some("Upsample became Deconvolution with filters of ones".to_owned()))
}
