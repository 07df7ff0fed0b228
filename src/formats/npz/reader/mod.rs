//! `.npz`: a zip archive with a `.npy` file `<layer>/<index>.npy` for each blob, stored or deflated.

mod entry;
mod zip;

use std::sync::Arc;

use self::entry::{EntryReader, EntryValues};
use crate::error::Result;
use crate::formats::keys::{self, Layers};
use crate::formats::map::FileMap;
use crate::formats::npy::{Header, in_order};
use crate::formats::{StoredBlob, StoredNet};

/// Opens an archive; layers come in the order of their first entries.
pub(super) fn open(file: &Arc<FileMap>) -> Result<StoredNet> {
    let entries = zip::entries(file.bytes()).map_err(|message| file.refuse(message))?;
    let mut layers = Layers::default();
    for entry in entries {
        let name = entry.name.clone();
        let at = |message: String| file.refuse(format!("entry {name:?} at byte {}: {message}", entry.header));
        let key = name.strip_suffix(".npy").ok_or_else(|| at("is no .npy file".to_owned()))?;
        let (layer, index) = keys::split(key, '/').map_err(at)?;
        let blob = blob(file, &entry, index).map_err(at)?;
        layers.enter(layer, blob).map_err(at)?;
    }
    Ok(StoredNet { layers: layers.into_layers(), ..StoredNet::default() })
}

fn blob(file: &Arc<FileMap>, entry: &zip::Entry, index: usize) -> Result<StoredBlob, String> {
    let (header, header_bytes) = Header::read(&mut EntryReader::new(file, entry))?;
    let Header { element, ref shape, .. } = header;
    let bytes = shape.count() as u64 * element.width() as u64;
    if entry.size != header_bytes + bytes {
        return Err(format!("has {} bytes, its shape {shape} makes {}", entry.size, header_bytes + bytes));
    }
    let values = in_order(EntryValues::new(file, entry, header_bytes, element), &header)?;
    Ok(StoredBlob { index, shape: header.shape, legacy: false, values })
}
