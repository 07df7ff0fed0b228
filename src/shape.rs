//! The shape of a blob: up to 32 axes, each an `i32`, with at most `i32::MAX` elements in all.

use std::fmt;

use serde::{Serialize, Serializer};
use thiserror::Error;

/// The most axes a Caffe blob can have.
pub const MAX_AXES: usize = 32;

/// Why a list of dimensions is not a shape, or an axis is not one of a shape's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// More than [`MAX_AXES`] axes.
    #[error("a blob has at most {MAX_AXES} axes, this one has {0}")]
    TooManyAxes(usize),
    /// A dimension below zero.
    #[error("dimension {axis} is negative ({dim})")]
    Negative {
        /// Index of the axis.
        axis: usize,
        /// Its dimension.
        dim: i64,
    },
    /// The elements, or one dimension, do not fit an `i32`.
    #[error("a blob holds at most 2147483647 elements, {0} are more")]
    TooLarge(String),
    /// An axis outside the shape.
    #[error("axis {axis} is out of range for the {axes}-axis shape {shape}")]
    AxisOutOfRange {
        /// The axis asked for; a negative one counts from the end.
        axis: i32,
        /// The number of axes there are.
        axes: usize,
        /// The shape, as displayed.
        shape: String,
    },
}

/// The dimensions of a blob, outermost first, with their checked product.
///
/// ```
/// use caffemodel::Shape;
/// let shape = Shape::new([64, 3, 11, 11])?;
/// assert_eq!(shape.count(), 23232);
/// assert_eq!(shape.canonical_axis(-1)?, 3);
/// assert!(Shape::new([65536, 65536]).is_err());
/// # Ok::<(), caffemodel::ShapeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Shape {
    dims: Vec<i32>,
    count: usize,
}

impl Shape {
    /// A shape of the given dimensions.
    ///
    /// # Errors
    /// More than [`MAX_AXES`] axes, a negative dimension, or more than `i32::MAX` elements.
    pub fn new<D: Into<i64> + Copy>(dims: impl AsRef<[D]>) -> Result<Shape, ShapeError> {
        let dims = dims.as_ref();
        if dims.len() > MAX_AXES {
            return Err(ShapeError::TooManyAxes(dims.len()));
        }
        let mut count = 1i64;
        let mut out = Vec::with_capacity(dims.len());
        for (axis, &dim) in dims.iter().enumerate() {
            let dim: i64 = dim.into();
            if dim < 0 {
                return Err(ShapeError::Negative { axis, dim });
            }
            let fits = i32::try_from(dim).ok().filter(|&d| i64::from(d) * count <= i64::from(i32::MAX));
            let Some(small) = fits else {
                let all: Vec<String> = dims.iter().map(|&d| d.into().to_string()).collect();
                return Err(ShapeError::TooLarge(all.join(" x ")));
            };
            count *= dim;
            out.push(small);
        }
        Ok(Shape { dims: out, count: count as usize })
    }

    /// The shape of a scalar: no axes, one element.
    pub fn scalar() -> Shape {
        Shape { dims: Vec::new(), count: 1 }
    }

    /// The shape of a blob that no layer has shaped: no axes and no elements.
    pub fn unshaped() -> Shape {
        Shape { dims: Vec::new(), count: 0 }
    }

    /// The shape of a blob that is given the dimensions of this one.
    ///
    /// The same, except that a copy of an unshaped blob, which has no elements, is a scalar, which has one.
    pub fn copied(&self) -> Shape {
        if self.dims.is_empty() { Shape::scalar() } else { self.clone() }
    }

    /// The dimensions, outermost first.
    pub fn dims(&self) -> &[i32] {
        &self.dims
    }

    /// The number of axes.
    pub fn axes(&self) -> usize {
        self.dims.len()
    }

    /// The dimension of `axis`, or `None` past the last one.
    pub fn dim(&self, axis: usize) -> Option<i32> {
        self.dims.get(axis).copied()
    }

    /// The number of elements, at most `i32::MAX`.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The product of the dimensions from `start` on; 1 where there are none.
    ///
    /// Saturates at `i64::MAX` (possible where an earlier dimension is zero).
    pub fn count_from(&self, start: usize) -> i64 {
        self.count_range(start, self.axes())
    }

    /// The product of the dimensions `start..end`; 1 where the range is empty.
    ///
    /// Saturates at `i64::MAX` (possible where a dimension outside the range is zero).
    pub fn count_range(&self, start: usize, end: usize) -> i64 {
        let dims = self.dims.get(start..end).unwrap_or(&[]);
        dims.iter().fold(1i64, |product, &dim| product.saturating_mul(i64::from(dim)))
    }

    /// The index of `axis`, where a negative one counts from the end: -1 is the last.
    ///
    /// # Errors
    /// The axis is outside `-axes..axes`.
    pub fn canonical_axis(&self, axis: i32) -> Result<usize, ShapeError> {
        let axes = self.axes() as i64;
        let index = if axis < 0 { i64::from(axis) + axes } else { i64::from(axis) };
        if (0..axes).contains(&index) {
            Ok(index as usize)
        } else {
            Err(ShapeError::AxisOutOfRange { axis, axes: self.axes(), shape: self.to_string() })
        }
    }

    /// The dimension of `axis` in Caffe's legacy four-axis view, where missing axes are 1.
    ///
    /// # Errors
    /// The shape has more than four axes.
    pub fn legacy_dim(&self, axis: usize) -> Result<i32, ShapeError> {
        if self.axes() > 4 || axis > 3 {
            let axes = self.axes();
            return Err(ShapeError::AxisOutOfRange { axis: axis as i32, axes, shape: self.to_string() });
        }
        Ok(self.dim(axis).unwrap_or(1))
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dims: Vec<String> = self.dims.iter().map(i32::to_string).collect();
        write!(f, "({})", dims.join(", "))
    }
}

/// As the list of its dimensions.
impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.dims)
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shape{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_dimension_empties_the_blob_and_lifts_the_limit() {
        assert_eq!(Shape::new([0, i32::MAX, 2]).unwrap().count(), 0);
        assert!(Shape::new([i32::MAX, 2, 0]).is_err());
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let error = |dims: &[i64]| Shape::new(dims).unwrap_err().to_string();
        assert_eq!(error(&[3, -1]), "dimension 1 is negative (-1)");
        assert_eq!(error(&[65536, 65536]), "a blob holds at most 2147483647 elements, 65536 x 65536 are more");
        assert_eq!(error(&[1; 33]), "a blob has at most 32 axes, this one has 33");
        let axis = Shape::new([2, 3]).unwrap().canonical_axis(2).unwrap_err();
        assert_eq!(axis.to_string(), "axis 2 is out of range for the 2-axis shape (2, 3)");
    }

    #[test]
    fn a_scalar_has_one_element_and_an_unshaped_blob_none() {
        assert_eq!(Shape::scalar().count(), 1);
        assert_eq!(Shape::unshaped().count(), 0);
        assert_eq!(Shape::scalar().count_from(0), 1);
        assert_eq!(Shape::unshaped().copied(), Shape::scalar());
    }
}
