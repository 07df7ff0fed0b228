//! Pictures with true boxes, named in a list: ImageGtData (MS-CNN), DetectionData and EvalData (Cascade R-CNN).
//!
//! Tops, of pictures of one size (H, W):
//!
//! | type | pictures | then |
//! |---|---|---|
//! | ImageGtData | (batch_size, C, H, W) | (batch_size, 2 + `coord_num`, H / r, W / r) for each `downsample_rate` r, rounded down |
//! | DetectionData | the same | the same for each `stride`, rounded to the nearest |
//! | EvalData | the same | true boxes (1, 8, 1, 1), and perhaps sizes (batch_size, 2, 1, 1) |
//!
//! With `output_gt_boxes` the first two have true boxes behind, (1, 7, 1, 1) and (1, 8, 1, 1). C, H and W are those of
//! the list's last picture, unless there are sizes to resize or crop to. Further tops are left without axes. Draws:
//! those of a prefetching layer, see [`transform`](super::transform), and one more of the first two.

use std::ffi::OsString;

use super::DataSource;
use super::source::ShapeSource;
use super::tops::{check_batch, check_prefetched, given_pictures};
use super::transform::Transform;
use super::window::check_mean_values;
use crate::Shape;
use crate::data::{PictureSize, check_readable, window_file};
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::checked_size;
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};

pub(super) const IMAGE_GT_DATA: LayerType = entry("ImageGtData", &image_gt_data)
    .params(&["image_gt_data_param", "transform_param"])
    .known(Known::In(&["mscnn"]));

pub(super) const DETECTION_DATA: LayerType = entry("DetectionData", &detection_data)
    .params(&["detection_data_param", "transform_param"])
    .known(Known::In(&["cascade-rcnn"]));

pub(super) const EVAL_DATA: LayerType =
    entry("EvalData", &eval_data).params(&["eval_data_param", "transform_param"]).known(Known::In(&["cascade-rcnn"]));

const fn entry(name: &'static str, rule: &'static dyn Layer) -> LayerType {
    const SUMMARY: &str = "Reads pictures and the true boxes in them, named in a list";
    LayerType::new(name, SUMMARY, Arity::exactly(0), Arity::at_least(2), rule).brings_data()
}

/// The settings that the layers have in common.
struct BoxList<'a> {
    /// The field of the list.
    source: &'static str,
    list: &'a str,
    root_folder: &'a str,
    /// Whether the pictures are read while the net is built.
    cache_images: bool,
    /// The numbers of a box between its class and its corners.
    marks: &'static [&'static str],
    batch: u32,
    batch_field: &'static str,
}

impl BoxList<'_> {
    /// The shape of the pictures: what the user gives, or else that of the list's last one, as `resized` has it.
    fn pictures(
        &self,
        ctx: &SetupContext<'_>,
        notices: &mut Vec<String>,
        resized: &dyn Fn([i64; 2]) -> Result<[i64; 2], Refusal>,
    ) -> Result<Shape, Refusal> {
        check_batch(ctx, self.batch_field, self.batch)?;
        let shape = |batch: u32, size: PictureSize| {
            let [height, width] = resized([size.height.into(), size.width.into()])?;
            Shape::new([batch.into(), size.channels.into(), height, width]).at(self.source)
        };
        if let Some(given) = given_pictures(ctx, self.batch)? {
            return Ok(given.made(ctx, shape(given.batch, given.size)?, notices));
        }
        let source = ShapeSource { field: self.source, name: self.list, pattern: "C,H,W" };
        let file = source.find(ctx, 0, notices)?;
        let visit = |name: &OsString| {
            if !self.cache_images {
                return Ok(());
            }
            let mut path = OsString::from(self.root_folder);
            path.push(name);
            check_readable(&ctx.sources.find(path, notices))
        };
        let last = window_file::true_boxes(&file, self.marks, visit);
        shape(self.batch, last.map_err(|error| source.unknown_shape(ctx, 0, error))?)
    }
}

/// The layer with these tops, of which the first are the pictures, and so many draws of its own.
fn pictures_and_boxes(
    ctx: &SetupContext<'_>,
    transform: &Transform,
    notices: Vec<String>,
    mut tops: Vec<Shape>,
    own_seeds: u64,
) -> Result<Setup, Refusal> {
    let (made, given) = (tops.len(), ctx.top_count());
    ensure!(given >= made, "top", "the layer makes {made} tops, {given} given");
    check_mean_values(transform, &tops[0])?;
    check_prefetched(ctx, &tops)?;
    for (top, shape) in tops.iter_mut().enumerate().skip(1) {
        if let Some(own) = ctx.user_shape(top) {
            *shape = own.clone();
        }
    }
    tops.resize(given, Shape::unshaped());
    let operator = Operator::Data(DataSource::Dataset);
    Ok(Setup { draws: transform.prefetching_draws(ctx, own_seeds), notices, ..Setup::new(ctx, operator, tops) })
}

/// The sizes, where both are given.
fn both(height: Option<u32>, width: Option<u32>) -> Option<[i64; 2]> {
    Some([height?.into(), width?.into()])
}

/// The tops of labels, one for each of `strides`, where a side has as many places as `places` says.
fn label_tops(
    pictures: &Shape,
    coordinates: u32,
    strides: &[u32],
    field: &'static str,
    places: fn(i32, u32) -> i64,
) -> Result<Vec<Shape>, Refusal> {
    let [batch, _, height, width] = *pictures.dims() else { return Ok(Vec::new()) };
    let channels = 2 + checked_size(coordinates, field)?;
    let top = |&stride: &u32| {
        ensure!(stride > 0, field, "{} 0 is not above 0", crate::layer::size::field_name(field));
        Shape::new([i64::from(batch), channels, places(height, stride), places(width, stride)]).at(field)
    };
    strides.iter().map(top).collect()
}

/// Checks that there is a height and a width of boxes for each of so many strides.
fn check_fields(strides: usize, heights: usize, widths: usize, field: &'static str) -> Result<(), Refusal> {
    let name = crate::layer::size::field_name(field);
    let fits = strides == heights && strides == widths;
    ensure!(
        fits,
        field,
        "{strides} {name}, {heights} field_h and {widths} field_w are given: there must be as many of each"
    );
    Ok(())
}

fn image_gt_data(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const RATE: &str = "image_gt_data_param.downsample_rate";
    let param = ctx.param.image_gt_data_param().unwrap_or_default();
    let list = BoxList {
        source: "image_gt_data_param.source",
        list: param.source(),
        root_folder: param.root_folder(),
        cache_images: param.cache_images(),
        marks: &["ignore"],
        batch: param.batch_size(),
        batch_field: "image_gt_data_param.batch_size",
    };
    ensure!(!param.downsample_rate.is_empty(), RATE, "downsample_rate is missing");
    check_fields(param.downsample_rate.len(), param.field_h.len(), param.field_w.len(), RATE)?;
    let mut notices = Vec::new();
    let transform = Transform::new(ctx, &mut notices)?;
    let pictures = list.pictures(ctx, &mut notices, &|size| {
        let mut size = both(param.resize_height, param.resize_width).unwrap_or(size);
        for (side, crop) in size.iter_mut().zip(both(param.crop_height, param.crop_width).unwrap_or_default()) {
            let fits = crop <= *side;
            ensure!(fits, "image_gt_data_param", "a crop to {crop} is larger than {side}, the side of the pictures");
            *side = if crop > 0 { crop } else { *side };
        }
        Ok(size)
    })?;
    let mut tops = label_tops(&pictures, param.coord_num(), &param.downsample_rate, RATE, |side, rate| {
        i64::from(side) / i64::from(rate)
    })?;
    tops.insert(0, pictures);
    if param.output_gt_boxes() {
        tops.push(Shape::new([1, 7, 1, 1]).at("top")?);
    }
    pictures_and_boxes(ctx, &transform, notices, tops, 1)
}

fn detection_data(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const STRIDE: &str = "detection_data_param.stride";
    let param = ctx.param.detection_data_param().unwrap_or_default();
    let list = BoxList {
        source: "detection_data_param.source",
        list: param.source(),
        root_folder: param.root_folder(),
        cache_images: param.cache_images(),
        marks: &["ignore", "difficult"],
        batch: param.batch_size(),
        batch_field: "detection_data_param.batch_size",
    };
    check_fields(param.stride.len(), param.field_h.len(), param.field_w.len(), STRIDE)?;
    let sorting = ["random_aspect", "random_mix_aspect", "random"];
    let shuffles = param.shuffle.as_deref().is_none_or(|shuffle| sorting.contains(&shuffle));
    ensure!(shuffles, "detection_data_param.shuffle", "unknown way {:?} to shuffle", param.shuffle());
    let mut notices = Vec::new();
    let transform = Transform::new(ctx, &mut notices)?;
    let pictures = list.pictures(ctx, &mut notices, &|size| {
        let cropped = both(param.crop_height, param.crop_width).or(both(param.crop_long_size, param.crop_short_size));
        let resized = both(param.resize_height, param.resize_width).or_else(|| {
            let ratio = param.resize_ratio.map(f64::from);
            let scaled = ratio.map(|ratio| size.map(|side| (side as f32 * ratio as f32).round() as i64));
            scaled.or(both(param.long_size, param.short_size))
        });
        Ok(cropped.or(resized).unwrap_or(size))
    })?;
    let mut tops = label_tops(&pictures, param.coord_num(), &param.stride, STRIDE, |side, stride| {
        (side as f32 / stride as f32).round() as i64
    })?;
    tops.insert(0, pictures);
    if param.output_gt_boxes() {
        tops.push(Shape::new([1, 8, 1, 1]).at("top")?);
    }
    pictures_and_boxes(ctx, &transform, notices, tops, 1)
}

fn eval_data(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const BATCH: &str = "eval_data_param.batch_size";
    let param = ctx.param.eval_data_param().unwrap_or_default();
    let list = BoxList {
        source: "eval_data_param.source",
        list: param.source(),
        root_folder: param.root_folder(),
        cache_images: false,
        marks: &["ignore", "difficult"],
        batch: param.batch_size(),
        batch_field: BATCH,
    };
    let resized = both(param.resize_height, param.resize_width);
    let single = resized.is_some() || list.batch == 1;
    ensure!(single, BATCH, "batch_size must be 1, not {}, where pictures keep their sizes", list.batch);
    let mut notices = Vec::new();
    let transform = Transform::new(ctx, &mut notices)?;
    let pictures = list
        .pictures(ctx, &mut notices, &|size| Ok(resized.or(both(param.long_size, param.short_size)).unwrap_or(size)))?;
    let sizes = Shape::new([i64::from(list.batch), 2, 1, 1]).at(BATCH)?;
    let mut tops = vec![pictures, Shape::new([1, 8, 1, 1]).at("top")?, sizes];
    tops.truncate(ctx.top_count());
    pictures_and_boxes(ctx, &transform, notices, tops, 0)
}

#[cfg(test)]
mod tests {
    use crate::Shape;
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    const LIST: &str = "# 0 a.png 3 100 200 1\n1 0 0 1 2 3 4\n0\n# 1 b.png 3 95 190 0\n0\n";

    fn run(
        dialect: &str,
        name: &str,
        text: &str,
        tops: usize,
        user_shapes: &[Option<Shape>],
    ) -> Result<(Vec<Vec<i32>>, Vec<Draw>), String> {
        let names: String = (0..tops).map(|top| format!("top: 't{top}' ")).collect();
        let surroundings = Surroundings { user_shapes, ..Surroundings::of(dialect) };
        let made = surroundings.run(name, &(names + text), &[], tops)?;
        Ok((made.tops.iter().map(|top| top.dims().to_vec()).collect(), made.draws))
    }

    #[test]
    fn labels_follow_the_size_that_the_user_gives() {
        let text = "image_gt_data_param { batch_size: 2 downsample_rate: 8 downsample_rate: 16 field_h: 1 field_h: 2 \
                    field_w: 1 field_w: 2 output_gt_boxes: true }";
        let (tops, draws) = run("mscnn", "ImageGtData", text, 4, &[given(&[3, 95, 190])]).unwrap();
        assert_eq!(tops, [vec![2, 3, 95, 190], vec![2, 6, 11, 23], vec![2, 6, 5, 11], vec![1, 7, 1, 1]]);
        assert_eq!(draws, [Draw::Skip(2)]);
        let message = "top: the layer makes 4 tops, 3 given";
        assert_eq!(run("mscnn", "ImageGtData", text, 3, &[given(&[3, 95, 190])]).unwrap_err(), message);
        let message = "image_gt_data_param.downsample_rate: 2 downsample_rate, 1 field_h and 2 field_w are given: there must be as many of each";
        let fewer = text.replace("field_h: 2", "");
        assert_eq!(run("mscnn", "ImageGtData", &fewer, 4, &[given(&[3, 95, 190])]).unwrap_err(), message);
    }

    #[test]
    fn the_last_picture_of_the_list_has_the_size() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), LIST).unwrap();
        let text = |fields: &str| {
            let source = file.path();
            format!(
                "detection_data_param {{ source: {source:?} batch_size: 2 stride: 8 field_h: 1 field_w: 1 {fields} }}"
            )
        };
        let tops = |fields: &str| run("cascade-rcnn", "DetectionData", &text(fields), 2, &[]).map(|(tops, _)| tops);
        assert_eq!(tops("").unwrap(), [[2, 3, 95, 190], [2, 6, 12, 24]]);
        assert_eq!(tops("resize_ratio: 0.5").unwrap()[0], [2, 3, 48, 95]);
        assert_eq!(tops("short_size: 600 long_size: 1000").unwrap()[0], [2, 3, 1000, 600]);
        assert_eq!(tops("crop_height: 64 crop_width: 32 resize_ratio: 2").unwrap()[0], [2, 3, 64, 32]);
        let message = "detection_data_param.shuffle: unknown way \"sorted\" to shuffle";
        assert_eq!(tops("shuffle: 'sorted'").unwrap_err(), message);
        let eval = format!("eval_data_param {{ source: {:?} batch_size: 1 }}", file.path());
        let (tops, draws) = run("cascade-rcnn", "EvalData", &eval, 3, &[]).unwrap();
        assert_eq!(tops, [vec![1, 3, 95, 190], vec![1, 8, 1, 1], vec![1, 2, 1, 1]]);
        assert_eq!(draws, [Draw::Skip(1)]);
        let message = "eval_data_param.batch_size: batch_size must be 1, not 2, where pictures keep their sizes";
        assert_eq!(run("cascade-rcnn", "EvalData", "eval_data_param { batch_size: 2 }", 2, &[]).unwrap_err(), message);
    }

    #[test]
    fn without_a_list_the_shape_has_to_be_given() {
        let text = "image_gt_data_param { batch_size: 2 downsample_rate: 8 field_h: 1 field_w: 1 }";
        let message = "image_gt_data_param.source: the shape of top \"t0\" is not known: there is no source";
        assert_eq!(run("mscnn", "ImageGtData", text, 2, &[]).unwrap_err(), message);
    }
}
