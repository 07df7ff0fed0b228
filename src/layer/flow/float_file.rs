//! FloatReader, FloatWriter, FLOWriter, ImgWriter and PFMWriter: blobs in files, a picture each.
//!
//! FloatReader's top is (num, z, y, x) of its file, which begins with four or five lines: `float`, the number of axes,
//! two or three, and the sizes x, y and perhaps z; the numbers follow in binary. The writers make their folder while
//! the net is built; nothing is made here.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::{TREES, picture, shaped};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::size::checked_size;
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

const NONE: Arity = Arity::exactly(0);
const ONE: Arity = Arity::exactly(1);
const FILE: &str = "reader_param.file";

/// The longest line that is read.
const MAX_LINE_BYTES: u64 = 128;

pub(super) const READER: LayerType = LayerType::new("FloatReader", "Reads a blob from a file", NONE, ONE, &reader)
    .params(&["reader_param"])
    .brings_data()
    .known(TREES);

pub(super) const WRITER: LayerType = LayerType::new("FloatWriter", "Writes a blob to files", ONE, NONE, &writer)
    .params(&["writer_param"])
    .measures()
    .known(TREES);

pub(super) const FLO_WRITER: LayerType = LayerType::new("FLOWriter", "Writes flows to files", ONE, NONE, &flo_writer)
    .params(&["writer_param"])
    .measures()
    .known(TREES);

pub(super) const IMG_WRITER: LayerType =
    LayerType::new("ImgWriter", "Writes pictures to files", ONE, NONE, &img_writer)
        .params(&["writer_param"])
        .measures()
        .known(Known::In(&["flownet2"]));

pub(super) const PFM_WRITER: LayerType = LayerType::new("PFMWriter", "Writes disparities to files", ONE, NONE, &writer)
    .params(&["writer_param"])
    .measures()
    .known(Known::In(&["flownet2"]));

fn reader(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.reader_param().unwrap_or_default();
    let name = param.file.unwrap_or_default();
    let mut notices = Vec::new();
    let found = ctx.sources.find(&name, &mut notices);
    let size = read_size(&found).map_err(|error| Refusal::at(FILE, format!("cannot read {name:?}: {error}")))?;
    let Some([width, height, depth]) = size else {
        return Err(Refusal::at(FILE, format!("{name:?} is not a file of floats with two or three axes")));
    };
    let items = checked_size(param.num.unwrap_or(1), "reader_param.num")?;
    let setup = shaped(ctx, [items, depth, height, width], FILE)?;
    Ok(Setup { notices, ..setup })
}

/// The sizes x, y and z in the header of a file, if it has one.
fn read_size(path: &Path) -> io::Result<Option<[i64; 3]>> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut line = || {
        let mut line = String::new();
        (&mut reader).take(MAX_LINE_BYTES).read_line(&mut line).map(|_| line)
    };
    if line()? != "float\n" {
        return Ok(None);
    }
    let axes = line()?.trim().parse();
    let Ok(axes @ 2..=3) = axes else { return Ok(None) };
    let mut size = [1; 3];
    for dim in size.iter_mut().take(axes) {
        let Ok(parsed) = line()?.trim().parse::<i32>() else { return Ok(None) };
        *dim = i64::from(parsed);
    }
    Ok(Some(size))
}

fn writer(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::new(ctx, Operator::Sink, []))
}

fn flo_writer(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let channels = picture(ctx, 0)?[1];
    ensure!(channels == 2, "bottom", "the flow {} must have 2 channels", ctx.bottom(0));
    writer(ctx)
}

fn img_writer(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let channels = picture(ctx, 0)?[1];
    ensure!(matches!(channels, 1 | 3), "bottom", "the pictures {} must have 1 or 3 channels", ctx.bottom(0));
    writer(ctx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_the_sizes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let size = |content: &[u8]| {
            std::fs::write(file.path(), content).unwrap();
            read_size(file.path()).unwrap()
        };
        assert_eq!(size(b"float\n3\n4\n3\n2\n\0\0"), Some([4, 3, 2]));
        assert_eq!(size(b"float\n2\n5\n3\n\0\0"), Some([5, 3, 1]));
        assert_eq!(size(b"float\n4\n5\n3\n"), None);
        assert_eq!(size(b"double\n2\n5\n3\n"), None);
        assert_eq!(size(b""), None);
    }
}
