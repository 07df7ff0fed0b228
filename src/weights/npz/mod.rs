//! `.npz`: a zip archive with a `.npy` file `<layer>/<index>.npy` for each blob, stored or deflated.

mod entry;
mod npy;
mod whole;
mod zip;

use std::sync::Arc;

use self::entry::{EntryReader, EntryValues};
use self::whole::Reordered;
use super::keys::{self, Layers};
use super::map::FileMap;
use super::{StoredBlob, StoredNet, StoredValues};
use crate::error::Result;

pub(super) use self::npy::{Header, MAGIC};

/// The most values of an array in Fortran's order, which has to be in memory as a whole.
const MAX_REORDERED: usize = 1 << 28;

/// Whether the bytes start like a zip archive, an empty one included.
pub(super) fn recognise(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

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

/// The values of an array with the last axis as the one along which neighbours lie.
///
/// # Errors
/// The array has another order, and more values than are held in memory.
pub(super) fn in_order(values: impl StoredValues + 'static, header: &Header) -> Result<Arc<dyn StoredValues>, String> {
    let shape = &header.shape;
    let is_long = |dim: &&i32| **dim > 1;
    if !header.fortran_order || shape.dims().iter().filter(is_long).count() < 2 {
        return Ok(Arc::new(values));
    }
    if shape.count() > MAX_REORDERED {
        return Err(format!("{} values in Fortran's order are too many; save it in C's order", shape.count()));
    }
    Ok(Arc::new(Reordered::new(values, shape)))
}
