//! Stored weights: layers with named blobs, read from a file piece by piece, whatever its format.
//!
//! Opening a file reads its structure only; values are read when they are asked for, so that memory does not grow
//! with the file.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::Shape;
use crate::proto::caffe::LayerParameter;

/// The values of a stored blob, read on request.
pub trait StoredValues: Send + Sync {
    /// Reads `out.len()` values from element `offset` on.
    ///
    /// # Errors
    /// The file cannot be read, or has no such values.
    fn read(&self, offset: usize, out: &mut [f32]) -> io::Result<()>;
}

/// Values in memory.
impl StoredValues for Vec<f32> {
    fn read(&self, offset: usize, out: &mut [f32]) -> io::Result<()> {
        let values = self.get(offset..).and_then(|rest| rest.get(..out.len()));
        out.copy_from_slice(values.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
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
#[derive(Debug, Clone, Default)]
pub struct StoredLayer {
    /// Its name.
    pub name: String,
    /// Its parameters without the blobs, in the current format; `None` where the file stores none.
    pub param: Option<Box<LayerParameter>>,
    /// Its blobs in order.
    pub blobs: Vec<StoredBlob>,
}

/// A file of weights: its layers in file order.
#[derive(Debug, Clone, Default)]
pub struct StoredNet {
    /// The net's name, empty where the file stores none.
    pub name: String,
    /// The layers, those without blobs included where the file stores them.
    pub layers: Vec<StoredLayer>,
}
