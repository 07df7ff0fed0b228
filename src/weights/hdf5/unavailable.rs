//! What stands in for the reader of HDF5 in a build without it: files are recognised, and refused.

mod signature;

use std::sync::Arc;

pub(super) use self::signature::recognise;
use super::StoredNet;
use super::map::FileMap;
use crate::error::Result;

/// Refuses the file, as only a build with the feature `hdf5` reads it.
pub(super) fn open(file: &Arc<FileMap>) -> Result<StoredNet> {
    let help = "build it with the feature \"hdf5\", or store the weights in another format";
    Err(file.refuse_with("this build of caffemodel does not read HDF5", help))
}
