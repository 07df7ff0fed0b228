//! SqueezeConvolution and SqueezeDeconvolution: filters of which a mask takes some away (Synopsys).
//!
//! They are Convolution and Deconvolution with settings in `squeeze_convolution_param`. Where these make or are given
//! just weights and, unless `bias_term` is false, a bias, masks follow in the same order and shape, filled by
//! `weight_mask_filler` and `bias_mask_filler`, and two zeros, (1, 1, 1, 2). Stored layers may have fewer blobs, which
//! are the first ones.

use super::setup;
use crate::Shape;
use crate::error::{AtField, Refusal};
use crate::layer::{BlobSpec, Restoring, Role, Setup, SetupContext};
use crate::proto::caffe::{ConvolutionParameter, FillerParameter, SqueezeConvolutionParameter};

const FIELD: &str = "squeeze_convolution_param";

pub(super) fn convolution(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    squeezed(ctx, false)
}

pub(super) fn deconvolution(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    squeezed(ctx, true)
}

fn squeezed(ctx: &SetupContext<'_>, transposed: bool) -> Result<Setup, Refusal> {
    let param = ctx.param.squeeze_convolution_param().unwrap_or_default();
    let in_own_field = |refusal: Refusal| match refusal.field.starts_with("convolution_param") {
        true => Refusal { field: FIELD, ..refusal },
        false => refusal,
    };
    let mut setup = setup(ctx, &plain(&param), transposed).map_err(in_own_field)?;
    let fillers = [
        ("squeeze_convolution_param.weight_filler", &param.weight_filler),
        ("squeeze_convolution_param.bias_filler", &param.bias_filler),
    ];
    setup.name_fillers(&fillers.map(|(field, _)| field));
    let masks = [
        ("squeeze_convolution_param.weight_mask_filler", &param.weight_mask_filler),
        ("squeeze_convolution_param.bias_mask_filler", &param.bias_mask_filler),
    ];
    add_masks(&mut setup, param.bias_term(), masks)?;
    Ok(setup)
}

/// The masks of weights and bias, by the fields of their fillers, and the two numbers behind them.
///
/// # Errors
/// None: four axes are few enough.
pub(in crate::layer) fn add_masks(
    setup: &mut Setup,
    bias: bool,
    masks: [(&'static str, &Option<FillerParameter>); 2],
) -> Result<(), Refusal> {
    setup.restoring = Restoring::First;
    let learned = 1 + usize::from(bias);
    if setup.blobs.len() != learned {
        return Ok(());
    }
    for (index, (field, filler)) in masks.into_iter().enumerate().take(learned) {
        let shape = setup.blobs[index].shape.clone();
        setup.push_blob(BlobSpec::filled(Role::Other, shape, field, filler.as_ref()));
    }
    setup.push_blob(BlobSpec::zeros(Role::Other, Shape::new([1, 1, 1, 2]).at(FIELD)?));
    Ok(())
}

/// The settings that Convolution has, too.
fn plain(param: &SqueezeConvolutionParameter) -> ConvolutionParameter {
    let side = |pad: Option<u32>| pad.map(u32::cast_signed);
    ConvolutionParameter {
        num_output: param.num_output,
        bias_term: param.bias_term,
        pad: param.pad.clone(),
        kernel_size: param.kernel_size.clone(),
        stride: param.stride.clone(),
        dilation: param.dilation.clone(),
        pad_h: param.pad_h,
        pad_w: param.pad_w,
        pad_type: param.pad_type,
        pad_l: side(param.pad_l),
        pad_r: side(param.pad_r),
        pad_t: side(param.pad_t),
        pad_b: side(param.pad_b),
        kernel_h: param.kernel_h,
        kernel_w: param.kernel_w,
        stride_h: param.stride_h,
        stride_w: param.stride_w,
        per_channel_scale_weight: param.per_channel_scale_weight,
        per_channel_scale_output: param.per_channel_scale_output,
        group: param.group,
        weight_filler: param.weight_filler.clone(),
        bias_filler: param.bias_filler.clone(),
        axis: param.axis,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::testing::Surroundings;

    #[test]
    fn masks_follow_what_they_mask() {
        let blobs = |fields: &str| {
            let text = format!("squeeze_convolution_param {{ num_output: 4 kernel_size: 3 {fields} }}");
            let made = Surroundings::of("synopsys").run("SqueezeConvolution", &text, &[&[1, 2, 5, 5]], 1).unwrap();
            let draws = made.draws.iter().map(|draw| match draw {
                Draw::Blob(blob) => *blob,
                other => panic!("{other:?}"),
            });
            (made.blobs.iter().map(|blob| blob.shape.count()).collect::<Vec<_>>(), draws.collect::<Vec<_>>())
        };
        assert_eq!(blobs(""), (vec![72, 4, 72, 4, 2], vec![0, 1, 2, 3]));
        assert_eq!(blobs("bias_term: false"), (vec![72, 72, 2], vec![0, 1]));
        assert_eq!(blobs("per_channel_scale_weight: true").0, [72, 4, 4, 4]);
    }

    #[test]
    fn refusals_name_the_own_field() {
        let error = Surroundings::of("synopsys").refusal("SqueezeConvolution", "", &[&[1, 2, 5, 5]]);
        assert_eq!(error, "squeeze_convolution_param: kernel_size is missing");
    }
}
