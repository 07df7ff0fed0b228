//! `slice` and `pad`: the leading part of each axis.

use super::{Fit, Mismatch};
use crate::formats::Corner;

pub(super) fn slice(mismatch: &Mismatch<'_>) -> Result<Fit, String> {
    let (large, small) = (mismatch.aligned()?, mismatch.needed.dims());
    if large.iter().zip(small).any(|(large, small)| large < small) {
        return Err("it is shorter on some axis".to_owned());
    }
    Ok(Fit::Sliced { corner: Corner::new(small, large) })
}

pub(super) fn pad(mismatch: &Mismatch<'_>) -> Result<Fit, String> {
    let (small, large) = (mismatch.aligned()?, mismatch.needed.dims());
    if small.iter().zip(large).any(|(small, large)| small > large) {
        return Err("it is longer on some axis".to_owned());
    }
    Ok(Fit::Padded { small: small.to_vec() })
}
