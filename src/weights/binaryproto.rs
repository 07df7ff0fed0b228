//! `.binaryproto`: a single `BlobProto`, such as an image mean, or several in a `BlobProtoVector`.
//!
//! It is read as a net with one layer, called `blob`.

use std::sync::Arc;

use prost::encoding::WireType;

use super::caffemodel::blob;
use super::map::FileMap;
use super::{StoredLayer, StoredNet};
use crate::error::Result;
use crate::proto::fields::{Field, Fields};

/// The name of the layer that the blobs are in.
pub(super) const LAYER: &str = "blob";

/// Whether the bytes are one of the two messages: every field has a number and an encoding of theirs.
///
/// A net is told from a vector by its first field, its name, which is not a blob, or by having others.
pub(super) fn recognise(bytes: &[u8]) -> bool {
    is_blob(bytes) || is_vector(bytes)
}

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
        blob::stored(file, body, offset, index).map_err(at)
    };
    let blobs = bodies.into_iter().enumerate().map(stored).collect::<Result<Vec<_>>>()?;
    let layer = StoredLayer { name: LAYER.to_owned(), blobs, ..StoredLayer::default() };
    Ok(StoredNet { layers: vec![layer], ..StoredNet::default() })
}

fn is_blob(bytes: &[u8]) -> bool {
    let mut any = false;
    let fits = |field: &Field<'_>| match field.number {
        1..=4 => field.wire_type == WireType::Varint,
        5 | 6 => matches!(field.wire_type, WireType::LengthDelimited | WireType::ThirtyTwoBit),
        7 => field.wire_type == WireType::LengthDelimited,
        8 | 9 => matches!(field.wire_type, WireType::LengthDelimited | WireType::SixtyFourBit),
        _ => false,
    };
    let all = Fields::new(bytes, 0, "BlobProto").all(|field| {
        field.is_ok_and(|field| {
            any |= matches!(field.number, 5 | 8);
            fits(&field)
        })
    });
    any && all
}

fn is_vector(bytes: &[u8]) -> bool {
    let is_blob =
        |field: Field<'_>| field.number == 1 && field.wire_type == WireType::LengthDelimited && is_blob(field.body);
    !bytes.is_empty() && Fields::new(bytes, 0, "BlobProtoVector").all(|field| field.is_ok_and(is_blob))
}
