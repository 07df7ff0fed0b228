//! Pooling3D: the maximum or average of each window over depth, height and width (Synopsys).
//!
//! (N, C, D, H, W) becomes (N, C, pooled D, pooled H, pooled W) with
//! `pooled = round((size + both pads - kernel) / stride) + 1`, in single precision and rounded down unless `ceil_mode`
//! says otherwise. Where anything is padded, a last window that would start behind the elements and their leading pad
//! is dropped. `kernel_size`, `stride` and `pad` win over what is given for single axes. Global pooling takes the whole
//! as its kernel, and may have pads and strides. No blobs, no draws.

use super::window::PoolWindow;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::{checked_size, positive_size};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::Pooling3DParameter;
use crate::proto::caffe::pooling_parameter::RoundMode;

const FIELD: &str = "pooling3d_param";

/// The entry of the layer table.
pub(super) const TYPE: LayerType = LayerType::new(
    "Pooling3D",
    "Takes the maximum or the average of windows over depth, height and width",
    Arity::exactly(1),
    Arity::exactly(1),
    &pooling,
)
.params(&[FIELD])
.keeps_signal()
.known(Known::In(&["synopsys"]));

fn pooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.pooling3d_param().unwrap_or_default();
    let bottom = ctx.bottom(0);
    ensure!(bottom.axes() == 5, "bottom", "the bottom {bottom} must have 5 axes");
    let mut dims: Vec<i64> = bottom.dims().iter().map(|&dim| i64::from(dim)).collect();
    let windows = windows(&param, &dims[2..])?;
    let round = if param.ceil_mode() { RoundMode::Ceil } else { RoundMode::Floor };
    let clips = windows.iter().any(|window| window.pads != [0, 0]);
    for (dim, window) in dims[2..].iter_mut().zip(windows) {
        *dim = window.count(*dim, round, clips, FIELD)?;
    }
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(dims).at(FIELD)?]))
}

/// The windows along depth, height and width.
fn windows(param: &Pooling3DParameter, sizes: &[i64]) -> Result<Vec<PoolWindow>, Refusal> {
    let kernels = [param.kernel_d(), param.kernel_h(), param.kernel_w()];
    let strides = [param.stride_d, param.stride_h, param.stride_w];
    let pads = [[param.pad_d0(), param.pad_d1()], [param.pad_h0(), param.pad_h1()], [param.pad_w0(), param.pad_w1()]];
    let axes = sizes.iter().enumerate().map(|(axis, &size)| {
        let kernel = match param.global_pooling() {
            true => size,
            false => checked_size(param.kernel_size.unwrap_or(kernels[axis]), FIELD)?,
        };
        let stride = param.stride.or(strides[axis]).unwrap_or_default();
        let stride = positive_size(stride, "pooling3d_param.stride")?;
        let [front, end] = pads[axis].map(|pad| checked_size(param.pad.unwrap_or(pad), FIELD));
        Ok(PoolWindow { kernel, stride, pads: [front?, end?] })
    });
    axes.collect()
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn pool(fields: &str) -> Result<Vec<i32>, String> {
        let text = format!("pooling3d_param {{ {fields} }}");
        let made = Surroundings::of("synopsys").run("Pooling3D", &text, &[&[1, 2, 5, 6, 7]], 1)?;
        Ok(made.tops[0].dims()[2..].to_vec())
    }

    #[test]
    fn each_axis_has_its_window() {
        assert_eq!(pool("kernel_size: 2 stride: 2"), Ok(vec![2, 3, 3]));
        assert_eq!(pool("kernel_size: 2 stride: 2 ceil_mode: true"), Ok(vec![3, 3, 4]));
        assert_eq!(pool("kernel_d: 1 kernel_h: 2 kernel_w: 3 stride: 1 pad_h0: 1"), Ok(vec![5, 6, 5]));
        assert_eq!(pool("global_pooling: true stride: 1"), Ok(vec![1, 1, 1]));
    }
}
