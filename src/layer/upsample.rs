//! Upsample: puts the values of its first bottom where the second, the mask of a MAX pooling, says that they came from.
//!
//! ```text
//! top = (N, C, height, width), of bottoms (N, C, H, W)
//! ```
//!
//! `upsample_h` and `upsample_w` are the height and the width where both are given; one of them alone counts for
//! nothing. Else it is H times `scale`, or `scale_h`, and likewise for the width, by default twice as many; `pad_out_h`
//! and `pad_out_w` leave out the last row or column where the scale is 2. No blobs, no draws.
//!
//! That of MobileNet-YOLO has one bottom, each value of which it repeats along the last two axes, `scale` times, by
//! default once. That of Cambricon's needs no mask with `nearestneighbor_mode`, has no scale by default, and takes
//! `scale_h` and `scale_w` before `scale` without the mode, behind it with it. That of Sophgo's Caffe can do without
//! the mask, and its `scale` is 1 by default, which is refused as elsewhere.

use super::pooling::picture_size;
use super::size::{checked_size, field_name};
use super::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::UpsampleParameter;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry("Puts values back where a pooling took them from", Arity::exactly(2), &upsample).known(Known::In(&[
        "segnet",
        "segnet-cudnn5",
        "enet",
        "synopsys",
        "seqface",
        "wu-lightcnn",
    ])),
    entry("Puts values back where a pooling took them from, or repeats them", Arity::between(1, 2), &of_sophgo)
        .known(Known::In(&["sophgo"])),
    entry("Puts values back where a pooling took them from, or repeats them", Arity::at_least(1), &of_cambricon)
        .known(Known::In(&["cambricon"])),
    entry("Repeats each value along the last two axes", Arity::exactly(1), &repeat)
        .known(Known::In(&["mobilenet-yolo"])),
];

const fn entry(summary: &'static str, bottoms: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new("Upsample", summary, bottoms, Arity::exactly(1), rule).params(&["upsample_param"]).keeps_signal()
}

const SIZES: [&str; 2] = ["upsample_param.upsample_h", "upsample_param.upsample_w"];
const SCALE: &str = "upsample_param.scale";
const SCALES: [&str; 2] = ["upsample_param.scale_h", "upsample_param.scale_w"];
const PADS: [&str; 2] = ["upsample_param.pad_out_h", "upsample_param.pad_out_w"];

fn upsample(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.upsample_param().unwrap_or_default();
    enlarged(ctx, &param)
}

/// Its `scale` is of another type.
fn of_sophgo(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.upsample_param().unwrap_or_default();
    let scale = param.scale_int32.map(|scale| u32::try_from(scale).unwrap_or_default());
    let by_default = scale.is_none() && param.scale_h.is_none() && param.scale_w.is_none();
    let scale = if by_default { Some(1) } else { scale };
    enlarged(ctx, &UpsampleParameter { scale, ..param })
}

/// The mode may do without a mask; scales are there or the size is.
fn of_cambricon(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.upsample_param().unwrap_or_default();
    let values = ctx.bottom(0);
    let size = picture_size(values)?;
    let scaling =
        if param.nearestneighbor_mode() { Scaling::repeating(&param)? } else { Scaling::behind_mask(&param)? };
    if !param.nearestneighbor_mode() {
        let mask = ctx.bottoms.get(1);
        let mask = mask.ok_or_else(|| {
            Refusal::at("bottom", "the mask, the second bottom, is missing").help("or set nearestneighbor_mode: true")
        })?;
        ensure!(values == mask, "bottom", "the mask {mask} has a different shape than the values {values}");
    }
    let [height, width] = scaling.size(size);
    let [items, channels] = [values.dims()[0], values.dims()[1]].map(i64::from);
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new([items, channels, height, width]).at("upsample_param")?]))
}

/// The layer whose scales are of the type that the first trees have.
fn enlarged(ctx: &SetupContext<'_>, param: &UpsampleParameter) -> Result<Setup, Refusal> {
    let scaling = Scaling::new(param)?;
    let values = ctx.bottom(0);
    let mask = ctx.bottoms.get(1).unwrap_or(values);
    let size = picture_size(values)?;
    ensure!(values == mask, "bottom", "the mask {mask} has a different shape than the values {values}");
    let [height, width] = scaling.size(size);
    let [items, channels] = [values.dims()[0], values.dims()[1]].map(i64::from);
    let top = Shape::new([items, channels, height, width]).at("upsample_param")?;
    let operator = if ctx.bottoms.len() == 2 { Operator::Upsample } else { Operator::Opaque };
    Ok(Setup::new(ctx, operator, [top]))
}

fn repeat(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let scale = ctx.param.upsample_param().unwrap_or_default().scale_int32.unwrap_or(1);
    ensure!(scale > 0, SCALE, "scale {scale} is not above 0");
    let axes = bottom.axes();
    ensure!(axes >= 2, "bottom", "Upsample needs at least 2 axes, the input is {bottom}");
    let mut dims: Vec<i64> = bottom.dims().iter().map(|&dim| i64::from(dim)).collect();
    for dim in &mut dims[axes - 2..] {
        *dim *= i64::from(scale);
    }
    Ok(Setup::new(ctx, Operator::Repeat { scale }, [Shape::new(dims).at(SCALE)?]))
}

/// How height and width come about.
enum Scaling {
    /// They are given.
    To([i64; 2]),
    /// The bottom's, times a factor, less a last row or column.
    By { factors: [i64; 2], less: [i64; 2] },
}

impl Scaling {
    fn new(param: &UpsampleParameter) -> Result<Scaling, Refusal> {
        if let (Some(height), Some(width)) = (param.upsample_h, param.upsample_w) {
            return Ok(Scaling::To([above_one(height, SIZES[0])?, above_one(width, SIZES[1])?]));
        }
        let factors = match (param.scale, param.scale_h, param.scale_w) {
            (scale, None, None) => [above_one(scale.unwrap_or(2), SCALE)?; 2],
            (None, Some(height), Some(width)) => [above_one(height, SCALES[0])?, above_one(width, SCALES[1])?],
            (None, Some(_), None) => return Err(Refusal::at(SCALES[0], "scale_h is given without scale_w")),
            (None, None, Some(_)) => return Err(Refusal::at(SCALES[1], "scale_w is given without scale_h")),
            (Some(_), ..) => return Err(Refusal::at(SCALE, "scale is given together with scale_h or scale_w")),
        };
        // Another fork has a number of nearly the same name, which Rust calls pad_out_w.
        let pads = [param.pad_out_h(), param.pad_out_w_bool()];
        for ((pad, factor), field) in pads.into_iter().zip(factors).zip(PADS) {
            ensure!(!pad || factor == 2, field, "{} needs a scale of 2, not {factor}", field_name(field));
        }
        Ok(Scaling::By { factors, less: pads.map(i64::from) })
    }

    /// That of Cambricon's mode without a mask.
    fn repeating(param: &UpsampleParameter) -> Result<Scaling, Refusal> {
        if let (Some(height), Some(width)) = (param.upsample_h, param.upsample_w) {
            return Ok(Scaling::To([checked_size(height, SIZES[0])?, checked_size(width, SIZES[1])?]));
        }
        let factors = match (param.scale, param.scale_h, param.scale_w) {
            (Some(scale), ..) => [checked_size(scale, SCALE)?; 2],
            (None, Some(height), Some(width)) => [checked_size(height, SCALES[0])?, checked_size(width, SCALES[1])?],
            _ => return Err(Refusal::at(SCALE, "scale is missing, or scale_h and scale_w, or the size")),
        };
        Ok(Scaling::By { factors, less: [0; 2] })
    }

    /// That of Cambricon's other mode.
    fn behind_mask(param: &UpsampleParameter) -> Result<Scaling, Refusal> {
        if let (Some(height), Some(width)) = (param.upsample_h, param.upsample_w) {
            return Ok(Scaling::To([above_one(height, SIZES[0])?, above_one(width, SIZES[1])?]));
        }
        let factors = match param.scale_h {
            None => [above_one(param.scale.unwrap_or(0), SCALE)?; 2],
            Some(height) => [above_one(height, SCALES[0])?, above_one(param.scale_w.unwrap_or(0), SCALES[1])?],
        };
        // The second one is `pad_out_W` in the schema.
        let pads = [param.pad_out_h_uint32.unwrap_or(0), param.pad_out_w.unwrap_or(0)].map(|pad| pad != 0);
        for ((pad, factor), field) in pads.into_iter().zip(factors).zip([PADS[0], "upsample_param.pad_out_W"]) {
            ensure!(!pad || factor == 2, field, "{} needs a scale of 2, not {factor}", field_name(field));
        }
        Ok(Scaling::By { factors, less: pads.map(i64::from) })
    }

    fn size(&self, of: [i64; 2]) -> [i64; 2] {
        match *self {
            Scaling::To(size) => size,
            Scaling::By { factors, less } => [0, 1].map(|side| of[side] * factors[side] - less[side]),
        }
    }
}

/// The value of a field that has to be above 1.
fn above_one(value: u32, field: &'static str) -> Result<i64, Refusal> {
    ensure!(value > 1, field, "{} {value} is not above 1", field_name(field));
    checked_size(value, field)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const BOTTOMS: [&[i32]; 2] = [&[1, 2, 3, 4]; 2];

    fn text(fields: &str) -> String {
        format!("upsample_param {{ {fields} }}")
    }

    #[test]
    fn sizes_win_over_scales_and_only_together() {
        let top = |fields: &str| Surroundings::of("segnet").top("Upsample", &text(fields), &BOTTOMS);
        assert_eq!(top(""), [1, 2, 6, 8]);
        assert_eq!(top("pad_out_w: true"), [1, 2, 6, 7]);
        assert_eq!(top("scale_h: 3 scale_w: 2 pad_out_w: true"), [1, 2, 9, 7]);
        assert_eq!(top("upsample_h: 2 upsample_w: 5 scale_h: 7"), [1, 2, 2, 5]);
        assert_eq!(top("upsample_h: 2 scale: 3"), [1, 2, 9, 12]);
    }

    #[test]
    fn one_bottom_is_repeated() {
        let yolo = Surroundings::of("mobilenet-yolo");
        assert_eq!(yolo.top("Upsample", "upsample_param { scale: 2 }", &[&[1, 2, 3, 4]]), [1, 2, 6, 8]);
        assert_eq!(yolo.top("Upsample", "", &[&[3, 4]]), [3, 4]);
        let error = yolo.refusal("Upsample", "upsample_param { scale: -2 }", &[&[3, 4]]);
        assert_eq!(error, "upsample_param.scale: scale -2 is not above 0");
    }

    #[test]
    fn cambricon_s_has_two_modes() {
        let cambricon = Surroundings::of("cambricon");
        let nearest = |fields: &str| {
            cambricon.top("Upsample", &text(&format!("nearestneighbor_mode: true {fields}")), &BOTTOMS[..1])
        };
        assert_eq!(nearest("scale: 2"), [1, 2, 6, 8]);
        assert_eq!(nearest("scale_h: 1 scale_w: 3"), [1, 2, 3, 12]);
        assert_eq!(nearest("upsample_h: 1 upsample_w: 7 scale: 9"), [1, 2, 1, 7]);
        let masked = |fields: &str| cambricon.top("Upsample", &text(fields), &BOTTOMS);
        assert_eq!(masked("scale: 2 pad_out_W: 1"), [1, 2, 6, 7]);
        assert_eq!(masked("scale: 9 scale_h: 2 scale_w: 3"), [1, 2, 6, 12]);
        let error = |fields: &str, bottoms: &[&[i32]]| cambricon.refusal("Upsample", &text(fields), bottoms);
        assert_eq!(error("", &BOTTOMS), "upsample_param.scale: scale 0 is not above 1");
        assert_eq!(
            error("scale: 3 pad_out_W: 2", &BOTTOMS),
            "upsample_param.pad_out_W: pad_out_W needs a scale of 2, not 3"
        );
        assert_eq!(error("scale: 2", &BOTTOMS[..1]), "bottom: the mask, the second bottom, is missing");
        let message = "upsample_param.scale: scale is missing, or scale_h and scale_w, or the size";
        assert_eq!(error("nearestneighbor_mode: true", &BOTTOMS), message);
    }

    #[test]
    fn the_mask_may_be_left_out() {
        let sophgo = Surroundings::of("sophgo");
        let top = |fields: &str| sophgo.top("Upsample", &text(fields), &BOTTOMS[..1]);
        assert_eq!(top("scale: 2"), [1, 2, 6, 8]);
        assert_eq!(top("scale_h: 3 scale_w: 2 pad_out_w: true"), [1, 2, 9, 7]);
        assert_eq!(sophgo.top("Upsample", &text("upsample_h: 9 upsample_w: 9"), &BOTTOMS), [1, 2, 9, 9]);
        let refused = |fields: &str, message: &str| {
            assert_eq!(sophgo.refusal("Upsample", &text(fields), &BOTTOMS[..1]), format!("upsample_param.{message}"));
        };
        refused("", "scale: scale 1 is not above 1");
        refused("scale: -2", "scale: scale 0 is not above 1");
    }

    #[test]
    fn refusals() {
        let refused = |fields: &str, message: &str| {
            let error = Surroundings::of("segnet").refusal("Upsample", &text(fields), &BOTTOMS);
            assert_eq!(error, format!("upsample_param.{message}"));
        };
        refused("scale: 1", "scale: scale 1 is not above 1");
        refused("scale_h: 2", "scale_h: scale_h is given without scale_w");
        refused("scale_h: 2 scale: 2", "scale: scale is given together with scale_h or scale_w");
        refused("upsample_h: 2 upsample_w: 1", "upsample_w: upsample_w 1 is not above 1");
        refused("scale: 3 pad_out_h: true", "pad_out_h: pad_out_h needs a scale of 2, not 3");
        refused("scale: 4294967295", "scale: scale 4294967295 is more than 2147483647");
        let error = Surroundings::of("segnet").refusal("Upsample", "", &[&[1, 2, 3, 4], &[1, 2, 3, 5]]);
        assert_eq!(error, "bottom: the mask (1, 2, 3, 5) has a different shape than the values (1, 2, 3, 4)");
    }
}
