//! `repeat`: the values again and again along each axis.

use super::{Fit, Mismatch};
use crate::formats::Gather;

pub(super) fn repeat(mismatch: &Mismatch<'_>) -> Result<Fit, String> {
    let (stored, needed) = (mismatch.values(1)?, mismatch.needed.dims());
    match stored.iter().zip(needed).zip(0..).find(|((stored, needed), _)| *needed % *stored != 0) {
        Some(((stored, needed), axis)) => Err(format!("axis {axis}: {needed} is not a multiple of {stored}")),
        None => Ok(Fit::Gathered(Gather::new(stored, needed))),
    }
}
