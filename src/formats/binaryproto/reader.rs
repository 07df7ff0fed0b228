//! `.binaryproto`: a single `BlobProto`, such as an image mean, or several in a `BlobProtoVector`.
//!
//! It is read as a net with one layer, called `blob`.

use std::sync::Arc;

use super::LAYER;
use crate::error::Result;
use crate::formats::caffemodel::blob;
use crate::formats::map::FileMap;
use crate::formats::{StoredLayer, StoredNet};
use crate::proto::descriptor;
use crate::proto::fields::Fields;
use crate::proto::sniff::is_blob;

/// Opens a file of blobs.
pub(super) fn open(file: &Arc<FileMap>) -> Result<StoredNet> {
    let bytes = file.bytes();
    let bodies: Vec<(&[u8], usize)> = if is_blob(bytes) {
        vec![(bytes, 0)]
    } else {
        Fields::new(bytes, 0, "BlobProtoVector").flatten().map(|field| (field.body, field.body_offset)).collect()
    };
    let stored = |(index, (body, offset)): (usize, (&[u8], usize))| {
        let at = |message| file.refuse(format!("blob {index} at byte {offset}: {message}"));
        blob::stored(file, body, offset, index, descriptor("BlobProto")).map_err(at)
    };
    let blobs = bodies.into_iter().enumerate().map(stored).collect::<Result<Vec<_>>>()?;
    let layer = StoredLayer { name: LAYER.to_owned(), blobs, ..StoredLayer::default() };
    Ok(StoredNet { layers: vec![layer], ..StoredNet::default() })
}
