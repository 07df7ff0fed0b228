//! HDF5 as Caffe writes it: a group `/data/<layer>` for each layer, in it a dataset for each blob, named by its number.
//!
//! Links are followed as HDF5 follows them, but not into other files. Layers come by name; the order in which Caffe loads
//! them is that of the links, which is the same in old files only.

mod blob;
mod signature;
mod walk;

use std::sync::Arc;

use hdf5_pure::{File, FormatError, Source};

pub(super) use self::signature::recognise;
use self::walk::Walk;
use super::map::FileMap;
use super::{Flaw, StoredNet};
use crate::error::Result;
use crate::hdf5::{Object, Tree, TreeError};

/// Opens a file of Caffe's groups and datasets.
///
/// A group within a layer's group is a layer `<layer>/<group>`, as Caffe writes layers with such names.
pub(super) fn open(file: &Arc<FileMap>) -> Result<StoredNet> {
    let damaged = |error: hdf5_pure::Error| file.refuse(format!("damaged HDF5: {error}"));
    let hdf5 = File::from_source(MapSource(Arc::clone(file))).map_err(damaged)?;
    let source = MapSource(Arc::clone(file));
    let tree = Tree::new(&source, hdf5.superblock());
    let found = tree.find(&tree.root(), "data").and_then(|found| match found {
        Some(place) => Ok(Some((tree.object(&place)?, place))),
        None => Ok(None),
    });
    let found = found.map_err(|error| Flaw::from(&error).at("/data").error(&file.name()))?;
    let Some((Object::Group(links), data)) = found.as_ref().map(|(object, place)| (&**object, place)) else {
        let help =
            "Caffe keeps weights in /data/<layer>/<number>; a .solverstate.h5 holds none, its .caffemodel.h5 does";
        return Err(file.refuse_with("the HDF5 file has no group /data", help));
    };
    let mut walk = Walk { file, hdf5: &hdf5, tree: &tree, above: Vec::new(), layers: Vec::new() };
    walk.data(data, links)?;
    let mut layers = walk.layers;
    layers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(StoredNet { layers, ..StoredNet::default() })
}

impl From<&TreeError> for Flaw {
    fn from(error: &TreeError) -> Flaw {
        Flaw { message: error.to_string(), help: error.help() }
    }
}

/// A mapped file as hdf5-pure reads it.
struct MapSource(Arc<FileMap>);

impl Source for MapSource {
    fn len(&self) -> u64 {
        self.0.bytes().len() as u64
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<(), FormatError> {
        let bytes = self.0.bytes();
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let found = bytes[start..]
            .get(..out.len())
            .ok_or(FormatError::UnexpectedEof { expected: out.len(), available: bytes.len() - start })?;
        out.copy_from_slice(found);
        self.0.note_read(out.len());
        Ok(())
    }
}
