//! DeformableConvolution: a convolution whose filters reach for elements that offsets name (Deformable ConvNets).
//!
//! ```text
//! bottoms = data, offsets (.., 2 * kernel_h * kernel_w * deformable_group, H, W)
//! ```
//!
//! with H and W the axes 2 and 3 of the data, whatever the size of the top; further bottoms are not looked at. All tops
//! are alike. Settings, blobs and draws are those of [`Convolution`](super), in `deformable_convolution_param`. The
//! engine CUDNN is refused, as there is none.

use super::{BlobFillers, Convolution, check_bias_multiplier, check_column_buffer};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext, Signal};
use crate::proto::caffe::deformable_convolution_parameter::Engine;
use crate::proto::caffe::{ConvolutionParameter, DeformableConvolutionParameter, LayerParameter};

const FIELD: &str = "deformable_convolution_param";

pub(super) const TYPE: LayerType = LayerType::new(
    "DeformableConvolution",
    "Convolves its first input with learned filters, at places that the second one gives",
    Arity::at_least(2),
    Arity::at_least(1),
    &setup,
)
.params(&[FIELD])
.offset_bottoms(&[1])
.signal(signal)
.known(Known::In(&["soeaver", "deformable"]));

/// A convolution whose filters reach for elements that offsets name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeformableConvolution {
    /// The convolution.
    pub convolution: Convolution,
    /// How many groups of channels have offsets of their own.
    pub deformable_group: i64,
}

fn signal(layer: &LayerParameter) -> Signal {
    let param = layer.deformable_convolution_param();
    Signal::through_weights(layer, param.is_some_and(|param| param.weight_filler.is_some()))
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.deformable_convolution_param().unwrap_or_default();
    let engine = "deformable_convolution_param.engine";
    ensure!(param.engine() != Engine::Cudnn, engine, "there is no engine CUDNN for DeformableConvolution");
    let settings = plain(&param);
    let convolution = Convolution::new(ctx, &settings, false).map_err(at_own_field)?;
    let deformable_group = i64::from(param.deformable_group());
    check_offsets(ctx, &convolution, deformable_group)?;
    let top = convolution.top(ctx.bottom(0)).map_err(at_own_field)?;
    let weight = convolution.weight_shape().map_err(at_own_field)?;
    check_column_buffer(&convolution, &weight, &top).map_err(at_own_field)?;
    if convolution.bias {
        check_bias_multiplier(&top, convolution.axis).map_err(at_own_field)?;
    }
    let fillers = BlobFillers {
        weight: ("deformable_convolution_param.weight_filler", param.weight_filler.as_ref()),
        bias: ("deformable_convolution_param.bias_filler", param.bias_filler.as_ref()),
    };
    let num_output = convolution.num_output;
    let bias = convolution.bias.then_some(num_output);
    let operator = DeformableConvolution { convolution, deformable_group };
    let tops = vec![top; ctx.top_count()];
    let setup = Setup::new(ctx, Operator::DeformableConvolution(operator), tops);
    fillers.add(setup, weight, bias).map_err(at_own_field)
}

/// Checks the channels of the offsets, and that they are as high and wide as the data.
fn check_offsets(ctx: &SetupContext<'_>, convolution: &Convolution, groups: i64) -> Result<(), Refusal> {
    let (data, offsets) = (ctx.bottom(0), ctx.bottom(1));
    let [height, width] = match convolution.windows[..] {
        [height, width, ..] => [height.kernel, width.kernel],
        _ => return Err(Refusal::at("bottom", format!("the data {data} has no height and width after its channels"))),
    };
    let needed = [2, height, width, groups].into_iter().try_fold(1i64, i64::checked_mul);
    let channels = offsets.dim(1).map(i64::from);
    ensure!(
        channels.is_some() && channels == needed,
        "bottom",
        "2 offsets for each of {height} x {width} elements and {groups} groups do not match the channels of {offsets}"
    );
    for axis in [2, 3] {
        let (a, b) = (data.dim(axis), offsets.dim(axis));
        ensure!(a.is_some() && a == b, "bottom", "the offsets {offsets} and the data {data} differ at axis {axis}");
    }
    Ok(())
}

/// The settings of the convolution, as those of a plain one.
fn plain(param: &DeformableConvolutionParameter) -> ConvolutionParameter {
    ConvolutionParameter {
        num_output: param.num_output,
        bias_term: param.bias_term,
        pad: param.pad.clone(),
        kernel_size: param.kernel_size.clone(),
        stride: param.stride.clone(),
        dilation: param.dilation.clone(),
        pad_h: param.pad_h,
        pad_w: param.pad_w,
        kernel_h: param.kernel_h,
        kernel_w: param.kernel_w,
        stride_h: param.stride_h,
        stride_w: param.stride_w,
        group: param.group,
        axis: param.axis,
        ..Default::default()
    }
}

/// The refusal of a plain convolution, at the field of the same name in this layer's own message.
fn at_own_field(mut refusal: Refusal) -> Refusal {
    const FIELDS: &[&str] = &[
        "deformable_convolution_param.axis",
        "deformable_convolution_param.bias_term",
        "deformable_convolution_param.dilation",
        "deformable_convolution_param.group",
        "deformable_convolution_param.kernel_h",
        "deformable_convolution_param.kernel_size",
        "deformable_convolution_param.kernel_w",
        "deformable_convolution_param.num_output",
        "deformable_convolution_param.pad",
        "deformable_convolution_param.pad_h",
        "deformable_convolution_param.pad_w",
        "deformable_convolution_param.stride",
        "deformable_convolution_param.stride_h",
        "deformable_convolution_param.stride_w",
    ];
    if let Some(name) = refusal.field.strip_prefix("convolution_param") {
        let own = FIELDS.iter().find(|field| field.strip_prefix(FIELD) == Some(name));
        refusal.field = own.copied().unwrap_or(FIELD);
    }
    refusal
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;
    use crate::layer::{Draw, Setup};

    fn run(fields: &str, bottoms: &[&[i32]]) -> Result<Setup, String> {
        let text = format!("deformable_convolution_param {{ {fields} }}");
        Surroundings::of("soeaver").run("DeformableConvolution", &text, bottoms, 1)
    }

    const DATA: &[i32] = &[2, 6, 9, 10];

    #[test]
    fn blobs_are_those_of_a_convolution() {
        let made = run("num_output: 4 kernel_size: 3 pad: 1 stride: 2", &[DATA, &[7, 72, 9, 10]]).unwrap();
        assert_eq!(made.tops[0].dims(), [2, 4, 5, 5]);
        let blobs: Vec<&[i32]> = made.blobs.iter().map(|blob| blob.shape.dims()).collect();
        assert_eq!(blobs, [&[4, 6, 3, 3][..], &[4]]);
        assert_eq!(made.draws, [Draw::Blob(0), Draw::Blob(1)]);
    }

    #[test]
    fn refusals_name_the_own_fields() {
        let error = |fields: &str| run(fields, &[DATA, &[2, 72, 9, 10]]).unwrap_err();
        let message = "deformable_convolution_param.num_output: num_output is missing or 0";
        assert_eq!(error("kernel_size: 3"), message);
        let message = "deformable_convolution_param.group: group 5 does not divide 6 input channels";
        assert_eq!(error("num_output: 5 group: 5 kernel_size: 3"), message);
        let message = "deformable_convolution_param.engine: there is no engine CUDNN for DeformableConvolution";
        assert_eq!(error("num_output: 4 kernel_size: 3 engine: CUDNN"), message);
    }

    #[test]
    fn offsets_must_fit() {
        let error = |offsets: &[i32]| run("num_output: 4 kernel_size: 3", &[DATA, offsets]).unwrap_err();
        let message =
            "bottom: 2 offsets for each of 3 x 3 elements and 4 groups do not match the channels of (2, 18, 9, 10)";
        assert_eq!(error(&[2, 18, 9, 10]), message);
        let message = "bottom: the offsets (2, 72, 7, 10) and the data (2, 6, 9, 10) differ at axis 2";
        assert_eq!(error(&[2, 72, 7, 10]), message);
        let error = run("num_output: 4 kernel_size: 3", &[&[2, 6, 9], &[2, 72, 9]]).unwrap_err();
        assert_eq!(error, "bottom: the data (2, 6, 9) has no height and width after its channels");
    }
}
