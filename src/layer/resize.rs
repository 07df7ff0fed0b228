//! Resize: pictures of another size (happynear).
//!
//! (N, C, H, W) becomes (N, C, height, width), or with `is_pyramid_test` (N, C, `out_height_scale` H, `out_width_scale`
//! W), in single precision and rounded down. No blobs, no draws.

use super::size::checked_size;
use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};

const FIELD: &str = "resize_param";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] =
    &[LayerType::new("Resize", "Resizes pictures", Arity::exactly(1), Arity::exactly(1), &resize)
        .params(&[FIELD])
        .weightless()
        .keeps_signal()
        .known(Known::In(&["happynear"]))];

fn resize(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.resize_param().unwrap_or_default();
    let [items, channels, height, width] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis));
    let missing = |names: &str| Refusal::at(FIELD, format!("{names} must both be given"));
    let size = if param.is_pyramid_test() {
        let (Some(rows), Some(columns)) = (param.out_height_scale, param.out_width_scale) else {
            return Err(missing("out_height_scale and out_width_scale"));
        };
        [(rows * height? as f32) as i64, (columns * width? as f32) as i64]
    } else {
        let (Some(height), Some(width)) = (param.height, param.width) else {
            return Err(missing("height and width"));
        };
        [checked_size(height, "resize_param.height")?, checked_size(width, "resize_param.width")?]
    };
    let top = Shape::new([i64::from(items?), i64::from(channels?), size[0], size[1]]).at(FIELD)?;
    Ok(Setup::new(ctx, Operator::Opaque, [top]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn sizes_are_given_or_follow() {
        let top = |fields: &str| {
            Surroundings::of("happynear").top("Resize", &format!("resize_param {{ {fields} }}"), &[&[2, 3, 5, 6]])
        };
        assert_eq!(top("height: 7 width: 8"), [2, 3, 7, 8]);
        assert_eq!(top("is_pyramid_test: true out_height_scale: 0.5 out_width_scale: 1.5"), [2, 3, 2, 9]);
    }

    #[test]
    fn both_sides_are_needed() {
        let error = |fields: &str| {
            let text = format!("resize_param {{ {fields} }}");
            Surroundings::of("happynear").refusal("Resize", &text, &[&[2, 3, 5, 6]])
        };
        assert_eq!(error("height: 7"), "resize_param: height and width must both be given");
        let message = "resize_param: out_height_scale and out_width_scale must both be given";
        assert_eq!(error("height: 7 width: 8 is_pyramid_test: true"), message);
    }
}
