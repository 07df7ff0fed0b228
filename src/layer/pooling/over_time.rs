//! Pooling3D of C3D: the maximum, average or a random element of each window over time, height and width.
//!
//! (N, C, L, H, W) becomes (N, C, pooled L, pooled H, pooled W), each rounded up in single precision: windows of
//! `kernel_depth` every `temporal_stride` along the time, which has no pad, of `kernel_size` every `stride` along the
//! sides, with `pad` where it is the average. No window is dropped. No blobs, no draws.

use super::window::PoolWindow;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::{checked_size, positive_size};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::pooling_parameter::RoundMode;
use crate::proto::caffe::pooling3_d_parameter::PoolMethod;

const FIELD: &str = "pooling3d_param";

/// The entry of the layer table.
pub(super) const TYPE: LayerType = LayerType::new(
    "Pooling3D",
    "Takes the maximum or the average of windows over time, height and width",
    Arity::exactly(1),
    Arity::exactly(1),
    &pooling,
)
.params(&[FIELD])
.keeps_signal()
.known(Known::WithFieldBut { field: FIELD, not: &["synopsys"] });

fn pooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.pooling3d_param().unwrap_or_default();
    let sizes = ctx.volume(0);
    let sizes = sizes.ok_or_else(|| Refusal::at("bottom", format!("the bottom {} must have 5 axes", ctx.bottom(0))))?;
    let pad = checked_size(param.pad.unwrap_or(0), "pooling3d_param.pad")?;
    let may_pad = pad == 0 || param.pool() == PoolMethod::Ave;
    ensure!(may_pad, "pooling3d_param.pad", "only AVE pooling takes a pad");
    let time = PoolWindow {
        kernel: checked_size(param.kernel_depth(), "pooling3d_param.kernel_depth")?,
        stride: positive_size(param.temporal_stride.unwrap_or(1), "pooling3d_param.temporal_stride")?,
        pads: [0; 2],
    };
    let side = PoolWindow {
        kernel: checked_size(param.kernel_size(), "pooling3d_param.kernel_size")?,
        stride: positive_size(param.stride.unwrap_or(1), "pooling3d_param.stride")?,
        pads: [pad; 2],
    };
    let mut dims = sizes.map(i64::from);
    for (dim, window) in dims[2..].iter_mut().zip([time, side, side]) {
        *dim = window.count(*dim, RoundMode::Ceil, false, FIELD)?;
    }
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(dims).at(FIELD)?]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn pool(dialect: &str, fields: &str) -> Result<Vec<i32>, String> {
        let text = format!("pooling3d_param {{ {fields} }}");
        let made = Surroundings::of(dialect).run("Pooling3D", &text, &[&[1, 2, 15, 13, 12]], 1)?;
        Ok(made.tops[0].dims()[2..].to_vec())
    }

    #[test]
    fn sizes_are_rounded_up() {
        for dialect in ["c3d-1.1", "cambricon"] {
            let fields = "kernel_size: 2 stride: 2 kernel_depth: 2 temporal_stride: 2";
            assert_eq!(pool(dialect, fields), Ok(vec![8, 7, 6]));
            assert_eq!(pool(dialect, "kernel_size: 2 kernel_depth: 1 pool: AVE pad: 1"), Ok(vec![15, 14, 13]));
            let message = "pooling3d_param.pad: only AVE pooling takes a pad";
            assert_eq!(pool(dialect, "kernel_size: 2 kernel_depth: 1 pad: 1"), Err(message.to_owned()));
        }
    }
}
