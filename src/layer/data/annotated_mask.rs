//! AnnotatedDataMask: pictures, their masks, and the boxes of the objects in them, from an LMDB or LevelDB database
//! (SSTD).
//!
//! Tops: as [Data](super::database), then the masks, transformed as the pictures are, and then the boxes, (1, 1, B, 8)
//! with B those of the first record, but at least 1, and 13 instead of 8 with `oriented`; (batch_size, 1, 1, 1) where
//! the record has no type. There may be the first top alone; further ones are left without axes. Draws: as Data, and
//! two seeds more if `mask_param`, which transforms masks once the net runs, mirrors or crops.

use super::DataSource;
use super::database::{checked_batch_size, first_record_for, picture_size, reader, source};
use super::source::ShapeSource;
use super::tops::{check_prefetched, given_pictures};
use super::transform::{Transform, seeds_of};
use crate::Shape;
use crate::data::SourceError;
use crate::data::annotated_mask::AnnotatedMask;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::DataParameter;

pub(super) const TYPE: LayerType = LayerType::new(
    "AnnotatedDataMask",
    "Reads pictures, their masks and the boxes in them from an LMDB or LevelDB database",
    Arity::exactly(0),
    Arity::at_least(1),
    &setup,
)
.params(&["annotated_data_param", "data_param", "transform_param", "mask_param"])
.brings_data()
.known(Known::In(&["sstd"]));

/// What the shapes of the tops look like, for the user to give them.
const PATTERNS: [&str; 3] = ["C,H,W", "N,C,H,W", "1,1,B,8"];

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = DataParameter::default();
    let param = ctx.param.data_param.as_deref().unwrap_or(&default);
    let batch = checked_batch_size(ctx, param)?;
    ensure!(ctx.top_count() != 2, "top", "AnnotatedDataMask makes 1 top, or 3, and 2 are given");
    let (mut notices, mut locks) = (Vec::new(), reader(ctx, "AnnotatedMaskDatum")?);
    let transform = Transform::new(ctx, &mut notices)?;
    let mask_seeds = seeds_of(ctx, &ctx.param.mask_param().unwrap_or_default(), "mask_param")?;
    let data = match given_pictures(ctx, batch)? {
        Some(given) => Some(given.made(ctx, transform.batch_shape(given.batch, given.size)?, &mut notices)),
        None => None,
    };
    let made = [data, ctx.user_shape(1).cloned(), ctx.user_shape(2).cloned()];
    let made = &made[..ctx.top_count().min(PATTERNS.len())];
    let mut tops: Vec<Shape> = made.iter().flatten().cloned().collect();
    if let Some(missing) = made.iter().position(Option::is_none) {
        let asked = ShapeSource { pattern: PATTERNS[missing], ..source(param) };
        let unknown = |error: SourceError| asked.unknown_shape(ctx, missing, error);
        let folder = asked.find(ctx, missing, &mut notices)?;
        let record = first_record_for(ctx, param, &folder, &mut locks, &unknown)?;
        let record = AnnotatedMask::read(&folder, record, ctx.dialect.schema()).map_err(unknown)?;
        let shape = |(top, given): (usize, &Option<Shape>)| match (given, top) {
            (Some(shape), _) => Ok(shape.clone()),
            (None, 0) => transform.batch_shape(batch, picture_size(ctx, &record.picture)?),
            (None, 1) => transform.batch_shape(batch, picture_size(ctx, &record.mask)?),
            (None, _) => boxes_of(ctx, &record, batch),
        };
        tops = made.iter().enumerate().map(shape).collect::<Result<_, _>>()?;
    }
    check_prefetched(ctx, &tops)?;
    tops.resize(ctx.top_count(), Shape::unshaped());
    let draws = transform.reading_draws_beside(ctx, 2 * mask_seeds)?;
    Ok(Setup { draws, locks, notices, ..Setup::new(ctx, Operator::Data(DataSource::Dataset), tops) })
}

/// The shape of the boxes.
fn boxes_of(ctx: &SetupContext<'_>, record: &AnnotatedMask<'_>, batch: u32) -> Result<Shape, Refusal> {
    let is_oriented = ctx.param.annotated_data_param().is_some_and(|param| param.oriented());
    let shape = match record.has_type {
        true => [1, 1, record.boxes.max(1) as i64, if is_oriented { 13 } else { 8 }],
        false => [batch.into(), 1, 1, 1],
    };
    Shape::new(shape).at("data_param.source")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    fn run(fields: &str, tops: usize, user_shapes: &[Option<Shape>]) -> Result<Setup, String> {
        let text = format!("top: 'data' top: 'mask' top: 'label' data_param {{ batch_size: 4 }} {fields}");
        Surroundings { user_shapes, ..Surroundings::of("sstd") }.run("AnnotatedDataMask", &text, &[], tops)
    }

    #[test]
    fn masks_are_transformed_by_a_transformer_of_their_own() {
        let shapes = [given(&[3, 5, 6]), given(&[4, 1, 5, 5]), given(&[1, 1, 9, 8])];
        let fields = "transform_param { crop_size: 5 } mask_param { mirror: true }";
        let made = run(fields, 4, &shapes).unwrap();
        let tops: Vec<_> = made.tops.iter().map(|top| top.dims()).collect();
        assert_eq!(tops, [&[4, 3, 5, 5][..], &[4, 1, 5, 5], &[1, 1, 9, 8], &[]]);
        assert_eq!(made.draws, [Draw::Skip(6)]);
        assert_eq!(run("", 1, &shapes[..1]).unwrap().draws, [Draw::Skip(2)]);
    }

    #[test]
    fn refusals() {
        let message = "top: AnnotatedDataMask makes 1 top, or 3, and 2 are given";
        assert_eq!(run("", 2, &[]).unwrap_err(), message);
        let message = "mask_param: mean_file and mean_value are given together";
        assert_eq!(run("mask_param { mean_file: 'm' mean_value: 1 }", 1, &[]).unwrap_err(), message);
        let message = "data_param.source: the shape of top \"mask\" is not known: there is no source";
        assert_eq!(run("", 3, &[given(&[3, 5, 6])]).unwrap_err(), message);
    }
}
