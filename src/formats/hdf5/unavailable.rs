//! What stands in for the reader of HDF5 in a build without it: files are refused.

use std::sync::Arc;

use crate::error::Result;
use crate::formats::StoredNet;
use crate::formats::map::FileMap;

/// Refuses the file, as only a build with the feature `hdf5` reads it.
pub(super) fn open(file: &Arc<FileMap>) -> Result<StoredNet> {
    open_arrays(file)
}

/// Refuses the file as well.
pub(super) fn open_arrays(file: &Arc<FileMap>) -> Result<StoredNet> {
    let help = "build it with the feature \"hdf5\", or store the weights in another format";
    Err(file.refuse_with("this build of caffemodel does not read HDF5", help))
}
