//! The identity filler of forks: ones where the number of an output is that of an input (happynear, C3D).
//!
//! x(o, i) = 1 where o = i, else 0
//!
//! The ones stand as if a blob (outputs, inputs, ..) had no more axes than these two: for kernels of more than one
//! element they are not where an identity would have them. happynear's takes at most four axes, and as many outputs as
//! inputs; C3D's takes two axes or more. It draws nothing.

use super::fan::at_most_four_axes;
use super::{FillerType, Moments, Piecewise, count, refuse_sparse};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, Generator};

const NAME: &str = "identity";
const SUMMARY: &str = "Sets a matrix to the identity";
const FORMULA: &str = "x(o, i) = 1 if o = i, else 0, in the first outputs * inputs elements";

/// The dialects that have a filler of this name; elsewhere it is another name of dirac.
pub(super) const TREES: &[&str] = &["happynear", "c3d-1.1"];

pub(super) const SQUARE: FillerType =
    FillerType::new(NAME, SUMMARY, FORMULA, |param, shape| Ok(Box::new(Identity::square(param, shape)?)))
        .known(Known::In(&["happynear"]));

pub(super) const OF_C3D: FillerType =
    FillerType::new(NAME, SUMMARY, FORMULA, |param, shape| Ok(Box::new(Identity::new(param, shape)?)))
        .known(Known::In(&["c3d-1.1"]));

/// Sets the first elements of a blob to an identity matrix.
#[derive(Debug, Clone)]
pub struct Identity {
    outputs: usize,
    inputs: usize,
    count: usize,
}

impl Identity {
    /// The filler for a blob of the given shape, as C3D has it.
    ///
    /// # Errors
    /// The blob is empty or has fewer than two axes, or `sparse` is given.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Identity, Refusal> {
        refuse_sparse(NAME, param)?;
        let count = count(NAME, shape)?;
        let &[outputs, inputs, ..] = shape.dims() else {
            let axes = shape.axes();
            let message = format!("the {NAME} filler needs at least 2 axes, a blob of shape {shape} has {axes}");
            return Err(Refusal::new(message));
        };
        Ok(Identity { outputs: outputs as usize, inputs: inputs as usize, count })
    }

    /// The same as happynear has it.
    ///
    /// # Errors
    /// The blob is empty or has more than four axes, its first two dimensions differ, missing ones counting as 1, or
    /// `sparse` is given.
    pub fn square(param: &FillerParameter, shape: &Shape) -> Result<Identity, Refusal> {
        refuse_sparse(NAME, param)?;
        let count = count(NAME, shape)?;
        at_most_four_axes(NAME, shape)?;
        let [outputs, inputs] = [0, 1].map(|axis| shape.dim(axis).unwrap_or(1) as usize);
        ensure!(
            outputs == inputs,
            "",
            "the {NAME} filler takes as many outputs as inputs here, a blob of shape {shape} has {outputs} and {inputs}"
        );
        Ok(Identity { outputs, inputs, count })
    }
}

impl Piecewise for Identity {
    fn count(&self) -> usize {
        self.count
    }

    fn distribution(&self) -> Option<Distribution> {
        None
    }

    fn make(&self, _: &mut dyn Generator, offset: usize, out: &mut [f32]) {
        for (place, value) in (offset..).zip(out) {
            let (output, input) = (place / self.inputs, place % self.inputs);
            *value = if output == input && output < self.outputs { 1.0 } else { 0.0 };
        }
    }

    fn moments(&self) -> Option<Moments> {
        let mean = self.outputs.min(self.inputs) as f64 / self.count as f64;
        Moments::finite(mean, (mean - mean * mean).max(0.0).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Stub, values};

    type Build = fn(&FillerParameter, &Shape) -> Result<Identity, Refusal>;

    fn filled(build: Build, dims: &[i32]) -> Result<Vec<f32>, String> {
        let filler = build(&FillerParameter::default(), &Shape::new(dims).unwrap());
        filler.map(|filler| values(&filler, &mut Stub::new(0))).map_err(|refusal| refusal.message)
    }

    #[test]
    fn ones_stand_as_in_a_matrix() {
        assert_eq!(filled(Identity::new, &[2, 3]).unwrap(), [1., 0., 0., 0., 1., 0.]);
        assert_eq!(filled(Identity::new, &[3, 1]).unwrap(), [1., 0., 0.]);
        assert_eq!(filled(Identity::new, &[2, 2, 2]).unwrap(), [1., 0., 0., 1., 0., 0., 0., 0.]);
        assert_eq!(filled(Identity::square, &[2, 2, 1, 2]).unwrap(), [1., 0., 0., 1., 0., 0., 0., 0.]);
        assert_eq!(filled(Identity::square, &[1]).unwrap(), [1.]);
    }

    #[test]
    fn refusals() {
        let message = "the identity filler needs at least 2 axes, a blob of shape (3) has 1";
        assert_eq!(filled(Identity::new, &[3]).unwrap_err(), message);
        let message = "the identity filler takes as many outputs as inputs here, a blob of shape (3) has 3 and 1";
        assert_eq!(filled(Identity::square, &[3]).unwrap_err(), message);
        let message = "the identity filler takes at most 4 axes here, a blob of shape (1, 1, 1, 1, 1) has 5";
        assert_eq!(filled(Identity::square, &[1; 5]).unwrap_err(), message);
    }
}
