//! Pooling of ParseNet's Caffe, where the number of windows may be given instead of their size: `bin_size` for both
//! sides, or `bin_h` and `bin_w`.
//!
//! The kernel is ceil(size / bins), the stride as long, or 1 where that is the whole side, and the pad half of what the
//! windows reach too far. There are at least two elements for each window. Kernel, stride, pad and `global_pooling`
//! count for nothing then.

use super::{Pooling, check_method, of_pictures, picture_size};
use crate::error::{Refusal, ensure};
use crate::layer::size::{field_name, positive_size};
use crate::layer::{Operator, Setup, SetupContext};
use crate::proto::caffe::PoolingParameter;
use crate::proto::caffe::pooling_parameter::RoundMode;

const BINS: [&str; 3] = ["pooling_param.bin_size", "pooling_param.bin_h", "pooling_param.bin_w"];

/// The rule of the layer.
pub(super) fn pooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = PoolingParameter::default();
    let param = ctx.param.pooling_param.as_deref().unwrap_or(&default);
    let bins = match (param.bin_size, param.bin_h, param.bin_w) {
        (None, None, None) => return of_pictures(ctx, param),
        (Some(bins), ..) => [(bins, BINS[0]); 2],
        (None, Some(height), Some(width)) => [(height, BINS[1]), (width, BINS[2])],
        _ => return Err(Refusal::at(BINS[0], "give bin_size, or bin_h and bin_w")),
    };
    check_method(ctx, param.pool())?;
    let bottom = ctx.bottom(0);
    let sizes = picture_size(bottom)?;
    let windows = [BinWindow::new(bins[0], sizes[0])?, BinWindow::new(bins[1], sizes[1])?];
    let operator = Pooling {
        method: param.pool(),
        round: RoundMode::Ceil,
        kernel: windows.map(|window| window.kernel),
        stride: windows.map(|window| window.stride),
        pad: windows.map(|window| window.pad),
    };
    let top = operator.whole_top(bottom, operator.pad != [0, 0])?;
    Ok(Setup::new(ctx, Operator::Pooling(operator), vec![top; ctx.top_count()]))
}

/// The windows of so many bins along a side.
#[derive(Clone, Copy)]
struct BinWindow {
    kernel: i64,
    stride: i64,
    pad: i64,
}

impl BinWindow {
    fn new((bins, field): (u32, &'static str), size: i64) -> Result<BinWindow, Refusal> {
        let bins = positive_size(bins, field)?;
        let name = field_name(field);
        ensure!(bins <= size / 2, field, "{name} {bins} is more than half of the {size} elements");
        let kernel = (size as f32 / bins as f32).ceil() as i64;
        let stride = if kernel == size { 1 } else { kernel };
        let excess = (bins - 1) as f32 * stride as f32 + kernel as f32 - size as f32;
        Ok(BinWindow { kernel, stride, pad: (f64::from(excess) / 2.0) as i64 })
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const BOTTOM: &[i32] = &[1, 2, 13, 8];

    fn top(fields: &str) -> Vec<i32> {
        let text = format!("pooling_param {{ {fields} }}");
        Surroundings::of("weiliu-fcn").top("Pooling", &text, &[BOTTOM])[2..].to_vec()
    }

    #[test]
    fn the_number_of_windows_may_be_given() {
        assert_eq!(top("bin_size: 1"), [1, 1]);
        assert_eq!(top("bin_size: 3"), [3, 3]);
        assert_eq!(top("bin_h: 6 bin_w: 4 kernel_size: 0 global_pooling: true"), [5, 4]);
        assert_eq!(top("kernel_size: 2 stride: 2"), [7, 4]);
    }

    #[test]
    fn refusals() {
        let error = |fields: &str| {
            let text = format!("pooling_param {{ {fields} }}");
            Surroundings::of("weiliu-fcn").refusal("Pooling", &text, &[BOTTOM])
        };
        assert_eq!(error("bin_h: 2"), "pooling_param.bin_size: give bin_size, or bin_h and bin_w");
        assert_eq!(error("bin_size: 5"), "pooling_param.bin_size: bin_size 5 is more than half of the 8 elements");
        assert_eq!(error("bin_h: 0 bin_w: 1"), "pooling_param.bin_h: bin_h must be at least 1");
    }
}
