//! CustomData: values of an LMDB, which tops share channel by channel (FlowNet).
//!
//! Tops: (batch_size, C, H, W) of the first record, in parts that `slice_point` separates along the channels, and
//! perhaps labels (batch_size, 1, 1, 1) behind them. Nothing is cropped. The mean, a file or `subtract`, is one of
//! records. Draws: a seed in TRAIN with `mirror` of `data_param`; records are shuffled by the C library's numbers. The
//! file that chooses among the records is not read here.

use super::DataSource;
use super::database::{checked_batch_size, first_record, source};
use super::tops::given_pictures;
use crate::Shape;
use crate::data::datum::Datum;
use crate::data::lmdb;
use crate::data::picture::Decoding;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, Draw, LayerType, Lock, Operator, Setup, SetupContext, blob_file};
use crate::proto::caffe::data_parameter::Db;
use crate::proto::caffe::{DataParameter, Phase};

const SLICES: &str = "data_param.slice_point";

/// The longest mean file that is read: 64 million numbers.
const MAX_MEAN_BYTES: u64 = 256 << 20;

pub(super) const TYPE: LayerType = LayerType::new(
    "CustomData",
    "Reads values from an LMDB database, in parts",
    Arity::exactly(0),
    Arity::at_least(1),
    &setup,
)
.params(&["data_param"])
.brings_data()
.known(Known::In(&["flownet2"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = DataParameter::default();
    let param = ctx.param.data_param.as_deref().unwrap_or(&default);
    let (parts, tops) = (param.slice_point.len() + 1, ctx.top_count());
    let fits = tops == parts || tops == parts + 1;
    ensure!(fits, "top", "{} slice_point make {parts} tops, with labels one more; {tops} given", parts - 1);
    ensure!(
        parts == 1 || tops == parts,
        "top",
        "this Caffe cannot set labels up beside parts: {parts} tops can be set up, {tops} given"
    );
    ensure!(param.backend() == Db::Lmdb, "data_param.backend", "CustomData reads an LMDB alone");
    ensure!(param.rand_skip() == 0, "data_param.rand_skip", "CustomData skips no records at random");
    ensure!(param.crop_size() == 0, "data_param.crop_size", "CustomData does not crop");
    let chooses = param.preselection_file.is_none() || param.preselection_label.is_some();
    let label = "data_param.preselection_label";
    ensure!(chooses, label, "a preselection_file needs preselection_label, the label of the records to take");
    let batch = checked_batch_size(ctx, param)?;
    let (mut notices, mut locks) = (Vec::new(), Vec::new());
    let data = match given_pictures(ctx, batch)? {
        Some(given) => given.shape()?,
        None => of_record(ctx, param, batch, &mut notices, &mut locks)?,
    };
    let (means, channels) = (param.subtract.len(), data.dims()[1]);
    let fits = means as i64 <= i64::from(channels) || param.mean_file.is_some();
    ensure!(fits, "data_param.subtract", "{means} values for {channels} channels: this Caffe writes behind the mean");
    let mut shapes = sliced(param, &data)?;
    if tops > parts {
        shapes.push(Shape::new([data.dims()[0], 1, 1, 1]).at("top")?);
    }
    let draws = if ctx.phase == Phase::Train && param.mirror() { vec![Draw::Skip(1)] } else { Vec::new() };
    Ok(Setup { draws, locks, notices, ..Setup::new(ctx, Operator::Data(DataSource::Dataset), shapes) })
}

/// The shape of a batch of records like the first one.
fn of_record(
    ctx: &SetupContext<'_>,
    param: &DataParameter,
    batch: u32,
    notices: &mut Vec<String>,
    locks: &mut Vec<Lock>,
) -> Result<Shape, Refusal> {
    let unknown = |error| source(param).unknown_shape(ctx, 0, error);
    let folder = source(param).find(ctx, 0, notices)?;
    let record = first_record(ctx, param, &folder, locks)?;
    if param.preselection_file.is_none() {
        check_range(param, lmdb::records(&folder).map_err(unknown)?)?;
    }
    let size = Datum::read(&folder, record).and_then(|datum| datum.picture_size(Decoding::Stored)).map_err(unknown)?;
    let size = [i64::from(size.channels), size.height.into(), size.width.into()];
    check_mean(ctx, param, size, notices)?;
    Shape::new([batch.into(), size[0], size[1], size[2]]).at("data_param.source")
}

/// Checks that of so many records some are left between `range_start` and `range_end`, which are brought into the
/// database where they lie outside.
fn check_range(param: &DataParameter, records: u64) -> Result<(), Refusal> {
    let last = i64::try_from(records).unwrap_or(i64::MAX) - 1;
    // Those after the start are all taken if no end is given, or it is below 0 by default.
    let end = i64::from(param.range_end.unwrap_or(-1));
    let end = if (0..=last).contains(&end) { end } else { last };
    let start = i64::from(param.range_start()).clamp(0, last.max(0));
    ensure!(start <= end, "data_param.range_end", "the range of records ends with {end}, before its start, {start}");
    Ok(())
}

/// Checks that the mean of the file, if one is named, is one of records of this size.
fn check_mean(
    ctx: &SetupContext<'_>,
    param: &DataParameter,
    size: [i64; 3],
    notices: &mut Vec<String>,
) -> Result<(), Refusal> {
    const FILE: &str = "data_param.mean_file";
    let Some(name) = &param.mean_file else { return Ok(()) };
    let mean = blob_file::read_shape(&ctx.sources.find(name, notices), FILE, name, MAX_MEAN_BYTES, ctx.dialect)?;
    let mut sides = (0..4).map(|axis| mean.legacy_dim(axis).map_or(0, i64::from));
    let [channels, height, width] = size;
    let fits = sides.next() == Some(1) && sides.eq(size);
    ensure!(fits, FILE, "the mean {mean} is not one of records of (1, {channels}, {height}, {width})");
    Ok(())
}

/// The parts of a batch of this shape.
fn sliced(param: &DataParameter, data: &Shape) -> Result<Vec<Shape>, Refusal> {
    let channels = i64::from(data.dims()[1]);
    let mut shapes = Vec::with_capacity(param.slice_point.len() + 1);
    let mut start = 0;
    for end in param.slice_point.iter().map(|&point| i64::from(point)).chain([channels]) {
        let comes_next = end > start || param.slice_point.is_empty();
        ensure!(comes_next && end <= channels, SLICES, "slice_point must rise from 1 to below the {channels} channels");
        let mut dims: Vec<i64> = data.dims().iter().map(|&dim| i64::from(dim)).collect();
        dims[1] = end - start;
        shapes.push(Shape::new(dims).at(SLICES)?);
        start = end;
    }
    Ok(shapes)
}

#[cfg(test)]
mod tests {
    use super::check_range;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;
    use crate::layer::{Draw, Setup};
    use crate::proto::caffe::DataParameter;

    fn run(fields: &str, tops: usize) -> Result<Setup, String> {
        let user = [given(&[8, 4, 5])];
        let flownet = Surroundings { user_shapes: &user, ..Surroundings::of("flownet2") };
        flownet.run("CustomData", &format!("data_param {{ batch_size: 2 {fields} }}"), &[], tops)
    }

    #[test]
    fn channels_are_shared_out() {
        let shapes = |fields: &str, tops| -> Vec<Vec<i32>> {
            run(&format!("backend: LMDB {fields}"), tops).unwrap().tops.iter().map(|top| top.dims().to_vec()).collect()
        };
        assert_eq!(shapes("slice_point: 3 slice_point: 6", 3), [[2, 3, 4, 5], [2, 3, 4, 5], [2, 2, 4, 5]]);
        assert_eq!(shapes("", 2), [[2, 8, 4, 5], [2, 1, 1, 1]]);
        assert!(run("backend: LMDB", 1).unwrap().draws.is_empty());
        assert_eq!(run("backend: LMDB mirror: true", 1).unwrap().draws, [Draw::Skip(1)]);
    }

    #[test]
    fn refusals() {
        let error = |fields: &str, tops| run(&format!("backend: LMDB {fields}"), tops).unwrap_err();
        assert_eq!(error("", 3), "top: 0 slice_point make 1 tops, with labels one more; 3 given");
        let message = "top: this Caffe cannot set labels up beside parts: 2 tops can be set up, 3 given";
        assert_eq!(error("slice_point: 3", 3), message);
        let message = "data_param.slice_point: slice_point must rise from 1 to below the 8 channels";
        assert_eq!(error("slice_point: 3 slice_point: 3", 3), message);
        assert_eq!(error("slice_point: 8", 2), message);
        assert_eq!(run("", 1).unwrap_err(), "data_param.backend: CustomData reads an LMDB alone");
        assert_eq!(error("crop_size: 3", 1), "data_param.crop_size: CustomData does not crop");
        assert_eq!(error("rand_skip: 3", 1), "data_param.rand_skip: CustomData skips no records at random");
        let message = "data_param.preselection_label: a preselection_file needs preselection_label, the label of the \
                       records to take";
        assert_eq!(error("preselection_file: 'labels'", 1), message);
        let message = "data_param.subtract: 9 values for 8 channels: this Caffe writes behind the mean";
        assert_eq!(error("subtract: [1, 2, 3, 4, 5, 6, 7, 8, 9]", 1), message);
    }

    #[test]
    fn ranges_are_brought_into_the_database() {
        let check = |range_start, range_end, records| {
            let param = DataParameter { range_start, range_end, ..DataParameter::default() };
            check_range(&param, records).map_err(|refusal| refusal.message)
        };
        assert_eq!(check(None, None, 5), Ok(()));
        assert_eq!(check(Some(7), Some(8), 5), Ok(()));
        assert_eq!(check(Some(3), Some(2), 3), Ok(()));
        let message = "the range of records ends with 2, before its start, 3";
        assert_eq!(check(Some(3), Some(2), 5), Err(message.to_owned()));
    }
}
