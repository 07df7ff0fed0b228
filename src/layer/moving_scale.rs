//! ChannelScale, MovingNormalize, GlobalLSEMargin and LabelSpecificAdd: features and scores scaled and shifted by what
//! is collected while training (happynear).
//!
//! ```text
//! ChannelScale      features (N, C, ..) and a scale for each position; with global_scale a blob (1) of -1
//! MovingNormalize   features; a blob (1) of -1
//! GlobalLSEMargin   scores and labels; a scale (1) with scale_param's filler, or else 30, and a margin (1) of 0
//! LabelSpecificAdd  scores and labels; no blobs
//! ```
//!
//! The first top is like the first bottom. A second one has one number, GlobalLSEMargin's five; that of ChannelScale
//! without `global_scale` gets no shape. Draws: the scale of GlobalLSEMargin.
//!
//! Where the net gives no `param`, one with multipliers of 0 is added for each blob; the scale of GlobalLSEMargin
//! learns unless there is a third bottom. A `param` for the -1 must have an `lr_mult` of 0.

use super::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::ParamSpec;

const HAPPYNEAR: Known = Known::In(&["happynear"]);

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    LayerType::new(
        "ChannelScale",
        "Multiplies all channels of a position by a scale",
        Arity::exactly(2),
        Arity::at_least(1),
        &channel_scale,
    )
    .params(&["channel_scale_param"])
    .keeps_signal()
    .known(HAPPYNEAR),
    LayerType::new(
        "GlobalLSEMargin",
        "Scales scores, with a margin for the true class computed from all scores",
        Arity::at_least(2),
        Arity::at_least(1),
        &global_margin,
    )
    .params(&["scale_param"])
    .known(HAPPYNEAR),
    LayerType::new(
        "LabelSpecificAdd",
        "Adds a bias to the score of the true class",
        Arity::at_least(2),
        Arity::at_least(1),
        &label_specific_add,
    )
    .params(&["label_specific_add_param"])
    .keeps_signal()
    .known(HAPPYNEAR),
    LayerType::new(
        "MovingNormalize",
        "Divides features by their norm, and multiplies them by the mean norm",
        Arity::exactly(1),
        Arity::between(1, 2),
        &moving_normalize,
    )
    .keeps_signal()
    .known(HAPPYNEAR),
];

fn channel_scale(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (features, scale) = (ctx.bottom(0), ctx.bottom(1));
    let (items, channels) = (ctx.legacy_dim(0, 0)?, ctx.legacy_dim(0, 1)?);
    ensure!(channels > 0, "bottom", "the features have no channels: their shape is {features}");
    let positions = features.count() / channels.unsigned_abs() as usize;
    let fits = items == ctx.legacy_dim(1, 0)? && positions == scale.count();
    ensure!(fits, "bottom", "the scale {scale} must have a number for each position of {features}");
    let is_global = ctx.param.channel_scale_param().unwrap_or_default().global_scale();
    let second = if is_global { one_number(1)? } else { Shape::unshaped() };
    let mut setup = like_first(ctx, second);
    if is_global {
        collect(ctx, &mut setup, "channel_scale_param")?;
    }
    Ok(setup)
}

fn moving_normalize(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.four_axes(0)?;
    let mut setup = like_first(ctx, one_number(1)?);
    collect(ctx, &mut setup, "type")?;
    Ok(setup)
}

fn label_specific_add(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(like_first(ctx, one_number(1)?))
}

fn global_margin(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.four_axes(0)?;
    let mut setup = like_first(ctx, one_number(5)?);
    let filler = ctx.param.scale_param.as_ref().and_then(|param| param.filler.as_ref());
    setup.blobs.clear();
    let scale = BlobSpec::filled(Role::Weight, one_number(1)?, "scale_param.filler", filler);
    setup.push_blob(scale.or_constant(30.0));
    setup.push_blob(BlobSpec::zeros(Role::Statistic, one_number(1)?));
    let learns = ctx.bottoms.len() != 3;
    let params = [multiplied_by(f32::from(learns)), multiplied_by(0.0)];
    setup.extra_params = params.into_iter().skip(ctx.param.param.len()).collect();
    Ok(setup)
}

/// Adds the number that is collected, -1 before there is any, and its `param`.
fn collect(ctx: &SetupContext<'_>, setup: &mut Setup, field: &'static str) -> Result<(), Refusal> {
    if ctx.given.is_empty() {
        setup.push_blob(BlobSpec::constant(Role::Statistic, one_number(1)?, field, -1.0));
    }
    match ctx.param.param.first() {
        None => setup.extra_params = vec![multiplied_by(0.0)],
        Some(param) => {
            let factor = param.lr_mult();
            ensure!(factor == 0.0, "param", "the lr_mult of a statistic must be 0, not {factor}");
        }
    }
    Ok(())
}

fn multiplied_by(lr_mult: f32) -> ParamSpec {
    ParamSpec { lr_mult: Some(lr_mult), decay_mult: Some(0.0), ..Default::default() }
}

/// A layer whose first top is like its first bottom; where there are two tops, this is the second.
fn like_first(ctx: &SetupContext<'_>, second: Shape) -> Setup {
    let mut tops = ctx.first_top(ctx.bottom(0).copied());
    if let [_, top] = &mut tops[..] {
        *top = second;
    }
    Setup::new(ctx, Operator::Opaque, tops)
}

fn one_number(numbers: i32) -> Result<Shape, Refusal> {
    Shape::new([numbers]).at("top")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::Surroundings;
    use crate::layer::{BlobValues, Draw};

    fn run(name: &str, text: &str, bottoms: &[&[i32]], tops: usize) -> Result<Setup, String> {
        Surroundings::of("happynear").run(name, text, bottoms, tops)
    }

    fn constant(made: &Setup) -> f32 {
        let BlobValues::Filled(filler) = &made.blobs[0].values else { panic!("not filled") };
        filler.param.value()
    }

    #[test]
    fn what_is_collected_is_a_blob_that_does_not_learn() {
        let text = "channel_scale_param { global_scale: true }";
        let made = run("ChannelScale", text, &[&[2, 3, 4], &[2, 4]], 2).unwrap();
        assert_eq!((made.tops[0].dims(), made.tops[1].dims()), (&[2, 3, 4][..], &[1][..]));
        assert_eq!((constant(&made), made.extra_params), (-1.0, vec![multiplied_by(0.0)]));
        let made = run("ChannelScale", "", &[&[2, 3], &[2]], 1).unwrap();
        assert_eq!((made.blobs.len(), made.extra_params.len()), (0, 0));
        let made = run("MovingNormalize", "param { lr_mult: 0 }", &[&[2, 3]], 1).unwrap();
        assert_eq!((made.blobs.len(), made.extra_params.len()), (1, 0));
        let message = "param: the lr_mult of a statistic must be 0, not 1";
        assert_eq!(run("MovingNormalize", "param { }", &[&[2, 3]], 1).unwrap_err(), message);
    }

    #[test]
    fn the_scale_of_a_margin_may_learn() {
        let made = run("GlobalLSEMargin", "", &[&[2, 3], &[2]], 2).unwrap();
        assert_eq!((made.tops[1].dims(), constant(&made)), (&[5][..], 30.0));
        assert_eq!(made.draws, [Draw::Blob(0)]);
        assert_eq!(made.extra_params, [multiplied_by(1.0), multiplied_by(0.0)]);
        let made = run("GlobalLSEMargin", "", &[&[2, 3], &[2], &[2]], 1).unwrap();
        assert_eq!(made.extra_params, [multiplied_by(0.0), multiplied_by(0.0)]);
        let made = run("LabelSpecificAdd", "", &[&[2, 3], &[2]], 2).unwrap();
        assert_eq!((made.tops[1].dims(), made.blobs.len()), (&[1][..], 0));
    }

    #[test]
    fn scales_fit_positions() {
        let message = "bottom: the scale (2) must have a number for each position of (2, 3, 4)";
        assert_eq!(run("ChannelScale", "", &[&[2, 3, 4], &[2]], 1).unwrap_err(), message);
    }
}
