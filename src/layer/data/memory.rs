//! MemoryData: arrays that the user of the net hands over.
//!
//! Tops: batch_size x channels x height x width, whatever `crop_size` says, and the labels. Sizes that the user gives
//! for them are saved. The labels of caffe-ocr's have no axes before the net runs. Draws: those of a transformer set up
//! once, see [`transform`](super::transform).

use super::DataSource;
use super::tops::{check_not_empty, given_pictures, with_labels};
use super::transform::Transform;
use crate::Shape;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::{LayerParameter, MemoryDataParameter};

pub(super) const TYPE: LayerType = LayerType::new(
    "MemoryData",
    "Takes arrays and labels that the user of the net passes",
    Arity::exactly(0),
    Arity::exactly(2),
    &setup,
)
.params(&["memory_data_param", "transform_param"])
.brings_data();

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const FIELD: &str = "memory_data_param";
    let default = MemoryDataParameter::default();
    let param = ctx.param.memory_data_param.as_ref().unwrap_or(&default);
    let mut notices = Vec::new();
    let transform = Transform::new(ctx, &mut notices)?;
    let own = Shape::new([param.batch_size(), param.channels(), param.height(), param.width()]).at(FIELD)?;
    ensure!(own.count() > 0, FIELD, "batch_size, channels, height and width must be at least 1, they are {own}");
    let given = given_pictures(ctx, param.batch_size())?.map(|given| given.shape()).transpose()?;
    let saved = given.as_ref().filter(|given| **given != own).and_then(|given| saved(ctx, given));
    let data = given.unwrap_or(own);
    let tops = match ctx.dialect.traits.several_labels && ctx.user_shape(1).is_none() {
        true => vec![data, Shape::scalar()],
        false => with_labels(ctx, data)?,
    };
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
