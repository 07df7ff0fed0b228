//! The diagonal filler: kernels that average each channel into the output of the same number (FlowNet 2, Synopsys).
//!
//! x(n, n, ..) = `diag_val`_n / (h w) for all positions of the kernel, else 0, with 1 for values that `diag_val` lacks
//!
//! A blob of fewer than four axes counts as one of four, with axes of 1 behind; more are refused. The quotient is one
//! of single precision. It draws nothing.

use super::{FillerType, Moments, Piecewise, count, refuse_sparse};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, Generator};

pub(super) const TYPE: FillerType = FillerType::new(
    "diagonal",
    "Sets kernels to average each channel into the output of the same index",
    "x(n, n, ..) = diag_val_n / (height * width), else 0",
    |param, shape| Ok(Box::new(Diagonal::new(param, shape)?)),
)
.fields(&["diag_val"])
.known(Known::In(&["flownet2", "synopsys"]));

/// Sets the kernels from each channel to the output of the same number to a value over their size.
#[derive(Debug, Clone)]
pub struct Diagonal {
    /// The value of the kernels' elements, for each number that is one of a channel and of an output.
    values: Vec<f32>,
    /// How many kernels an output has, and the elements of one.
    inputs: usize,
    kernel: usize,
    count: usize,
}

impl Diagonal {
    /// The filler for a blob of the given shape.
    ///
    /// # Errors
    /// The blob is empty or has more than four axes, or `sparse` is given.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Diagonal, Refusal> {
        refuse_sparse("diagonal", param)?;
        let count = count("diagonal", shape)?;
        let axes = shape.axes();
        ensure!(axes <= 4, "", "the diagonal filler takes at most 4 axes, a blob of shape {shape} has {axes}");
        let dim = |axis| shape.dim(axis).unwrap_or(1) as usize;
        let (outputs, inputs, kernel) = (dim(0), dim(1), dim(2) * dim(3));
        let given = |number: usize| param.diag_val.get(number).copied().unwrap_or(1.0);
        let values = (0..outputs.min(inputs)).map(|number| given(number) / kernel as f32).collect();
        Ok(Diagonal { values, inputs, kernel, count })
    }
}

impl Piecewise for Diagonal {
    fn count(&self) -> usize {
        self.count
    }

    fn distribution(&self) -> Option<Distribution> {
        None
    }

    fn make(&self, _: &mut dyn Generator, offset: usize, out: &mut [f32]) {
        for (place, value) in (offset..).zip(out) {
            let kernel = place / self.kernel;
            let (output, input) = (kernel / self.inputs, kernel % self.inputs);
            *value = if output == input { self.values[output] } else { 0.0 };
        }
    }

    fn moments(&self) -> Option<Moments> {
        let sum = |power: i32| self.values.iter().map(|&value| f64::from(value).powi(power)).sum::<f64>();
        let (kernel, count) = (self.kernel as f64, self.count as f64);
        let mean = sum(1) * kernel / count;
        Moments::finite(mean, (sum(2) * kernel / count - mean * mean).max(0.0).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Stub, values};

    fn filled(diag_val: &[f32], dims: &[i32]) -> Vec<f32> {
        let param = FillerParameter { diag_val: diag_val.to_vec(), ..Default::default() };
        let filler = Diagonal::new(&param, &Shape::new(dims).unwrap()).unwrap();
        values(&filler, &mut Stub::new(0))
    }

    #[test]
    fn planes_on_the_diagonal_have_a_value_over_their_size() {
        assert_eq!(filled(&[3.0], &[2, 3, 1, 2]), [1.5, 1.5, 0., 0., 0., 0., 0., 0., 0.5, 0.5, 0., 0.]);
        assert_eq!(filled(&[], &[3]), [1., 0., 0.]);
        assert_eq!(filled(&[7.0], &[]), [7.0]);
    }

    #[test]
    fn refusals() {
        let error = |param: &FillerParameter, dims: &[i32]| {
            Diagonal::new(param, &Shape::new(dims).unwrap()).unwrap_err().message
        };
        let message = "the diagonal filler takes at most 4 axes, a blob of shape (1, 1, 1, 1, 1) has 5";
        assert_eq!(error(&FillerParameter::default(), &[1; 5]), message);
    }
}
