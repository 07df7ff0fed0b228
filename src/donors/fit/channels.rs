//! `mean` and `sum`: over the input channels, which are axis 1 of the weights of a convolution or an inner product.
//!
//! Values are added up as floats in the order of the channels, and the sum is divided by their number, as numpy does
//! it.

use super::{Fit, Mismatch, others_agree};
use crate::formats::Gather;

const CHANNELS: usize = 1;

pub(super) fn mean(mismatch: &Mismatch<'_>) -> Result<Fit, String> {
    let (stored, needed) = (mismatch.values(2)?, mismatch.needed.dims());
    others_agree(stored, needed, CHANNELS)?;
    Ok(Fit::Gathered(Gather::new(stored, needed).summed().divided_by(stored[CHANNELS] as usize)))
}

pub(super) fn sum(mismatch: &Mismatch<'_>) -> Result<Fit, String> {
    let (stored, needed) = (mismatch.values(2)?, mismatch.needed.dims());
    others_agree(stored, needed, CHANNELS)?;
    match needed[CHANNELS] {
        1 => Ok(Fit::Gathered(Gather::new(stored, needed).summed())),
        channels => Err(format!("a sum is for 1 input channel, not for {channels}")),
    }
}
