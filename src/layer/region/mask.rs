//! Masks of regions: MaskPooling, which multiplies features by them, and MaskResize (MNC).
//!
//! ```text
//! MaskPooling: features (N, C, H, W), masks (N, any, H, W)  ->  (N, C, H, W)
//! MaskResize:  masks (N, C, any, any)                       ->  (N, C, output_height, output_width)
//! ```
//!
//! In SSTD's tree `factor_height` and `factor_width`, where they are above 0, give the sizes instead, as multiples of
//! those of the masks; the others have to be given nevertheless. No more than four axes anywhere, missing ones counting
//! as 1; the tops have four. No blobs, no draws.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::positive_size;
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);

pub(super) const POOLING: LayerType =
    LayerType::new("MaskPooling", "Multiplies features by masks", Arity::exactly(2), ONE, &mask_pooling)
        .weightless()
        .keeps_signal()
        .known(Known::In(&["soeaver", "mnc", "sstd"]));

pub(super) const RESIZE: LayerType = LayerType::new("MaskResize", "Resizes masks", ONE, ONE, &mask_resize)
    .params(&["mask_resize_param"])
    .weightless()
    .keeps_signal()
    .known(Known::In(&["soeaver", "mnc", "sstd"]));

fn mask_pooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    for axis in [0, 2, 3] {
        let (a, b) = (ctx.legacy_dim(0, axis)?, ctx.legacy_dim(1, axis)?);
        let (features, masks) = (ctx.bottom(0), ctx.bottom(1));
        ensure!(a == b, "bottom", "the features {features} and the masks {masks} differ at axis {axis}");
    }
    let [num, channels, height, width] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis));
    let top = Shape::new([num?, channels?, height?, width?]).at("bottom")?;
    Ok(Setup::new(ctx, Operator::MaskPooling, [top]))
}

fn mask_resize(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.mask_resize_param().unwrap_or_default();
    let height = positive_size(param.output_height(), "mask_resize_param.output_height")?;
    let width = positive_size(param.output_width(), "mask_resize_param.output_width")?;
    let height = enlarged(ctx, 2, param.factor_height(), "mask_resize_param.factor_height")?.unwrap_or(height);
    let width = enlarged(ctx, 3, param.factor_width(), "mask_resize_param.factor_width")?.unwrap_or(width);
    let (num, channels) = (ctx.legacy_dim(0, 0)?, ctx.legacy_dim(0, 1)?);
    let top = Shape::new([num.into(), channels.into(), height, width]).at("mask_resize_param")?;
    Ok(Setup::new(ctx, Operator::MaskResize, [top]))
}

/// The size of an axis times a factor, which is rounded down, if there is a factor.
fn enlarged(ctx: &SetupContext<'_>, axis: usize, factor: f32, field: &'static str) -> Result<Option<i64>, Refusal> {
    if factor.is_nan() || factor <= 0.0 {
        return Ok(None);
    }
    let size = ctx.legacy_dim(0, axis)? as f32 * factor;
    let fits = f64::from(size) <= f64::from(i32::MAX);
    ensure!(fits, field, "{size} is more than {}", i32::MAX);
    Ok(Some(size as i64))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_tops_have_four_axes() {
        let top = |name: &str, text: &str, bottoms: &[&[i32]]| Surroundings::of("soeaver").top(name, text, bottoms);
        assert_eq!(top("MaskPooling", "", &[&[2, 3], &[2, 7]]), [2, 3, 1, 1]);
        let sizes = "mask_resize_param { output_height: 4 output_width: 5 }";
        assert_eq!(top("MaskResize", sizes, &[&[2, 3, 9, 9]]), [2, 3, 4, 5]);
        assert_eq!(top("MaskResize", sizes, &[&[2]]), [2, 1, 4, 5]);
        let factors = "mask_resize_param { output_height: 4 output_width: 5 factor_height: 0.3 }";
        assert_eq!(Surroundings::of("sstd").top("MaskResize", factors, &[&[2, 3, 9, 9]]), [2, 3, 2, 5]);
    }

    #[test]
    fn refusals() {
        let error = |name: &str, bottoms: &[&[i32]]| Surroundings::of("soeaver").refusal(name, "", bottoms);
        let message = "bottom: the features (2, 3, 6, 6) and the masks (2, 3, 5, 6) differ at axis 2";
        assert_eq!(error("MaskPooling", &[&[2, 3, 6, 6], &[2, 3, 5, 6]]), message);
        let message = "mask_resize_param.output_height: output_height must be at least 1";
        assert_eq!(error("MaskResize", &[&[2, 3, 6, 6]]), message);
        let text = "mask_resize_param { output_height: 4 output_width: 5 factor_width: 4e9 }";
        let message = "mask_resize_param.factor_width: 24000000000 is more than 2147483647";
        assert_eq!(Surroundings::of("sstd").refusal("MaskResize", text, &[&[2, 3, 6, 6]]), message);
    }
}
