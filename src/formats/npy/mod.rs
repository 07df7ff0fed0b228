//! `.npy`: a single array of numpy.
//!
//! It is read as a net with one layer, called `blob`, as a `.binaryproto` is.

mod header;

use std::sync::Arc;

pub(super) use self::header::{Header, encode_header};
use super::format::{Format, FormatEntry, Matching};
use super::in_place::InPlace;
use super::map::FileMap;
use super::{AxisOrder, Reordered, StoredBlob, StoredLayer, StoredNet, StoredValues, binaryproto};
use crate::error::Result;
use crate::proto::sniff::Content;

pub(super) const FORMAT: FormatEntry = FormatEntry {
    format: Format::Npy,
    name: "npy",
    about: "an array of numpy; its layer is called \"blob\"",
    recognised: "numpy's signature at byte 0",
    extensions: &[],
    matching: Matching::Layers,
    encoding: None,
    messages: &[],
    recognise: |content| matches!(content, Content::Npy),
    open: |file, _| open(file),
    open_arrays: None,
    writing: None,
};

/// The most values of an array in Fortran's order, which has to be in memory as a whole.
const MAX_REORDERED: usize = 1 << 28;

/// Opens an array.
fn open(file: &Arc<FileMap>) -> Result<StoredNet> {
    let blob = blob(file).map_err(|message| file.refuse(message))?;
    let layer = StoredLayer { name: binaryproto::LAYER.to_owned(), blobs: vec![blob], ..StoredLayer::default() };
    Ok(StoredNet { layers: vec![layer], ..StoredNet::default() })
}

fn blob(file: &Arc<FileMap>) -> Result<StoredBlob, String> {
    let (header, header_bytes) = Header::read(&mut file.bytes())?;
    let values = InPlace::new(file, header.element, header_bytes as usize, &header.shape)?;
    let values = in_order(values, &header)?;
    Ok(StoredBlob { index: 0, shape: header.shape, legacy: false, values })
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
        return Err(format!("{} values in Fortran order are too many; save it in C order", shape.count()));
    }
    let stored: Vec<i32> = shape.dims().iter().rev().copied().collect();
    let axes: Vec<usize> = (0..stored.len()).rev().collect();
    Ok(Arc::new(Reordered::new(values, AxisOrder::new(&stored, &axes))))
}

#[cfg(test)]
mod tests {
    use crate::formats;

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
            let net = formats::open(npy(&header(order), &stored).path()).unwrap();
            assert_eq!((net.format.unwrap().name(), net.layers.len()), ("npy", 1));
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
            let error = formats::open(file.path()).unwrap_err().to_string();
            error.replace(&file.path().display().to_string(), "FILE")
        };
        let short = refused(npy(&header("False"), &[1.0]));
        assert_eq!(short, "FILE: truncated: 24 bytes of values from byte 70 on are more than the file's 74");
        let refused = refused(npy("{'descr': '<c8', 'fortran_order': False, 'shape': ()}", &[1.0]));
        assert_eq!(refused, "FILE: values of the numpy type \"<c8\" are not supported");
    }
}
