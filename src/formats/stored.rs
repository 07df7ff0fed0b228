//! A file of weights as it is read: layers with named blobs, whose values are read on request.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::{Flaw, Format, NumberType};
use crate::Shape;
use crate::dialect::Dialect;
use crate::proto::caffe::LayerParameter;

/// The values of a stored blob, read on request.
pub trait StoredValues: Send + Sync {
    /// Reads `out.len()` values from element `offset` on.
    ///
    /// Reading from front to back is what every format is best at.
    ///
    /// # Errors
    /// The file cannot be read, or has no such values; the text names the file.
    fn read(&self, offset: usize, out: &mut [f32]) -> io::Result<()>;

    /// The type of the values in the file.
    fn number_type(&self) -> NumberType {
        NumberType::F32
    }

    /// Whether reading may go on anywhere at no cost, so that threads may share the values.
    fn reads_anywhere(&self) -> bool {
        false
    }
}

/// Values in memory.
impl StoredValues for Vec<f32> {
    fn read(&self, offset: usize, out: &mut [f32]) -> io::Result<()> {
        let values = self.get(offset..).and_then(|rest| rest.get(..out.len()));
        out.copy_from_slice(values.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// Values that others hold, too.
impl StoredValues for Arc<dyn StoredValues> {
    fn read(&self, offset: usize, out: &mut [f32]) -> io::Result<()> {
        (**self).read(offset, out)
    }

    fn number_type(&self) -> NumberType {
        (**self).number_type()
    }

    fn reads_anywhere(&self) -> bool {
        (**self).reads_anywhere()
    }
}

/// A blob in a file: its shape, and its values to be read.
#[derive(Clone)]
#[non_exhaustive]
pub struct StoredBlob {
    /// Its number in its layer. Numbers rise, and may have gaps: HDF5 stores shared blobs once, where they are owned.
    pub index: usize,
    /// Its shape.
    pub shape: Shape,
    /// Whether the shape stands in the old sizes (num, channels, height, width, in C3D also length), which Caffe
    /// compares with shapes of fewer axes as if those had ones in front.
    pub legacy: bool,
    /// Its values, as many as the shape counts.
    pub values: Arc<dyn StoredValues>,
}

impl StoredBlob {
    /// The blob of this number, with a shape of as many axes as it says.
    pub fn new(index: usize, shape: Shape, values: impl StoredValues + 'static) -> StoredBlob {
        StoredBlob { index, shape, legacy: false, values: Arc::new(values) }
    }

    /// All values, in memory.
    ///
    /// # Errors
    /// Those of [`StoredValues::read`].
    pub fn read(&self) -> io::Result<Vec<f32>> {
        let mut values = vec![0.0; self.shape.count()];
        self.values.read(0, &mut values)?;
        Ok(values)
    }

    /// The dimensions with as many axes as `shape`, if the blob has them.
    ///
    /// The old sizes have ones in front of those that a shape of fewer axes has; those of C3D a length of 1 where a
    /// picture has none.
    pub(crate) fn aligned(&self, shape: &Shape) -> Option<Vec<i32>> {
        let dims = self.shape.dims();
        if !self.legacy {
            return (dims.len() == shape.axes()).then(|| dims.to_vec());
        }
        if let ([num, channels, 1, height, width], 4) = (dims, shape.axes()) {
            return Some(vec![*num, *channels, *height, *width]);
        }
        let in_front = dims.len().checked_sub(shape.axes())?;
        dims[..in_front].iter().all(|&dim| dim == 1).then(|| dims[in_front..].to_vec())
    }
}

impl fmt::Debug for StoredBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StoredBlob { index, shape, legacy, .. } = self;
        f.debug_struct("StoredBlob")
            .field("index", index)
            .field("shape", shape)
            .field("legacy", legacy)
            .finish_non_exhaustive()
    }
}

/// A layer in a file.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct StoredLayer {
    /// Its name.
    pub name: String,
    /// Its parameters without the blobs, in the current format; `None` where the file stores none.
    pub param: Option<Box<LayerParameter>>,
    /// Its blobs in the order of their numbers.
    pub blobs: Vec<StoredBlob>,
    /// Its place in the order in which Caffe loads the layers; layers of the same rank are loaded as they come.
    pub rank: usize,
    /// Why its values cannot be taken. Blobs are missing then. Only donors have such layers
    /// ([`Donor::open`](crate::donors::Donor::open)), as Caffe does not look at those that the net has no place for;
    /// for [`open`](super::open) they are an error.
    pub flaw: Option<Flaw>,
}

impl StoredLayer {
    /// A layer of this name, with these blobs.
    pub fn new(name: impl Into<String>, blobs: Vec<StoredBlob>) -> StoredLayer {
        StoredLayer { name: name.into(), blobs, ..StoredLayer::default() }
    }

    /// The layer that an array with this key is, or that it would be if it could be read.
    pub(super) fn of_array(key: &str, array: Result<StoredBlob, Flaw>) -> StoredLayer {
        match array {
            Ok(blob) => StoredLayer::new(key, vec![blob]),
            Err(flaw) => StoredLayer { flaw: Some(flaw), ..StoredLayer::new(key, Vec::new()) },
        }
    }
}

/// A file of weights: its layers in file order, or by name in HDF5, which has no order.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct StoredNet {
    /// The net's name, empty where the file stores none.
    pub name: String,
    /// The layers, those without blobs included where the file stores them.
    pub layers: Vec<StoredLayer>,
    /// The dialect that its layers are written in, where the file stores their parameters.
    pub dialect: Option<&'static Dialect>,
    /// The fields that its Caffe saves behind the layers, encoded by the numbers of the dialect.
    pub saved_fields: Vec<u8>,
    /// The format of the file; `None` for what was made in memory.
    pub format: Option<Format>,
    /// What was changed or passed over on reading, in a line each.
    pub notices: Vec<String>,
}

impl StoredNet {
    /// A net in memory with these layers.
    pub fn new(layers: Vec<StoredLayer>) -> StoredNet {
        StoredNet { layers, ..StoredNet::default() }
    }
}
