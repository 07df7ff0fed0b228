//! Pooling over volumes (Intel's Caffe): the maximum, average or a random element of each window over three axes.
//!
//! (N, C, D, H, W) becomes (N, C, pooled D, pooled H, pooled W), each size rounded up. As soon as any pad is not 0, a
//! last window that would start behind the elements and their leading pad is dropped, on all axes. The sizes are those
//! of `kernel_size_3d`, `stride_3d` and `pad_3d`, given once or for each axis.

use super::window::PoolWindow;
use crate::Shape;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::checked_size;
use crate::layer::{Operator, Setup, SetupContext};
use crate::proto::caffe::PoolingParameter;
use crate::proto::caffe::pooling_parameter::{PoolMethod, RoundMode};

const FIELD: &str = "pooling_param";
const KERNEL: &str = "pooling_param.kernel_size_3d";
const STRIDE: &str = "pooling_param.stride_3d";
const PAD: &str = "pooling_param.pad_3d";

/// Windows over depth, height and width, each reduced to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct VolumePooling {
    /// What a window is reduced to.
    pub method: PoolMethod,
    /// Elements of the window, at least 1.
    pub kernel: [i64; 3],
    /// Steps between two windows, at least 1.
    pub stride: [i64; 3],
    /// Elements added on either side.
    pub pad: [i64; 3],
}

/// The rule for a bottom with three axes behind the channels, which `axis` counts.
pub(super) fn setup(ctx: &SetupContext<'_>, param: &PoolingParameter, axis: usize) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let size = [1, 2, 3].map(|behind| i64::from(bottom.dims()[axis + behind]));
    let operator = VolumePooling::new(param, size)?;
    let padded = operator.pad != [0; 3];
    let mut dims: Vec<i64> = bottom.dims().iter().map(|&dim| i64::from(dim)).collect();
    for (index, size) in size.into_iter().enumerate() {
        let (kernel, stride, pad) = (operator.kernel[index], operator.stride[index], operator.pad[index]);
        let window = PoolWindow { kernel, stride, pads: [pad; 2] };
        dims[axis + 1 + index] = window.count(size, RoundMode::Ceil, padded, FIELD)?;
    }
    let top = Shape::new(dims).at(FIELD)?;
    Ok(Setup::new(ctx, Operator::VolumePooling(operator), vec![top; ctx.top_count()]))
}

impl VolumePooling {
    fn new(param: &PoolingParameter, size: [i64; 3]) -> Result<VolumePooling, Refusal> {
        for (field, given) in [
            ("pooling_param.kernel_h", param.kernel_h.or(param.kernel_w)),
            ("pooling_param.stride_h", param.stride_h.or(param.stride_w)),
            ("pooling_param.pad_h", param.pad_h.or(param.pad_w)),
        ] {
            ensure!(given.is_none(), field, "sizes along height and width are for pictures");
        }
        let method = param.pool();
        let stride = each(&param.stride_3d, STRIDE, 1)?;
        let pad = each(&param.pad_3d, PAD, 0)?;
        let kernel = if param.global_pooling() {
            ensure!(param.kernel_size_3d.is_empty(), KERNEL, "global pooling takes no kernel_size_3d");
            ensure!(pad == [0; 3] && stride == [1; 3], FIELD, "global pooling takes no pad and no stride");
            size
        } else {
            ensure!(!param.kernel_size_3d.is_empty(), KERNEL, "kernel_size_3d is missing");
            each(&param.kernel_size_3d, KERNEL, 1)?
        };
        ensure!(!kernel.contains(&0), KERNEL, "a size of the kernel is 0");
        ensure!(!stride.contains(&0), STRIDE, "a stride is 0");
        for (pad, kernel) in pad.iter().zip(kernel) {
            ensure!(*pad < kernel, PAD, "pad {pad} is not smaller than the kernel size {kernel}");
        }
        ensure!(pad == [0; 3] || method != PoolMethod::Stochastic, PAD, "STOCHASTIC pooling takes no pad");
        Ok(VolumePooling { method, kernel, stride, pad })
    }
}

/// A setting for all three axes, given once or for each.
fn each(given: &[u32], field: &'static str, default: u32) -> Result<[i64; 3], Refusal> {
    let sizes = match *given {
        [] => [default; 3],
        [size] => [size; 3],
        [depth, height, width] => [depth, height, width],
        _ => {
            let message = format!("{} sizes for three axes: give one, or one for each", given.len());
            return Err(Refusal::at(field, message));
        }
    };
    let [depth, height, width] = sizes.map(|size| checked_size(size, field));
    Ok([depth?, height?, width?])
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn top(text: &str) -> Vec<i32> {
        let text = format!("pooling_param {{ {text} }}");
        let made = Surroundings::of("intel").run("Pooling", &text, &[&[1, 2, 5, 6, 7]], 1).unwrap();
        made.tops[0].dims().to_vec()
    }

    #[test]
    fn sizes_are_rounded_up_and_clipped_where_there_is_a_pad() {
        assert_eq!(top("kernel_size_3d: 2 stride_3d: 2"), [1, 2, 3, 3, 4]);
        assert_eq!(top("kernel_size_3d: [2, 3, 1] stride_3d: [1, 2, 3] pad_3d: [1, 1, 0]"), [1, 2, 6, 4, 3]);
        assert_eq!(top("global_pooling: true"), [1, 2, 1, 1, 1]);
    }

    #[test]
    fn refusals() {
        let error = |text: &str, bottom: &[i32]| {
            Surroundings::of("intel").refusal("Pooling", &format!("pooling_param {{ {text} }}"), &[bottom])
        };
        let volume: &[i32] = &[1, 2, 5, 6, 7];
        assert_eq!(error("kernel_size: 2", volume), "pooling_param.kernel_size_3d: kernel_size_3d is missing");
        let message = "pooling_param.kernel_size_3d: 2 sizes for three axes: give one, or one for each";
        assert_eq!(error("kernel_size_3d: [2, 2]", volume), message);
        let message = "bottom: pooling over 4 axes after the channels, of (1, 2, 3, 4, 5, 6), is not known";
        assert_eq!(error("kernel_size_3d: 2", &[1, 2, 3, 4, 5, 6]), message);
    }
}
