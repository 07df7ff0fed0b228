//! Data: pictures from an LMDB or LevelDB database.
//!
//! Tops: batch_size x C x H x W of the first record, H and W replaced by `crop_size`, and the labels, of which
//! caffe-ocr's records have [any number](super::several_labels). Draws: those of a
//! prefetching layer that reads a database, see [`transform`](super::transform). The deprecated transform fields inside
//! `data_param` have no effect here. Where the dialect has readers, layers of one name and source share one, which
//! serves the first of them alone: Caffe aborts, or waits for ever. ParseNet's Caffe also reads files of records
//! (`backend: DATUMFILE`), and mixes records by draws of the net's own generator with `shuffle_buffer_size`.

use std::path::Path;

use super::source::ShapeSource;
use super::tops::{check_batch, check_prefetched, given_pictures, with_labels};
use super::transform::Transform;
use super::{DataSource, several_labels};
use crate::Shape;
use crate::data::datum::Datum;
use crate::data::picture::Decoding;
use crate::data::{DatabaseRecord, PictureSize, SourceError, datum_file, leveldb, lmdb};
use crate::error::Refusal;
use crate::layer::{Arity, LayerType, Lock, Operator, Setup, SetupContext};
use crate::proto::caffe::data_parameter::Db;
use crate::proto::caffe::{DataParameter, TransformationParameter};

/// What to do about a database of the other kind.
const OTHER_BACKEND: &str = "set `backend: LMDB` for a folder with data.mdb, `backend: LEVELDB` for one with CURRENT";

pub(super) const TYPE: LayerType = LayerType::new(
    "Data",
    "Reads pictures and labels from an LMDB or LevelDB database",
    Arity::exactly(0),
    Arity::between(1, 2),
    &setup,
)
.params(&["data_param", "transform_param"])
.brings_data();

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = DataParameter::default();
    let param = ctx.param.data_param.as_deref().unwrap_or(&default);
    checked_batch_size(ctx, param)?;
    let (mut notices, mut locks) = (Vec::new(), reader(ctx, "Datum")?);
    let transform = Transform::new(ctx, &mut notices)?;
    if ctx.dialect.traits.data_shuffles_at_once && param.shuffle() {
        notices.push(format!(
            "layer {:?} shuffles its records by the net's own generator each time it has read all of them: if the \
             first batch takes as many, the values that this Caffe gives the layers after it differ from run to run",
            ctx.param.name()
        ));
    }
    if param.shuffle_buffer_size() > 0 {
        notices.push(format!(
            "layer {:?} mixes its records by the net's own generator while the net is built: the values that this \
             Caffe gives the layers after it differ from run to run",
            ctx.param.name()
        ));
    }
    let data = pictures(ctx, &transform, &mut notices, &mut locks)?;
    let tops = match ctx.dialect.traits.several_labels {
        true => several_labels::of_records(ctx, data)?,
        false => with_labels(ctx, data)?,
    };
    check_prefetched(ctx, &tops)?;
    let operator = Operator::Data(DataSource::Dataset);
    Ok(Setup { draws: transform.reading_draws(ctx)?, locks, notices, ..Setup::new(ctx, operator, tops) })
}

/// The shape of the pictures: what the user gives, or else that of the first record of the database.
///
/// # Errors
/// The database is of the other kind, open already, or cannot be read, or its record does not decode.
pub(super) fn pictures(
    ctx: &SetupContext<'_>,
    transform: &Transform,
    notices: &mut Vec<String>,
    locks: &mut Vec<Lock>,
) -> Result<Shape, Refusal> {
    let default = DataParameter::default();
    let param = ctx.param.data_param.as_deref().unwrap_or(&default);
    let batch = batch_size(ctx, param);
    if let Some(given) = given_pictures(ctx, batch)? {
        return Ok(given.made(ctx, transform.picture_shape(given.batch, given.size)?, notices));
    }
    let folder = source(param).find(ctx, 0, notices)?;
    let record = first_record(ctx, param, &folder, locks)?;
    let datum = Datum::read(&folder, record).map_err(|error| source(param).unknown_shape(ctx, 0, error))?;
    let size = picture_size(ctx, &datum)?;
    if datum.is_encoded() { transform.picture_shape(batch, size) } else { transform.batch_shape(batch, size) }
}

/// The items of a batch; dialects differ in how many there are by default.
fn batch_size(ctx: &SetupContext<'_>, param: &DataParameter) -> u32 {
    param.batch_size.unwrap_or_else(|| ctx.default_of("DataParameter", "batch_size"))
}

/// The same for a layer that prefetches.
///
/// # Errors
/// Those of [`check_batch`].
pub(super) fn checked_batch_size(ctx: &SetupContext<'_>, param: &DataParameter) -> Result<u32, Refusal> {
    let batch = batch_size(ctx, param);
    check_batch(ctx, "data_param.batch_size", batch)?;
    Ok(batch)
}

/// The database that the layer names.
pub(super) fn source(param: &DataParameter) -> ShapeSource<'_> {
    ShapeSource { field: "data_param.source", name: param.source(), pattern: "C,H,W" }
}

/// The first record of the database in `folder`, which goes to `locks` if it stays open.
///
/// # Errors
/// It is of the other kind, open already, or cannot be read: the shape of the data top is not known then.
pub(super) fn first_record(
    ctx: &SetupContext<'_>,
    param: &DataParameter,
    folder: &Path,
    locks: &mut Vec<Lock>,
) -> Result<DatabaseRecord, Refusal> {
    first_record_for(ctx, param, folder, locks, &|error| source(param).unknown_shape(ctx, 0, error))
}

/// The same, where another refusal says what is not known for lack of the record.
///
/// # Errors
/// It is of the other kind, open already, or cannot be read.
pub(super) fn first_record_for(
    ctx: &SetupContext<'_>,
    param: &DataParameter,
    folder: &Path,
    locks: &mut Vec<Lock>,
    unknown: &dyn Fn(SourceError) -> Refusal,
) -> Result<DatabaseRecord, Refusal> {
    let record = match param.backend() {
        _ if has_other_backend(folder, param.backend()) => {
            let message = format!("the database in {} is not of the kind that the layer names", folder.display());
            return Err(Refusal::at("data_param.backend", message).help(OTHER_BACKEND));
        }
        Db::Lmdb => lmdb::first_record(folder),
        Db::Leveldb => {
            locks.push(lock(ctx, folder)?);
            leveldb::first_record(folder)
        }
        Db::Datumfile => datum_file::first_record(folder),
    };
    record.map_err(unknown)
}

/// The size of a record's picture as the layer decodes it.
///
/// # Errors
/// It does not decode, or the layer names two ways to do so.
pub(super) fn picture_size(ctx: &SetupContext<'_>, datum: &Datum<'_>) -> Result<PictureSize, Refusal> {
    let default = DataParameter::default();
    let param = ctx.param.data_param.as_deref().unwrap_or(&default);
    let decoding = if datum.is_encoded() { decoding(ctx)? } else { Decoding::Stored };
    datum.picture_size(decoding).map_err(|error| source(param).unknown_shape(ctx, 0, error))
}

/// Whether the folder holds a database, but one of the other kind.
fn has_other_backend(folder: &Path, backend: Db) -> bool {
    let (own, other) = match backend {
        Db::Lmdb => (lmdb::DATA_FILE, leveldb::CURRENT_FILE),
        Db::Leveldb => (leveldb::CURRENT_FILE, lmdb::DATA_FILE),
        Db::Datumfile => return false,
    };
    !folder.join(own).exists() && folder.join(other).exists()
}

/// The LevelDB under the name that it is locked by; refused where an earlier layer has it open.
fn lock(ctx: &SetupContext<'_>, folder: &Path) -> Result<Lock, Refusal> {
    let whole = Lock::LevelDb(folder.canonicalize().unwrap_or_else(|_| folder.to_owned()));
    let Some(earlier) = ctx.locked.get(&whole) else { return Ok(whole) };
    let message = format!("layer {earlier:?} has the LevelDB {} open, which can be open only once", folder.display());
    Err(Refusal::at("data_param.source", message).help("give each layer a copy, or make it an LMDB"))
}

/// The reader of such records that the layer has, where the dialect has readers.
///
/// # Errors
/// An earlier layer has it.
pub(super) fn reader(ctx: &SetupContext<'_>, record: &'static str) -> Result<Vec<Lock>, Refusal> {
    if !ctx.dialect.traits.reader_draws {
        return Ok(Vec::new());
    }
    let source = ctx.param.data_param.as_ref().map_or("", |param| param.source());
    let key = format!("{}:{source}", ctx.param.name());
    let lock = Lock::Reader { record, key };
    if ctx.locked.contains_key(&lock) {
        let message = format!(
            "an earlier layer of this name reads {source:?}, too: this Caffe makes one reader for both and then aborts, or \
             waits for ever"
        );
        return Err(Refusal::at("data_param.source", message).help("give one of the layers another name"));
    }
    Ok(vec![lock])
}

/// How encoded pictures are decoded.
fn decoding(ctx: &SetupContext<'_>) -> Result<Decoding, Refusal> {
    let default = TransformationParameter::default();
    let param = ctx.param.transform_param.as_deref().unwrap_or(&default);
    match (param.force_color(), param.force_gray()) {
        (false, false) => Ok(Decoding::Stored),
        (true, false) => Ok(Decoding::Color),
        (false, true) => Ok(Decoding::Gray),
        (true, true) => Err(Refusal::at("transform_param", "force_color and force_gray are given together")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::TYPE;
    use crate::Shape;
    use crate::layer::Draw;
    use crate::layer::data::tests::{given, run};
    use crate::layer::testing::{Surroundings, layer, setup};
    use crate::proto::caffe::Phase;

    const TEXT: &str = "top: 'data' data_param { source: 'db' batch_size: 64 }";

    #[test]
    fn some_dialects_draw_for_a_reader() {
        let draws = |dialect: &str, phase, fields: &str| {
            let user = [given(&[2, 3, 4, 4])];
            let surroundings = Surroundings { phase, user_shapes: &user, ..Surroundings::of(dialect) };
            surroundings.run("Data", fields, &[], 1).map(|made| made.draws)
        };
        let (plain, mirror) =
            ("data_param { batch_size: 2 }", "data_param { batch_size: 2 } transform_param { mirror: true }");
        for (dialect, least) in [("bvlc-1.0", 1), ("bvlc-rc3", 2), ("ssd", 2), ("intel", 1)] {
            assert_eq!(draws(dialect, Phase::Train, plain), Ok(vec![Draw::Skip(least)]), "{dialect}");
            assert_eq!(draws(dialect, Phase::Test, mirror), Ok(vec![Draw::Skip(least + 2)]), "{dialect}");
        }
        assert_eq!(draws("bvlc-rc2", Phase::Train, plain), Ok(vec![]));
        let skips = "data_param { batch_size: 2 rand_skip: 3 }";
        assert_eq!(draws("bvlc-rc2", Phase::Train, skips), Ok(vec![Draw::Skip(1)]));
        let error = draws("ssd", Phase::Train, "data_param { batch_size: 2 prefetch: 0 }").unwrap_err();
        assert_eq!(error, "data_param.prefetch: with prefetch 0 the layer waits for its reader forever");
    }

    #[test]
    fn a_shuffle_by_the_net_s_generator_is_told_of() {
        let user = [given(&[2, 3, 4, 4])];
        let notices = |dialect: &str, fields: &str| {
            let surroundings = Surroundings { user_shapes: &user, ..Surroundings::of(dialect) };
            let text = format!("data_param {{ batch_size: 2 {fields} }}");
            surroundings.run("Data", &text, &[], 1).unwrap().notices.len()
        };
        assert_eq!([notices("yjxiong", "shuffle: true"), notices("yjxiong", "")], [1, 0]);
        assert_eq!(notices("intel", "shuffle: true"), 0);
    }

    #[test]
    #[cfg_attr(not(feature = "datasets"), ignore = "this build reads no files of records")]
    fn parsenet_reads_files_of_records_too() {
        let datum = b"\x08\x03\x10\x04\x18\x05\x22\x3c".iter().copied().chain([0; 60]).collect::<Vec<u8>>();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let sizes = [10 + datum.len(), 1].map(|size| (size as u32).to_le_bytes());
        let value_size = (datum.len() as u32).to_le_bytes();
        file.write_all(&[&sizes.concat()[..], b"k", &value_size, &datum].concat()).unwrap();
        let fields = format!("source: {:?} batch_size: 2 backend: DATUMFILE", file.path());
        let parsenet = Surroundings::of("weiliu-fcn");
        let made = |fields: &str| parsenet.run("Data", &format!("top: 'a' data_param {{ {fields} }}"), &[], 1);
        assert_eq!(made(&fields).unwrap().tops, [Shape::new([2, 3, 4, 5]).unwrap()]);
        assert_eq!(made(&fields).unwrap().notices.len(), 0);
        let notices = made(&format!("{fields} shuffle_buffer_size: 3")).unwrap().notices;
        let message = "layer \"\" mixes its records by the net's own generator while the net is built: the values that \
                       this Caffe gives the layers after it differ from run to run";
        assert_eq!(notices, [message]);
    }

    #[test]
    fn the_labels_follow_the_batch_of_the_user() {
        let shape = |dims: &[i32]| Shape::new(dims).unwrap();
        assert_eq!(run("Data", TEXT, 1, &[given(&[8, 3, 5, 6])]).unwrap().tops, [shape(&[8, 3, 5, 6])]);
        let made = run("Data", TEXT, 2, &[given(&[8, 3, 5, 6])]).unwrap();
        assert_eq!(made.tops, [shape(&[8, 3, 5, 6]), shape(&[8])]);
        let made = run("Data", TEXT, 2, &[given(&[8, 3, 5, 6]), given(&[8, 1, 1, 1])]).unwrap();
        assert_eq!(made.tops[1], shape(&[8, 1, 1, 1]));
    }

    #[test]
    #[cfg_attr(not(feature = "datasets"), ignore = "this build reads no databases")]
    fn without_a_source_the_refusal_says_how_to_give_the_shape() {
        let refusal = setup(&TYPE, &layer(TEXT), &[], 1).unwrap_err();
        assert_eq!(refusal.field, "data_param.source");
        let message = "the shape of top \"data\" is not known: cannot read db: No such file or directory (os error 2)";
        assert_eq!(refusal.message, message);
        assert_eq!(refusal.help.unwrap(), "give the shape with `PlanOptions::shapes: data=C,H,W`");
        let error = run("Data", "top: 'x' data_param { batch_size: 1 }", 1, &[]).unwrap_err();
        assert_eq!(error, "data_param.source: the shape of top \"x\" is not known: there is no source");
    }

    #[test]
    fn an_empty_batch_is_refused_where_it_is_prefetched() {
        let user = [given(&[2, 3, 4, 4])];
        let error = |text: &str| run("Data", text, 1, &user).unwrap_err();
        assert_eq!(error(""), "data_param.batch_size: batch_size must be at least 1");
        let message = "data_param.batch_size: batch_size 2147483648 is more than 2147483647";
        assert_eq!(error("data_param { batch_size: 2147483648 }"), message);
        assert!(run("Data", "data_param { prefetch: 0 }", 1, &user).is_ok());
    }

    #[test]
    fn the_shape_of_the_user_is_a_batch_of_pictures_or_a_picture() {
        let made = run("Data", TEXT, 2, &[given(&[3, 5, 6])]).unwrap();
        assert_eq!(made.tops, [Shape::new([64, 3, 5, 6]).unwrap(), Shape::new([64]).unwrap()]);
        let error = run("Data", TEXT, 1, &[given(&[5, 6])]).unwrap_err();
        let message = "the data top has 4 axes, N x C x H x W, where N may be left out; the shape given is (5, 6)";
        assert_eq!(error, format!("top: {message}"));
        let error = run("Data", TEXT, 1, &[given(&[0, 3, 5, 6])]).unwrap_err();
        assert_eq!(error, "top: top 0 would be empty: its shape is (0, 3, 5, 6)");
    }
}
