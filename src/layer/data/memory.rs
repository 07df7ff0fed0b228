//! MemoryData: arrays that the user of the net hands over.
//!
//! Tops: batch_size x channels x height x width, whatever `crop_size` says, and the labels; in happynear's tree height
//! and width are `crop_size` where that is given, in video-caffe there is a `length` behind the channels, 1 by default.
//! Sizes that the user gives for them are saved. The labels of caffe-ocr's have no axes before the net runs. Draws:
//! those of a transformer set up once, see [`transform`](super::transform).

use super::DataSource;
use super::clips::given_clips;
use super::tops::{check_not_empty, given_pictures, with_labels};
use super::transform::Transform;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::{LayerParameter, MemoryDataParameter};

const FIELD: &str = "memory_data_param";
const CROP: &str = "transform_param.crop_size";

pub(super) const TYPE: LayerType = entry(&setup).known(Known::Except(&["happynear"]));

pub(super) const CROPPED: LayerType = entry(&cropped).known(Known::In(&["happynear"]));

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "MemoryData",
        "Takes arrays and labels that the user of the net passes",
        Arity::exactly(0),
        Arity::exactly(2),
        rule,
    )
    .params(&["memory_data_param", "transform_param"])
    .brings_data()
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    of_crop(ctx, 0)
}

fn cropped(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    of_crop(ctx, ctx.param.transform_param.as_ref().map_or(0, |param| param.crop_size()))
}

/// The layer with squares of this side for a top; with the arrays themselves where it is 0.
fn of_crop(ctx: &SetupContext<'_>, side: u32) -> Result<Setup, Refusal> {
    let default = MemoryDataParameter::default();
    let param = ctx.param.memory_data_param.as_ref().unwrap_or(&default);
    let mut notices = Vec::new();
    let transform = Transform::new(ctx, &mut notices)?;
    let own = own_arrays(ctx, param)?;
    let given = given_arrays(ctx, param)?;
    let saved = given.as_ref().filter(|given| **given != own).and_then(|given| saved(ctx, given));
    let mut data = given.unwrap_or(own);
    if let (&[batch, channels, ..], 1..) = (data.dims(), side) {
        data = Shape::new([batch.into(), channels.into(), i64::from(side), side.into()]).at(CROP)?;
    }
    let tops = match ctx.dialect.traits.several_labels && ctx.user_shape(1).is_none() {
        true => vec![data, Shape::scalar()],
        false => with_labels(ctx, data)?,
    };
    check_not_empty(&tops)?;
    let operator = Operator::Data(DataSource::User);
    Ok(Setup { draws: transform.draws(), notices, saved, ..Setup::new(ctx, operator, tops) })
}

/// The arrays that the layer's settings tell of.
fn own_arrays(ctx: &SetupContext<'_>, param: &MemoryDataParameter) -> Result<Shape, Refusal> {
    let (batch, channels, height, width) = (param.batch_size(), param.channels(), param.height(), param.width());
    let (own, sizes) = match ctx.dialect.traits.pictures_have_length {
        true => (
            Shape::new([batch, channels, param.length.unwrap_or(1), height, width]),
            "batch_size, channels, length, height and width",
        ),
        false => (Shape::new([batch, channels, height, width]), "batch_size, channels, height and width"),
    };
    let own = own.at(FIELD)?;
    ensure!(own.count() > 0, FIELD, "{sizes} must be at least 1, they are {own}");
    Ok(own)
}

/// The arrays that the user gives the sizes of.
fn given_arrays(ctx: &SetupContext<'_>, param: &MemoryDataParameter) -> Result<Option<Shape>, Refusal> {
    if ctx.dialect.traits.pictures_have_length {
        return given_clips(ctx, param.batch_size().into());
    }
    given_pictures(ctx, param.batch_size())?.map(|given| given.shape()).transpose()
}

/// The layer with the sizes that the user gives for the arrays.
fn saved(ctx: &SetupContext<'_>, data: &Shape) -> Option<Box<LayerParameter>> {
    let (batch_size, channels, length, height, width) = match *data.dims() {
        [batch_size, channels, height, width] => (batch_size, channels, None, height, width),
        [batch_size, channels, length, height, width] => (batch_size, channels, Some(length), height, width),
        _ => return None,
    };
    let mut saved = ctx.param.clone();
    let param = saved.memory_data_param.get_or_insert_default();
    param.length = length.map(i32::cast_unsigned);
    param.batch_size = Some(batch_size.cast_unsigned());
    param.channels = Some(channels.cast_unsigned());
    param.height = Some(height.cast_unsigned());
    param.width = Some(width.cast_unsigned());
    Some(Box::new(saved))
}

#[cfg(test)]
mod tests {
    use crate::Shape;
    use crate::layer::data::tests::{given, run};
    use crate::layer::testing::Surroundings;

    const TEXT: &str = "memory_data_param { batch_size: 2 channels: 3 height: 4 width: 5 }";

    #[test]
    fn the_fields_are_the_shape() {
        let shape = |dims: &[i32]| Shape::new(dims).unwrap();
        let cropped = format!("{TEXT} transform_param {{ crop_size: 2 }}");
        assert_eq!(run("MemoryData", &cropped, 2, &[]).unwrap().tops, [shape(&[2, 3, 4, 5]), shape(&[2])]);
        let made = run("MemoryData", TEXT, 2, &[given(&[9, 1, 2, 2])]).unwrap();
        assert_eq!(made.tops, [shape(&[9, 1, 2, 2]), shape(&[9])]);
    }

    #[test]
    fn volumes_have_a_length() {
        let shape = |dims: &[i32]| Shape::new(dims).unwrap();
        let run = |text: &str, user_shapes: &[Option<Shape>]| {
            let own = Surroundings { user_shapes, ..Surroundings::of("video-caffe") };
            own.run("MemoryData", text, &[], 2)
        };
        assert_eq!(run(TEXT, &[]).unwrap().tops, [shape(&[2, 3, 1, 4, 5]), shape(&[2])]);
        let text = TEXT.replace("height", "length: 16 height");
        assert_eq!(run(&text, &[]).unwrap().tops[0], shape(&[2, 3, 16, 4, 5]));
        let made = run(&text, &[given(&[1, 8, 2, 2])]).unwrap();
        assert_eq!(made.tops[0], shape(&[2, 1, 8, 2, 2]));
        assert_eq!(made.saved.unwrap().memory_data_param.unwrap().length, Some(8));
        let message = "memory_data_param: batch_size, channels, length, height and width must be at least 1, they are (2, 3, 0, 4, 5)";
        assert_eq!(run(&text.replace("16", "0"), &[]).unwrap_err(), message);
    }

    #[test]
    fn happynear_s_are_cropped() {
        let happynear = Surroundings::of("happynear");
        let made = |fields: &str| {
            let text = format!("{TEXT} transform_param {{ {fields} }}");
            happynear.run("MemoryData", &text, &[], 2).unwrap().tops[0].dims().to_vec()
        };
        assert_eq!(made("crop_size: 7 crop_h: 2"), [2, 3, 7, 7]);
        assert_eq!(made("crop_h: 2"), [2, 3, 4, 5]);
    }

    #[test]
    fn several_labels_come_with_the_arrays() {
        let made = Surroundings::of("caffe-ocr").run("MemoryData", TEXT, &[], 2).unwrap();
        assert_eq!(made.tops, [Shape::new([2, 3, 4, 5]).unwrap(), Shape::scalar()]);
    }

    #[test]
    fn all_four_must_be_there() {
        let error = |text: &str| run("MemoryData", text, 2, &[]).unwrap_err();
        let message =
            "memory_data_param: batch_size, channels, height and width must be at least 1, they are (2, 3, 0, 4)";
        assert_eq!(error("memory_data_param { batch_size: 2 channels: 3 width: 4 }"), message);
        let message = "memory_data_param: a blob holds at most 2147483647 elements, 65536 x 65536 x 1 x 1 are more";
        assert_eq!(error("memory_data_param { batch_size: 65536 channels: 65536 height: 1 width: 1 }"), message);
        let error = run("MemoryData", TEXT, 2, &[given(&[0, 1, 2, 2])]).unwrap_err();
        assert_eq!(error, "top: top 0 would be empty: its shape is (0, 1, 2, 2)");
    }
}
