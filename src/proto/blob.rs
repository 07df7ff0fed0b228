//! Stored blobs: the shape and the values of a `BlobProto`, as Caffe reads them.

use crate::proto::caffe::{BlobProto, BlobShape};
use crate::{Shape, ShapeError};

/// The shape of the given dimensions, each cut to its low 32 bits as Caffe does: 4294967299 is 3.
///
/// # Errors
/// The dimensions are no shape.
pub(crate) fn given_shape(given: &BlobShape) -> Result<Shape, ShapeError> {
    let dims: Vec<i32> = given.dim.iter().map(|&dim| dim as i32).collect();
    Shape::new(dims)
}

/// Whether the blob's shape stands in the four legacy fields, of which one is enough to hide `shape`.
pub(crate) fn is_legacy(blob: &BlobProto) -> bool {
    legacy_sizes(blob).iter().any(Option::is_some)
}

fn legacy_sizes(blob: &BlobProto) -> [Option<i32>; 4] {
    [blob.num, blob.channels, blob.height, blob.width]
}

/// The shape of a blob; the four legacy fields win over `shape` as soon as one of them is there.
///
/// # Errors
/// The dimensions are no shape.
pub(crate) fn shape(blob: &BlobProto) -> Result<Shape, ShapeError> {
    if is_legacy(blob) {
        return Shape::new(legacy_sizes(blob).map(|dim| dim.unwrap_or(0)));
    }
    blob.shape.as_ref().map_or_else(|| Ok(Shape::scalar()), given_shape)
}

/// How many numbers a blob has, by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) data: usize,
    pub(crate) double_data: usize,
    pub(crate) diff: usize,
    pub(crate) double_diff: usize,
}

impl Counts {
    pub(crate) fn of(blob: &BlobProto) -> Counts {
        Counts {
            data: blob.data.len(),
            double_data: blob.double_data.len(),
            diff: blob.diff.len(),
            double_diff: blob.double_diff.len(),
        }
    }

    /// The number of values; doubles win over floats.
    pub(crate) fn values(&self) -> usize {
        if self.double_data > 0 { self.double_data } else { self.data }
    }

    /// Checks that the blob has values, and as many values and diffs as its shape says.
    ///
    /// # Errors
    /// The counts differ, or there are no values: the text completes "the blob ...".
    pub(crate) fn check(&self, shape: &Shape) -> Result<(), String> {
        let count = shape.count();
        if count == 0 {
            return Err(format!("is empty: its shape is {shape}"));
        }
        let values = self.values();
        if values != count {
            return Err(format!("has {values} values, its shape {shape} has {count}"));
        }
        let diffs = if self.double_diff > 0 { self.double_diff } else { self.diff };
        if diffs != 0 && diffs != count {
            return Err(format!("has {diffs} diffs, its shape {shape} has {count}"));
        }
        Ok(())
    }
}

/// The values of a blob; doubles win over floats.
pub(crate) fn values(blob: BlobProto) -> Vec<f32> {
    if blob.double_data.is_empty() { blob.data } else { blob.double_data.iter().map(|&value| value as f32).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_wrap_at_32_bits() {
        let dims = |dim: &[i64]| given_shape(&BlobShape { dim: dim.to_vec() }).map(|shape| shape.dims().to_vec());
        assert_eq!(dims(&[1, (1 << 32) + 3]), Ok(vec![1, 3]));
        assert_eq!(dims(&[1 << 31]), Err(ShapeError::Negative { axis: 0, dim: -(1 << 31) }));
    }

    #[test]
    fn one_legacy_field_is_enough_to_hide_the_shape() {
        let mut blob = BlobProto { shape: Some(BlobShape { dim: vec![2, 3] }), ..Default::default() };
        assert_eq!(shape(&blob).unwrap().dims(), [2, 3]);
        blob.width = Some(6);
        assert_eq!(shape(&blob).unwrap().dims(), [0, 0, 0, 6]);
        assert_eq!(shape(&BlobProto::default()).unwrap(), Shape::scalar());
    }

    #[test]
    fn the_counts_must_match_the_shape_and_doubles_win() {
        let shape = Shape::new([2, 2]).unwrap();
        let mut blob = BlobProto { data: vec![0.0; 3], ..Default::default() };
        assert_eq!(Counts::of(&blob).check(&shape).unwrap_err(), "has 3 values, its shape (2, 2) has 4");
        blob.double_data = vec![0.5; 4];
        assert_eq!(Counts::of(&blob).check(&shape), Ok(()));
        assert_eq!(values(blob.clone()), [0.5; 4]);
        blob.diff = vec![0.0; 5];
        assert_eq!(Counts::of(&blob).check(&shape).unwrap_err(), "has 5 diffs, its shape (2, 2) has 4");
        let empty = Shape::new([0, 2]).unwrap();
        assert_eq!(Counts::of(&blob).check(&empty).unwrap_err(), "is empty: its shape is (0, 2)");
    }
}
