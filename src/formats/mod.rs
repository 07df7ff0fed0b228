//! The formats of stored weights: reading and writing, each in a folder of its own.
//!
//! [`open`] tells the format by content ([`FORMATS`] lists those there are) and reads the structure only; values are
//! read when they are asked for, so that memory does not grow with the file. Every writer streams, too: it learns all
//! lengths from what it is told of the net.

mod arrays;
mod binaryproto;
pub(crate) mod caffemodel;
mod corner;
mod flaw;
mod format;
mod gather;
mod hdf5;
mod in_place;
mod keys;
pub(crate) mod map;
mod npy;
mod npz;
mod output;
pub(crate) mod prototxt;
mod reordered;
mod safetensors;
mod saved;
mod stored;

use std::path::Path;
use std::sync::Arc;

use crate::error::Result;
use crate::net::ReadOptions;

pub use arrays::Arrays;
pub use binaryproto::BinaryprotoWriter;
pub use caffemodel::{CaffemodelWriter, MAX_FILE_BYTES, caffemodel_size};
#[doc(inline)]
pub use caffemodel_numeric::number_type::NumberType;
pub use corner::Patch;
pub(crate) use corner::{Corner, Slice};
pub use flaw::Flaw;
pub use format::{FORMATS, Format, FormatEntry, FormatError, Matching};
pub(crate) use gather::{Gather, GatheredValues, RowChoice};
pub use hdf5::Hdf5Writer;
pub use map::Unreadable;
pub use npz::NpzWriter;
pub use output::Output;
pub(crate) use output::le_bytes;
pub use prototxt::PrototxtWriter;
pub(crate) use reordered::{AxisOrder, Reordered};
pub use safetensors::SafetensorsWriter;
pub use saved::{SavedBlob, SavedLayer, SavedNet};
pub use stored::{StoredBlob, StoredLayer, StoredNet, StoredValues};

/// Opens a file of weights; its content tells the format.
///
/// # Errors
/// The file cannot be read, is no file of weights, or is damaged: the text names the file and, where there is one, the
/// byte.
pub fn open(path: impl AsRef<Path>) -> Result<StoredNet> {
    open_with(path, &ReadOptions::default())
}

/// As [`open`], with options: the dialect of a caffemodel.
///
/// # Errors
/// Those of [`open`].
pub fn open_with(path: impl AsRef<Path>, options: &ReadOptions) -> Result<StoredNet> {
    read(&map::FileMap::open(path.as_ref())?, options)
}

/// Opens a file of weights that is in memory; `name` is what errors call it.
///
/// # Errors
/// As [`open`].
pub fn from_bytes(name: &str, bytes: impl Into<Vec<u8>>) -> Result<StoredNet> {
    from_bytes_with(name, bytes, &ReadOptions::default())
}

/// As [`from_bytes`], with options: the dialect of a caffemodel.
///
/// # Errors
/// As [`open`].
pub fn from_bytes_with(name: &str, bytes: impl Into<Vec<u8>>, options: &ReadOptions) -> Result<StoredNet> {
    read(&map::FileMap::from_bytes(name, bytes.into())?, options)
}

/// Opens a file of arrays by their keys, whatever these are: an .npz, a .safetensors or an HDF5 file.
///
/// Each array is a layer of its key with a single blob, or with a [`Flaw`] if its values cannot be read. In HDF5 the
/// key is the path of the dataset; where Keras 3 has the name of a layer as an attribute, that stands for the groups.
///
/// ```
/// use caffemodel::formats;
/// let header = br#"{"fc.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"#;
/// let mut file = (header.len() as u64).to_le_bytes().to_vec();
/// file.extend(header);
/// file.extend([0; 8]);
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("w"), file)?;
/// let arrays = formats::open_arrays(folder.path().join("w"))?;
/// assert_eq!(arrays.layers[0].name, "fc.weight");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The file cannot be read, is of another format, or is damaged.
pub fn open_arrays(path: impl AsRef<Path>) -> Result<StoredNet> {
    let file = map::FileMap::open(path.as_ref())?;
    FormatEntry::of_file(&file)?.open_arrays(&file)
}

/// Opens a file of weights whose bytes are at hand.
///
/// # Errors
/// As [`open`].
pub(crate) fn read(file: &Arc<map::FileMap>, options: &ReadOptions) -> Result<StoredNet> {
    let net = read_flawed(file, options)?;
    match net.layers.iter().find_map(|layer| layer.flaw.as_ref()) {
        Some(flaw) => Err(flaw.error(&file.name())),
        None => Ok(net),
    }
}

/// Opens a file of weights, some layers of which may have a [`Flaw`].
pub(crate) fn read_flawed(file: &Arc<map::FileMap>, options: &ReadOptions) -> Result<StoredNet> {
    FormatEntry::of_file(file)?.open(file, options)
}
