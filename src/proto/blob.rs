//! Stored blobs: the shape and the values of a `BlobProto`, as Caffe reads them.
//!
//! NVIDIA's Caffe and OpenCV also keep the values as bytes, `raw_data`, of the type that `raw_data_type` says.

use half::f16;

use crate::proto::caffe::{BlobProto, BlobShape, Type};
use crate::{Shape, ShapeError};

/// The type of the values in `raw_data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RawType {
    /// Double precision.
    Double,
    /// Single precision.
    Single,
    /// Half precision.
    Half,
}

impl RawType {
    /// The type that a `raw_data_type` says.
    ///
    /// # Errors
    /// It says none, or one that no values have: the text completes "the blob ...".
    pub(crate) fn new(raw_data_type: Option<i32>) -> Result<RawType, String> {
        let Some(number) = raw_data_type else { return Err("has raw_data without a raw_data_type".into()) };
        match Type::try_from(number) {
            Ok(Type::Double) => Ok(RawType::Double),
            Ok(Type::Float) => Ok(RawType::Single),
            Ok(Type::Float16) => Ok(RawType::Half),
            Ok(other) => Err(format!("has raw_data of the type {}, which no weights have", other.as_str_name())),
            Err(_) => Err(format!("has raw_data of the unknown type {number}")),
        }
    }

    /// How many bytes a value takes.
    pub(crate) fn width(self) -> usize {
        match self {
            RawType::Double => 8,
            RawType::Single => 4,
            RawType::Half => 2,
        }
    }

    /// How many values so many bytes are.
    ///
    /// # Errors
    /// They are no whole number of values: the text completes "the blob ...".
    pub(crate) fn count(self, bytes: usize) -> Result<usize, String> {
        let width = self.width();
        let whole = bytes.is_multiple_of(width).then_some(bytes / width);
        whole.ok_or_else(|| format!("has {bytes} bytes of raw_data, which values of {width} bytes do not divide"))
    }

    fn values(self, bytes: &[u8]) -> Vec<f32> {
        let values = bytes.chunks_exact(self.width());
        let value = |bytes: &[u8]| match *bytes {
            [a, b] => f16::from_le_bytes([a, b]).to_f32(),
            [a, b, c, d] => f32::from_le_bytes([a, b, c, d]),
            [a, b, c, d, e, f, g, h] => f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32,
            _ => unreachable!("values take two, four or eight bytes"),
        };
        values.map(value).collect()
    }
}

/// The shape of the given dimensions, each cut to its low 32 bits as Caffe does: 4294967299 is 3.
///
/// # Errors
/// The dimensions are no shape.
pub(crate) fn given_shape(given: &BlobShape) -> Result<Shape, ShapeError> {
    let dims: Vec<i32> = given.dim.iter().map(|&dim| dim as i32).collect();
    Shape::new(dims)
}

/// The shape as a message.
pub(crate) fn blob_shape(shape: &Shape) -> BlobShape {
    BlobShape { dim: shape.dims().iter().map(|&dim| dim.into()).collect() }
}

/// Whether the blob's shape stands in the legacy fields, of which one is enough to hide `shape`.
pub(crate) fn is_legacy(blob: &BlobProto) -> bool {
    legacy_sizes(blob).is_some()
}

/// The sizes in the legacy fields: four, or five where the blob has a length, as in C3D.
pub(crate) fn legacy_sizes(blob: &BlobProto) -> Option<Vec<i32>> {
    let BlobProto { num, channels, length, height, width, .. } = blob;
    let sizes =
        if length.is_some() { vec![num, channels, length, height, width] } else { vec![num, channels, height, width] };
    sizes.iter().any(|size| size.is_some()).then(|| sizes.into_iter().map(|size| size.unwrap_or(0)).collect())
}

/// The shape of a blob; the legacy fields win over `shape` as soon as one of them is there.
///
/// # Errors
/// The dimensions are no shape.
pub(crate) fn shape(blob: &BlobProto) -> Result<Shape, ShapeError> {
    if let Some(sizes) = legacy_sizes(blob) {
        return Shape::new(sizes);
    }
    blob.shape.as_ref().map_or_else(|| Ok(Shape::scalar()), given_shape)
}

/// How many numbers a blob has, by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Those of `raw_data`, if that is there.
    pub(crate) raw_data: Option<usize>,
    pub(crate) data: usize,
    pub(crate) double_data: usize,
    pub(crate) diff: usize,
    pub(crate) double_diff: usize,
}

impl Counts {
    /// Those of a blob.
    ///
    /// # Errors
    /// Its `raw_data` is of no type that values have: the text completes "the blob ...".
    pub(crate) fn of(blob: &BlobProto) -> Result<Counts, String> {
        let raw = |bytes: &Vec<u8>| RawType::new(blob.raw_data_type)?.count(bytes.len());
        Ok(Counts {
            raw_data: blob.raw_data.as_ref().map(raw).transpose()?,
            data: blob.data.len(),
            double_data: blob.double_data.len(),
            diff: blob.diff.len(),
            double_diff: blob.double_diff.len(),
        })
    }

    /// The number of values; doubles win over floats, and those over raw ones.
    pub(crate) fn values(&self) -> usize {
        match (self.double_data, self.data, self.raw_data) {
            (0, 0, raw_data) => raw_data.unwrap_or(0),
            (0, data, _) => data,
            (double_data, ..) => double_data,
        }
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

/// The values of a blob whose counts are known; doubles win over floats, and those over raw ones.
pub(crate) fn values(blob: BlobProto) -> Vec<f32> {
    if blob.double_data.is_empty()
        && blob.data.is_empty()
        && let (Some(bytes), Ok(raw_type)) = (&blob.raw_data, RawType::new(blob.raw_data_type))
    {
        return raw_type.values(bytes);
    }
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
        assert_eq!(Counts::of(&blob).unwrap().check(&shape).unwrap_err(), "has 3 values, its shape (2, 2) has 4");
        blob.double_data = vec![0.5; 4];
        assert_eq!(Counts::of(&blob).unwrap().check(&shape), Ok(()));
        assert_eq!(values(blob.clone()), [0.5; 4]);
        blob.diff = vec![0.0; 5];
        assert_eq!(Counts::of(&blob).unwrap().check(&shape).unwrap_err(), "has 5 diffs, its shape (2, 2) has 4");
        let empty = Shape::new([0, 2]).unwrap();
        assert_eq!(Counts::of(&blob).unwrap().check(&empty).unwrap_err(), "is empty: its shape is (0, 2)");
    }

    #[test]
    fn raw_values_have_a_type_and_count_where_there_are_no_others() {
        let raw = |raw_data_type, bytes: &[u8]| {
            let raw_data = Some(bytes.to_vec());
            let blob = BlobProto { raw_data, raw_data_type, ..Default::default() };
            Counts::of(&blob).map(|counts| (counts.values(), values(blob)))
        };
        let both =
            BlobProto { raw_data: Some(vec![0; 2]), raw_data_type: Some(2), data: vec![9.0], ..Default::default() };
        assert_eq!(values(both), [9.0]);
        let of = |raw_type: Type, bytes: &[u8]| raw(Some(raw_type as i32), bytes);
        assert_eq!(of(Type::Float16, &[0, 0x3e, 0, 0xbc]), Ok((2, vec![1.5, -1.0])));
        assert_eq!(of(Type::Float, &[0, 0, 0xc0, 0x3f]), Ok((1, vec![1.5])));
        assert_eq!(of(Type::Double, &[0, 0, 0, 0, 0, 0, 0xf8, 0x3f]), Ok((1, vec![1.5])));
        assert_eq!(raw(None, &[0, 0]).unwrap_err(), "has raw_data without a raw_data_type");
        assert_eq!(of(Type::Int, &[0; 4]).unwrap_err(), "has raw_data of the type INT, which no weights have");
        assert_eq!(raw(Some(77), &[0; 4]).unwrap_err(), "has raw_data of the unknown type 77");
        let message = "has 3 bytes of raw_data, which values of 2 bytes do not divide";
        assert_eq!(of(Type::Float16, &[0; 3]).unwrap_err(), message);
    }
}
