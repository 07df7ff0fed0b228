//! Blobs that the net definition itself gives: their shapes and values.

use crate::Shape;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::BlobProto;

/// The shape of a stored blob. The legacy dimensions win over `shape`, as in Caffe.
pub(crate) fn shape(blob: &BlobProto) -> Result<Shape, Refusal> {
    let legacy = [blob.num, blob.channels, blob.height, blob.width];
    if legacy.iter().any(Option::is_some) {
        return Shape::new(legacy.map(|dim| dim.unwrap_or(0))).at("blobs");
    }
    let dims = blob.shape.as_ref().map_or(&[][..], |shape| &shape.dim);
    Shape::new(dims).at("blobs")
}

/// The values of a stored blob; double data wins over single.
///
/// # Errors
/// The number of values (or differences) is not that of the shape, or there are none.
pub(crate) fn values(blob: BlobProto, shape: &Shape) -> Result<Vec<f32>, Refusal> {
    let count = shape.count();
    ensure!(count > 0, "blobs", "a blob of shape {shape} has no values");
    for (what, length) in [("diff", blob.diff.len()), ("double_diff", blob.double_diff.len())] {
        ensure!(length == 0 || length == count, "blobs", "{length} values of {what} for a blob of shape {shape}");
    }
    let values = if blob.double_data.is_empty() {
        blob.data
    } else {
        blob.double_data.iter().map(|&value| value as f32).collect()
    };
    let given = values.len();
    ensure!(given == count, "blobs", "{given} values for a blob of shape {shape}, which has {count}");
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::caffe::BlobShape;

    #[test]
    fn legacy_dimensions_and_double_data_win() {
        let blob = BlobProto {
            num: Some(1),
            channels: Some(1),
            height: Some(1),
            width: Some(2),
            shape: Some(BlobShape { dim: vec![7] }),
            data: vec![9.0],
            double_data: vec![1.0, 2.0],
            ..Default::default()
        };
        let shape = shape(&blob).unwrap();
        assert_eq!(shape, Shape::new([1, 1, 1, 2]).unwrap());
        assert_eq!(values(blob, &shape).unwrap(), [1.0, 2.0]);
    }

    #[test]
    fn counts_that_differ_are_refused() {
        let blob = BlobProto { data: vec![1.0; 3], ..Default::default() };
        let two = Shape::new([2]).unwrap();
        let message = values(blob, &two).unwrap_err().message;
        assert_eq!(message, "3 values for a blob of shape (2), which has 2");
        let empty = Shape::new([0]).unwrap();
        assert_eq!(values(BlobProto::default(), &empty).unwrap_err().message, "a blob of shape (0) has no values");
    }
}
