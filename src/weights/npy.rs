//! `.npy`: a single array of numpy.
//!
//! It is read as a net with one layer, called `blob`, as a `.binaryproto` is.

use std::sync::Arc;

use super::in_place::InPlace;
use super::map::FileMap;
use super::npz::{self, Header};
use super::{StoredBlob, StoredLayer, StoredNet, binaryproto};
use crate::error::Result;

/// Whether the bytes start like a `.npy` file.
pub(super) fn recognise(bytes: &[u8]) -> bool {
    bytes.starts_with(npz::MAGIC)
}

/// Opens an array.
pub(super) fn open(file: &Arc<FileMap>) -> Result<StoredNet> {
    let blob = blob(file).map_err(|message| file.refuse(message))?;
    let layer = StoredLayer { name: binaryproto::LAYER.to_owned(), blobs: vec![blob], ..StoredLayer::default() };
    Ok(StoredNet { layers: vec![layer], ..StoredNet::default() })
}

fn blob(file: &Arc<FileMap>) -> Result<StoredBlob, String> {
    let (header, header_bytes) = Header::read(&mut file.bytes())?;
    let values = InPlace::new(file, header.element, header_bytes as usize, &header.shape)?;
    let values = npz::in_order(values, &header)?;
    Ok(StoredBlob { index: 0, shape: header.shape, legacy: false, values })
}

#[cfg(test)]
mod tests {
    use crate::weights;

    fn npy(header: &str, values: &[f32]) -> tempfile::NamedTempFile {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    fn header(fortran_order: &str) -> String {
        format!("{{'descr': '<f4', 'fortran_order': {fortran_order}, 'shape': (2, 3), }}\n")
    }

    #[test]
    fn an_array_is_a_blob_in_either_order() {
        for (order, stored) in [("False", [1., 2., 3., 4., 5., 6.]), ("True", [1., 4., 2., 5., 3., 6.])] {
            let net = weights::open(npy(&header(order), &stored).path()).unwrap();
            assert_eq!((net.format.unwrap().name, net.layers.len()), ("npy", 1));
            let layer = &net.layers[0];
            assert_eq!((layer.name.as_str(), layer.blobs[0].shape.dims()), ("blob", &[2, 3][..]));
            let mut values = [0.0; 6];
            layer.blobs[0].values.read(0, &mut values).unwrap();
            assert_eq!(values, [1., 2., 3., 4., 5., 6.]);
        }
    }

    #[test]
    fn damage_is_an_error() {
        let refused = |file: tempfile::NamedTempFile| {
            let error = weights::open(file.path()).unwrap_err().to_string();
            error.replace(&file.path().display().to_string(), "FILE")
        };
        let short = refused(npy(&header("False"), &[1.0]));
        assert_eq!(short, "FILE: truncated: 24 bytes of values from byte 70 on are more than the file's 74");
        let refused = refused(npy("{'descr': '<c8', 'fortran_order': False, 'shape': ()}", &[1.0]));
        assert_eq!(refused, "FILE: values of the numpy type \"<c8\" are not read");
    }
}
