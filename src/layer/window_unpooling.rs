//! Unpooling: each value is set into a window, in the middle, spread over it or repeated (SeqFace).
//!
//! (N, C, H, W) becomes (N, C, unpool_h, unpool_w), or both sides are `unpool_size`, which must be given. The settings
//! of the window must be whole: one kernel or both sides, strides once or for both sides, and a pad of 0. No blobs, no
//! draws; a second top gets no shape.

use super::size::{checked_size, field_name, positive_size};
use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::UnpoolingParameter;

const KERNEL: &str = "unpooling_param.kernel_size";
const PAD: &str = "unpooling_param.pad";
const STRIDE: &str = "unpooling_param.stride";
const SIZE: &str = "unpooling_param.unpool_size";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Unpooling",
    "Sets each value into a window",
    Arity::exactly(1),
    Arity::between(1, 2),
    &unpooling,
)
.params(&["unpooling_param"])
.weightless()
.keeps_signal()
.known(Known::In(&["seqface"]))];

fn unpooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.unpooling_param_unpoolingparameter().unwrap_or_default();
    check_kernel(&param)?;
    let pads = once_or_twice(param.pad, [param.pad_h, param.pad_w], PAD)?;
    ensure!(pads.iter().all(|&pad| pad == 0), PAD, "only a pad of 0 is allowed");
    once_or_twice(param.stride, [param.stride_h, param.stride_w], STRIDE)?;
    let [height, width] = size(&param)?;
    let [items, channels, ..] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis).map(i64::from));
    let tops = ctx.first_top(Shape::new([items?, channels?, height, width]).at(SIZE)?);
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

/// Checks that the kernel is given once, or for both sides, and that it has an extent.
fn check_kernel(param: &UnpoolingParameter) -> Result<(), Refusal> {
    let sides = match (param.kernel_size, param.kernel_h, param.kernel_w) {
        (Some(size), None, _) | (Some(size), _, None) => [size; 2],
        (None, Some(height), Some(width)) => [height, width],
        _ => return Err(Refusal::at(KERNEL, "give kernel_size, or kernel_h and kernel_w")),
    };
    sides.into_iter().try_for_each(|side| positive_size(side, KERNEL).map(drop))
}

/// A setting for both sides at once, or for each; none where the net gives neither.
fn once_or_twice(both: Option<u32>, sides: [Option<u32>; 2], field: &'static str) -> Result<Vec<u32>, Refusal> {
    match (both, sides) {
        (None, [Some(height), Some(width)]) => Ok(vec![height, width]),
        (both, [None, None]) => Ok(both.into_iter().collect()),
        _ => Err(Refusal::at(field, format!("give {} once, or for height and width", field_name(field)))),
    }
}

/// The size of the top.
fn size(param: &UnpoolingParameter) -> Result<[i64; 2], Refusal> {
    let [height, width] = match (param.unpool_size, param.unpool_h, param.unpool_w) {
        (Some(size), None, None) => [size; 2],
        (None, Some(height), Some(width)) => [height, width],
        _ => return Err(Refusal::at(SIZE, "give unpool_size, or unpool_h and unpool_w")),
    };
    Ok([checked_size(height, SIZE)?, checked_size(width, SIZE)?])
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn unpool(fields: &str) -> Result<Vec<i32>, String> {
        let text = format!("unpooling_param {{ {fields} }}");
        let made = Surroundings::of("seqface").run("Unpooling", &text, &[&[1, 2, 4, 5]], 1)?;
        Ok(made.tops[0].dims().to_vec())
    }

    #[test]
    fn the_size_is_given() {
        assert_eq!(unpool("kernel_size: 2 stride: 2 unpool_size: 8"), Ok(vec![1, 2, 8, 8]));
        let text = "kernel_h: 2 kernel_w: 3 stride_h: 2 stride_w: 2 pad: 0 unpool_h: 8 unpool_w: 11";
        assert_eq!(unpool(text), Ok(vec![1, 2, 8, 11]));
    }

    #[test]
    fn settings_must_be_whole() {
        let error = |fields| unpool(fields).unwrap_err();
        let message = "unpooling_param.unpool_size: give unpool_size, or unpool_h and unpool_w";
        assert_eq!(error("kernel_size: 2"), message);
        let message = "unpooling_param.kernel_size: give kernel_size, or kernel_h and kernel_w";
        assert_eq!(error("unpool_size: 8 kernel_h: 2"), message);
        assert_eq!(error("kernel_size: 0"), "unpooling_param.kernel_size: kernel_size must be at least 1");
        assert_eq!(error("kernel_size: 2 pad: 1"), "unpooling_param.pad: only a pad of 0 is allowed");
        let message = "unpooling_param.stride: give stride once, or for height and width";
        assert_eq!(error("kernel_size: 2 stride: 2 stride_h: 2"), message);
    }
}
