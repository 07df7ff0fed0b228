//! `reshape`: the same values in the same order.

use super::{Fit, Mismatch};

pub(super) fn reshape(mismatch: &Mismatch<'_>) -> Result<Fit, String> {
    let (stored, needed) = (mismatch.stored.count(), mismatch.needed.count());
    if stored == needed { Ok(Fit::Recast) } else { Err(format!("{stored} values are stored, and {needed} are needed")) }
}
