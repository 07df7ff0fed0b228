//! Pooling of caffe3d, over any number of axes behind the channels.
//!
//! `kernel_size`, `stride` and `pad` are given once, or once for each axis; two axes may have their settings in pairs,
//! `kernel_h` and `kernel_w`, of which a missing one is 0. Sizes are rounded up; along axes with a pad a last window
//! that would start behind the elements and their leading pad is dropped. The pad is smaller than the kernel, and
//! global pooling takes none, and no stride.

use super::check_method;
use super::window::PoolWindow;
use crate::Shape;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::{checked_size, field_name};
use crate::layer::{Operator, Setup, SetupContext};
use crate::proto::caffe::PoolingParameter;
use crate::proto::caffe::pooling_parameter::{PoolMethod, RoundMode};

const KERNEL: &str = "pooling_param.kernel_size";
const STRIDE: &str = "pooling_param.stride";
const PAD: &str = "pooling_param.pad";

/// The rule of the layer.
pub(super) fn pooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.pooling_param.as_deref().cloned().unwrap_or_default();
    check_method(ctx, param.pool())?;
    let bottom = ctx.bottom(0);
    ensure!(bottom.axes() >= 2, "bottom", "pooling needs at least 2 axes, the input is {bottom}");
    let mut dims: Vec<i64> = bottom.dims().iter().map(|&dim| i64::from(dim)).collect();
    let spatial = &mut dims[2..];
    let axes = spatial.len();
    let kernels = kernels(&param, spatial)?;
    let strides = sizes(STRIDE, &param.stride_uint32, [param.stride_h, param.stride_w], Some(1), axes)?;
    let pads = sizes(PAD, &param.pad_uint32, [param.pad_h, param.pad_w], Some(0), axes)?;
    for (axis, size) in spatial.iter_mut().enumerate() {
        let (kernel, stride, pad) = (kernels[axis], strides[axis], pads[axis]);
        ensure!(stride > 0, STRIDE, "stride is 0");
        check_pad(&param, kernel, stride, pad)?;
        let window = PoolWindow { kernel, stride, pads: [pad; 2] };
        *size = window.count(*size, RoundMode::Ceil, pad > 0, KERNEL)?;
    }
    let top = Shape::new(dims).at(KERNEL)?;
    Ok(Setup::new(ctx, Operator::Opaque, vec![top; ctx.top_count()]))
}

/// The sizes of the window.
fn kernels(param: &PoolingParameter, spatial: &[i64]) -> Result<Vec<i64>, Refusal> {
    let pair = [param.kernel_h, param.kernel_w];
    if param.global_pooling() {
        let is_given = !param.kernel_size_uint32.is_empty() || pair != [None; 2];
        ensure!(!is_given, KERNEL, "global pooling takes no kernel_size");
        return Ok(spatial.to_vec());
    }
    let kernels = sizes(KERNEL, &param.kernel_size_uint32, pair, None, spatial.len())?;
    ensure!(kernels.iter().all(|&kernel| kernel > 0), KERNEL, "kernel_size is 0");
    Ok(kernels)
}

fn check_pad(param: &PoolingParameter, kernel: i64, stride: i64, pad: i64) -> Result<(), Refusal> {
    let is_plain = pad == 0 && stride == 1;
    let global = "pooling_param.global_pooling";
    ensure!(is_plain || !param.global_pooling(), global, "global pooling takes no pad and no stride");
    ensure!(pad == 0 || param.pool() != PoolMethod::Stochastic, PAD, "STOCHASTIC pooling takes no pad");
    ensure!(pad < kernel, PAD, "pad {pad} is not smaller than the kernel size {kernel}");
    Ok(())
}

/// A setting along each axis.
fn sizes(
    field: &'static str,
    values: &[u32],
    pair: [Option<u32>; 2],
    default: Option<u32>,
    axes: usize,
) -> Result<Vec<i64>, Refusal> {
    let (name, given) = (field_name(field), values.len());
    let values = match (pair, values, default) {
        ([None, None], &[once], _) => vec![once; axes],
        ([None, None], [], Some(default)) => vec![default; axes],
        ([None, None], ..) => {
            ensure!(given == axes, field, "{given} values of {name} for {axes} axes: give one for all or one for each");
            values.to_vec()
        }
        _ => {
            ensure!(axes == 2, field, "the pair for height and width does not go with {axes} axes");
            ensure!(given == 0, field, "{name} is given as well as the pair for height and width");
            pair.map(Option::unwrap_or_default).to_vec()
        }
    };
    values.into_iter().map(|value| checked_size(value, field)).collect()
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn pool(fields: &str, bottom: &[i32]) -> Result<Vec<i32>, String> {
        let text = format!("pooling_param {{ {fields} }}");
        let made = Surroundings::of("caffe3d").run("Pooling", &text, &[bottom], 1)?;
        Ok(made.tops[0].dims()[2..].to_vec())
    }

    #[test]
    fn settings_are_given_once_or_for_each_axis() {
        let volume = &[1, 2, 15, 7, 6];
        assert_eq!(pool("kernel_size: 2 stride: 2", volume), Ok(vec![8, 4, 3]));
        assert_eq!(pool("kernel_size: [1, 2, 3] stride: [1, 2, 1] pad: [0, 1, 1]", volume), Ok(vec![15, 4, 6]));
        assert_eq!(pool("global_pooling: true", volume), Ok(vec![1, 1, 1]));
        assert_eq!(pool("kernel_h: 2 kernel_w: 3 stride: 2", &[1, 2, 7, 7]), Ok(vec![4, 3]));
    }

    #[test]
    fn refusals() {
        let error = |fields: &str| pool(fields, &[1, 2, 15, 7, 6]).unwrap_err();
        let message = "pooling_param.kernel_size: 2 values of kernel_size for 3 axes: give one for all or one for each";
        assert_eq!(error("kernel_size: [2, 2]"), message);
        let message = "pooling_param.kernel_size: 0 values of kernel_size for 3 axes: give one for all or one for each";
        assert_eq!(error(""), message);
        let message = "pooling_param.kernel_size: the pair for height and width does not go with 3 axes";
        assert_eq!(error("kernel_h: 2 kernel_w: 2"), message);
        assert_eq!(error("kernel_size: 2 pad: 2"), "pooling_param.pad: pad 2 is not smaller than the kernel size 2");
        assert_eq!(error("kernel_size: 2 stride: 0"), "pooling_param.stride: stride is 0");
        let message = "pooling_param.global_pooling: global pooling takes no pad and no stride";
        assert_eq!(error("global_pooling: true stride: 2"), message);
        assert_eq!(error("kernel_size: 0"), "pooling_param.kernel_size: kernel_size is 0");
    }
}
