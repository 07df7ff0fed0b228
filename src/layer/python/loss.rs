//! The loss of BVLC's example of a layer in Python.

use super::{PythonCall, PythonTop};
use crate::error::{Refusal, ensure};

/// One number with an axis, unlike that of Caffe's own losses.
pub(super) fn euclidean(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    let bottoms = call.ctx.bottoms.len();
    ensure!(bottoms == 2, "bottom", "the loss takes 2 bottoms, {bottoms} given");
    if let (Some(one), Some(other)) = (call.bottom(0), call.bottom(1)) {
        let same = one.count() == other.count();
        ensure!(same, "bottom", "the bottoms {one} and {other} differ in their number of values");
    }
    Ok(vec![PythonTop::Dims(vec![1])])
}

#[cfg(test)]
mod tests {
    use super::super::tests::tops;

    #[test]
    fn the_loss_has_an_axis() {
        let made = |bottoms: &[&[i32]]| tops("pyloss.EuclideanLossLayer", "", bottoms, &["loss"]);
        assert_eq!(made(&[&[2, 3], &[6]]).unwrap(), ["1"]);
        let message = "the bottoms (2) and (3) differ in their number of values";
        assert_eq!(made(&[&[2], &[3]]).unwrap_err(), message);
        assert_eq!(made(&[&[2]]).unwrap_err(), "the loss takes 2 bottoms, 1 given");
    }
}
