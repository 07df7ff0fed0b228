//! UnPooling (ParseNet, Cambricon) and Unpooling (DeconvNet).
//!
//! UnPooling: each value is set in the middle of a window, spread over it or repeated there.
//!
//! (N, C, H, W) becomes (N, C, H', W') with `H' = (H - 1) out_stride - 2 out_pad + out_kernel`, likewise W'. Of a
//! second bottom of size h x w the windows follow instead: kernel and stride are `ceil(h / H)`, but the stride is 1
//! where that is h itself, and the pad is half of what would be too much, rounded down. The settings must be whole all
//! the same: one kernel or both sides, pads and strides once or for both sides.
//!
//! Unpooling: each value is put back to where the maximum of its window was, which a second bottom says, spread over
//! the window or repeated there. (N, C, H, W) becomes (N, C, `unpool_h`, `unpool_w`), or `unpool_size` for both, which
//! has to be given. Kernel, pad and stride are given once or for both sides, and the pad is 0.
//!
//! No blobs, no draws.

use super::size::{checked_size, positive_size};
use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::UnPoolingParameter;
use crate::proto::caffe::unpooling_parameter::UnpoolMethod;

const FIELD: &str = "unpooling_param";
const KERNEL: &str = "unpooling_param.out_kernel_size";
const PAD: &str = "unpooling_param.out_pad";
const STRIDE: &str = "unpooling_param.out_stride";
const WINDOW: &str = "unpooling_param.kernel_size";
const SIZE: &str = "unpooling_param.unpool_size";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    LayerType::new(
        "UnPooling",
        "Spreads each value over a window",
        Arity::between(1, 2),
        Arity::exactly(1),
        &unpooling,
    )
    .params(&[FIELD])
    .weightless()
    .keeps_signal()
    .known(Known::In(&["weiliu-fcn", "cambricon"])),
    LayerType::new(
        "Unpooling",
        "Puts each value back to where the maximum of its window was",
        Arity::between(1, 2),
        Arity::exactly(1),
        &to_maxima,
    )
    .params(&[FIELD])
    .weightless()
    .keeps_signal()
    .known(Known::In(&["deconvnet"])),
];

/// How values are spread along a side.
#[derive(Clone, Copy)]
struct UnpoolingWindow {
    kernel: i64,
    stride: i64,
    pad: i64,
}

fn unpooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.unpooling_param().unwrap_or_default();
    let given = given(&param)?;
    let [items, channels, height, width] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis).map(i64::from));
    let (sizes, bottom) = ([height?, width?], ctx.bottom(0));
    let spreads = match ctx.bottoms.len() {
        1 => given,
        _ => {
            ensure!(sizes[0] > 0 && sizes[1] > 0, "bottom", "UnPooling cannot take the empty input {bottom}");
            let wanted = [i64::from(ctx.legacy_dim(1, 2)?), i64::from(ctx.legacy_dim(1, 3)?)];
            [UnpoolingWindow::over(sizes[0], wanted[0]), UnpoolingWindow::over(sizes[1], wanted[1])]
        }
    };
    let is_padded = spreads.iter().any(|spread| spread.pad != 0);
    let fits = spreads.iter().all(|spread| spread.pad < spread.kernel);
    ensure!(!is_padded || fits, PAD, "the pad is not smaller than the kernel");
    let side = |side: usize| {
        let UnpoolingWindow { kernel, stride, pad } = spreads[side];
        (sizes[side] - 1).saturating_mul(stride).saturating_sub(2 * pad).saturating_add(kernel)
    };
    let top = Shape::new([items?, channels?, side(0), side(1)]).at(FIELD)?;
    ensure!(top.count_from(2) > 0, FIELD, "the top {top} has no places for the values");
    Ok(Setup::new(ctx, Operator::Opaque, [top]))
}

impl UnpoolingWindow {
    /// What makes `wanted` of so many values, about.
    fn over(size: i64, wanted: i64) -> UnpoolingWindow {
        let kernel = (wanted as f32 / size as f32).ceil() as i64;
        let stride = if kernel == wanted { 1 } else { kernel };
        let excess = ((size - 1) * stride + kernel - wanted) as f32;
        UnpoolingWindow { kernel, stride, pad: (excess / 2.0).floor() as i64 }
    }
}

/// What the settings say, for both sides.
fn given(param: &UnPoolingParameter) -> Result<[UnpoolingWindow; 2], Refusal> {
    let kernels = match (param.out_kernel_size, param.out_kernel_h, param.out_kernel_w) {
        (Some(size), None, _) | (Some(size), _, None) => [positive_size(size, KERNEL)?; 2],
        (None, Some(height), Some(width)) => [positive_size(height, KERNEL)?, positive_size(width, KERNEL)?],
        _ => {
            let message = "give out_kernel_size, or out_kernel_h and out_kernel_w";
            return Err(Refusal::at(KERNEL, message));
        }
    };
    let both = |size: Option<u32>, sides: [Option<u32>; 2], default: u32, field: &'static str| match (size, sides) {
        (None, [Some(height), Some(width)]) => Ok([checked_size(height, field)?, checked_size(width, field)?]),
        (size, [None, None]) => Ok([checked_size(size.unwrap_or(default), field)?; 2]),
        _ => Err(Refusal::at(field, "give it once, or for height and width")),
    };
    let pads = both(param.out_pad, [param.out_pad_h, param.out_pad_w], 0, PAD)?;
    let strides = both(param.out_stride, [param.out_stride_h, param.out_stride_w], 1, STRIDE)?;
    Ok([0, 1].map(|side| UnpoolingWindow { kernel: kernels[side], stride: strides[side], pad: pads[side] }))
}

fn to_maxima(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.unpooling_param_unpoolingparameter().unwrap_or_default();
    let takes_positions = param.unpool() == UnpoolMethod::Max;
    ensure!(takes_positions || ctx.bottoms.len() == 1, "bottom", "only MAX takes a second bottom, of positions");
    let kernels = match (param.kernel_size, param.kernel_h.zip(param.kernel_w)) {
        (Some(size), None) => [size; 2],
        (None, Some((height, width))) => [height, width],
        _ => return Err(Refusal::at(WINDOW, "give kernel_size, or kernel_h and kernel_w")),
    };
    for kernel in kernels {
        positive_size(kernel, WINDOW)?;
    }
    let once_or_both = |size: Option<u32>, sides: [Option<u32>; 2]| {
        sides == [None; 2] || size.is_none() && sides.iter().all(Option::is_some)
    };
    let strides = once_or_both(param.stride, [param.stride_h, param.stride_w]);
    ensure!(strides, "unpooling_param.stride", "give it once, or for height and width");
    let pads = [param.pad, param.pad_h, param.pad_w];
    ensure!(pads.iter().all(|pad| pad.unwrap_or(0) == 0), "unpooling_param.pad", "Unpooling takes no pad");
    let sides = match (param.unpool_size, param.unpool_h, param.unpool_w) {
        (Some(size), None, None) => [checked_size(size, SIZE)?; 2],
        (None, Some(height), Some(width)) => [checked_size(height, SIZE)?, checked_size(width, SIZE)?],
        _ => return Err(Refusal::at(SIZE, "give unpool_size, or unpool_h and unpool_w")),
    };
    let [items, channels] = [0, 1].map(|axis| ctx.legacy_dim(0, axis).map(i64::from));
    let top = Shape::new([items?, channels?, sides[0], sides[1]]).at(SIZE)?;
    Ok(Setup::new(ctx, Operator::Opaque, [top]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn unpool(fields: &str, bottoms: &[&[i32]]) -> Result<Vec<i32>, String> {
        let text = format!("unpooling_param {{ {fields} }}");
        let top = |dialect| {
            let made = Surroundings::of(dialect).run("UnPooling", &text, bottoms, 1)?;
            Ok::<_, String>(made.tops[0].dims().to_vec())
        };
        assert_eq!(top("weiliu-fcn"), top("cambricon"));
        top("weiliu-fcn")
    }

    #[test]
    fn windows_are_given_or_follow() {
        let bottom: &[i32] = &[1, 2, 4, 5];
        assert_eq!(unpool("out_kernel_size: 3 out_stride: 2 out_pad: 1", &[bottom]), Ok(vec![1, 2, 7, 9]));
        assert_eq!(unpool("out_kernel_h: 3 out_kernel_w: 2", &[bottom]), Ok(vec![1, 2, 6, 6]));
        assert_eq!(unpool("out_kernel_size: 1", &[bottom, &[1, 1, 10, 5]]), Ok(vec![1, 2, 10, 5]));
        assert_eq!(unpool("out_kernel_size: 1", &[&[1, 2, 1, 1], &[1, 1, 10, 5]]), Ok(vec![1, 2, 10, 5]));
    }

    #[test]
    fn the_size_of_deconvnets_is_given() {
        let unpool = |fields: &str, bottoms: &[&[i32]]| {
            let text = format!("unpooling_param {{ {fields} }}");
            let made = Surroundings::of("deconvnet").run("Unpooling", &text, bottoms, 1)?;
            Ok::<_, String>(made.tops[0].dims().to_vec())
        };
        let bottom: &[i32] = &[1, 2, 4, 5];
        assert_eq!(unpool("kernel_size: 2 stride: 2 unpool_size: 8", &[bottom; 2]), Ok(vec![1, 2, 8, 8]));
        assert_eq!(
            unpool("unpool: TILE kernel_h: 2 kernel_w: 3 unpool_h: 8 unpool_w: 15", &[bottom]),
            Ok(vec![1, 2, 8, 15])
        );
        let error = |fields: &str, bottoms: &[&[i32]]| unpool(fields, bottoms).unwrap_err();
        let message = "unpooling_param.unpool_size: give unpool_size, or unpool_h and unpool_w";
        assert_eq!(error("kernel_size: 2", &[bottom]), message);
        let message = "unpooling_param.kernel_size: give kernel_size, or kernel_h and kernel_w";
        assert_eq!(error("unpool_size: 8 kernel_h: 2", &[bottom]), message);
        let message = "unpooling_param.pad: Unpooling takes no pad";
        assert_eq!(error("unpool_size: 8 kernel_size: 2 pad: 1", &[bottom]), message);
        let message = "unpooling_param.stride: give it once, or for height and width";
        assert_eq!(error("unpool_size: 8 kernel_size: 2 stride_h: 1", &[bottom]), message);
        let message = "bottom: only MAX takes a second bottom, of positions";
        assert_eq!(error("unpool: AVE unpool_size: 8 kernel_size: 2", &[bottom; 2]), message);
    }

    #[test]
    fn refusals() {
        let error = |fields: &str| unpool(fields, &[&[1, 2, 4, 5]]).unwrap_err();
        let message = "unpooling_param.out_kernel_size: give out_kernel_size, or out_kernel_h and out_kernel_w";
        assert_eq!(error(""), message);
        let message = "unpooling_param.out_stride: give it once, or for height and width";
        assert_eq!(error("out_kernel_size: 2 out_stride: 2 out_stride_h: 2"), message);
        let message = "unpooling_param.out_pad: the pad is not smaller than the kernel";
        assert_eq!(error("out_kernel_size: 2 out_pad: 2"), message);
    }
}
