//! LaneData: pictures of streets and the lanes in them, from an LMDB or LevelDB database (MobileNet-YOLO).
//!
//! Tops: as [Data](super::database), then (batch_size, 1, 1, 1), and the lanes: (batch_size, 1, H / seg_scales, W /
//! seg_scales), or (batch_size, 1, seg_resize_width, seg_resize_height), in this order, where both are given. Further
//! tops are left without axes. Draws: as Data.

use super::DataSource;
use super::database::{checked_batch_size, first_record, picture_size, reader, source};
use super::tops::{check_prefetched, given_pictures};
use super::transform::Transform;
use crate::Shape;
use crate::data::annotated::Annotated;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::DataParameter;

const SCALES: &str = "annotated_data_param.seg_scales";

pub(super) const TYPE: LayerType = LayerType::new(
    "LaneData",
    "Reads pictures and the lanes in them from an LMDB or LevelDB database",
    Arity::exactly(0),
    Arity::at_least(1),
    &setup,
)
.params(&["annotated_data_param", "data_param", "transform_param"])
.brings_data()
.known(Known::In(&["mobilenet-yolo"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = DataParameter::default();
    let param = ctx.param.data_param.as_deref().unwrap_or(&default);
    let batch = checked_batch_size(ctx, param)?;
    let (mut notices, mut locks) = (Vec::new(), reader(ctx, "AnnotatedDatum")?);
    let transform = Transform::new(ctx, &mut notices)?;
    ensure!(
        !transform.keeps_aspects() || batch == 1,
        "data_param.batch_size",
        "batch_size must be 1, not {batch}, where FIT_SMALL_SIZE keeps pictures of several shapes"
    );
    let data = match given_pictures(ctx, batch)? {
        Some(given) => given.made(ctx, transform.batch_shape(given.batch, given.size)?, &mut notices),
        None => {
            let folder = source(param).find(ctx, 0, &mut notices)?;
            let record = first_record(ctx, param, &folder, &mut locks)?;
            let record = Annotated::read(&folder, record, ctx.dialect.schema());
            let record = record.map_err(|error| source(param).unknown_shape(ctx, 0, error))?;
            transform.batch_shape(batch, picture_size(ctx, &record.picture)?)?
        }
    };
    let mut tops = vec![data];
    if ctx.top_count() > 1 {
        tops.push(ctx.user_shape(1).cloned().map_or_else(|| Shape::new([i64::from(batch), 1, 1, 1]).at("top"), Ok)?);
    }
    if ctx.top_count() > 2 {
        tops.push(ctx.user_shape(2).cloned().map_or_else(|| pixel_labels(ctx, [batch.into(), 1], &tops[0]), Ok)?);
    }
    check_prefetched(ctx, &tops)?;
    tops.resize(ctx.top_count(), Shape::unshaped());
    let operator = Operator::Data(DataSource::Dataset);
    Ok(Setup { draws: transform.reading_draws(ctx)?, locks, notices, ..Setup::new(ctx, operator, tops) })
}

/// The shape of labels of pixels for so many pictures of this shape, in so many channels.
///
/// # Errors
/// Their size is not given, or cannot be.
pub(super) fn pixel_labels(
    ctx: &SetupContext<'_>,
    [batch, channels]: [i64; 2],
    pictures: &Shape,
) -> Result<Shape, Refusal> {
    let param = ctx.param.annotated_data_param().unwrap_or_default();
    let (width, height, scales) = (param.seg_resize_width(), param.seg_resize_height(), param.seg_scales());
    let sides = if width == 0 || height == 0 {
        ensure!(scales != 0, SCALES, "seg_scales must not be 0");
        [2, 3].map(|axis| i64::from(pictures.dims()[axis]) / i64::from(scales))
    } else {
        [width, height].map(i64::from)
    };
    Shape::new([batch, channels, sides[0], sides[1]]).at(SCALES)
}

#[cfg(test)]
mod tests {
    use crate::Shape;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    fn run(fields: &str, tops: usize, user_shapes: &[Option<Shape>]) -> Result<Vec<Vec<i32>>, String> {
        let text = format!("top: 'data' data_param {{ batch_size: 2 }} annotated_data_param {{ {fields} }}");
        let own = Surroundings { user_shapes, ..Surroundings::of("mobilenet-yolo") };
        Ok(own.run("LaneData", &text, &[], tops)?.tops.iter().map(|top| top.dims().to_vec()).collect())
    }

    #[test]
    fn lanes_have_a_size_of_their_own() {
        let pictures = [given(&[3, 40, 60])];
        let (data, label) = (vec![2, 3, 40, 60], vec![2, 1, 1, 1]);
        assert_eq!(run("", 1, &pictures), Ok(vec![data.clone()]));
        let made = run("seg_scales: 4", 4, &pictures);
        assert_eq!(made, Ok(vec![data.clone(), label.clone(), vec![2, 1, 10, 15], vec![]]));
        let made = run("seg_resize_width: 8 seg_resize_height: 9", 3, &pictures);
        assert_eq!(made, Ok(vec![data, label, vec![2, 1, 8, 9]]));
        let error = run("seg_scales: 0", 3, &pictures).unwrap_err();
        assert_eq!(error, "annotated_data_param.seg_scales: seg_scales must not be 0");
    }

    #[test]
    fn a_reader_serves_one_layer() {
        let user_shapes = [given(&[3, 40, 60])];
        let own = Surroundings { user_shapes: &user_shapes, ..Surroundings::of("mobilenet-yolo") };
        let made = own.run("LaneData", "data_param { batch_size: 2 source: 'db' }", &[], 1).unwrap();
        assert_eq!(made.locks.len(), 1);
    }

    #[test]
    #[cfg_attr(not(feature = "datasets"), ignore = "this build reads no databases")]
    fn without_a_source_the_shape_has_to_be_given() {
        let error = run("", 1, &[]).unwrap_err();
        assert_eq!(error, "data_param.source: the shape of top \"data\" is not known: there is no source");
    }
}
