//! Where an initialised net goes: a caffemodel, arrays in memory; all files atomic.

mod arrays;
mod atomic;
mod caffemodel;

use std::io;

use crate::filler::Sink;
use crate::plan::PlannedLayer;

pub use arrays::Arrays;
pub use atomic::AtomicFile;
pub use caffemodel::{CaffemodelWriter, MAX_FILE_BYTES, caffemodel_size};

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
