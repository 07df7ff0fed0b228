//! PAFData and DriveData: pictures with maps of people's parts, and of cars in grids (Xilinx).
//!
//! ```text
//! PAFData    pictures (batch_size, 3, crop_size_y, crop_size_x), maps (batch_size, 2 num_parts + 2, crop_size_y / stride, crop_size_x / stride)
//! DriveData  pictures (batch_size, 3, cropped_height, cropped_width), and as second and third top
//!            boxes (batch_size, 8, tiling_height label_resolution, tiling_width label_resolution),
//!            classes (batch_size, 1, tiling_height catalog_resolution, tiling_width catalog_resolution)
//! ```
//!
//! The shapes follow from the settings alone, and nothing is read. Draws: those of a prefetching layer, see
//! [`transform`](super::transform), of one that reads a database in DriveData; one more in PAFData with `mirror` of
//! `pe_transform_param`.

use super::DataSource;
use super::database::{checked_batch_size, reader};
use super::tops::check_prefetched;
use super::transform::Transform;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::{checked_size, positive_size};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::DataParameter;

/// What is told of a place of a grid: whether there is a box, its sides, its size and how it counts.
pub(super) const BOX_MAPS: i64 = 8;

pub(super) const PARTS: LayerType =
    entry("PAFData", "Reads pictures of people and maps of their parts", Arity::between(1, 2), &parts).params(&[
        "pe_transform_param",
        "image_data_param",
        "data_param",
        "transform_param",
    ]);

pub(super) const CARS: LayerType =
    entry("DriveData", "Reads pictures and the cars in them from a database, as grids", Arity::between(1, 5), &cars)
        .params(&["drive_data_param", "data_param", "transform_param"]);

const fn entry(name: &'static str, summary: &'static str, tops: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(0), tops, rule).brings_data().known(Known::In(&["xilinx"]))
}

/// The items of a batch, checked.
fn batch(ctx: &SetupContext<'_>) -> Result<i64, Refusal> {
    let default = DataParameter::default();
    let batch = checked_batch_size(ctx, ctx.param.data_param.as_deref().unwrap_or(&default))?;
    Ok(batch.into())
}

fn parts(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const CROP: &str = "pe_transform_param.crop_size";
    const SIDES: [&str; 2] = ["pe_transform_param.crop_size_y", "pe_transform_param.crop_size_x"];
    let param = ctx.param.pe_transform_param().unwrap_or_default();
    let batch = batch(ctx)?;
    ensure!(param.crop_size() == 0, CROP, "crop_size must be 0: with it Caffe sets no top up");
    let sides = [checked_size(param.crop_size_y(), SIDES[0])?, checked_size(param.crop_size_x(), SIDES[1])?];
    let mut tops = vec![Shape::new([batch, 3, sides[0], sides[1]]).at(SIDES[0])?];
    if ctx.top_count() > 1 {
        let stride = positive_size(param.stride(), "pe_transform_param.stride")?;
        let maps = 2 * (checked_size(param.num_parts(), "pe_transform_param.num_parts")? + 1);
        tops.push(Shape::new([batch, maps, sides[0] / stride, sides[1] / stride]).at("pe_transform_param.num_parts")?);
    }
    check_prefetched(ctx, &tops)?;
    let mut notices = Vec::new();
    let transform = Transform::new(ctx, &mut notices)?;
    let draws = transform.prefetching_draws(ctx, param.mirror().into());
    Ok(Setup { draws, notices, ..Setup::new(ctx, Operator::Data(DataSource::Dataset), tops) })
}

fn cars(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const HEIGHT: &str = "drive_data_param.cropped_height";
    let param = ctx.param.drive_data_param().unwrap_or_default();
    let (batch, locks) = (batch(ctx)?, reader(ctx, "DriveData")?);
    let made = ctx.top_count();
    ensure!(matches!(made, 1 | 3), "top", "DriveData can set up 1 top or 3, {made} given");
    let height = checked_size(param.cropped_height(), HEIGHT)?;
    let width = checked_size(param.cropped_width(), "drive_data_param.cropped_width")?;
    let mut tops = ctx.first_top(Shape::new([batch, 3, height, width]).at(HEIGHT)?);
    check_prefetched(ctx, &tops[..1])?;
    if let [_, labels, classes] = &mut tops[..] {
        let tiles = [param.tiling_height(), param.tiling_width()];
        *labels = grid(batch, BOX_MAPS, tiles, param.label_resolution(), "drive_data_param.label_resolution")?;
        *classes = grid(batch, 1, tiles, param.catalog_resolution(), "drive_data_param.catalog_resolution")?;
        check_prefetched(ctx, &tops)?;
    }
    let mut notices = Vec::new();
    let draws = Transform::new(ctx, &mut notices)?.reading_draws(ctx)?;
    Ok(Setup { draws, locks, notices, ..Setup::new(ctx, Operator::Data(DataSource::Dataset), tops) })
}

/// The shape of maps over tiles of so many places to a side.
pub(super) fn grid(batch: i64, maps: i64, tiles: [i32; 2], places: i32, field: &'static str) -> Result<Shape, Refusal> {
    let [height, width] = tiles.map(|tiles| i64::from(tiles) * i64::from(places));
    Shape::new([batch, maps, height, width]).at(field)
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::testing::Surroundings;

    fn run(name: &str, text: &str, tops: usize) -> Result<(Vec<Vec<i32>>, Vec<Draw>), String> {
        let made =
            Surroundings::of("xilinx").run(name, &format!("data_param {{ batch_size: 2 }} {text}"), &[], tops)?;
        Ok((made.tops.iter().map(|top| top.dims().to_vec()).collect(), made.draws))
    }

    #[test]
    fn parts_have_two_maps_each() {
        let (tops, draws) = run("PAFData", "", 2).unwrap();
        assert_eq!((tops, draws), (vec![vec![2, 3, 368, 368], vec![2, 30, 92, 92]], vec![Draw::Skip(1)]));
        let text = "pe_transform_param { crop_size_y: 80 crop_size_x: 90 stride: 8 num_parts: 9 mirror: true }";
        let (tops, draws) = run("PAFData", text, 2).unwrap();
        assert_eq!((tops, draws), (vec![vec![2, 3, 80, 90], vec![2, 20, 10, 11]], vec![Draw::Skip(2)]));
        let error = run("PAFData", "pe_transform_param { crop_size: 1 }", 1).unwrap_err();
        assert_eq!(error, "pe_transform_param.crop_size: crop_size must be 0: with it Caffe sets no top up");
        let error = run("PAFData", "pe_transform_param { stride: 0 }", 2).unwrap_err();
        assert_eq!(error, "pe_transform_param.stride: stride must be at least 1");
    }

    #[test]
    fn cars_stand_in_grids() {
        let (tops, draws) = run("DriveData", "", 3).unwrap();
        assert_eq!(tops, [vec![2, 3, 480, 640], vec![2, 8, 120, 160], vec![2, 1, 30, 40]]);
        assert_eq!(draws, [Draw::Skip(2)]);
        assert_eq!(run("DriveData", "", 2).unwrap_err(), "top: DriveData can set up 1 top or 3, 2 given");
        let error = run("DriveData", "drive_data_param { tiling_width: -1 }", 3).unwrap_err();
        assert_eq!(error, "drive_data_param.label_resolution: dimension 3 is negative (-8)");
    }
}
