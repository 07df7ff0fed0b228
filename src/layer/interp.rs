//! Interp: a picture resized by bilinear interpolation (DeepLab).
//!
//! (N, C, H, W) becomes (N, C, h, w). With `H' = H + pad_beg + pad_end`, of pads that are not above 0, the first of
//! these tells h, and likewise w:
//!
//! - `use_blob_size`, where there is such a field: the height of the second bottom,
//! - `shrink_factor` without `zoom_factor`: `(H' - 1) / shrink_factor + 1`,
//! - `zoom_factor` without `shrink_factor`: `H' + (H' - 1) (zoom_factor - 1)`,
//! - `height` and `width`, both of them,
//! - `shrink_factor` and `zoom_factor`, one after the other,
//! - `full_zoom_factor`, where there is such a field: `H' full_zoom_factor`.
//!
//! What counts is that a field is there, not its value. The bottom has four axes at most, missing ones counting as 1;
//! the top has four. Where several bottoms are taken, all but what `use_blob_size` asks for do nothing. No blobs, no
//! draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::InterpParameter;

const NAME: &str = "Interp";
const FIELD: &str = "interp_param";
const SUMMARY: &str = "Resizes pictures by bilinear interpolation";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry(Arity::exactly(1)).known(Known::In(&[
        "deeplab-v2",
        "pspnet",
        "synopsys",
        "cambricon",
        "caffe-ocr",
        "dorn",
        "sophgo",
    ])),
    entry(Arity::at_least(1)).known(Known::In(&["soeaver"])),
];

const fn entry(bottoms: Arity) -> LayerType {
    LayerType::new(NAME, SUMMARY, bottoms, Arity::exactly(1), &interp).params(&[FIELD]).weightless().keeps_signal()
}

/// The part of each picture within the pads, resized by bilinear interpolation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interp {
    /// Rows and columns left out at the beginning, negative.
    pub pad_beg: i32,
    /// Those left out at the end.
    pub pad_end: i32,
    /// The height to resize to.
    pub height: i64,
    /// The width.
    pub width: i64,
}

fn interp(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.interp_param().unwrap_or_default();
    let (pad_beg, pad_end) = (param.pad_beg(), param.pad_end());
    for (pad, name, field) in
        [(pad_beg, "pad_beg", "interp_param.pad_beg"), (pad_end, "pad_end", "interp_param.pad_end")]
    {
        ensure!(pad <= 0, field, "{name} {pad} is above 0: pictures can only be cropped");
    }
    let [num, channels, height, width] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis));
    let inner = [height?, width?].map(|side| i64::from(side) + i64::from(pad_beg) + i64::from(pad_end));
    let bottom = ctx.bottom(0);
    ensure!(inner[0] > 0 && inner[1] > 0, "bottom", "the pads {pad_beg} and {pad_end} leave nothing of {bottom}");
    let [height, width] = size(ctx, &param, inner)?;
    ensure!(height > 0 && width > 0, FIELD, "the size would be {height} x {width}");
    let top = Shape::new([num?.into(), channels?.into(), height, width]).at(FIELD)?;
    Ok(Setup::new(ctx, Operator::Interp(Interp { pad_beg, pad_end, height, width }), [top]))
}

/// Height and width to resize to, from those within the pads.
fn size(ctx: &SetupContext<'_>, param: &InterpParameter, inner: [i64; 2]) -> Result<[i64; 2], Refusal> {
    if param.use_blob_size() {
        let field = "interp_param.use_blob_size";
        ensure!(ctx.bottoms.len() > 1, field, "use_blob_size needs a second bottom, which has the size");
        return Ok([ctx.legacy_dim(1, 2)?.into(), ctx.legacy_dim(1, 3)?.into()]);
    }
    let shrunk = |size: [i64; 2], by: i32| {
        ensure!(by >= 1, "interp_param.shrink_factor", "shrink_factor {by} is not above 0");
        Ok(size.map(|side| (side - 1) / i64::from(by) + 1))
    };
    let zoomed = |size: [i64; 2], by: i32| {
        ensure!(by >= 1, "interp_param.zoom_factor", "zoom_factor {by} is not above 0");
        Ok(size.map(|side| side + (side - 1) * i64::from(by - 1)))
    };
    match (param.shrink_factor, param.zoom_factor, param.height, param.width) {
        (Some(shrink), None, ..) => shrunk(inner, shrink),
        (None, Some(zoom), ..) => zoomed(inner, zoom),
        (_, _, Some(height), Some(width)) => Ok([height.into(), width.into()]),
        (Some(shrink), Some(zoom), ..) => zoomed(shrunk(inner, shrink)?, zoom),
        _ if param.full_zoom_factor.is_some() => {
            let (by, field) = (param.full_zoom_factor(), "interp_param.full_zoom_factor");
            ensure!(by >= 1, field, "full_zoom_factor {by} is not above 0");
            Ok(inner.map(|side| side.saturating_mul(by.into())))
        }
        _ => Err(Refusal::at(FIELD, "the size to resize to is missing")
            .help("give height and width, or shrink_factor, or zoom_factor")),
    }
}

#[cfg(test)]
mod tests {
    use super::NAME;
    use crate::layer::testing::Surroundings;

    fn text(fields: &str) -> String {
        format!("interp_param {{ {fields} }}")
    }

    #[test]
    fn a_factor_alone_wins_and_two_lose() {
        let size = |fields: &str| {
            let top = Surroundings::of("pspnet").top(NAME, &text(fields), &[&[2, 3, 9, 12]]);
            assert_eq!(top[..2], [2, 3]);
            [top[2], top[3]]
        };
        assert_eq!(size("height: 5 width: 7"), [5, 7]);
        assert_eq!(size("height: 5 width: 7 zoom_factor: 2"), [17, 23]);
        assert_eq!(size("height: 5 width: 7 shrink_factor: 2 zoom_factor: 4"), [5, 7]);
        assert_eq!(size("shrink_factor: 3"), [3, 4]);
        assert_eq!(size("shrink_factor: 3 zoom_factor: 2"), [5, 7]);
        assert_eq!(size("shrink_factor: 1"), [9, 12]);
        assert_eq!(size("zoom_factor: 2 pad_beg: -1 pad_end: -2"), [11, 17]);
    }

    #[test]
    fn a_second_bottom_may_have_the_size() {
        let top = |fields: &str| {
            let bottoms: &[&[i32]] = &[&[2, 3, 9, 12], &[1, 8, 4, 6], &[1]];
            Surroundings::of("soeaver").top(NAME, &text(fields), bottoms)[2..].to_vec()
        };
        assert_eq!(top("use_blob_size: true zoom_factor: 2"), [4, 6]);
        assert_eq!(top("zoom_factor: 2"), [17, 23]);
        let error = Surroundings::of("pspnet").refusal(NAME, "", &[&[2, 3, 9, 12], &[1, 8, 4, 6]]);
        assert_eq!(error, "bottom: Interp takes 1 bottom, 2 given");
    }

    #[test]
    fn refusals() {
        let error = |fields: &str| Surroundings::of("soeaver").refusal(NAME, &text(fields), &[&[2, 3, 9, 12]]);
        assert_eq!(error("height: 5"), "interp_param: the size to resize to is missing");
        let message = "interp_param.pad_beg: pad_beg 1 is above 0: pictures can only be cropped";
        assert_eq!(error("zoom_factor: 2 pad_beg: 1"), message);
        assert_eq!(error("zoom_factor: 0"), "interp_param.zoom_factor: zoom_factor 0 is not above 0");
        let message = "bottom: the pads -4 and -5 leave nothing of (2, 3, 9, 12)";
        assert_eq!(error("zoom_factor: 2 pad_beg: -4 pad_end: -5"), message);
        assert_eq!(error("height: 0 width: 3"), "interp_param: the size would be 0 x 3");
        let message = "interp_param.use_blob_size: use_blob_size needs a second bottom, which has the size";
        assert_eq!(error("use_blob_size: true"), message);
        let message =
            "interp_param: a blob holds at most 2147483647 elements, 2 x 3 x 17179869177 x 23622320118 are more";
        assert_eq!(error("zoom_factor: 2147483647"), message);
    }
}
