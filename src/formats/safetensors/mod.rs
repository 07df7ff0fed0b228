//! `.safetensors`: a JSON object of names, types and places, then the values.

mod reader;
mod writer;

use super::format::{Format, FormatEntry, Matching, Writing, value_bytes};
use crate::proto::sniff::Content;

pub use writer::SafetensorsWriter;

pub(super) const FORMAT: FormatEntry = FormatEntry {
    format: Format::Safetensors,
    name: "safetensors",
    about: "Hugging Face's .safetensors with keys <layer>.<index>",
    recognised: "the length of a JSON object, and its opening brace at byte 8",
    extensions: &["safetensors"],
    matching: Matching::Layers,
    encoding: None,
    messages: &[],
    recognise: |content| matches!(content, Content::Safetensors),
    open: |file, _| reader::open(file),
    open_arrays: Some(reader::open_arrays),
    writing: Some(Writing {
        check: writer::check,
        least_size: value_bytes,
        start: |out, net| Ok(Box::new(SafetensorsWriter::new(out, net)?)),
    }),
};
