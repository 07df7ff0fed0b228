//! Files that hold one serialised `BlobProto`: mean images and infogain matrices.

use std::fs::File;
use std::io::{self, Read};

use prost::Message;

use super::{SetupContext, blob_shape};
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::BlobProto;
use crate::{Shape, ShapeError};

/// Reads the file that `field` names by `path` and returns the shape of its blob.
///
/// # Errors
/// The file cannot be read, is longer than `max_bytes`, is not a `BlobProto`, or its shape and its numbers disagree.
pub(super) fn read_shape(
    ctx: &SetupContext<'_>,
    field: &'static str,
    path: &str,
    max_bytes: u64,
) -> Result<Shape, Refusal> {
    let bytes = read(ctx, path, max_bytes)
        .map_err(|error| Refusal::at(field, format!("cannot read the blob file {path:?}: {error}")))?;
    ensure!(bytes.len() as u64 <= max_bytes, field, "the blob file {path:?} has more than {max_bytes} bytes");
    let blob = BlobProto::decode(bytes.as_slice())
        .map_err(|error| Refusal::at(field, format!("{path:?} is not a serialised BlobProto: {error}")))?;
    let shape = shape(&blob).at(field)?;
    check_numbers(&blob, &shape, path).at(field)?;
    Ok(shape)
}

/// The bytes of the file, at most one more than `max_bytes`.
fn read(ctx: &SetupContext<'_>, path: &str, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(ctx.folder.join(path))?.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The shape of a blob; the four legacy fields win over `shape` as soon as one of them is there.
fn shape(blob: &BlobProto) -> Result<Shape, ShapeError> {
    let legacy = [blob.num, blob.channels, blob.height, blob.width];
    if legacy.iter().any(Option::is_some) {
        return Shape::new(legacy.map(|dim| dim.unwrap_or(0)));
    }
    match &blob.shape {
        Some(given) => blob_shape::shape(given),
        None => Ok(Shape::scalar()),
    }
}

/// Refuses blobs without numbers, and those with more or fewer than the shape has; doubles win over floats.
fn check_numbers(blob: &BlobProto, shape: &Shape, path: &str) -> Result<(), String> {
    let count = shape.count();
    if count == 0 {
        return Err(format!("the blob in {path:?} is empty: its shape is {shape}"));
    }
    let either = |double: usize, single: usize| if double > 0 { double } else { single };
    let data = either(blob.double_data.len(), blob.data.len());
    if data != count {
        return Err(format!("the blob in {path:?} has {data} numbers, its shape {shape} has {count}"));
    }
    let diff = either(blob.double_diff.len(), blob.diff.len());
    if diff != 0 && diff != count {
        return Err(format!("the blob in {path:?} has {diff} diffs, its shape {shape} has {count}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::caffe::BlobShape;

    #[test]
    fn one_legacy_field_is_enough_to_hide_the_shape() {
        let mut blob = BlobProto { shape: Some(BlobShape { dim: vec![2, 3] }), ..Default::default() };
        assert_eq!(shape(&blob).unwrap().dims(), [2, 3]);
        blob.width = Some(6);
        assert_eq!(shape(&blob).unwrap().dims(), [0, 0, 0, 6]);
        assert_eq!(shape(&BlobProto::default()).unwrap(), Shape::scalar());
    }

    #[test]
    fn the_numbers_must_match_the_shape() {
        let shape = Shape::new([2, 2]).unwrap();
        let mut blob = BlobProto { data: vec![0.0; 3], ..Default::default() };
        let error = check_numbers(&blob, &shape, "h").unwrap_err();
        assert_eq!(error, "the blob in \"h\" has 3 numbers, its shape (2, 2) has 4");
        blob.double_data = vec![0.0; 4];
        assert_eq!(check_numbers(&blob, &shape, "h"), Ok(()));
        blob.diff = vec![0.0; 5];
        let error = check_numbers(&blob, &shape, "h").unwrap_err();
        assert_eq!(error, "the blob in \"h\" has 5 diffs, its shape (2, 2) has 4");
        let error = check_numbers(&blob, &Shape::new([0, 2]).unwrap(), "h").unwrap_err();
        assert_eq!(error, "the blob in \"h\" is empty: its shape is (0, 2)");
    }
}
