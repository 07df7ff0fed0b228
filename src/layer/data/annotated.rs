//! AnnotatedData: pictures with the boxes of the objects in them, from an LMDB or LevelDB database (SSD).
//!
//! Tops: as [Data](super::database), and then the boxes, (1, 1, B, 8) with B those of the first record, but at least 1;
//! in TextBoxes++ with 16 instead of 8; (batch_size, 1, 300, 5) with `yolo_data_type: 1`, as the ports of YOLO have it;
//! (batch_size, 1, 1, 1) where neither the record nor `anno_type` has a type; with Synopsys' `caffe_yolo` instead
//! (batch_size, 7 side side) for each `side`. Further tops are left without axes. Draws: as Data. In Xilinx' Caffe
//! boxes have 10 numbers where the record has `label_ori`; with `has_seg_label` the third top has the labels of the
//! pixels, of the size of pictures, and with `has_lane_label` two more have boxes and classes over grids, as in
//! [DriveData](super::grids). In MobileNet-YOLO a third top has the labels of pixels in the size that LaneData gives
//! [its lanes](super::lane), in one channel, or, without `single_class`, as many as the largest `label_id` in
//! `label_map_file`. Elsewhere, or without that top, the file is not opened while the net is built.

use super::DataSource;
use super::database::{checked_batch_size, first_record_for, picture_size, reader, source};
use super::grids::{BOX_MAPS, grid};
use super::lane::pixel_labels;
use super::source::ShapeSource;
use super::tops::{check_prefetched, given_pictures};
use super::transform::Transform;
use crate::Shape;
use crate::data::SourceError;
use crate::data::annotated::Annotated;
use crate::data::datum::Datum;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::detection::files::largest_label_id;
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::annotated_datum::AnnotationType;
use crate::proto::caffe::{AnnotatedDataParameter, DataParameter};

/// How many numbers a box has: the item, its group and number, four sides, and whether it is difficult.
const BOX: i64 = 8;

/// How many numbers one has that has a direction.
const WITH_DIRECTION: i64 = 10;

/// How many numbers one has that is a quadrilateral.
const QUADRILATERAL: i64 = 16;

/// How many boxes of an item YOLO has room for, and how many numbers each has: its class and four sides.
const YOLO_BOXES: [i64; 2] = [300, 5];

/// What is said where records have lanes, which have a layer of their own.
const LANES: &str = "the annotations are lanes: use LaneData";

pub(super) const TYPE: LayerType = entry(&setup).known(Known::In(&[
    "ssd",
    "refinedet",
    "intel",
    "nvidia",
    "synopsys",
    "yolov3-windows",
    "yolo9000",
    "textboxes",
    "sstd",
    "jacinto",
    "seqface",
]));

pub(super) const OF_MOBILENET_YOLO: LayerType = entry(&of_mobilenet_yolo).known(Known::In(&["mobilenet-yolo"]));

pub(super) const OF_XILINX: LayerType = entry(&of_xilinx).known(Known::In(&["xilinx"]));

pub(super) const TEXTBOXES_PP: LayerType = entry(&of_textboxes_pp).known(Known::In(&["textboxes-pp"]));

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "AnnotatedData",
        "Reads pictures and the boxes in them from an LMDB or LevelDB database",
        Arity::exactly(0),
        Arity::at_least(1),
        rule,
    )
    .params(&["annotated_data_param", "data_param", "transform_param"])
    .brings_data()
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    annotated(ctx, BOX)
}

fn of_textboxes_pp(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    annotated(ctx, QUADRILATERAL)
}

/// Behind the boxes there may be the labels of pixels.
fn of_mobilenet_yolo(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const LABELS: &str = "annotated_data_param.label_map_file";
    let param = ctx.param.annotated_data_param().unwrap_or_default();
    let has_lanes = ctx.top_count() > 1 && param.anno_type == Some(AnnotationType::Lane.into());
    ensure!(!has_lanes, "annotated_data_param.anno_type", "{LANES}");
    let mut setup = annotated(ctx, BOX)?;
    if ctx.top_count() < 3 {
        return Ok(setup);
    }
    setup.tops[2] = match ctx.user_shape(2) {
        Some(given) => given.clone(),
        None => {
            ensure!(!param.label_map_file().is_empty(), LABELS, "label_map_file is missing, which a third top needs");
            let largest = largest_label_id(ctx, LABELS, param.label_map_file(), &mut setup.notices)?;
            let channels = if param.single_class() { 1 } else { largest };
            pixel_labels(ctx, [setup.tops[0].dims()[0].into(), channels.into()], &setup.tops[0])?
        }
    };
    check_prefetched(ctx, &setup.tops[..3])?;
    Ok(setup)
}

/// Behind the boxes there may be the labels of pixels, and behind these, boxes and classes over grids.
fn of_xilinx(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.annotated_data_param().unwrap_or_default();
    let setup = annotated(ctx, BOX)?;
    let tops = ctx.top_count();
    if tops == 1 {
        return Ok(setup);
    }
    let lanes = "annotated_data_param.has_lane_label";
    let segments = "annotated_data_param.has_seg_label";
    ensure!(tops == 2 || param.has_seg_label(), segments, "{tops} tops need has_seg_label: Caffe sets up the third");
    ensure!(tops != 5 || param.has_lane_label(), lanes, "5 tops need has_lane_label: Caffe sets up all of them");
    ensure!(tops > 2 || !param.has_seg_label(), segments, "has_seg_label needs a third top");
    ensure!(tops > 4 || !param.has_lane_label(), lanes, "has_lane_label needs five tops");
    with_maps(ctx, &param, setup)
}

/// The layer with the tops that have a place for each pixel or tile.
fn with_maps(ctx: &SetupContext<'_>, param: &AnnotatedDataParameter, mut setup: Setup) -> Result<Setup, Refusal> {
    let batch = i64::from(setup.tops[0].dims()[0]);
    if param.has_seg_label() {
        setup.tops[2] = ctx.user_shape(2).cloned().map_or_else(|| segments(ctx, setup.tops[0].dims()[0]), Ok)?;
    }
    if param.has_lane_label() {
        let tiles = [param.tiling_height(), param.tiling_width()];
        let label = "annotated_data_param.label_resolution";
        setup.tops[3] = grid(batch, BOX_MAPS, tiles, param.label_resolution(), label)?;
        let class = "annotated_data_param.catalog_resolution";
        setup.tops[4] = grid(batch, 1, tiles, param.catalog_resolution(), class)?;
    }
    check_prefetched(ctx, &setup.tops)?;
    Ok(setup)
}

/// The shape of the labels of pixels, which are a picture of the first record that is changed as pictures are.
fn segments(ctx: &SetupContext<'_>, batch: i32) -> Result<Shape, Refusal> {
    let default = DataParameter::default();
    let param = ctx.param.data_param.as_deref().unwrap_or(&default);
    let asked = ShapeSource { pattern: "N,C,H,W", ..source(param) };
    let unknown = |error: SourceError| asked.unknown_shape(ctx, 2, error);
    // Where the database was found, and that it is open, is told with the pictures.
    let folder = asked.find(ctx, 2, &mut Vec::new())?;
    let record = first_record_for(ctx, param, &folder, &mut Vec::new(), &unknown)?;
    let record = Annotated::read(&folder, record, ctx.dialect.schema()).map_err(unknown)?;
    let transform = Transform::new(ctx, &mut Vec::new())?;
    picture_shape(ctx, &transform, batch.cast_unsigned(), &record.segments)
}

/// The shape of a batch of pictures like this one.
fn picture_shape(
    ctx: &SetupContext<'_>,
    transform: &Transform,
    batch: u32,
    picture: &Datum<'_>,
) -> Result<Shape, Refusal> {
    let size = picture_size(ctx, picture)?;
    if picture.is_encoded() { transform.decoded_shape(batch, size) } else { transform.batch_shape(batch, size) }
}

/// The layer where a box has so many numbers.
fn annotated(ctx: &SetupContext<'_>, numbers: i64) -> Result<Setup, Refusal> {
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
        Some(given) => Some(given.made(ctx, transform.decoded_shape(given.batch, given.size)?, &mut notices)),
        None => None,
    };
    let boxes = ctx.user_shape(1).cloned();
    let mut tops = match (data, boxes) {
        (Some(data), Some(boxes)) => vec![data, boxes],
        (Some(data), None) if ctx.top_count() == 1 => vec![data],
        (Some(data), None) if has_room_for_boxes(ctx) => vec![data, room_for_boxes(batch)?],
        (data, boxes) => {
            let asked = match data {
                Some(_) => ShapeSource { pattern: boxes_pattern(ctx, numbers), ..source(param) },
                None => source(param),
            };
            let top = usize::from(data.is_some());
            let unknown = |error: SourceError| asked.unknown_shape(ctx, top, error);
            let folder = asked.find(ctx, top, &mut notices)?;
            let record = first_record_for(ctx, param, &folder, &mut locks, &unknown)?;
            let record = Annotated::read(&folder, record, ctx.dialect.schema()).map_err(unknown)?;
            let data = match data {
                Some(data) => data,
                None => picture_shape(ctx, &transform, batch, &record.picture)?,
            };
            match (boxes, is_of_yolo(ctx)) {
                (Some(boxes), _) => vec![data, boxes],
                (None, false) => vec![data, boxes_of(ctx, &record, batch, numbers)?],
                (None, true) => [vec![data], cells_of(ctx, &record, batch)?].concat(),
            }
        }
    };
    tops.resize(ctx.top_count(), Shape::unshaped());
    check_prefetched(ctx, &tops[..tops.len().min(2)])?;
    let operator = Operator::Data(DataSource::Dataset);
    Ok(Setup { draws: transform.reading_draws(ctx)?, locks, notices, ..Setup::new(ctx, operator, tops) })
}

/// Whether the net says that each item has room for so many boxes, whatever the records have.
fn has_room_for_boxes(ctx: &SetupContext<'_>) -> bool {
    let param = ctx.param.annotated_data_param().unwrap_or_default();
    param.yolo_data_type() == 1 && param.anno_type.is_some() && !is_of_yolo(ctx)
}

/// The shape of boxes where each item has room for so many.
fn room_for_boxes(batch: u32) -> Result<Shape, Refusal> {
    Shape::new([batch.into(), 1, YOLO_BOXES[0], YOLO_BOXES[1]]).at("data_param.batch_size")
}

/// What the shape of the boxes looks like, for the user to give it.
fn boxes_pattern(ctx: &SetupContext<'_>, numbers: i64) -> &'static str {
    let param = ctx.param.annotated_data_param().unwrap_or_default();
    match () {
        () if is_of_yolo(ctx) => "N,C",
        () if param.yolo_data_type() == 1 => "N,1,300,5",
        () if numbers == QUADRILATERAL => "1,1,B,16",
        () => "1,1,B,8",
    }
}

/// The shape of the boxes.
fn boxes_of(ctx: &SetupContext<'_>, record: &Annotated<'_>, batch: u32, numbers: i64) -> Result<Shape, Refusal> {
    let param = ctx.param.annotated_data_param().unwrap_or_default();
    ensure!(!record.has_lanes || param.anno_type.is_some(), "data_param.source", "{LANES}");
    let shape = match record.has_type || param.anno_type.is_some() {
        true if param.yolo_data_type() == 1 => return room_for_boxes(batch),
        true if record.has_directions => [1, 1, record.boxes.max(1) as i64, WITH_DIRECTION],
        true => [1, 1, record.boxes.max(1) as i64, numbers],
        false => [batch.into(), 1, 1, 1],
    };
    Shape::new(shape).at("data_param.source")
}

/// Whether labels are YOLO's, as Synopsys' Caffe has them. The field tells by being there.
fn is_of_yolo(ctx: &SetupContext<'_>) -> bool {
    ctx.top_count() > 1 && ctx.param.transform_param.as_ref().is_some_and(|param| param.caffe_yolo.is_some())
}

/// The shapes of labels for each cell of grids, one for each `side`.
fn cells_of(ctx: &SetupContext<'_>, record: &Annotated<'_>, batch: u32) -> Result<Vec<Shape>, Refusal> {
    const SIDE: &str = "data_param.side";
    let sides = ctx.param.data_param.as_deref().map_or(&[][..], |param| &param.side);
    let (given, tops) = (sides.len(), ctx.top_count() - 1);
    ensure!(given == tops, SIDE, "{given} sides are given for {tops} tops of labels");
    let has_type = record.has_type || ctx.param.annotated_data_param().is_some_and(|own| own.anno_type.is_some());
    if !has_type {
        return Ok(Vec::new());
    }
    let label = |&side: &u32| {
        Shape::new([batch.into(), i64::from(side).saturating_mul(side.into()).saturating_mul(7)]).at(SIDE)
    };
    sides.iter().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::{Surroundings, layer_of};

    fn run(fields: &str, tops: usize, user_shapes: &[Option<Shape>]) -> Result<Vec<Vec<i32>>, String> {
        let text = format!("top: 'data' top: 'label' data_param {{ {fields} }}");
        let made = Surroundings { user_shapes, ..Surroundings::of("ssd") }.run("AnnotatedData", &text, &[], tops)?;
        assert_eq!(made.draws, [Draw::Skip(2)]);
        Ok(made.tops.iter().map(|top| top.dims().to_vec()).collect())
    }

    #[test]
    fn shapes_of_the_user_leave_the_source_alone() {
        let (data, label) = (given(&[3, 5, 6]), given(&[1, 1, 9, 8]));
        assert_eq!(run("batch_size: 4", 1, std::slice::from_ref(&data)), Ok(vec![vec![4, 3, 5, 6]]));
        let made = run("batch_size: 4", 3, &[data, label]).unwrap();
        assert_eq!(made, [vec![4, 3, 5, 6], vec![1, 1, 9, 8], vec![]]);
    }

    #[test]
    fn boxes_are_asked_for_where_the_pictures_are_given() {
        let pictures = [given(&[3, 5, 6])];
        let help = |dialect: &str, fields: &str| {
            let text = format!("top: 'data' top: 'label' data_param {{ batch_size: 4 source: 'db' }} {fields}");
            let surroundings = Surroundings { user_shapes: &pictures, ..Surroundings::of(dialect) };
            let entry = if dialect == "textboxes-pp" { &TEXTBOXES_PP } else { &TYPE };
            let refusal = surroundings.setup(entry, &layer_of(surroundings.dialect, &text), &[], 2).unwrap_err();
            refusal.help.unwrap().to_string()
        };
        let asks = |shape: &str| format!("give the shape with `PlanOptions::shapes: label={shape}`");
        assert_eq!(help("ssd", ""), asks("1,1,B,8"));
        assert_eq!(help("textboxes-pp", ""), asks("1,1,B,16"));
        assert_eq!(help("mobilenet-yolo", "annotated_data_param { yolo_data_type: 1 }"), asks("N,1,300,5"));
        assert_eq!(help("synopsys", "transform_param { caffe_yolo: true }"), asks("N,C"));

        let fields = "data_param { batch_size: 4 } annotated_data_param { yolo_data_type: 1 anno_type: BBOX }";
        let surroundings = Surroundings { user_shapes: &pictures, ..Surroundings::of("mobilenet-yolo") };
        let made = surroundings.run("AnnotatedData", &format!("top: 'data' top: 'label' {fields}"), &[], 2).unwrap();
        assert_eq!(made.tops[1].dims(), [4, 1, 300, 5]);
    }

    #[test]
    fn a_third_top_has_the_labels_of_pixels() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "item { name: 'car' label_id: 2 label: 1 } item { label_id: 7 }").unwrap();
        let user_shapes = [given(&[3, 40, 64]), given(&[4, 1, 300, 5])];
        let own = Surroundings { user_shapes: &user_shapes, ..Surroundings::of("mobilenet-yolo") };
        let run = |fields: &str, tops: usize| {
            let text = format!("data_param {{ batch_size: 4 }} annotated_data_param {{ {fields} }}");
            let made = own.run("AnnotatedData", &text, &[], tops)?;
            Ok::<_, String>(made.tops.iter().map(|top| top.dims().to_vec()).skip(2).collect::<Vec<_>>())
        };
        let labels = format!("label_map_file: {:?}", file.path());
        assert_eq!(run("", 2), Ok(vec![]));
        assert_eq!(run(&labels, 4), Ok(vec![vec![4, 1, 5, 8], vec![]]));
        let classes = format!("{labels} single_class: false seg_resize_width: 9 seg_resize_height: 6");
        assert_eq!(run(&classes, 3), Ok(vec![vec![4, 7, 9, 6]]));
        let message = "annotated_data_param.label_map_file: label_map_file is missing, which a third top needs";
        assert_eq!(run("", 3).unwrap_err(), message);
        let message = "annotated_data_param.anno_type: the annotations are lanes: use LaneData";
        assert_eq!(run("anno_type: LANE", 2).unwrap_err(), message);
        std::fs::write(file.path(), "item { label_id: -2 }").unwrap();
        let message = "top: top 2 would be empty: its shape is (4, 0, 5, 8)";
        assert_eq!(run(&format!("{labels} single_class: false"), 3).unwrap_err(), message);
    }

    #[test]
    fn one_side_may_do_for_yolo() {
        let top = |dialect: &str, resize: &str| {
            let user_shapes = [given(&[3, 40, 64])];
            let own = Surroundings { user_shapes: &user_shapes, ..Surroundings::of(dialect) };
            let text = format!("data_param {{ batch_size: 1 }} transform_param {{ resize_param {{ {resize} }} }}");
            Ok::<_, String>(own.run("AnnotatedData", &text, &[], 1)?.tops[0].dims().to_vec())
        };
        let small = "resize_mode: FIT_SMALL_SIZE";
        for dialect in ["mobilenet-yolo", "yolov3-windows"] {
            assert_eq!(top(dialect, &format!("{small} height: 20")), Ok(vec![1, 3, 20, 32]));
            assert_eq!(top(dialect, &format!("{small} width: 32")), Ok(vec![1, 3, 20, 32]));
            let message = "transform_param.resize_param.height: height must be at least 1";
            assert_eq!(top(dialect, "width: 32").unwrap_err(), message);
            assert_eq!(top(dialect, small).unwrap_err(), message);
        }
        assert!(top("ssd", &format!("{small} width: 32")).is_err());
    }

    #[test]
    fn xilinx_s_may_have_maps() {
        let user_shapes = [given(&[3, 5, 6]), given(&[1, 1, 9, 10]), given(&[4, 1, 5, 6])];
        let xilinx = Surroundings { user_shapes: &user_shapes, ..Surroundings::of("xilinx") };
        let run = |fields: &str, tops: usize| {
            let text = format!("data_param {{ batch_size: 4 }} annotated_data_param {{ {fields} }}");
            let made = xilinx.run("AnnotatedData", &text, &[], tops)?;
            Ok::<_, String>(made.tops.iter().map(|top| top.dims().to_vec()).collect::<Vec<_>>())
        };
        let two = vec![vec![4, 3, 5, 6], vec![1, 1, 9, 10]];
        assert_eq!(run("", 2), Ok(two.clone()));
        let segments = [two, vec![vec![4, 1, 5, 6]]].concat();
        assert_eq!(run("has_seg_label: true", 3), Ok(segments.clone()));
        let lanes = [segments, vec![vec![4, 8, 120, 160], vec![4, 1, 60, 80]]].concat();
        assert_eq!(run("has_seg_label: true has_lane_label: true", 5), Ok(lanes));
        let error = |fields: &str, tops: usize| run(fields, tops).unwrap_err();
        let of = |field: &str, message: &str| format!("annotated_data_param.{field}: {message}");
        assert_eq!(error("", 3), of("has_seg_label", "3 tops need has_seg_label: Caffe sets up the third"));
        assert_eq!(error("has_seg_label: true", 2), of("has_seg_label", "has_seg_label needs a third top"));
        let message = "5 tops need has_lane_label: Caffe sets up all of them";
        assert_eq!(error("has_seg_label: true", 5), of("has_lane_label", message));
        assert_eq!(error("has_lane_label: true", 2), of("has_lane_label", "has_lane_label needs five tops"));
    }

    #[test]
    fn refusals() {
        let absent = "No such file or directory (os error 2)";
        let message =
            |top: &str| format!("data_param.source: the shape of top {top:?} is not known: cannot read db: {absent}");
        assert_eq!(run("batch_size: 4 source: 'db'", 2, &[]).unwrap_err(), message("data"));
        assert_eq!(run("batch_size: 4 source: 'db'", 2, &[given(&[3, 5, 6])]).unwrap_err(), message("label"));
        let text = "data_param { batch_size: 2 } transform_param { resize_param \
                    { resize_mode: FIT_SMALL_SIZE height: 3 width: 3 } }";
        let error = Surroundings::of("ssd").run("AnnotatedData", text, &[], 1).unwrap_err();
        let message = "batch_size must be 1, not 2, where FIT_SMALL_SIZE keeps pictures of several shapes";
        assert_eq!(error, format!("data_param.batch_size: {message}"));
        let error = Surroundings::of("ssd").run("AnnotatedData", "", &[&[1]], 1).unwrap_err();
        assert_eq!(error, "bottom: AnnotatedData takes 0 bottoms, 1 given");
    }
}
