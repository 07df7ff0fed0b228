//! Where a net goes as its values come.

use std::borrow::Cow;
use std::io;

use super::SavedLayer;
use crate::sink::Sink;

/// Takes a net layer by layer and blob by blob, in the order of the plan; the values come through [`Sink`].
pub trait Output: Sink {
    /// A layer starts; its blobs follow in order.
    ///
    /// # Errors
    /// The output cannot store it.
    fn begin_layer(&mut self, layer: &SavedLayer<'_>) -> io::Result<()>;

    /// The layer's blob of this index starts; exactly as many values as its shape counts follow.
    ///
    /// # Errors
    /// The output cannot store it.
    fn begin_blob(&mut self, layer: &SavedLayer<'_>, blob: usize) -> io::Result<()>;

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
pub(crate) fn le_bytes(values: &[f32]) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        return Cow::Borrowed(bytemuck::cast_slice(values));
    }
    Cow::Owned(values.iter().flat_map(|value| value.to_le_bytes()).collect())
}
