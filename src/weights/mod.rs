//! Stored weights: layers with named blobs, read from a file piece by piece, whatever its format.
//!
//! Opening a file reads its structure only; values are read when they are asked for, so that memory does not grow
//! with the file.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::Shape;

/// The values of a stored blob, read on request.
pub trait StoredValues: Send + Sync {
    /// Reads `out.len()` values from element `offset` on.
    ///
    /// # Errors
    /// The file cannot be read, or has no such values.
    fn read(&self, offset: usize, out: &mut [f32]) -> io::Result<()>;
}

/// A blob in a file: its shape, and its values to be read.
#[derive(Clone)]
pub struct StoredBlob {
    /// Its shape.
    pub shape: Shape,
    /// Its values, as many as the shape counts.
    pub values: Arc<dyn StoredValues>,
}

impl fmt::Debug for StoredBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredBlob").field("shape", &self.shape).finish_non_exhaustive()
    }
}

/// A layer in a file.
#[derive(Debug, Clone)]
pub struct StoredLayer {
    /// Its name.
    pub name: String,
    /// Its type, empty where the format does not store it.
    pub r#type: String,
    /// Its blobs in order.
    pub blobs: Vec<StoredBlob>,
}
