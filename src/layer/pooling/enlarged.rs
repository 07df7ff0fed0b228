//! Pooling of Sophgo's Caffe, which may have one more window along each axis than others: with `yolo`.
//!
//! That window is there before a last one behind the elements is dropped, so that with a pad it may be the one that
//! goes. `ceil_mode: false` wins over a `round_mode`.

use super::{FIELD, Pooling, check_method, of_pictures};
use crate::Shape;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Operator, Setup, SetupContext};
use crate::proto::caffe::PoolingParameter;
use crate::proto::caffe::pooling_parameter::RoundMode;

/// The rule of the layer.
pub(super) fn pooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let mut param = ctx.param.pooling_param.as_deref().cloned().unwrap_or_default();
    if !param.ceil_mode() {
        param.round_mode = Some(RoundMode::Floor.into());
    }
    if param.yolo() { enlarged(ctx, &param) } else { of_pictures(ctx, &param) }
}

fn enlarged(ctx: &SetupContext<'_>, param: &PoolingParameter) -> Result<Setup, Refusal> {
    check_method(ctx, param.pool())?;
    let bottom = ctx.bottom(0);
    let operator = Pooling::new(param, bottom)?;
    let clips = operator.check_pad()?;
    let mut dims: Vec<i64> = operator.whole_top(bottom, false)?.dims().iter().map(|&dim| i64::from(dim) + 1).collect();
    for (axis, count) in dims.iter_mut().enumerate() {
        let size = i64::from(bottom.dims()[axis]);
        match axis {
            0 | 1 => *count = size,
            _ => {
                let (stride, pad) = (operator.stride[axis - 2], operator.pad[axis - 2]);
                let is_past = |count: i64| clips && (count - 1) * stride >= size + pad;
                *count -= i64::from(is_past(*count));
                ensure!(
                    !is_past(*count),
                    FIELD,
                    "with yolo the last of {count} windows starts past the {size} elements"
                );
            }
        }
    }
    let top = Shape::new(dims).at(FIELD)?;
    Ok(Setup::new(ctx, Operator::Opaque, vec![top; ctx.top_count()]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn top(fields: &str) -> Vec<i32> {
        let text = format!("pooling_param {{ {fields} }}");
        Surroundings::of("sophgo").top("Pooling", &text, &[&[1, 2, 13, 13]])[2..].to_vec()
    }

    #[test]
    fn there_may_be_one_window_more() {
        assert_eq!(top("kernel_size: 2 stride: 1"), [12, 12]);
        assert_eq!(top("kernel_size: 2 stride: 1 yolo: true"), [13, 13]);
        assert_eq!(top("kernel_size: 3 stride: 2 pad: 1"), [7, 7]);
        assert_eq!(top("kernel_size: 3 stride: 2 pad: 1 yolo: true"), [7, 7]);
    }

    #[test]
    fn ceil_mode_wins() {
        assert_eq!(top("kernel_size: 2 stride: 2"), [7, 7]);
        assert_eq!(top("kernel_size: 2 stride: 2 round_mode: FLOOR"), [6, 6]);
        assert_eq!(top("kernel_size: 2 stride: 2 round_mode: CEIL ceil_mode: false"), [6, 6]);
    }

    #[test]
    fn refusals() {
        let error = |fields: &str| {
            let text = format!("pooling_param {{ {fields} }}");
            Surroundings::of("sophgo").refusal("Pooling", &text, &[&[1, 2, 4, 4]])
        };
        let message = "pooling_param: with yolo the last of 2 windows starts past the 4 elements";
        assert_eq!(error("kernel_size: 3 stride: 9 pad: 1 yolo: true"), message);
        let message = "pooling_param: pad 3 is not smaller than the kernel size 3";
        assert_eq!(error("kernel_size: 3 pad: 3 yolo: true"), message);
    }
}
