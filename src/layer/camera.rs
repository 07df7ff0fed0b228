//! MLUYUVtoRGB, MLUGrayNormalized, MLUResizecrop and MLUResizeConvert: pictures from cameras, made what nets take
//! (Cambricon).
//!
//! ```text
//! MLUYUVtoRGB        brightness (N, 1, 2 H, W), colours (N, 1, H, W)  -> (N, 4, 2 H, W); 2 H may be one more
//! MLUGrayNormalized  brightness (N, 1, ..)                            -> the same
//! MLUResizecrop      (N, C, H, W)                                     -> (N, 4, h, w): resize_h and resize_w, or else the crop's
//! MLUResizeConvert   (N, C, H, W) and two more                        -> (N, 4, resize_h, resize_w)
//! ```
//!
//! A `crop_h` or `crop_w` of at most 1 stands for all of the picture. No blobs, no draws.

use super::size::checked_size;
use super::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

/// The channels of coloured pictures: one is left empty.
const CHANNELS: i32 = 4;

const ONE: Arity = Arity::exactly(1);
const ANY: Arity = Arity::at_least(1);

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry("MLUGrayNormalized", "Normalises the brightness of pictures", [ANY, ANY], &gray_normalized)
        .params(&["yuvtonormalizedgray_param"]),
    entry(
        "MLUResizeConvert",
        "Resizes pictures and converts them to colours",
        [Arity::exactly(3), ONE],
        &resize_convert,
    )
    .params(&["resize_convert_param"]),
    entry("MLUResizecrop", "Crops pictures and resizes them", [ONE, ONE], &resize_crop).params(&["resize_crop_param"]),
    entry(
        "MLUYUVtoRGB",
        "Converts brightness and colours to red, green and blue",
        [Arity::exactly(2), ONE],
        &yuv_to_rgb,
    )
    .params(&["yuvtorgb_param"]),
];

const fn entry(
    name: &'static str,
    summary: &'static str,
    [bottoms, tops]: [Arity; 2],
    rule: &'static dyn Layer,
) -> LayerType {
    LayerType::new(name, summary, bottoms, tops, rule).weightless().known(Known::In(&["cambricon"]))
}

fn gray_normalized(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    ensure!(bottom.dim(1) == Some(1), "bottom", "the brightness needs one channel, its shape is {bottom}");
    Ok(Setup::new(ctx, Operator::Opaque, ctx.first_top(bottom.copied())))
}

fn yuv_to_rgb(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (brightness, colours) = (ctx.bottom(0), ctx.bottom(1));
    let fits = match (brightness.dims(), colours.dims()) {
        (&[items, 1, height, width, ..], &[others, 1, half, same, ..]) => {
            half > 0 && height / half == 2 && (items, width) == (others, same)
        }
        _ => false,
    };
    ensure!(
        fits,
        "bottom",
        "brightness (N, 1, 2 H, W) and colours (N, 1, H, W) are needed, the shapes are {brightness} and {colours}"
    );
    let mut dims = brightness.dims().to_vec();
    dims[1] = CHANNELS;
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(dims).at("bottom")?]))
}

fn resize_convert(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.resize_convert_param().unwrap_or_default();
    let sides = [
        checked_size(param.resize_h(), "resize_convert_param.resize_h")?,
        checked_size(param.resize_w(), "resize_convert_param.resize_w")?,
    ];
    let bottom = ctx.bottom(0);
    ensure!(bottom.axes() >= 4, "bottom", "pictures need 4 axes, the input is {bottom}");
    let mut dims: Vec<i64> = bottom.dims().iter().map(|&dim| i64::from(dim)).collect();
    dims[1..4].copy_from_slice(&[CHANNELS.into(), sides[0], sides[1]]);
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(dims).at("resize_convert_param")?]))
}

fn resize_crop(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const START: [&str; 2] = ["resize_crop_param.crop_y", "resize_crop_param.crop_x"];
    const CROP: [&str; 2] = ["resize_crop_param.crop_h", "resize_crop_param.crop_w"];
    const RESIZE: [&str; 2] = ["resize_crop_param.resize_h", "resize_crop_param.resize_w"];
    let param = ctx.param.resize_crop_param().unwrap_or_default();
    let pictures = ctx.four_axes(0)?;
    let starts = [param.crop_y(), param.crop_x()];
    let crops = [param.crop_h(), param.crop_w()];
    let mut sides = [0; 2];
    for side in 0..2 {
        let whole = i64::from(pictures.dims()[2 + side]);
        let crop = checked_size(crops[side], CROP[side])?;
        sides[side] = if crop <= 1 { whole } else { crop };
        let end = checked_size(starts[side], START[side])? + sides[side];
        ensure!(end <= whole, CROP[side], "the crop ends at {end}, behind the side of {whole}");
    }
    if param.resize_h() != 0 || param.resize_w() != 0 {
        sides = [checked_size(param.resize_h(), RESIZE[0])?, checked_size(param.resize_w(), RESIZE[1])?];
    }
    let top = [pictures.dims()[0].into(), CHANNELS.into(), sides[0], sides[1]];
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(top).at("resize_crop_param")?]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn colours_are_half_as_high() {
        let cambricon = Surroundings::of("cambricon");
        assert_eq!(cambricon.top("MLUYUVtoRGB", "", &[&[2, 1, 8, 6], &[2, 1, 4, 6]]), [2, 4, 8, 6]);
        let error = cambricon.refusal("MLUYUVtoRGB", "", &[&[2, 1, 8, 6], &[2, 1, 8, 6]]);
        let message = "brightness (N, 1, 2 H, W) and colours (N, 1, H, W) are needed, the shapes are (2, 1, 8, 6) and (2, 1, 8, 6)";
        assert_eq!(error, format!("bottom: {message}"));
        assert_eq!(cambricon.top("MLUGrayNormalized", "", &[&[2, 1, 8, 6]]), [2, 1, 8, 6]);
        let error = cambricon.refusal("MLUGrayNormalized", "", &[&[2, 3, 8, 6]]);
        assert_eq!(error, "bottom: the brightness needs one channel, its shape is (2, 3, 8, 6)");
    }

    #[test]
    fn crops_are_resized() {
        let cambricon = Surroundings::of("cambricon");
        let top = |fields: &str| {
            cambricon.top("MLUResizecrop", &format!("resize_crop_param {{ {fields} }}"), &[&[2, 4, 8, 6]])
        };
        assert_eq!(top(""), [2, 4, 8, 6]);
        assert_eq!(top("crop_h: 4 crop_x: 0 crop_y: 4"), [2, 4, 4, 6]);
        assert_eq!(top("crop_h: 4 resize_h: 9 resize_w: 10"), [2, 4, 9, 10]);
        let error = cambricon.refusal("MLUResizecrop", "resize_crop_param { crop_x: 1 }", &[&[2, 4, 8, 6]]);
        assert_eq!(error, "resize_crop_param.crop_w: the crop ends at 7, behind the side of 6");
        let text = "resize_convert_param { resize_h: 3 resize_w: 5 }";
        assert_eq!(cambricon.top("MLUResizeConvert", text, &[&[2, 1, 8, 6], &[2], &[2]]), [2, 4, 3, 5]);
    }
}
