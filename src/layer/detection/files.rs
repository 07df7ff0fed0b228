//! The files that layers of detection read while the net is built: label maps, and the sizes of the test pictures.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;

use prost::Message;

use crate::data::name_sizes;
use crate::error::{Refusal, ensure};
use crate::layer::SetupContext;
use crate::proto::caffe::{LabelMap, YoloSegLabel};
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
    let map: LabelMap = label_map(ctx, field, [name, "LabelMap"], notices)?;
    let mut labels = HashSet::new();
    let repeated = map.item.iter().map(|item| item.label()).find(|&label| !labels.insert(label));
    match repeated {
        Some(label) => Err(Refusal::at(field, format!("the label map {name:?} has the label {label} more than once"))),
        None => Ok(()),
    }
}

/// The largest of the numbers that annotations have for labels in the map `name`, a `YoloSegLabel` in text format; 0
/// if all are below.
///
/// # Errors
/// The file cannot be read, or is no such map.
pub(in crate::layer) fn largest_label_id(
    ctx: &SetupContext<'_>,
    field: &'static str,
    name: &str,
    notices: &mut Vec<String>,
) -> Result<i32, Refusal> {
    let map: YoloSegLabel = label_map(ctx, field, [name, "YoloSegLabel"], notices)?;
    Ok(map.item.iter().map(|item| item.label_id()).fold(0, i32::max))
}

/// Reads the label map `name`, a message in text format.
fn label_map<M: Message + Default>(
    ctx: &SetupContext<'_>,
    field: &'static str,
    [name, message]: [&str; 2],
    notices: &mut Vec<String>,
) -> Result<M, Refusal> {
    let unreadable = |why: String| Refusal::at(field, format!("cannot read the label map {name:?}: {why}"));
    let mut text = Vec::new();
    let read =
        File::open(ctx.sources.find(name, notices)).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut text));
    read.map_err(|error| unreadable(error.to_string()))?;
    ensure!(text.len() as u64 <= MAX_BYTES, field, "the label map {name:?} has more than {MAX_BYTES} bytes");
    let message = ctx.dialect.schema().message(message);
    let message = message.ok_or_else(|| unreadable(format!("{} has no label maps", ctx.dialect.name)))?;
    let map = parse(&Source::new(name, text), message).map_err(|found| match found.first() {
        Some(first) => unreadable(first.to_string()),
        None => unreadable("it is not a label map".to_owned()),
    })?;
    M::decode(&*folded(map.bytes(), message)).map_err(|error| unreadable(error.to_string()))
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
