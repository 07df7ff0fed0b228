//! Input: tops of given shapes that the user of the net fills.
//!
//! `input_param.shape` is given once for all tops, once for each, or not at all, which leaves the tops without axes
//! and elements. Shapes that the user gives for them are saved. No blobs, no draws.

use super::data::DataSource;
use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::blob::{blob_shape, given_shape};
use crate::proto::caffe::{BlobShape, LayerParameter};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Input",
    "Makes tops of given shapes that the user of the net fills",
    Arity::exactly(0),
    Arity::at_least(1),
    &setup,
)
.params(&["input_param"])
.brings_data()
.known(Known::WithField("input_param"))];

impl LayerType {
    /// The type of what stands for the inputs of a net, in dialects without Input layers, too.
    pub(crate) const INPUTS: &'static LayerType = &TYPES[0];
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const FIELD: &str = "input_param.shape";
    let shapes = ctx.param.input_param.as_ref().map_or(&[][..], |param| &param.shape);
    let tops = ctx.top_count();
    ensure!(
        shapes.len() <= 1 || shapes.len() == tops,
        FIELD,
        "{} shapes for {tops} tops: give one for all, one for each, or none",
        shapes.len()
    );
    let top = |index: usize| match (ctx.user_shape(index), shapes.get(index).or(shapes.first())) {
        (Some(shape), _) => Ok(shape.clone()),
        (None, Some(shape)) => given_shape(shape).at(FIELD),
        (None, None) => Ok(Shape::unshaped()),
    };
    let tops = (0..tops).map(top).collect::<Result<Vec<Shape>, Refusal>>()?;
    let saved = saved(ctx, shapes, &tops);
    Ok(Setup { saved, ..Setup::new(ctx, Operator::Data(DataSource::User), tops) })
}

/// The layer with the shapes of its tops, where the user gives others than its own. Tops without a shape cannot be told
/// beside others that have one.
fn saved(ctx: &SetupContext<'_>, own: &[BlobShape], tops: &[Shape]) -> Option<Box<LayerParameter>> {
    let is_own = |top: usize, given: &Shape| own.get(top).or(own.first()) == Some(&blob_shape(given));
    let keeps = (0..tops.len()).all(|top| ctx.user_shape(top).is_none_or(|given| is_own(top, given)));
    if keeps || tops.contains(&Shape::unshaped()) {
        return None;
    }
    let mut saved = ctx.param.clone();
    saved.input_param.get_or_insert_default().shape = tops.iter().map(blob_shape).collect();
    Some(Box::new(saved))
}

#[cfg(test)]
mod tests {
    use super::TYPES;
    use crate::Shape;
    use crate::layer::testing::{Surroundings, layer, setup};

    fn tops(text: &str, count: usize) -> Result<Vec<Shape>, String> {
        setup(&TYPES[0], &layer(text), &[], count).map(|s| s.tops).map_err(|r| format!("{}: {}", r.field, r.message))
    }

    #[test]
    fn one_shape_serves_all_tops() {
        let two_by_three = Shape::new([2, 3]).unwrap();
        let text = "input_param { shape { dim: 2 dim: 3 } }";
        assert_eq!(tops(text, 2).unwrap(), [two_by_three.clone(), two_by_three.clone()]);
        let text = "input_param { shape { dim: 2 dim: 3 } shape { } }";
        assert_eq!(tops(text, 2).unwrap(), [two_by_three, Shape::scalar()]);
        assert_eq!(tops("", 1).unwrap(), [Shape::unshaped()]);
    }

    #[test]
    fn the_shape_of_the_user_wins() {
        let given = [None, Some(Shape::new([7]).unwrap())];
        let surroundings = Surroundings { user_shapes: &given, ..Default::default() };
        let made = surroundings.setup(&TYPES[0], &layer("input_param { shape { dim: 2 } }"), &[], 2).unwrap();
        assert_eq!(made.tops, [Shape::new([2]).unwrap(), Shape::new([7]).unwrap()]);
        let made = surroundings.setup(&TYPES[0], &layer(""), &[], 2).unwrap();
        assert_eq!(made.tops, [Shape::unshaped(), Shape::new([7]).unwrap()]);
    }

    #[test]
    fn refusals_name_the_field() {
        let error = tops("input_param { shape { } shape { } }", 3).unwrap_err();
        assert_eq!(error, "input_param.shape: 2 shapes for 3 tops: give one for all, one for each, or none");
        let error = tops("input_param { shape { dim: 2 dim: -3 } }", 1).unwrap_err();
        assert_eq!(error, "input_param.shape: dimension 1 is negative (-3)");
        assert_eq!(tops("", 0).unwrap_err(), "top: Input makes at least 1 top, 0 given");
    }
}
