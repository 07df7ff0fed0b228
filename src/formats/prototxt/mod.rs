//! A net as text, with its weights; on reading also blobs as text.

mod reader;
mod writer;

use super::format::{Format, FormatEntry, Matching, Writing, value_bytes};
use crate::proto::Encoding;
use crate::proto::sniff::Content;

pub(crate) use reader::{EncodedText, encoded};
pub use writer::PrototxtWriter;

pub(super) const FORMAT: FormatEntry = FormatEntry {
    format: Format::Prototxt,
    name: "prototxt",
    about: "a net as text with the blobs of its layers, or blobs as text",
    recognised: "no control characters near its start",
    extensions: &["prototxt"],
    matching: Matching::Layers,
    encoding: Some(Encoding::Text),
    messages: &[],
    recognise: |content| matches!(content, Content::Text),
    open: reader::open,
    open_arrays: None,
    writing: Some(Writing {
        check: |_| Ok(()),
        least_size: value_bytes,
        start: |out, net| Ok(Box::new(PrototxtWriter::in_dialect(out, net.name, net.dialect)?.with_fields(net.fields))),
    }),
};
