//! Files that hold one serialised `BlobProto`: mean images and infogain matrices.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use prost::Message;

use crate::Shape;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::blob;
use crate::proto::caffe::BlobProto;

/// Reads `file`, which `field` names by `path`, and returns the shape of its blob.
///
/// # Errors
/// The file cannot be read, is longer than `max_bytes`, is not a `BlobProto`, or its shape and its numbers disagree.
pub(super) fn read_shape(file: &Path, field: &'static str, path: &str, max_bytes: u64) -> Result<Shape, Refusal> {
    let bytes = read(file, max_bytes)
        .map_err(|error| Refusal::at(field, format!("cannot read the blob file {path:?}: {error}")))?;
    ensure!(bytes.len() as u64 <= max_bytes, field, "the blob file {path:?} has more than {max_bytes} bytes");
    let blob = BlobProto::decode(bytes.as_slice())
        .map_err(|error| Refusal::at(field, format!("{path:?} is not a serialised BlobProto: {error}")))?;
    let shape = blob::shape(&blob).at(field)?;
    let counts = blob::Counts::of(&blob).and_then(|counts| counts.check(&shape));
    counts.map_err(|fault| Refusal::at(field, format!("the blob in {path:?} {fault}")))?;
    Ok(shape)
}

/// The bytes of the file, at most one more than `max_bytes`.
fn read(file: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
