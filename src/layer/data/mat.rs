//! MatRead and MatWrite: blobs from files of MATLAB, and into such files (DeepLab).
//!
//! MatRead makes batch_size x C x H x W of the array `data` in the file `PREFIX NAME _blob_0.mat`, NAME being the first
//! of those that the list in `source` names, without its last `strip` bytes. MatWrite takes any bottoms and opens its
//! list alone. No draws.

use std::ffi::OsString;
use std::path::Path;

use super::DataSource;
use super::source::ShapeSource;
use crate::Shape;
use crate::data::image_list::{self, ListForm, Start};
use crate::data::{SourceError, SourcePlace, mat_file};
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

pub(super) const READ: LayerType =
    LayerType::new("MatRead", "Reads blobs from MATLAB files", Arity::exactly(0), Arity::exactly(1), &read)
        .params(&["mat_read_param"])
        .brings_data()
        .known(Known::WithField("mat_read_param"));

pub(super) const WRITE: LayerType =
    LayerType::new("MatWrite", "Writes its inputs to MATLAB files", Arity::at_least(0), Arity::exactly(0), &write)
        .params(&["mat_write_param"])
        .measures()
        .known(Known::WithField("mat_write_param"));

fn read(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.mat_read_param().unwrap_or_default();
    let batch = param.batch_size();
    ensure!(batch > 0, "mat_read_param.batch_size", "batch_size {batch} is not above 0");
    let mut notices = Vec::new();
    let top = match ctx.user_shape(0) {
        Some(shape) => shape.clone(),
        None => {
            let source = ShapeSource { field: "mat_read_param.source", name: param.source(), pattern: "N,C,H,W" };
            let list = source.find(ctx, 0, &mut notices)?;
            let strip = strip(param.strip(), "mat_read_param.strip")?;
            let unknown = |error: SourceError| source.unknown_shape(ctx, 0, error);
            let (name, line) = first_name(&list, strip).map_err(unknown)?;
            let mut path = OsString::from(param.prefix());
            path.push(name);
            path.push("_blob_0.mat");
            let dims = mat_file::dimensions(&ctx.sources.find(path, &mut notices), "data")
                .map_err(|error| unknown(SourceError::at(&list, SourcePlace::Line(line), error.to_string())))?;
            let dim = |axis: usize| dims.get(axis).copied().unwrap_or(1);
            ensure!(dim(3) == 1, source.field, "the first file holds {} items, and must hold 1", dim(3));
            Shape::new([batch, dim(2), dim(1), dim(0)]).at("mat_read_param.source")?
        }
    };
    Ok(Setup { notices, ..Setup::new(ctx, Operator::Data(DataSource::Dataset), [top]) })
}

fn write(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const SOURCE: &str = "mat_write_param.source";
    let param = ctx.param.mat_write_param().unwrap_or_default();
    let period = param.period();
    ensure!(period > 0, "mat_write_param.period", "period {period} is not above 0");
    let mut notices = Vec::new();
    if let Some(source) = &param.source {
        let strip = strip(param.strip(), "mat_write_param.strip")?;
        let list = ctx.sources.find(source, &mut notices);
        check_names(&list, strip).map_err(|error| Refusal::at(SOURCE, error.to_string()))?;
    }
    Ok(Setup { notices, ..Setup::new(ctx, Operator::Sink, []) })
}

/// How many bytes are taken off the names.
fn strip(strip: i32, field: &'static str) -> Result<usize, Refusal> {
    usize::try_from(strip).map_err(|_| Refusal::at(field, format!("strip {strip} is below 0")))
}

/// The first name of the list, without its last `strip` bytes, and its line.
fn first_name(list: &Path, strip: usize) -> Result<(OsString, u64), SourceError> {
    let listed = image_list::first_picture(list, Start::default(), ListForm::FirstWords)?;
    let too_short = || SourceError::at(list, SourcePlace::Line(listed.line), format!("strip {strip} leaves no name"));
    let name = listed.name.to_str().ok_or_else(too_short)?;
    let kept = name.len().checked_sub(strip).filter(|&kept| kept > 0).and_then(|kept| name.get(..kept));
    Ok((kept.ok_or_else(too_short)?.into(), listed.line))
}

/// Checks that the list can be read, and that its first name is longer than what is taken off; it may be empty.
fn check_names(list: &Path, strip: usize) -> Result<(), SourceError> {
    crate::data::check_readable(list)?;
    match list.metadata() {
        Ok(metadata) if metadata.len() == 0 => Ok(()),
        _ => first_name(list, strip).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    #[test]
    fn lists_are_needed_for_reading_alone() {
        let pspnet = Surroundings::of("pspnet");
        assert!(pspnet.run("MatWrite", "mat_write_param { prefix: 'out/' }", &[&[1], &[2, 3]], 0).is_ok());
        let error = pspnet.refusal("MatRead", "top: 'x' mat_read_param { prefix: 'in/' }", &[]);
        assert_eq!(error, "mat_read_param.source: the shape of top \"x\" is not known: there is no source");
        let user_shapes = [given(&[2, 3])];
        let surroundings = Surroundings { user_shapes: &user_shapes, ..Surroundings::of("pspnet") };
        assert_eq!(surroundings.top("MatRead", "mat_read_param { prefix: 'in/' }", &[]), [2, 3]);
    }

    #[test]
    fn refusals() {
        let pspnet = Surroundings::of("pspnet");
        let error = pspnet.refusal("MatRead", "mat_read_param { prefix: 'x' batch_size: 0 }", &[]);
        assert_eq!(error, "mat_read_param.batch_size: batch_size 0 is not above 0");
        let error = |fields: &str| {
            let text = format!("mat_write_param {{ prefix: 'x' {fields} }}");
            pspnet.run("MatWrite", &text, &[&[1]], 0).unwrap_err()
        };
        assert_eq!(error("period: 0"), "mat_write_param.period: period 0 is not above 0");
        assert_eq!(error("source: 'l' strip: -1"), "mat_write_param.strip: strip -1 is below 0");
        let message = "cannot read l: No such file or directory (os error 2)";
        assert_eq!(error("source: 'l'"), format!("mat_write_param.source: {message}"));
    }
}
