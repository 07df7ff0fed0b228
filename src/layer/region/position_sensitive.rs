//! Pooling of regions where each part of a region has maps of its own (R-FCN).
//!
//! ```text
//! bottoms = features (N, output_dim group_size^2, H, W), regions (R, 5)
//! top     = (R, output_dim, group_size, group_size)
//! ```
//!
//! No more than four axes anywhere, missing ones counting as 1; of the regions only the first axis is looked at. The
//! schema requires all fields of the message, but a layer without the message has them as 0. No blobs, no draws.
//!
//! DeformablePSROIPooling moves the parts by what a third bottom says, at which it does not look while the net is
//! built; nor does it at `pooled_size`.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

pub(super) const PSROI_POOLING: LayerType = LayerType::new(
    "PSROIPooling",
    "Takes the average of each part of each region, from maps of its own",
    Arity::exactly(2),
    Arity::exactly(1),
    &psroi_pooling,
)
.params(&["psroi_pooling_param"])
.weightless()
.keeps_signal()
.known(Known::WithFieldBut { field: "psroi_pooling_param", not: &["sophgo"] });

pub(super) const DEFORMABLE_PSROI_POOLING: LayerType = LayerType::new(
    "DeformablePSROIPooling",
    "Takes the average of each part of each region, moved, from maps of its own",
    Arity::between(2, 3),
    Arity::exactly(1),
    &deformable_psroi_pooling,
)
.params(&["deformable_psroi_pooling_param"])
.weightless()
.keeps_signal()
.known(Known::In(&["soeaver"]));

/// The average of each part of each region, from maps of its own.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PositionPooling {
    /// The channels of the top.
    pub output_dim: i64,
    /// How many parts a region has along height and width.
    pub group_size: i64,
    /// How many elements of the features a unit of the boxes is.
    pub spatial_scale: f32,
    /// How the parts are moved, if they are.
    pub moved: Option<MovedParts>,
}

/// How the parts of a region are moved.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct MovedParts {
    /// How many parts there are offsets for along height and width; 0 for as many as the region has.
    pub part_size: i32,
    /// How many values are taken of a part along height and width.
    pub sample_per_part: i32,
    /// The factor of the offsets, the third bottom.
    pub trans_std: f32,
    /// Whether the offsets are left alone.
    pub no_trans: bool,
}

impl PositionPooling {
    /// The pooling with these settings, and its top; `fields` are those of `output_dim` and `group_size`.
    fn new(
        ctx: &SetupContext<'_>,
        fields: [&'static str; 2],
        [output_dim, group_size]: [i32; 2],
        spatial_scale: f32,
    ) -> Result<(PositionPooling, Shape), Refusal> {
        ensure!(output_dim > 0, fields[0], "output_dim {output_dim} is not above 0");
        ensure!(group_size > 0, fields[1], "group_size {group_size} is not above 0");
        let pooling = PositionPooling {
            output_dim: output_dim.into(),
            group_size: group_size.into(),
            spatial_scale,
            moved: None,
        };
        let channels = i64::from(ctx.legacy_dim(0, 1)?);
        let parts = pooling.group_size * pooling.group_size;
        ensure!(
            pooling.output_dim.checked_mul(parts) == Some(channels),
            "bottom",
            "{output_dim} outputs from {group_size} x {group_size} parts do not match the {channels} channels of {}",
            ctx.bottom(0)
        );
        let dims = [ctx.legacy_dim(1, 0)?.into(), pooling.output_dim, pooling.group_size, pooling.group_size];
        Ok((pooling, Shape::new(dims).at("bottom")?))
    }
}

fn psroi_pooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.psroi_pooling_param().unwrap_or_default();
    let fields = ["psroi_pooling_param.output_dim", "psroi_pooling_param.group_size"];
    let sizes = [param.output_dim(), param.group_size()];
    let (pooling, top) = PositionPooling::new(ctx, fields, sizes, param.spatial_scale())?;
    Ok(Setup::new(ctx, Operator::PositionPooling(pooling), [top]))
}

fn deformable_psroi_pooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.deformable_psroi_pooling_param().unwrap_or_default();
    let fields = ["deformable_psroi_pooling_param.output_dim", "deformable_psroi_pooling_param.group_size"];
    let sizes = [param.output_dim(), param.group_size()];
    let (pooling, top) = PositionPooling::new(ctx, fields, sizes, param.spatial_scale())?;
    let moved = MovedParts {
        part_size: param.part_size(),
        sample_per_part: param.sample_per_part(),
        trans_std: param.trans_std(),
        no_trans: param.no_trans(),
    };
    Ok(Setup::new(ctx, Operator::PositionPooling(PositionPooling { moved: Some(moved), ..pooling }), [top]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn text(output_dim: i32, group_size: i32) -> String {
        format!("psroi_pooling_param {{ spatial_scale: 1 output_dim: {output_dim} group_size: {group_size} }}")
    }

    #[test]
    fn each_part_has_channels_of_its_own() {
        let top = |text: &str, bottoms: &[&[i32]]| Surroundings::of("rfcn").top("PSROIPooling", text, bottoms);
        assert_eq!(top(&text(2, 3), &[&[2, 18, 20, 30], &[4, 5]]), [4, 2, 3, 3]);
        assert_eq!(top(&text(2, 2), &[&[1, 8], &[4]]), [4, 2, 2, 2]);
    }

    #[test]
    fn moved_parts_are_as_many_as_others() {
        let text = text(2, 3).replace("psroi", "deformable_psroi").replace('}', "pooled_size: 9 }");
        let top = |bottoms: &[&[i32]]| Surroundings::of("soeaver").top("DeformablePSROIPooling", &text, bottoms);
        assert_eq!(top(&[&[2, 18, 20, 30], &[4, 5], &[7]]), [4, 2, 3, 3]);
    }

    #[test]
    fn refusals() {
        let error = |text: &str| Surroundings::of("rfcn").refusal("PSROIPooling", text, &[&[2, 18, 9, 9], &[4, 5]]);
        assert_eq!(error(""), "psroi_pooling_param.output_dim: output_dim 0 is not above 0");
        assert_eq!(error(&text(2, -3)), "psroi_pooling_param.group_size: group_size -3 is not above 0");
        let message = "bottom: 3 outputs from 3 x 3 parts do not match the 18 channels of (2, 18, 9, 9)";
        assert_eq!(error(&text(3, 3)), message);
        let most = i32::MAX;
        let message =
            format!("bottom: {most} outputs from {most} x {most} parts do not match the 18 channels of (2, 18, 9, 9)");
        assert_eq!(error(&text(most, most)), message);
    }
}
