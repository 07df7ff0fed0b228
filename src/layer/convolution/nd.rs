//! NdConvolution: learned filters slid over any number of axes, on cuDNN (video-caffe).
//!
//! (N, C, d..) becomes (N, num_output, o..) with `o = (d + 2 pad - kernel) / stride + 1`, truncated towards zero; an
//! axis with one place left, or none, vanishes. `kernel_shape`, `pad_shape` and `stride_shape` have a size for each
//! axis; without the latter two pads are 0 and strides 1. Several bottoms have one shape.
//!
//! Blobs: weight (num_output, C / group, kernel..) and, unless `bias_term` is false, bias (num_output). Draws: weight,
//! then bias. Blobs given in the net are taken as they are.

use std::sync::LazyLock;

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::positive_size;
use crate::layer::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext};
use crate::proto::caffe::{BlobShape, ConvolutionParameter};

const KERNEL: &str = "convolution_param.kernel_shape";
const NUM_OUTPUT: &str = "convolution_param.num_output";

pub(super) const TYPE: LayerType = LayerType::new(
    "NdConvolution",
    "Convolves its inputs with learned filters over any number of axes",
    Arity::at_least(1),
    Arity::at_least(1),
    &convolution,
)
.params(&["convolution_param"])
.signal(super::convolution_signal)
.known(Known::In(&["video-caffe"]));

fn convolution(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    static DEFAULT: LazyLock<ConvolutionParameter> = LazyLock::new(ConvolutionParameter::default);
    let param = ctx.param.convolution_param.as_deref().unwrap_or(&DEFAULT);
    let bottom = ctx.bottom(0);
    for (index, other) in ctx.bottoms.iter().enumerate().skip(1) {
        ensure!(other == bottom, "bottom", "bottom {index} has the shape {other}, bottom 0 has {bottom}");
    }
    let kernels = sizes(param.kernel_shape.as_ref(), KERNEL, 1)?;
    ensure!(!kernels.is_empty(), KERNEL, "kernel_shape is missing");
    let axes = kernels.len();
    ensure!(
        bottom.axes() == axes + 2,
        KERNEL,
        "kernel_shape has {axes} sizes for {bottom}, which has 2 axes before them"
    );
    let pads = sizes_or(param.pad_shape.as_ref(), "convolution_param.pad_shape", 0, 0, axes)?;
    let strides = sizes_or(param.stride_shape.as_ref(), "convolution_param.stride_shape", 1, 1, axes)?;
    let channels = i64::from(bottom.dims()[1]);
    let outputs = positive_size(param.num_output(), NUM_OUTPUT)?;
    let group = positive_size(param.group(), "convolution_param.group")?;
    for (what, number) in [("input channels", channels), ("num_output", outputs)] {
        let divides = number > 0 && number % group == 0;
        ensure!(divides, "convolution_param.group", "group {group} does not divide the {number} {what}");
    }
    let mut top = vec![i64::from(bottom.dims()[0]), outputs];
    for (axis, &dim) in bottom.dims()[2..].iter().enumerate() {
        let size = (i64::from(dim) + 2 * pads[axis] - kernels[axis]) / strides[axis] + 1;
        top.extend((size > 1).then_some(size));
    }
    let top = Shape::new(top).at(KERNEL)?;
    let weight = Shape::new([&[outputs, channels / group][..], &kernels].concat()).at(KERNEL)?;
    let macs = (top.count() as u64).saturating_mul(weight.count_from(1).unsigned_abs());
    let setup = Setup::new(ctx, Operator::Opaque, vec![top; ctx.top_count()]);
    let mut setup = setup.given_roles(&[Role::Weight, Role::Bias]).costs(macs.saturating_mul(ctx.top_count() as u64));
    if ctx.given.is_empty() {
        let filler = param.weight_filler.as_ref();
        setup.push_blob(BlobSpec::filled(Role::Weight, weight, "convolution_param.weight_filler", filler));
        if param.bias_term() {
            let (bias, filler) = (Shape::new([outputs]).at(NUM_OUTPUT)?, param.bias_filler.as_ref());
            setup.push_blob(BlobSpec::filled(Role::Bias, bias, "convolution_param.bias_filler", filler));
        }
    }
    Ok(setup)
}

/// The sizes of a shape, none without it; each of them is `least` at least.
///
/// # Errors
/// One is less, or does not fit an `i32`.
pub(in crate::layer) fn sizes(shape: Option<&BlobShape>, field: &'static str, least: i64) -> Result<Vec<i64>, Refusal> {
    let sizes = shape.map_or(&[][..], |shape| &shape.dim);
    for &size in sizes {
        let fits = size >= least && size <= i64::from(i32::MAX);
        ensure!(fits, field, "{size} is not between {least} and 2147483647");
    }
    Ok(sizes.to_vec())
}

/// The same for so many axes, all of them `default` without the shape.
///
/// # Errors
/// Those of [`sizes`]; there is another number of them.
pub(in crate::layer) fn sizes_or(
    shape: Option<&BlobShape>,
    field: &'static str,
    least: i64,
    default: i64,
    axes: usize,
) -> Result<Vec<i64>, Refusal> {
    if shape.is_none() {
        return Ok(vec![default; axes]);
    }
    let sizes = sizes(shape, field, least)?;
    let count = sizes.len();
    ensure!(count == axes, field, "{count} sizes for {axes} axes: give one for each");
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;
    use crate::layer::{Draw, Setup};

    fn run(fields: &str, bottom: &[i32]) -> Result<Setup, String> {
        let text = format!("convolution_param {{ num_output: 8 {fields} }}");
        Surroundings::of("video-caffe").run("NdConvolution", &text, &[bottom], 1)
    }

    #[test]
    fn each_axis_has_its_window() {
        let fields = "kernel_shape { dim: 3 dim: 5 dim: 3 } stride_shape { dim: 1 dim: 2 dim: 2 } pad_shape { dim: 1 dim: 2 dim: 0 } group: 2";
        let made = run(fields, &[1, 4, 16, 9, 9]).unwrap();
        assert_eq!(made.tops[0].dims(), [1, 8, 16, 5, 4]);
        assert_eq!((made.blobs[0].shape.dims(), made.blobs[1].shape.dims()), (&[8, 2, 3, 5, 3][..], &[8][..]));
        assert_eq!(made.draws, [Draw::Blob(0), Draw::Blob(1)]);
        assert_eq!(run("kernel_shape { dim: [16, 3, 9] }", &[1, 4, 16, 9, 9]).unwrap().tops[0].dims(), [1, 8, 7]);
    }

    #[test]
    fn refusals() {
        let error = |fields: &str| run(fields, &[1, 4, 16, 9, 9]).unwrap_err();
        assert_eq!(error(""), "convolution_param.kernel_shape: kernel_shape is missing");
        let message = "convolution_param.stride_shape: 1 sizes for 3 axes: give one for each";
        assert_eq!(error("kernel_shape { dim: [3, 3, 3] } stride_shape { dim: 2 }"), message);
        let message = "convolution_param.kernel_shape: 0 is not between 1 and 2147483647";
        assert_eq!(error("kernel_shape { dim: [3, 0, 3] }"), message);
    }
}
