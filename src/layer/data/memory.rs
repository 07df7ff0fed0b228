//! MemoryData: arrays that the user of the net hands over.
//!
//! Tops: batch_size x channels x height x width, whatever `crop_size` says, and the labels; in happynear's tree height
//! and width are `crop_size` where that is given. Sizes that the user gives for them are saved. Draws: those of a
//! transformer set up once, see [`transform`](super::transform).

use super::DataSource;
use super::tops::{check_not_empty, given_pictures, with_labels};
use super::transform::Transform;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::{LayerParameter, MemoryDataParameter};

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
    const FIELD: &str = "memory_data_param";
    const CROP: &str = "transform_param.crop_size";
    let default = MemoryDataParameter::default();
    let param = ctx.param.memory_data_param.as_ref().unwrap_or(&default);
    let mut notices = Vec::new();
    let transform = Transform::new(ctx, &mut notices)?;
    let own = Shape::new([param.batch_size(), param.channels(), param.height(), param.width()]).at(FIELD)?;
    ensure!(own.count() > 0, FIELD, "batch_size, channels, height and width must be at least 1, they are {own}");
    let given = given_pictures(ctx, param.batch_size())?.map(|given| given.shape()).transpose()?;
    let saved = given.as_ref().filter(|given| **given != own).and_then(|given| saved(ctx, given));
    let mut data = given.unwrap_or(own);
    if let (&[batch, channels, ..], 1..) = (data.dims(), side) {
        data = Shape::new([batch.into(), channels.into(), i64::from(side), side.into()]).at(CROP)?;
    }
    let tops = with_labels(ctx, data)?;
    check_not_empty(&tops)?;
    let operator = Operator::Data(DataSource::User);
    Ok(Setup { draws: transform.draws(), notices, saved, ..Setup::new(ctx, operator, tops) })
}

/// The layer with the sizes that the user gives for the arrays.
fn saved(ctx: &SetupContext<'_>, data: &Shape) -> Option<Box<LayerParameter>> {
    let &[batch_size, channels, height, width] = data.dims() else { return None };
    let mut saved = ctx.param.clone();
    let param = saved.memory_data_param.get_or_insert_default();
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
