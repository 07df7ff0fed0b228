//! How many values feed one output and how many outputs one value feeds.
//!
//! Caffe takes a blob as (outputs, inputs, ...): the fan-in is the count divided by the first axis, the fan-out the
//! count divided by the second. A blob of one axis has fan-in 1 and its count as fan-out. Neither `group` nor
//! `transpose` of the layer is looked at.

use crate::Shape;
use crate::proto::caffe::FillerParameter;
use crate::proto::caffe::filler_parameter::VarianceNorm;

/// The number of inputs of one output: `count / dim(0)`, in whole numbers; 1 for a blob without axes.
pub fn fan_in(shape: &Shape) -> usize {
    shape.dim(0).map_or(1, |outputs| shape.count() / (outputs as usize).max(1))
}

/// The number of outputs of one input: `count / dim(1)`, in whole numbers, or the count of a blob of fewer axes.
pub fn fan_out(shape: &Shape) -> usize {
    shape.dim(1).map_or(shape.count(), |inputs| shape.count() / (inputs as usize).max(1))
}

/// The n by which xavier and msra divide, as `variance_norm` chooses it.
pub(super) fn norm(param: &FillerParameter, shape: &Shape) -> f32 {
    let (fan_in, fan_out) = (fan_in(shape), fan_out(shape));
    match param.variance_norm() {
        VarianceNorm::FanIn => fan_in as f32,
        VarianceNorm::FanOut => fan_out as f32,
        VarianceNorm::Average => (fan_in + fan_out) as f32 / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fans_follow_the_first_two_axes() {
        let fans = |dims: &[i32]| {
            let shape = Shape::new(dims).unwrap();
            (fan_in(&shape), fan_out(&shape))
        };
        assert_eq!(fans(&[20, 1, 5, 5]), (25, 500));
        assert_eq!(fans(&[10, 500]), (500, 10));
        assert_eq!(fans(&[7]), (1, 7));
    }
}
