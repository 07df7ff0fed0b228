//! `.binaryproto`: a single `BlobProto`, such as an image mean, or on reading several in a `BlobProtoVector`.

mod reader;
mod writer;

use super::format::{Format, FormatEntry, Matching, Writing, value_bytes};
use crate::proto::Encoding;
use crate::proto::sniff::Content;

pub use writer::BinaryprotoWriter;

/// The name of the layer that the blobs of a file without layers are in.
pub(super) const LAYER: &str = "blob";

pub(super) const FORMAT: FormatEntry = FormatEntry {
    format: Format::Binaryproto,
    name: "binaryproto",
    about: "a single BlobProto or a BlobProtoVector, such as a mean; its layer is called \"blob\"",
    recognised: "binary protobuf with the fields of these messages",
    extensions: &["binaryproto"],
    matching: Matching::Layers,
    encoding: Some(Encoding::Binary),
    messages: &["BlobProto", "BlobProtoVector"],
    recognise: |content| matches!(content, Content::Blobs),
    open: |file, _| reader::open(file),
    open_arrays: None,
    writing: Some(Writing {
        check: writer::check,
        least_size: value_bytes,
        start: |out, _| Ok(Box::new(BinaryprotoWriter::new(out))),
    }),
};
