//! `.npz`, numpy's archive: a zip archive with a `.npy` file `<layer>/<index>.npy` for each blob.

mod reader;
mod writer;

use super::format::{Format, FormatEntry, Matching, Writing, value_bytes};
use crate::proto::sniff::Content;

pub use writer::NpzWriter;

pub(super) const FORMAT: FormatEntry = FormatEntry {
    format: Format::Npz,
    name: "npz",
    about: "numpy's archive with keys <layer>/<index>, stored or deflated",
    recognised: "the signature of a zip archive",
    extensions: &["npz"],
    matching: Matching::Layers,
    encoding: None,
    messages: &[],
    recognise: |content| matches!(content, Content::Zip),
    open: |file, _| reader::open(file),
    open_arrays: Some(reader::open_arrays),
    writing: Some(Writing {
        check: writer::check,
        least_size: value_bytes,
        start: |out, _| Ok(Box::new(NpzWriter::new(out))),
    }),
};
