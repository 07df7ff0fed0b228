//! Where an initialised net goes: a file of one of the [formats](Format), arrays in memory; all files atomic.
//!
//! Every writer streams: it learns all lengths from the plan, and memory does not grow with the values.

mod arrays;
mod atomic;
mod binaryproto;
mod caffemodel;
mod format;
mod hdf5;
mod keys;
mod npz;
mod prototxt;
mod provenance;
mod recipe;
mod reserve;
mod safetensors;

use std::borrow::Cow;
use std::io;

use crate::filler::Sink;
use crate::plan::PlannedLayer;

pub use arrays::Arrays;
pub use atomic::AtomicFile;
#[cfg(feature = "cli")]
pub(crate) use atomic::folder;
pub use binaryproto::BinaryprotoWriter;
pub use caffemodel::{CaffemodelWriter, MAX_FILE_BYTES, caffemodel_size};
pub use format::{Format, FormatError};
pub use hdf5::Hdf5Writer;
pub use npz::NpzWriter;
pub use prototxt::PrototxtWriter;
pub use provenance::{BlobRecord, BlobSource, Provenance, Recorder};
pub use recipe::{DonorRecord, Recipe};
pub use reserve::reserve;
pub use safetensors::SafetensorsWriter;

/// Takes a net layer by layer and blob by blob, in the order of the plan; the values come through [`Sink`].
pub trait Output: Sink {
    /// A layer starts; its blobs follow in order.
    ///
    /// # Errors
    /// The output cannot store it.
    fn begin_layer(&mut self, layer: &PlannedLayer) -> io::Result<()>;

    /// The layer's blob of this index starts; exactly as many values as its shape counts follow.
    ///
    /// # Errors
    /// The output cannot store it.
    fn begin_blob(&mut self, layer: &PlannedLayer, blob: usize) -> io::Result<()>;

    /// The blob is complete.
    ///
    /// # Errors
    /// The output cannot store it.
    fn end_blob(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// The layer is complete.
    ///
    /// # Errors
    /// The output cannot store it.
    fn end_layer(&mut self) -> io::Result<()>;

    /// The net is complete.
    ///
    /// # Errors
    /// The output cannot be completed.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The values as little-endian bytes.
fn le_bytes(values: &[f32]) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        return Cow::Borrowed(bytemuck::cast_slice(values));
    }
    Cow::Owned(values.iter().flat_map(|value| value.to_le_bytes()).collect())
}
