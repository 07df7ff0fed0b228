//! ResizeBilinear and ResizeNearestNeighbor: pictures of another size.
//!
//! `output_height` and `output_width` give it, or else the picture's sides times `scale_height` and `scale_width`, in
//! single precision and rounded down. `data_format` NHWC, the default, has the channels last; anything else has them on
//! axis 1, and ResizeBilinear takes what is not NCHW either for five axes with a depth. At most one of the fields that
//! say where pixels lie may be on. No blobs, no draws; not in place.

use super::{SYNOPSYS, shaped};
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);
const BILINEAR: &str = "resize_bilinear_param";
const NEAREST: &str = "resize_nearest_neighbor_param";

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    LayerType::new("ResizeBilinear", "Resizes pictures, with values in between", ONE, ONE, &bilinear)
        .params(&[BILINEAR])
        .keeps_signal()
        .known(SYNOPSYS),
    LayerType::new("ResizeNearestNeighbor", "Resizes pictures by the nearest pixels", ONE, ONE, &nearest)
        .params(&[NEAREST])
        .keeps_signal()
        .known(SYNOPSYS),
];

/// How long a side becomes: as given, or by a factor.
type ResizedSide = (Option<i32>, f32);

fn resized(dim: i64, (given, scale): ResizedSide) -> i64 {
    given.map_or_else(|| (dim as f32 * scale).floor() as i64, i64::from)
}

/// The bottom's dimensions, of which a side for each of the axes behind the channels changes.
fn resize(ctx: &SetupContext<'_>, format: &str, sides: &[ResizedSide], field: &'static str) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let axes = sides.len() + 2;
    ensure!(
        bottom.axes() >= axes,
        "bottom",
        "the bottom {bottom} must have {axes} axes for the data_format {format:?}"
    );
    let first = if format == "NHWC" { 1 } else { 2 };
    let mut dims: Vec<i64> = bottom.dims()[..axes].iter().map(|&dim| i64::from(dim)).collect();
    for (dim, &side) in dims[first..].iter_mut().zip(sides) {
        *dim = resized(*dim, side);
    }
    shaped(ctx, dims, field)
}

fn one_of(flags: &[bool], names: &str, field: &'static str) -> Result<(), Refusal> {
    ensure!(flags.iter().filter(|&&flag| flag).count() <= 1, field, "at most one of {names} can be on");
    Ok(())
}

fn bilinear(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    let param = ctx.param.resize_bilinear_param().unwrap_or_default();
    let flags = [param.align_corners(), param.half_pixel_centers(), param.pytorch_half_pixel()];
    one_of(&flags, "align_corners, half_pixel_centers and pytorch_half_pixel", BILINEAR)?;
    let (height, width) = ((param.output_height, param.scale_height()), (param.output_width, param.scale_width()));
    let depth = (param.output_depth, param.scale_depth());
    let sides = match param.data_format() {
        "NHWC" | "NCHW" => vec![height, width],
        _ => vec![height, width, depth],
    };
    resize(ctx, param.data_format(), &sides, BILINEAR)
}

fn nearest(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    let param = ctx.param.resize_nearest_neighbor_param().unwrap_or_default();
    let flags = [param.align_corners(), param.half_pixel_centers(), param.half_pixel_onnx()];
    one_of(&flags, "align_corners, half_pixel_centers and half_pixel_onnx", NEAREST)?;
    let sides = [(param.output_height, param.scale_height()), (param.output_width, param.scale_width())];
    resize(ctx, param.data_format(), &sides, NEAREST)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn bilinear(fields: &str, bottom: &[i32]) -> Vec<i32> {
        let text = format!("resize_bilinear_param {{ {fields} }}");
        Surroundings::of("synopsys").top("ResizeBilinear", &text, &[bottom])
    }

    #[test]
    fn sides_are_given_or_scaled_and_rounded_down() {
        assert_eq!(bilinear("output_height: 4 output_width: 9", &[1, 10, 7, 3]), [1, 4, 9, 3]);
        assert_eq!(bilinear("scale_height: 0.7 scale_width: 1.5", &[1, 10, 7, 3]), [1, 7, 10, 3]);
        assert_eq!(bilinear("data_format: 'NCHW' output_height: 3 scale_width: 0.5", &[1, 3, 10, 7]), [1, 3, 3, 3]);
        assert_eq!(bilinear("data_format: 'nhwc' scale_depth: 2", &[1, 3, 10, 7, 4]), [1, 3, 10, 7, 8]);
    }

    #[test]
    fn one_flag_at_most() {
        let text = "resize_nearest_neighbor_param { align_corners: true half_pixel_onnx: true }";
        let error = Surroundings::of("synopsys").refusal("ResizeNearestNeighbor", text, &[&[1, 2, 3, 4]]);
        let message = "at most one of align_corners, half_pixel_centers and half_pixel_onnx can be on";
        assert_eq!(error, format!("resize_nearest_neighbor_param: {message}"));
    }
}
