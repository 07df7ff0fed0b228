//! NdPooling: the maximum or average of each window over any number of axes, on cuDNN (video-caffe).
//!
//! (N, C, d..) becomes (N, C, o..), each size rounded up in single precision; along axes with a pad a last window that
//! would start behind the elements and their leading pad is dropped, and an axis with nothing left vanishes.
//! `kernel_shape` must be given; `global_pooling` takes all there is instead. `pad_shape` and `stride_shape` are 0 and
//! 1 without them. No blobs, no draws.

use std::sync::LazyLock;

use super::window::PoolWindow;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::convolution::{sizes, sizes_or};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::PoolingParameter;
use crate::proto::caffe::pooling_parameter::RoundMode;

const KERNEL: &str = "pooling_param.kernel_shape";

/// The entry of the layer table.
pub(super) const TYPE: LayerType = LayerType::new(
    "NdPooling",
    "Takes the maximum or the average of windows over any number of axes",
    Arity::exactly(1),
    Arity::exactly(1),
    &pooling,
)
.params(&["pooling_param"])
.keeps_signal()
.known(Known::In(&["video-caffe"]));

fn pooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    static DEFAULT: LazyLock<PoolingParameter> = LazyLock::new(PoolingParameter::default);
    let param = ctx.param.pooling_param.as_deref().unwrap_or(&DEFAULT);
    let bottom = ctx.bottom(0);
    ensure!(param.kernel_shape.is_some(), KERNEL, "kernel_shape is missing");
    ensure!(bottom.axes() > 2, "bottom", "NdPooling needs axes after the channels, the input is {bottom}");
    let spatial: Vec<i64> = bottom.dims()[2..].iter().map(|&dim| i64::from(dim)).collect();
    let axes = spatial.len();
    let kernels = match param.global_pooling() {
        true => spatial.clone(),
        false => sizes_or(param.kernel_shape.as_ref(), KERNEL, 1, 1, axes)?,
    };
    // Both are held against the kernel's number of axes, even where that is not looked at.
    let named = sizes(param.kernel_shape.as_ref(), KERNEL, 0)?.len();
    for (shape, field) in
        [(&param.pad_shape, "pooling_param.pad_shape"), (&param.stride_shape, "pooling_param.stride_shape")]
    {
        let fits = shape.as_ref().is_none_or(|shape| shape.dim.len() == named);
        ensure!(fits, field, "there must be {named} sizes, as kernel_shape has");
    }
    let pads = sizes_or(param.pad_shape.as_ref(), "pooling_param.pad_shape", 0, 0, axes)?;
    let strides = sizes_or(param.stride_shape.as_ref(), "pooling_param.stride_shape", 1, 1, axes)?;
    let mut top: Vec<i64> = bottom.dims()[..2].iter().map(|&dim| i64::from(dim)).collect();
    for axis in 0..axes {
        let window = PoolWindow { kernel: kernels[axis], stride: strides[axis], pads: [pads[axis]; 2] };
        let size = window.count(spatial[axis], RoundMode::Ceil, pads[axis] > 0, KERNEL)?;
        top.extend((size > 0).then_some(size));
    }
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(top).at(KERNEL)?]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn pool(fields: &str) -> Result<Vec<i32>, String> {
        let text = format!("pooling_param {{ {fields} }}");
        let made = Surroundings::of("video-caffe").run("NdPooling", &text, &[&[1, 2, 15, 7, 7]], 1)?;
        Ok(made.tops[0].dims()[2..].to_vec())
    }

    #[test]
    fn sizes_are_rounded_up() {
        assert_eq!(pool("kernel_shape { dim: [2, 2, 2] } stride_shape { dim: [2, 2, 2] }"), Ok(vec![8, 4, 4]));
        let padded = "kernel_shape { dim: [1, 2, 2] } stride_shape { dim: [1, 2, 2] } pad_shape { dim: [0, 1, 1] }";
        assert_eq!(pool(padded), Ok(vec![15, 4, 4]));
        assert_eq!(pool("kernel_shape { dim: [1, 1, 1] } global_pooling: true"), Ok(vec![1, 1, 1]));
        assert_eq!(pool(""), Err("pooling_param.kernel_shape: kernel_shape is missing".to_owned()));
        let message = "pooling_param.pad_shape: there must be 3 sizes, as kernel_shape has";
        assert_eq!(pool("kernel_shape { dim: [2, 2, 2] } pad_shape { dim: 1 }"), Err(message.to_owned()));
    }
}
