//! Convolutions by other names, and what forks add to their settings.

use super::draft::LayerDraft;
use crate::error::{Refusal, Result};
use crate::proto::caffe::ConvolutionParameter;
use crate::setting::{Advice, Setting};

/// DepthwiseConvolution is Convolution in all but the name.
pub(super) fn depthwise(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    if !draft.is("DepthwiseConvolution") {
        return Ok(None);
    }
    draft.param.r#type = Some("Convolution".to_owned());
    Ok(Some("DepthwiseConvolution became Convolution with its group".to_owned()))
}

/// soeaver's ConvolutionDepthwise has a filter for each channel, whatever `num_output` and `group` say.
pub(super) fn of_each_channel(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    if !draft.is("ConvolutionDepthwise") {
        return Ok(None);
    }
    let channels = draft.blobs.first().and_then(|blob| blob.shape.dim(0)).or_else(|| draft.channels());
    let channels = channels.and_then(|channels| u32::try_from(channels).ok()).ok_or_else(|| unknown_channels(draft))?;
    let param: &mut ConvolutionParameter = draft.param.convolution_param.get_or_insert_default();
    (param.num_output, param.group) = (Some(channels), Some(channels));
    pair(&mut param.kernel_size, &mut param.kernel_h, &mut param.kernel_w);
    pair(&mut param.stride, &mut param.stride_h, &mut param.stride_w);
    pair(&mut param.pad, &mut param.pad_h, &mut param.pad_w);
    param.dilation.truncate(2);
    draft.param.r#type = Some("Convolution".to_owned());
    Ok(Some("ConvolutionDepthwise became Convolution with as many groups as channels".to_owned()))
}

/// Synopsys' ConvolutionDepthwise has as many groups as channels.
pub(super) fn in_groups_of_one(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    if !draft.is("ConvolutionDepthwise") {
        return Ok(None);
    }
    let channels = draft.channels().and_then(|channels| u32::try_from(channels).ok());
    let channels = channels.ok_or_else(|| unknown_channels(draft))?;
    draft.param.convolution_param.get_or_insert_default().group = Some(channels);
    draft.param.r#type = Some("Convolution".to_owned());
    Ok(Some("ConvolutionDepthwise became Convolution with as many groups as channels".to_owned()))
}

/// The refusal of a layer whose channels have to be known.
pub(super) fn unknown_channels(draft: &LayerDraft<'_>) -> Refusal {
    let bottom = draft.param.bottom.first().cloned().unwrap_or_default();
    let help = match draft.net.has_weights {
        true => Advice::from("convert the net definition first, then put the weights into it"),
        false => Advice::naming("", Setting::Shape { top: bottom, pattern: "N,C,H,W".into() }, " gives it"),
    };
    let reason =
        draft.net.reason.map_or_else(String::new, |reason| format!(", as the net cannot be planned: {reason}"));
    Refusal::at("bottom", format!("the number of channels of the bottom is not known{reason}")).help(help)
}

/// Of a pair and a list the pair counts, if it is whole, and otherwise the first two of the list.
fn pair(list: &mut Vec<u32>, height: &mut Option<u32>, width: &mut Option<u32>) {
    if height.is_some() && width.is_some() {
        list.clear();
    } else {
        (*height, *width) = (None, None);
        list.truncate(2);
    }
}

/// `dilation_h` and `dilation_w` become a `dilation` for each of the two axes. Beside the first, the second is 0 where
/// it is missing; alone it does nothing.
pub(super) fn dilation(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    let sides = ["convolution_param.dilation_h", "convolution_param.dilation_w"].map(|path| draft.fields.u32(path));
    let (height, width) = match sides {
        [None, None] => return Ok(None),
        [None, Some(_)] => return Ok(Some("dilation_w was dropped, as it does nothing without dilation_h".to_owned())),
        [Some(height), width] => (height, width.unwrap_or(0)),
    };
    draft.param.convolution_param.get_or_insert_default().dilation = vec![height, width];
    Ok(Some("dilation_h and dilation_w became dilation".to_owned()))
}

/// ParseNet's `filter_stride`, or both of `filter_stride_h` and `filter_stride_w`, become `dilation`.
pub(super) fn filter_stride(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    const BOTH: &str = "convolution_param.filter_stride";
    let [both, height, width] = [BOTH, "convolution_param.filter_stride_h", "convolution_param.filter_stride_w"]
        .map(|path| draft.fields.u32(path));
    let dilation = match (both, height, width) {
        (None, None, None) => return Ok(None),
        (Some(both), None, None) => vec![both],
        (None, Some(height), Some(width)) => vec![height, width],
        _ => {
            return Err(Refusal::at(
                BOTH,
                "give filter_stride, or both of filter_stride_h and filter_stride_w, or none",
            ));
        }
    };
    draft.param.convolution_param.get_or_insert_default().dilation = dilation;
    Ok(Some("filter_stride became dilation".to_owned()))
}

/// Equal padding on opposite sides becomes `pad_h` and `pad_w`.
pub(super) fn sides(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    for message in ["convolution_param", "pooling_param"] {
        let paths = ["pad_t", "pad_b", "pad_l", "pad_r"].map(|side| format!("{message}.{side}"));
        if !paths.iter().any(|path| draft.fields.has(path)) {
            continue;
        }
        let mut fields = draft.fields.clone();
        let [top, bottom, left, right] = paths.map(|path| fields.u32(&path).unwrap_or_default());
        if [top, bottom, left, right] == [0; 4] {
            continue;
        }
        draft.fields = fields;
        if (top, left) != (bottom, right) {
            let field = if message == "pooling_param" { "pooling_param" } else { "convolution_param" };
            let message = format!("opposite sides are padded differently: {top} and {bottom}, {left} and {right}");
            return Err(Refusal::at(field, message));
        }
        match message {
            "pooling_param" => {
                let param = draft.param.pooling_param.get_or_insert_default();
                (param.pad_h, param.pad_w) = (Some(top), Some(left));
            }
            _ => {
                let param = draft.param.convolution_param.get_or_insert_default();
                (param.pad_h, param.pad_w) = (Some(top), Some(left));
            }
        }
        return Ok(Some("pad_t, pad_b, pad_l and pad_r became pad_h and pad_w".to_owned()));
    }
    Ok(None)
}
