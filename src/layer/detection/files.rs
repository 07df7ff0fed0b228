//! The files that layers of detection read while the net is built: label maps, and the sizes of the test pictures.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;

use prost::Message;

use crate::data::name_sizes;
use crate::error::{Refusal, ensure};
use crate::layer::SetupContext;
use crate::proto::caffe::LabelMap;
use crate::proto::gate::folded;
use crate::proto::text::{Source, parse};

/// The longest label map that is read; the one of ImageNet's 1000 classes has 80 kB.
const MAX_BYTES: u64 = 16 << 20;

/// Reads the label map `name`, a `LabelMap` in text format, whose labels must be there once each.
///
/// # Errors
/// The file cannot be read, is no label map, or has a label twice.
pub(in crate::layer) fn check_label_map(
    ctx: &SetupContext<'_>,
    field: &'static str,
    name: &str,
    notices: &mut Vec<String>,
) -> Result<(), Refusal> {
    let unreadable = |why: String| Refusal::at(field, format!("cannot read the label map {name:?}: {why}"));
    let mut text = Vec::new();
    let read =
        File::open(ctx.sources.find(name, notices)).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut text));
    read.map_err(|error| unreadable(error.to_string()))?;
    ensure!(text.len() as u64 <= MAX_BYTES, field, "the label map {name:?} has more than {MAX_BYTES} bytes");
    let message = ctx.dialect.schema().message("LabelMap");
    let message = message.ok_or_else(|| unreadable(format!("{} has no label maps", ctx.dialect.name)))?;
    let map = parse(&Source::new(name, text), message).map_err(|found| match found.first() {
        Some(first) => unreadable(first.to_string()),
        None => unreadable("it is not a label map".to_owned()),
    })?;
    let map = LabelMap::decode(&*folded(map.bytes(), message)).map_err(|error| unreadable(error.to_string()))?;
    let mut labels = HashSet::new();
    let repeated = map.item.iter().map(|item| item.label()).find(|&label| !labels.insert(label));
    match repeated {
        Some(label) => Err(Refusal::at(field, format!("the label map {name:?} has the label {label} more than once"))),
        None => Ok(()),
    }
}

/// How many pictures the list `name` has, of names, heights and widths.
///
/// # Errors
/// The file cannot be read.
pub(in crate::layer) fn count_sizes(
    ctx: &SetupContext<'_>,
    field: &'static str,
    name: &str,
    notices: &mut Vec<String>,
) -> Result<u64, Refusal> {
    name_sizes::count(&ctx.sources.find(name, notices))
        .map_err(|error| Refusal::at(field, format!("the sizes of the pictures are not known: {error}")))
}
