//! DataAugmentation, FlowAugmentation, GenerateAugmentationParameters and BlackAugmentation: pictures and flows
//! distorted at random, once the net runs.
//!
//! ```text
//! DataAugmentation                pictures, [parameters] -> (N, C, crop_height, crop_width), [parameters]
//! FlowAugmentation                flow, two parameters   -> (N, 2, crop_height, crop_width)
//! GenerateAugmentationParameters  one or three           -> (N, 42, 1, 1)
//! BlackAugmentation               pictures               -> as they are
//! ```
//!
//! 42 is the number of a picture's parameters. Without both sides of the crop, DataAugmentation's pictures keep their
//! size. Its blobs are a counter (1, 1, 1, 1) and, with `recompute_mean`, the mean picture (1, C, h, w) and the mean of
//! each channel (1, C, 1, 1): zeros. Of stored blobs it takes the means alone, and none without `recompute_mean`. For
//! each of them it adds a `param` with multipliers of 0 behind those of the net. All but BlackAugmentation are saved
//! with `reshape_every_iter: false`.

use super::{TREES, picture, shaped, shaped_once};
use crate::Shape;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::positive_size;
use crate::layer::{Arity, BlobSpec, LayerType, Operator, Restoring, Role, Setup, SetupContext};
use crate::proto::caffe::{AugmentationParameter, ParamSpec};

const ONE: Arity = Arity::exactly(1);
const FIELD: &str = "augmentation_param";
const WIDTH: &str = "augmentation_param.crop_width";
const HEIGHT: &str = "augmentation_param.crop_height";

/// How many parameters a distortion has.
const PARAMETERS_OF_ONE: i64 = 42;

pub(super) const DATA: LayerType =
    LayerType::new("DataAugmentation", "Distorts pictures", Arity::between(1, 2), Arity::between(1, 2), &data)
        .params(&[FIELD])
        .keeps_signal()
        .known(TREES);

pub(super) const FLOW: LayerType =
    LayerType::new("FlowAugmentation", "Distorts a flow as its pictures", Arity::exactly(3), ONE, &flow)
        .params(&[FIELD])
        .keeps_signal()
        .known(TREES);

pub(super) const PARAMETERS: LayerType = LayerType::new(
    "GenerateAugmentationParameters",
    "Makes the parameters of distortions",
    Arity::between(1, 3),
    ONE,
    &parameters,
)
.params(&[FIELD])
.known(TREES);

pub(super) const BLACK: LayerType =
    LayerType::new("BlackAugmentation", "Blackens parts of pictures", Arity::at_least(1), Arity::at_least(1), &black)
        .matching_tops()
        .keeps_signal()
        .known(TREES);

fn param(ctx: &SetupContext<'_>) -> AugmentationParameter {
    ctx.param.augmentation_param().unwrap_or_default()
}

fn data(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = param(ctx);
    let [items, channels, height, width] = picture(ctx, 0)?;
    let (high, wide) = match (param.crop_height, param.crop_width) {
        (Some(high), Some(wide)) => (positive_size(high, HEIGHT)?, positive_size(wide, WIDTH)?),
        _ => (height, width),
    };
    ensure!(high <= height, HEIGHT, "crop_height {high} is more than the picture's {height}");
    ensure!(wide <= width, WIDTH, "crop_width {wide} is more than the picture's {width}");
    let mut setup = shaped_once(ctx, shaped(ctx, [items, channels, high, wide], FIELD)?);
    if ctx.top_count() > 1 {
        let parameters = match ctx.bottoms.get(1) {
            Some(parameters) => parameters.copied(),
            None => parameters_of(items)?,
        };
        let tops = vec![setup.tops[0].clone(), parameters];
        setup = Setup { saved: setup.saved, ..Setup::new(ctx, Operator::Opaque, tops) };
    }
    let keeps_mean = param.recompute_mean() > 0;
    if ctx.given.is_empty() {
        add_blobs(&mut setup, keeps_mean, [channels, high, wide])?;
    }
    setup.restoring = match keeps_mean && setup.blobs.len() > 2 {
        true => Restoring::Means { per_pixel: param.mean_per_pixel() },
        false => Restoring::Nothing,
    };
    Ok(setup)
}

fn add_blobs(setup: &mut Setup, keeps_mean: bool, [channels, height, width]: [i64; 3]) -> Result<(), Refusal> {
    let mut shapes = vec![[1, 1, 1, 1]];
    if keeps_mean {
        shapes.extend([[1, channels, height, width], [1, channels, 1, 1]]);
    }
    for shape in shapes {
        setup.push_blob(BlobSpec::zeros(Role::Statistic, Shape::new(shape).at(FIELD)?));
        setup.extra_params.push(ParamSpec { lr_mult: Some(0.0), decay_mult: Some(0.0), ..Default::default() });
    }
    Ok(())
}

fn flow(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = param(ctx);
    let (wide, high) = (positive_size(param.crop_width(), WIDTH)?, positive_size(param.crop_height(), HEIGHT)?);
    let [items, channels, ..] = picture(ctx, 0)?;
    ensure!(channels == 2, "bottom", "the flow {} must have 2 channels", ctx.bottom(0));
    Ok(shaped_once(ctx, shaped(ctx, [items, channels, high, wide], FIELD)?))
}

/// The shape of the parameters of so many pictures.
fn parameters_of(items: i64) -> Result<Shape, Refusal> {
    Shape::new([items, PARAMETERS_OF_ONE, 1, 1]).at("bottom")
}

fn parameters(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = param(ctx);
    let count = ctx.bottoms.len();
    ensure!(count != 2, "bottom", "GenerateAugmentationParameters takes 1 or 3 bottoms, 2 given");
    let [items, _, height, width] = picture(ctx, 0)?;
    if count == 1 {
        let has_crop = param.crop_width.is_some() && param.crop_height.is_some();
        ensure!(has_crop, FIELD, "crop_width and crop_height must be given if no bottom gives them");
        let has_size = param.bottomwidth.is_some() && param.bottomheight.is_some();
        let is_picture = height > 1 || width > 1;
        ensure!(is_picture || has_size, FIELD, "bottomwidth and bottomheight must be given if no bottom gives them");
    }
    ensure!(items >= 1, "bottom", "bottom 0 {} has no items", ctx.bottom(0));
    Ok(shaped_once(ctx, Setup::new(ctx, Operator::Opaque, [parameters_of(items)?])))
}

fn black(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let first = picture(ctx, 0)?;
    for bottom in 0..ctx.bottoms.len() {
        let own = picture(ctx, bottom)?;
        let shape = ctx.bottom(bottom);
        ensure!(matches!(own[1], 2 | 3), "bottom", "bottom {bottom} {shape} must have 2 or 3 channels");
        let fits = own[0] == first[0] && own[2..] == first[2..];
        ensure!(fits, "bottom", "bottom {bottom} {shape} differs in size from bottom 0 {}", ctx.bottom(0));
    }
    let tops: Vec<Shape> = ctx.bottoms.iter().map(Shape::copied).collect();
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const PICTURE: &[i32] = &[2, 3, 9, 11];

    #[test]
    fn a_mean_is_kept_where_it_is_computed() {
        let run = |fields: &str, tops| {
            let text = format!("augmentation_param {{ {fields} }}");
            Surroundings::of("synopsys").run("DataAugmentation", &text, &[PICTURE], tops).unwrap()
        };
        let plain = run("crop_width: 6 crop_height: 5", 1);
        assert_eq!((plain.tops[0].dims(), plain.blobs.len(), plain.extra_params.len()), (&[2, 3, 5, 6][..], 1, 1));
        let mean = run("recompute_mean: 10", 2);
        let blobs: Vec<_> = mean.blobs.iter().map(|blob| blob.shape.dims()).collect();
        assert_eq!(blobs, [[1, 1, 1, 1], [1, 3, 9, 11], [1, 3, 1, 1]]);
        assert_eq!(mean.tops[1].dims(), [2, 42, 1, 1]);
        assert_eq!(mean.saved.unwrap().reshape_every_iter, Some(false));
    }

    #[test]
    fn refusals() {
        let synopsys = Surroundings::of("synopsys");
        let text = "augmentation_param { crop_width: 12 crop_height: 5 }";
        let message = "augmentation_param.crop_width: crop_width 12 is more than the picture's 11";
        assert_eq!(synopsys.refusal("DataAugmentation", text, &[PICTURE]), message);
        let message = "augmentation_param.crop_width: crop_width must be at least 1";
        assert_eq!(synopsys.refusal("FlowAugmentation", "", &[&[2, 2, 4, 4], &[1], &[1]]), message);
        let message = "bottom: bottom 0 (2, 4, 9, 9) must have 2 or 3 channels";
        assert_eq!(synopsys.refusal("BlackAugmentation", "", &[&[2, 4, 9, 9]]), message);
    }
}
