//! BoxData: pictures with the boxes of the objects in them, from an LMDB or LevelDB database (YOLO).
//!
//! Tops: as [Data](super::database), and then labels for each `side` of `data_param`, of which there is one of 7 unless
//! it is given: (batch_size, 150), five numbers for each of 30 boxes; in the first YOLO (batch_size, 7 side side).
//! Draws: as Data.

use super::DataSource;
use super::database::{checked_batch_size, pictures, reader};
use super::tops::check_prefetched;
use super::transform::Transform;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::DataParameter;

const SIDE: &str = "data_param.side";

/// The side that there is where none is given.
const DEFAULT_SIDE: u32 = 7;

pub(super) const TYPE: LayerType = entry(&boxes).known(Known::In(&["intel", "caffe-yolov2"]));

pub(super) const FIRST: LayerType = entry(&cells).known(Known::In(&["caffe-yolo"]));

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "BoxData",
        "Reads pictures and the boxes in them from an LMDB or LevelDB database",
        Arity::exactly(0),
        Arity::between(1, 100),
        rule,
    )
    .params(&["data_param", "transform_param"])
    .brings_data()
}

fn boxes(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    box_data(ctx, |_| 30 * 5)
}

fn cells(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    box_data(ctx, |side| side.saturating_mul(side).saturating_mul(7))
}

/// The layer with so many numbers in the labels of an item for a side.
fn box_data(ctx: &SetupContext<'_>, numbers: fn(i64) -> i64) -> Result<Setup, Refusal> {
    let default = DataParameter::default();
    let param = ctx.param.data_param.as_deref().unwrap_or(&default);
    let batch = checked_batch_size(ctx, param)?;
    let (mut notices, mut locks) = (Vec::new(), reader(ctx, "Datum")?);
    let transform = Transform::new(ctx, &mut notices)?;
    let mut tops = vec![pictures(ctx, &transform, &mut notices, &mut locks)?];
    let sides = if param.side.is_empty() { &[DEFAULT_SIDE][..] } else { &param.side };
    let (given, labels) = (sides.len(), ctx.top_count() - 1);
    ensure!(labels == 0 || given == labels, SIDE, "there are {given} sides for {labels} tops of labels");
    for (index, &side) in sides.iter().take(labels).enumerate() {
        tops.push(match ctx.user_shape(index + 1) {
            Some(shape) => shape.clone(),
            None => Shape::new([batch.into(), numbers(side.into())]).at(SIDE)?,
        });
    }
    check_prefetched(ctx, &tops)?;
    let operator = Operator::Data(DataSource::Dataset);
    Ok(Setup { draws: transform.reading_draws(ctx)?, locks, notices, ..Setup::new(ctx, operator, tops) })
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;
    use crate::proto::caffe::Phase;

    fn tops(dialect: &str, fields: &str, tops: usize) -> Result<Vec<Vec<i32>>, String> {
        let user = [given(&[3, 448, 448])];
        let surroundings = Surroundings { user_shapes: &user, ..Surroundings::of(dialect) };
        let text = format!("data_param {{ batch_size: 2 {fields} }}");
        let made = surroundings.run("BoxData", &text, &[], tops)?;
        Ok(made.tops.iter().skip(1).map(|top| top.dims().to_vec()).collect())
    }

    #[test]
    fn labels_are_those_of_boxes_or_of_cells() {
        assert_eq!(tops("intel", "", 2).unwrap(), [[2, 150]]);
        assert_eq!(tops("caffe-yolov2", "side: 13", 2).unwrap(), [[2, 150]]);
        assert_eq!(tops("caffe-yolo", "", 2).unwrap(), [[2, 343]]);
        assert_eq!(tops("caffe-yolo", "side: 7 side: 9", 3).unwrap(), [[2, 343], [2, 567]]);
        let message = "data_param.side: there are 1 sides for 2 tops of labels";
        assert_eq!(tops("caffe-yolo", "side: 9", 3).unwrap_err(), message);
    }

    #[test]
    fn the_ports_of_yolo_draw_in_training() {
        let user = [given(&[3, 4, 4])];
        let draws = |phase, name: &str| {
            let surroundings = Surroundings { phase, user_shapes: &user, ..Surroundings::of("caffe-yolo") };
            surroundings.run(name, "data_param { batch_size: 2 }", &[], 1).unwrap().draws
        };
        for name in ["BoxData", "Data"] {
            assert_eq!(draws(Phase::Train, name), [Draw::Skip(4)], "{name}");
            assert_eq!(draws(Phase::Test, name), [Draw::Skip(2)], "{name}");
        }
    }
}
