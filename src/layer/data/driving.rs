//! DrivingData, DrivingData2 and DirectRegressionNnnData: pictures with maps of the cars or the text in them, from an
//! LMDB or LevelDB database (Xilinx).
//!
//! ```text
//! pictures (batch_size, 3, cropped_height, cropped_width), and as second top
//!   DrivingData              (batch_size, 8, W, H)
//!   DrivingData2             (batch_size, 1, 1, 8 W H + W H / 4 + W H / 16 + W H / 64 + 4000)
//!   DirectRegressionNnnData  (batch_size, 12, H, W)
//! ```
//!
//! with W = label_width label_resolution and H = label_height label_resolution; the sizes are those that the first
//! record says. Draws: those of a layer that reads a database, see [`transform`](super::transform).

use std::path::Path;

use super::DataSource;
use super::database::{checked_batch_size, first_record_for, reader, source};
use super::source::ShapeSource;
use super::tops::check_prefetched;
use super::transform::Transform;
use crate::Shape;
use crate::data::{DatabaseRecord, SourceError};
use crate::dialect::Known;
use crate::error::{AtField, Refusal};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::proto::Schema;
use crate::proto::caffe::{DataParameter, DirectRegressionData, DrivingData};

pub(super) const CARS: LayerType =
    entry(&Mapped { name: "DrivingData", record: "DrivingData", of: cars, labels: car_maps });

pub(super) const CARS_AND_LISTS: LayerType =
    entry(&Mapped { name: "DrivingData2", record: "DrivingData", of: cars, labels: car_lists });

pub(super) const TEXT: LayerType =
    entry(&Mapped { name: "DirectRegressionNnnData", record: "DirectRegressionData", of: text, labels: text_maps });

const fn entry(rule: &'static Mapped) -> LayerType {
    LayerType::new(
        rule.name,
        "Reads pictures and maps of what is in them from an LMDB or LevelDB database",
        Arity::exactly(0),
        Arity::between(1, 2),
        rule,
    )
    .params(&["data_param", "transform_param"])
    .brings_data()
    .known(Known::In(&["xilinx"]))
}

/// What the layers differ in.
struct Mapped {
    name: &'static str,
    /// The message of a record.
    record: &'static str,
    /// What a record of the database at a path says, by the numbers of a schema.
    of: fn(&Path, &DatabaseRecord, &'static Schema) -> Result<MapSizes, SourceError>,
    /// The shape of the second top, without the batch.
    labels: fn(&MapSizes) -> [i64; 3],
}

/// What a record says of sizes.
struct MapSizes {
    /// Height and width of pictures.
    picture: [i32; 2],
    /// Height and width of maps, in tiles.
    tiles: [i32; 2],
    /// How many places to a side a tile has.
    places: i32,
}

impl MapSizes {
    /// Height and width of maps.
    fn map(&self) -> [i64; 2] {
        self.tiles.map(|tiles| i64::from(tiles) * i64::from(self.places))
    }
}

fn cars(database: &Path, record: &DatabaseRecord, schema: &'static Schema) -> Result<MapSizes, SourceError> {
    let data: DrivingData = record.decode(database, schema, "DrivingData")?;
    Ok(MapSizes {
        picture: [data.car_cropped_height(), data.car_cropped_width()],
        tiles: [data.car_label_height(), data.car_label_width()],
        places: data.car_label_resolution(),
    })
}

fn text(database: &Path, record: &DatabaseRecord, schema: &'static Schema) -> Result<MapSizes, SourceError> {
    let data: DirectRegressionData = record.decode(database, schema, "DirectRegressionData")?;
    Ok(MapSizes {
        picture: [data.text_cropped_height(), data.text_cropped_width()],
        tiles: [data.text_label_height(), data.text_label_width()],
        places: data.text_label_resolution(),
    })
}

/// Caffe exchanges height and width.
fn car_maps(sizes: &MapSizes) -> [i64; 3] {
    let [height, width] = sizes.map();
    [8, width, height]
}

fn text_maps(sizes: &MapSizes) -> [i64; 3] {
    let [height, width] = sizes.map();
    [12, height, width]
}

/// All maps in one row, smaller ones behind them, and the sides of a thousand boxes.
fn car_lists(sizes: &MapSizes) -> [i64; 3] {
    let [height, width] = sizes.map();
    let places = height.saturating_mul(width);
    [1, 1, places.saturating_mul(8).saturating_add(places / 4 + places / 16 + places / 64 + 4000)]
}

impl Layer for Mapped {
    fn setup(&self, ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
        let default = DataParameter::default();
        let param = ctx.param.data_param.as_deref().unwrap_or(&default);
        let batch = checked_batch_size(ctx, param)?;
        let (mut notices, mut locks) = (Vec::new(), reader(ctx, self.record)?);
        let transform = Transform::new(ctx, &mut notices)?;
        let mut tops: Vec<Option<Shape>> = (0..ctx.top_count()).map(|top| ctx.user_shape(top).cloned()).collect();
        if let Some(missing) = tops.iter().position(Option::is_none) {
            let asked = ShapeSource { pattern: "N,C,H,W", ..source(param) };
            let unknown = |error: SourceError| asked.unknown_shape(ctx, missing, error);
            let folder = asked.find(ctx, missing, &mut notices)?;
            let record = first_record_for(ctx, param, &folder, &mut locks, &unknown)?;
            let sizes = (self.of)(&folder, &record, ctx.dialect.schema()).map_err(unknown)?;
            let [height, width] = sizes.picture.map(i64::from);
            for (top, dims) in tops.iter_mut().zip([[3, height, width], (self.labels)(&sizes)]) {
                let made = Shape::new([i64::from(batch), dims[0], dims[1], dims[2]]).at("data_param.source")?;
                top.get_or_insert(made);
            }
        }
        let tops: Vec<Shape> = tops.into_iter().flatten().collect();
        check_prefetched(ctx, &tops)?;
        let operator = Operator::Data(DataSource::Dataset);
        Ok(Setup { draws: transform.reading_draws(ctx)?, locks, notices, ..Setup::new(ctx, operator, tops) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    fn labels(of: &Mapped, value: &[u8]) -> Result<([i32; 2], [i64; 3]), String> {
        let record = DatabaseRecord { key: b"k".to_vec(), value: value.to_vec() };
        let schema = Dialect::get("xilinx").unwrap().schema();
        let sizes = (of.of)(Path::new("db"), &record, schema).map_err(|error| error.to_string())?;
        Ok((sizes.picture, (of.labels)(&sizes)))
    }

    #[test]
    fn maps_follow_from_the_first_record() {
        let [maps, lists] =
            [car_maps, car_lists].map(|labels| Mapped { name: "", record: "DrivingData", of: cars, labels });
        assert_eq!(labels(&maps, &[]), Ok(([320, 320], [8, 80, 80])));
        // A width of 40, and 5 tiles in it.
        let narrow = [56, 40, 72, 5];
        assert_eq!(labels(&maps, &narrow), Ok(([320, 40], [8, 40, 80])));
        assert_eq!(labels(&lists, &narrow), Ok(([320, 40], [1, 1, 25_600 + 800 + 200 + 50 + 4000])));
        let of_text = Mapped { name: "", record: "DirectRegressionData", of: text, labels: text_maps };
        assert_eq!(labels(&of_text, &[32, 40, 48, 5]), Ok(([320, 40], [12, 80, 40])));
        let error = labels(&maps, &[10, 9, 8]).unwrap_err();
        assert!(error.starts_with("db, record \"k\": the record is not a DrivingData: "), "{error}");
    }

    #[test]
    fn shapes_of_the_user_leave_the_source_alone() {
        let user_shapes = [given(&[2, 3, 8, 8]), given(&[2, 8, 4, 4])];
        let xilinx = Surroundings { user_shapes: &user_shapes, ..Surroundings::of("xilinx") };
        let text = "top: 'data' top: 'label' data_param { batch_size: 2 } transform_param { mirror: true }";
        for name in ["DrivingData", "DrivingData2", "DirectRegressionNnnData"] {
            let made = xilinx.run(name, text, &[], 2).unwrap();
            assert_eq!(made.tops.iter().map(Shape::dims).collect::<Vec<_>>(), [[2, 3, 8, 8], [2, 8, 4, 4]]);
            assert_eq!(made.draws, [Draw::Skip(4)]);
        }
        let error = Surroundings::of("xilinx").run("DrivingData", text, &[], 2).unwrap_err();
        assert_eq!(error, "data_param.source: the shape of top \"data\" is not known: there is no source");
    }
}
