//! Files that hold one serialised `BlobProto`: mean images and infogain matrices.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use prost::{DecodeError, Message};

use crate::Shape;
use crate::dialect::Dialect;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::BlobProto;
use crate::proto::{Schema, blob, gate};

/// Reads `file`, which `field` names by `path`, and returns the shape of its blob.
///
/// # Errors
/// The file cannot be read, is longer than `max_bytes`, is not a `BlobProto`, or its shape and its numbers disagree.
pub(super) fn read_shape(
    file: &Path,
    field: &'static str,
    path: &str,
    max_bytes: u64,
    dialect: &Dialect,
) -> Result<Shape, Refusal> {
    let bytes = read(file, max_bytes)
        .map_err(|error| Refusal::at(field, format!("cannot read the blob file {path:?}: {error}")))?;
    ensure!(bytes.len() as u64 <= max_bytes, field, "the blob file {path:?} has more than {max_bytes} bytes");
    let blob = decoded(&bytes, dialect)
        .map_err(|error| Refusal::at(field, format!("{path:?} is not a serialised BlobProto: {error}")))?;
    let shape = blob::shape(&blob).at(field)?;
    let counts = blob::Counts::of(&blob).and_then(|counts| counts.check(&shape));
    counts.map_err(|fault| Refusal::at(field, format!("the blob in {path:?} {fault}")))?;
    Ok(shape)
}

/// Decodes a blob, which may have its values as bytes as NVIDIA's Caffe writes them, or a length where the dialect's
/// blobs have one.
fn decoded(bytes: &[u8], dialect: &Dialect) -> Result<BlobProto, DecodeError> {
    let messages = Schema::all().iter().filter_map(|schema| schema.message("BlobProto"));
    let raw = match dialect.traits.blobs_have_length {
        true => Some(dialect.blob_message()),
        false => messages.into_iter().find(|message| message.field_named("raw_data").is_some()),
    };
    match raw.and_then(|message| Some((message, gate::joined(bytes, message).ok()?))) {
        Some((message, joined)) => gate::decoded(&joined, message),
        None => BlobProto::decode(bytes),
    }
}

/// The bytes of the file, at most one more than `max_bytes`.
fn read(file: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_may_be_bytes() {
        // A shape of 2, the type FLOAT16, and two halves.
        let raw = [0x3a, 3, 0x0a, 1, 2, 0x50, 2, 0x62, 4, 0, 0x3e, 0, 0xbc];
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), raw).unwrap();
        let shape = read_shape(file.path(), "mean_file", "mean", 1024, Dialect::bvlc());
        assert_eq!(shape.unwrap().dims(), [2]);
        std::fs::write(file.path(), &raw[..9]).unwrap();
        assert!(read_shape(file.path(), "mean_file", "mean", 1024, Dialect::bvlc()).is_err());
    }

    #[test]
    fn those_of_c3d_have_a_length() {
        let blob = [8, 1, 16, 1, 24, 2, 32, 1, 40, 1, 50, 8, 0, 0, 0, 0, 0, 0, 0x80, 0x3f];
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), blob).unwrap();
        let shape = |dialect| read_shape(file.path(), "mean_file", "mean", 1024, Dialect::get(dialect).unwrap());
        assert_eq!(shape("c3d-1.0").unwrap().dims(), [1, 1, 2, 1, 1]);
        assert!(shape("bvlc").is_err());
    }
}
