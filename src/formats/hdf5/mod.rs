//! HDF5 as Caffe has it: a group `/data/<layer>` for each layer, in it a dataset for each blob, named by its number.

#[cfg(feature = "hdf5")]
mod reader;
#[cfg(not(feature = "hdf5"))]
#[path = "unavailable.rs"]
mod reader;
mod writer;

use super::format::{Format, FormatEntry, Matching, Writing, value_bytes};
use crate::proto::sniff::Content;

pub use writer::Hdf5Writer;

pub(super) const FORMAT: FormatEntry = FormatEntry {
    format: Format::Hdf5,
    name: "hdf5",
    about: "HDF5 with Caffe's groups and datasets, /data/<layer>/<index>",
    recognised: "the HDF5 signature at byte 0, 512, 1024, 2048, ...",
    extensions: &["hdf5", "h5"],
    matching: Matching::Groups,
    encoding: None,
    messages: &[],
    recognise: |content| matches!(content, Content::Hdf5),
    open: |file, _| reader::open(file),
    open_arrays: Some(reader::open_arrays),
    writing: Some(Writing {
        check: writer::check,
        least_size: value_bytes,
        start: |out, net| Ok(Box::new(Hdf5Writer::new(out, net)?)),
    }),
};
