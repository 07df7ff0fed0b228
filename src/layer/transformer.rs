//! Transformer and SpatialTransformer: pictures resampled by an affine map of their positions, one for each item
//! (Jaderberg et al. 2015).
//!
//! ```text
//! Transformer         pictures (N, C, H, W), maps (N, 6)  -> like the pictures (ducha-aiki, happynear)
//! SpatialTransformer  pictures (N, C, H, W), maps (N, ..) -> (N, C, output_H, output_W) (daerduoCarey)
//! ```
//!
//! Transformer's maps are not counted while the net is built. SpatialTransformer's have six numbers each, but for those
//! that `theta_1_1` to `theta_2_3` give for all of them; where a side is not given, it is the picture's. No blobs, no
//! draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

const SUMMARY: &str = "Resamples pictures by an affine map of their positions";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    LayerType::new("Transformer", SUMMARY, Arity::exactly(2), Arity::exactly(1), &transformer)
        .offset_bottoms(&[1])
        .known(Known::In(&["ducha-aiki", "happynear"])),
    LayerType::new("SpatialTransformer", SUMMARY, Arity::exactly(2), Arity::exactly(1), &spatial_transformer)
        .offset_bottoms(&[1])
        .params(&["st_param"])
        .known(Known::WithField("st_param")),
];

fn transformer(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (pictures, maps) = (ctx.bottom(0), ctx.bottom(1));
    ensure!(pictures.axes() == 4, "bottom", "Transformer takes pictures of 4 axes, their shape is {pictures}");
    ensure!(maps.dim(1) == Some(6), "bottom", "a map has 6 numbers along axis 1, the shape of the maps is {maps}");
    Ok(Setup::like_bottom(ctx, Operator::Transformer))
}

fn spatial_transformer(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.st_param().unwrap_or_default();
    for (name, field, value, known) in [
        ("transform_type", "st_param.transform_type", param.transform_type(), "affine"),
        ("sampler_type", "st_param.sampler_type", param.sampler_type(), "bilinear"),
    ] {
        ensure!(value == known, field, "{name} {value:?} is not {known:?}");
    }
    let (pictures, maps) = (ctx.bottom(0), ctx.bottom(1));
    let &[items, channels, height, width] = pictures.dims() else {
        let message = format!("SpatialTransformer takes pictures of 4 axes, their shape is {pictures}");
        return Err(Refusal::at("bottom", message));
    };
    let fixed = [param.theta_1_1, param.theta_1_2, param.theta_1_3, param.theta_2_1, param.theta_2_2, param.theta_2_3];
    let fixed = fixed.iter().flatten().count();
    let fits = maps.dim(0) == Some(items) && maps.count_from(1) + fixed as i64 == 6;
    ensure!(
        fits,
        "bottom",
        "the maps {maps} must have {} numbers for each item of {pictures}, beside {fixed} fixed ones",
        6 - fixed
    );
    let (height, width) = (param.output_h.unwrap_or(height), param.output_w.unwrap_or(width));
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new([items, channels, height, width]).at("st_param")?]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_settings_of_a_spatial_transformer_may_have_size_and_numbers() {
        let own = Surroundings::of("caffe-pp2");
        let pictures: &[i32] = &[2, 3, 4, 5];
        assert_eq!(own.top("SpatialTransformer", "", &[pictures, &[2, 6]]), pictures);
        let text = "st_param { output_H: 7 theta_1_1: 0.5 theta_1_2: 0 theta_2_1: 0 theta_2_2: 0.5 }";
        assert_eq!(own.top("SpatialTransformer", text, &[pictures, &[2, 2]]), [2, 3, 7, 5]);
        let message = "bottom: the maps (2, 6) must have 2 numbers for each item of (2, 3, 4, 5), beside 4 fixed ones";
        assert_eq!(own.refusal("SpatialTransformer", text, &[pictures, &[2, 6]]), message);
        let message = "st_param.sampler_type: sampler_type \"nearest\" is not \"bilinear\"";
        let text = "st_param { sampler_type: 'nearest' }";
        assert_eq!(own.refusal("SpatialTransformer", text, &[pictures, &[2, 6]]), message);
    }

    #[test]
    fn pictures_keep_their_size() {
        let ducha = Surroundings::of("ducha-aiki");
        assert_eq!(ducha.top("Transformer", "", &[&[2, 3, 4, 5], &[2, 6]]), [2, 3, 4, 5]);
        let message = "bottom: a map has 6 numbers along axis 1, the shape of the maps is (2, 5)";
        assert_eq!(ducha.refusal("Transformer", "", &[&[2, 3, 4, 5], &[2, 5]]), message);
    }
}
