//! Caffe's own format: a binary `NetParameter`, of today or, on reading, in the formats V1 and V0.

pub(super) mod blob;
mod reader;
mod sieve;
mod writer;

use super::format::{Format, FormatEntry, Matching, Writing};
use crate::proto::Encoding;
use crate::proto::sniff::Content;

pub(super) use reader::open;
pub(crate) use reader::{dialect_of, without_blobs};
pub(super) use writer::{BlobFrame, LayerFrame, field, frame, net_inputs, sizes};
pub use writer::{CaffemodelWriter, MAX_FILE_BYTES, caffemodel_size};

pub(super) const FORMAT: FormatEntry = FormatEntry {
    format: Format::Caffemodel,
    name: "caffemodel",
    about: "Caffe's own, a binary NetParameter, of today or in the old formats V1 and V0",
    recognised: "anything else that is binary",
    extensions: &["caffemodel"],
    matching: Matching::Layers,
    encoding: Some(Encoding::Binary),
    messages: &["NetParameter"],
    recognise: |content| matches!(content, Content::Message),
    open,
    open_arrays: None,
    writing: Some(Writing {
        check: writer::check,
        least_size: caffemodel_size,
        start: |out, net| {
            Ok(Box::new(CaffemodelWriter::in_dialect(out, net.name, net.dialect)?.with_fields(net.fields)))
        },
    }),
};
