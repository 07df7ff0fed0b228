//! `.npz`: a zip archive with a `.npy` file `<layer>/<index>.npy` for each blob, stored or deflated.

mod entry;
mod zip;

use std::sync::Arc;

use self::entry::{EntryReader, EntryValues};
use crate::error::Result;
use crate::formats::keys::KeyedLayers;
use crate::formats::map::FileMap;
use crate::formats::npy::{Header, in_order};
use crate::formats::{Flaw, StoredBlob, StoredLayer, StoredNet};

/// What the names of arrays end with.
const NPY: &str = ".npy";

/// Opens an archive; layers come in the order of their first entries.
pub(in crate::formats) fn open(file: &Arc<FileMap>) -> Result<StoredNet> {
    let entries = zip::entries(file.bytes()).map_err(|message| file.refuse(message))?;
    let mut layers = KeyedLayers::new(entries.iter().filter_map(|entry| entry.name.strip_suffix(NPY)), '/');
    for entry in &entries {
        match entry.name.strip_suffix(NPY) {
            Some(key) => {
                let at = |message| file.refuse(format!("entry {:?} at byte {}: {message}", entry.name, entry.header));
                layers.enter(key, |index| blob(file, entry, index)).map_err(at)?;
            }
            None => layers.pass_over(&entry.name, "is not a .npy file".to_owned()),
        }
    }
    layers.into_net().map_err(|message| file.refuse(message))
}

/// Opens an archive as arrays by their keys, in the order of its directory.
pub(in crate::formats) fn open_arrays(file: &Arc<FileMap>) -> Result<StoredNet> {
    let entries = zip::entries(file.bytes()).map_err(|message| file.refuse(message))?;
    let array = |entry: &zip::ArchiveEntry| {
        let key = entry.name.strip_suffix(NPY)?;
        let at = |message| Flaw::from(format!("entry {:?} at byte {}: {message}", entry.name, entry.header));
        Some(StoredLayer::of_array(key, blob(file, entry, 0).map_err(at)))
    };
    Ok(StoredNet::new(entries.iter().filter_map(array).collect()))
}

fn blob(file: &Arc<FileMap>, entry: &zip::ArchiveEntry, index: usize) -> Result<StoredBlob, String> {
    let (header, header_bytes) = Header::read(&mut EntryReader::new(file, entry))?;
    let Header { element, ref shape, .. } = header;
    let bytes = shape.count() as u64 * element.width() as u64;
    if entry.size != header_bytes + bytes {
        return Err(format!("has {} bytes, its shape {shape} makes {}", entry.size, header_bytes + bytes));
    }
    let values = in_order(EntryValues::new(file, entry, header_bytes, element), &header)?;
    Ok(StoredBlob { index, shape: header.shape, legacy: false, values })
}
