//! `transpose` and `hwio`: axes in another order.

use super::{Fit, Mismatch};
use crate::formats::AxisOrder;

pub(super) fn transpose(mismatch: &Mismatch<'_>) -> Result<Fit, String> {
    match mismatch.aligned()? {
        stored @ [_, _] => reorder(stored, &[1, 0], mismatch),
        _ => Err("it is for blobs of two axes".to_owned()),
    }
}

/// With one spatial axis or three, the same.
pub(super) fn hwio(mismatch: &Mismatch<'_>) -> Result<Fit, String> {
    let stored = mismatch.aligned()?;
    let axes = stored.len();
    if axes < 3 {
        return Err("it is for kernels, which have three axes or more".to_owned());
    }
    let order: Vec<usize> = [axes - 1, axes - 2].into_iter().chain(0..axes - 2).collect();
    reorder(stored, &order, mismatch)
}

fn reorder(stored: &[i32], axes: &[usize], mismatch: &Mismatch<'_>) -> Result<Fit, String> {
    let found: Vec<i32> = axes.iter().map(|&axis| stored[axis]).collect();
    if found != mismatch.needed.dims() {
        let found: Vec<String> = found.iter().map(i32::to_string).collect();
        return Err(format!("it makes the shape ({}) of it", found.join(", ")));
    }
    Ok(Fit::Reordered(AxisOrder::new(stored, axes)))
}
