//! How the shape of a stored blob fits that of a blob of the net.

use super::OnMismatch;
use crate::Shape;
use crate::formats::{Corner, StoredBlob};

/// How a stored blob is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fit {
    /// As it is.
    Whole,
    /// As it is, and the net's blob takes its shape.
    Reshaped,
    /// Its leading corner.
    Sliced { corner: Corner },
    /// Into the leading corner of the net's blob; its dimensions, with as many axes as that one has.
    Padded { small: Vec<i32> },
}

/// How `blob` fits `shape`.
///
/// # Errors
/// It does not: the text completes "blob 0 ...".
pub(super) fn fit(blob: &StoredBlob, shape: &Shape, on_mismatch: OnMismatch) -> Result<Fit, String> {
    let stored = blob.aligned(shape);
    let dims = shape.dims();
    if stored.as_deref() == Some(dims) && blob.shape.count() == shape.count() {
        return Ok(Fit::Whole);
    }
    let differs = || format!("has the shape {}, not {shape}", blob.shape);
    let small = match (on_mismatch, stored) {
        (OnMismatch::Error | OnMismatch::Skip, _) => return Err(differs()),
        (_, None) => return Err(format!("{}: the numbers of axes differ", differs())),
        (_, Some(stored)) => stored,
    };
    let all = |fits: fn(&i32, &i32) -> bool| small.iter().zip(dims).all(|(stored, needed)| fits(stored, needed));
    match on_mismatch {
        OnMismatch::Pad if all(|stored, needed| stored <= needed) => Ok(Fit::Padded { small }),
        OnMismatch::Pad => Err(format!("{}: it is longer on some axis", differs())),
        _ if all(|stored, needed| stored >= needed) => Ok(Fit::Sliced { corner: Corner::new(dims, &small) }),
        _ => Err(format!("{}: it is shorter on some axis", differs())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn fits(stored: &[i64], legacy: bool, needed: &[i64], on_mismatch: OnMismatch) -> Result<Fit, String> {
        let shape = Shape::new(stored).unwrap();
        let blob = StoredBlob { index: 0, shape, legacy, values: Arc::new(Vec::new()) };
        fit(&blob, &Shape::new(needed).unwrap(), on_mismatch)
    }

    #[test]
    fn shapes_must_be_the_same_but_for_ones_in_front_of_old_sizes() {
        let error =
            |stored: &[i64], legacy, needed: &[i64]| fits(stored, legacy, needed, OnMismatch::Error).unwrap_err();
        assert_eq!(fits(&[3, 4], false, &[3, 4], OnMismatch::Error), Ok(Fit::Whole));
        assert_eq!(fits(&[1, 1, 3, 4], true, &[3, 4], OnMismatch::Error), Ok(Fit::Whole));
        assert_eq!(fits(&[1, 1, 1, 1], true, &[], OnMismatch::Error), Ok(Fit::Whole));
        assert_eq!(error(&[1, 1, 3, 4], false, &[3, 4]), "has the shape (1, 1, 3, 4), not (3, 4)");
        assert_eq!(error(&[3, 4, 1, 1], true, &[3, 4]), "has the shape (3, 4, 1, 1), not (3, 4)");
        assert_eq!(error(&[2, 2, 2, 4], true, &[2, 2, 2, 2, 2]), "has the shape (2, 2, 2, 4), not (2, 2, 2, 2, 2)");
        assert_eq!(error(&[0, 0, 3, 4], true, &[3, 4]), "has the shape (0, 0, 3, 4), not (3, 4)");
    }

    #[test]
    fn larger_ones_are_sliced_and_smaller_ones_padded_on_request() {
        let sliced = |stored, needed| Ok(Fit::Sliced { corner: Corner::new(needed, stored) });
        assert_eq!(fits(&[5, 4], false, &[3, 4], OnMismatch::Slice), sliced(&[5, 4], &[3, 4]));
        assert_eq!(fits(&[1, 1, 5, 4], true, &[3, 4], OnMismatch::Slice), sliced(&[5, 4], &[3, 4]));
        assert_eq!(fits(&[2, 4], false, &[3, 4], OnMismatch::Pad), Ok(Fit::Padded { small: vec![2, 4] }));
        assert_eq!(fits(&[3, 4], false, &[3, 4], OnMismatch::Pad), Ok(Fit::Whole));
        let error = |needed: &[i64], on_mismatch| fits(&[3, 4], false, needed, on_mismatch).unwrap_err();
        assert_eq!(error(&[5, 2], OnMismatch::Slice), "has the shape (3, 4), not (5, 2): it is shorter on some axis");
        assert_eq!(error(&[5, 2], OnMismatch::Pad), "has the shape (3, 4), not (5, 2): it is longer on some axis");
        assert_eq!(error(&[12], OnMismatch::Slice), "has the shape (3, 4), not (12): the numbers of axes differ");
    }
}
