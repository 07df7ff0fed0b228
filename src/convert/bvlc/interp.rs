//! Interp: bilinear interpolation whose corners stay where they are.
//!
//! From `n` values along an axis to `m`, with `(m - 1) / (n - 1) = p / q`, it is a Deconvolution of stride `p` with a
//! kernel that falls off linearly on both sides, which makes `p (n - 1) + 1` values, every `q`-th of which is then
//! taken. A single value is repeated.

use super::convolution::unknown_channels;
use super::draft::{LayerDraft, constant, fixed};
use crate::error::{Refusal, Result, ensure};
use crate::proto::caffe::pooling_parameter::PoolMethod;
use crate::proto::caffe::{ConvolutionParameter, FillerParameter, LayerParameter, PoolingParameter};

/// Interp becomes Deconvolution, Pooling of single values some steps apart, or both.
pub(super) fn translate(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    if !draft.is("Interp") {
        return Ok(None);
    }
    for side in ["pad_beg", "pad_end"] {
        let pad = draft.fields.u32(&format!("interp_param.{side}")).unwrap_or_default();
        ensure!(pad == 0, "interp_param", "BVLC's Caffe has no layer that crops borders by {side}");
    }
    draft.fields.drop_all(|path| path.starts_with("interp_param."));
    draft.check_not_in_place()?;
    if draft.net.has_weights {
        // Which layers stand for it does not matter to weights, as none of them learns.
        draft.is_filled = true;
        draft.param.r#type = Some("Deconvolution".to_owned());
        return Ok(Some("Interp became layers whose weights do not learn".to_owned()));
    }
    let dims = |shapes: Option<&[crate::Shape]>| -> Option<[i32; 4]> { shapes?.first()?.dims().try_into().ok() };
    let (bottom, top) = dims(draft.net.bottoms).zip(dims(draft.net.tops)).ok_or_else(|| unknown_channels(draft))?;
    draft.param.bottom.truncate(1);
    let [_, channels, height, width] = bottom;
    let channels = u32::try_from(channels).map_err(|_| unknown_channels(draft))?;
    if (height, width) == (1, 1) {
        let param = filter_of_ones(channels, top);
        return Ok(Some(deconvolution(draft, param)));
    }
    let ratios = [ratio(height, top[2]), ratio(width, top[3])];
    let [Some((up, down)), Some(other)] = ratios else {
        return Err(Refusal::new(format!("BVLC's Caffe has no layer that makes {top:?} of {bottom:?}")));
    };
    if (up, down) != other {
        let message = format!("height and width change differently: by {up}/{down} and {}/{}", other.0, other.1);
        return Err(Refusal::new(message));
    }
    if up == 1 {
        return Ok(Some(take_every(draft, down)));
    }
    let param = linear_filter(channels, up);
    if down == 1 {
        return Ok(Some(deconvolution(draft, param)));
    }
    let enlarged = draft.fresh_blob("enlarged");
    let layer = draft.sibling("enlarge", "Deconvolution");
    let layer = LayerParameter { param: vec![fixed(None)], convolution_param: Some(param.into()), ..layer };
    let bottom = draft.param.bottom.clone();
    draft.precede(layer, bottom, vec![enlarged.clone()]);
    draft.param.bottom = vec![enlarged];
    take_every(draft, down);
    Ok(Some("Interp became Deconvolution and Pooling".to_owned()))
}

/// The numbers of steps before and behind, without common factors; nothing where there are none.
fn ratio(from: i32, to: i32) -> Option<(u32, u32)> {
    let (up, down) = (u32::try_from(to - 1).ok()?, u32::try_from(from - 1).ok()?);
    let (mut divisor, mut rest) = (up, down);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (up > 0 && down > 0).then(|| (up / divisor, down / divisor))
}

fn deconvolution(draft: &mut LayerDraft<'_>, param: ConvolutionParameter) -> String {
    draft.param.r#type = Some("Deconvolution".to_owned());
    draft.param.param = vec![fixed(None)];
    draft.param.convolution_param = Some(param.into());
    "Interp became Deconvolution with filters that do not learn".to_owned()
}

/// Takes single values, so many steps apart.
fn take_every(draft: &mut LayerDraft<'_>, step: u32) -> String {
    let pool = Some(PoolMethod::Max as i32);
    let param = PoolingParameter { pool, kernel_size: Some(1), stride: Some(step), ..Default::default() };
    draft.param.r#type = Some("Pooling".to_owned());
    draft.param.pooling_param = Some(param.into());
    "Interp became Pooling, which takes single values".to_owned()
}

/// A filter for each channel.
fn of_channels(channels: u32) -> ConvolutionParameter {
    ConvolutionParameter {
        num_output: Some(channels),
        group: Some(channels),
        bias_term: Some(false),
        ..Default::default()
    }
}

/// Repeats a single value over the whole top.
fn filter_of_ones(channels: u32, [_, _, height, width]: [i32; 4]) -> ConvolutionParameter {
    let [kernel_h, kernel_w] = [height, width].map(|size| u32::try_from(size).ok());
    ConvolutionParameter { kernel_h, kernel_w, weight_filler: Some(constant(1.0)), ..of_channels(channels) }
}

/// Puts so many steps between two values.
fn linear_filter(channels: u32, steps: u32) -> ConvolutionParameter {
    ConvolutionParameter {
        kernel_size: vec![2 * steps - 1],
        stride: vec![steps],
        pad: vec![steps - 1],
        weight_filler: Some(FillerParameter { r#type: Some("bilinear".to_owned()), ..Default::default() }),
        ..of_channels(channels)
    }
}
