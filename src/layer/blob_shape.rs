//! Shapes given in the net as a `BlobShape`.

use crate::proto::caffe::BlobShape;
use crate::{Shape, ShapeError};

/// The shape of the given dimensions, each cut to its low 32 bits as Caffe does: 4294967299 is 3.
///
/// # Errors
/// The dimensions are no shape.
pub(super) fn shape(given: &BlobShape) -> Result<Shape, ShapeError> {
    let dims: Vec<i32> = given.dim.iter().map(|&dim| dim as i32).collect();
    Shape::new(dims)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_wrap_at_32_bits() {
        let dims = |dim: &[i64]| shape(&BlobShape { dim: dim.to_vec() }).map(|shape| shape.dims().to_vec());
        assert_eq!(dims(&[1, (1 << 32) + 3]), Ok(vec![1, 3]));
        assert_eq!(dims(&[1 << 31]), Err(ShapeError::Negative { axis: 0, dim: -(1 << 31) }));
    }
}
