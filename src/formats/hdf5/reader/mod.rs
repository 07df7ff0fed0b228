//! HDF5 as Caffe writes it: a group `/data/<layer>` for each layer, in it a dataset for each blob, named by its number.
//!
//! Links are followed as HDF5 follows them, but not into other files. Layers come by name; the order in which Caffe
//! loads them is that of the links, which is the same in old files only.

mod arrays;
mod blob;
mod number;
mod walk;

use std::sync::Arc;

use hdf5_reader::error::Error;
use hdf5_reader::storage::{Storage, StorageBuffer};

use self::arrays::ArrayWalk;
use self::walk::LayerWalk;
use crate::error::Result;
use crate::formats::map::FileMap;
use crate::formats::{Flaw, StoredNet};
use crate::hdf5::{LinkError, LinkTree, LinkedObject};

/// Opens a file of Caffe's groups and datasets.
///
/// A group within a layer's group is a layer `<layer>/<group>`, as Caffe writes layers with such names.
pub(super) fn open(file: &Arc<FileMap>) -> Result<StoredNet> {
    let tree = tree(file)?;
    let found = tree.find(&tree.root(), "data").and_then(|found| match found {
        Some(place) => Ok(Some((tree.object(&place)?, place))),
        None => Ok(None),
    });
    let found = found.map_err(|error| Flaw::from(&error).at("/data").error(&file.name()))?;
    let Some((LinkedObject::Group(links), data)) = found.as_ref().map(|(object, place)| (&**object, place)) else {
        let help =
            "Caffe keeps weights in /data/<layer>/<number>; a .solverstate.h5 holds none, its .caffemodel.h5 does";
        return Err(file.refuse_with("the HDF5 file has no group /data", help));
    };
    let mut walk = LayerWalk { file, tree: &tree, above: Vec::new(), layers: Vec::new() };
    walk.data(data, links)?;
    let mut layers = walk.layers;
    layers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(StoredNet { layers, ..StoredNet::default() })
}

/// Opens a file as arrays by their keys, the paths of the datasets, in the order of the links.
pub(super) fn open_arrays(file: &Arc<FileMap>) -> Result<StoredNet> {
    let tree = tree(file)?;
    let mut walk = ArrayWalk::new(file, &tree);
    walk.group(&tree.root(), "")?;
    Ok(StoredNet::new(walk.arrays))
}

fn tree(file: &Arc<FileMap>) -> Result<LinkTree> {
    let damaged = |error: Error| file.refuse(format!("damaged HDF5: {error}"));
    LinkTree::open(Arc::new(MapStorage(Arc::clone(file)))).map_err(damaged)
}

impl From<&LinkError> for Flaw {
    fn from(error: &LinkError) -> Flaw {
        Flaw { message: error.to_string(), help: error.help() }
    }
}

/// A mapped file as hdf5-reader reads it.
struct MapStorage(Arc<FileMap>);

impl Storage for MapStorage {
    fn len(&self) -> u64 {
        self.0.bytes().len() as u64
    }

    fn read_range(&self, offset: u64, len: usize) -> Result<StorageBuffer, Error> {
        let start = usize::try_from(offset).map_err(|_| Error::OffsetOutOfBounds(offset))?;
        let buffer =
            StorageBuffer::from_shared_owner(Arc::clone(&self.0) as Arc<dyn AsRef<[u8]> + Send + Sync>, start, len)?;
        self.0.note_read(len);
        Ok(buffer)
    }
}
