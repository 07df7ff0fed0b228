//! The bilinear_diagonal filler: the kernel of bilinear interpolation from each channel to the output of the same
//! number.
//!
//! x(n, n, i, j) = (1 - |i / f - c|) (1 - |j / f - c|) with f = ⌈w / 2⌉ and c = (w - 1) / 2f, else 0
//!
//! for a blob of four axes with a square kernel of width w. A deconvolution without groups enlarges each channel for
//! itself with it, where [`Bilinear`] would add the channels up. It draws nothing. The surgery of fully convolutional
//! networks fills their upscore layers like this:
//!
//! > Jonathan Long, Evan Shelhamer and Trevor Darrell (2015), *Fully convolutional networks for semantic segmentation*,
//! > CVPR 2015.

use super::{Bilinear, FillerType, Moments, Piecewise};
use crate::Shape;
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, Generator};

const NAME: &str = "bilinear_diagonal";

pub(super) const TYPE: FillerType = FillerType::new(
    NAME,
    "Sets square kernels to bilinear interpolation from input to output of the same index, else 0",
    "x(n, n, i, j) = (1 - |i/f - c|) (1 - |j/f - c|), f = ceil(w/2), c = (w - 1) / 2f, w = kernel width, else 0",
    |param, shape| Ok(Box::new(BilinearDiagonal::new(param, shape)?)),
)
.extension();

/// Sets the kernels from each channel to the output of the same number to bilinear interpolation.
#[derive(Debug, Clone)]
pub struct BilinearDiagonal {
    kernels: Bilinear,
    /// How many kernels an output has, and the elements of one.
    inputs: usize,
    kernel: usize,
    /// The share of the kernels that are not zero.
    share: f64,
}

impl BilinearDiagonal {
    /// The filler for a blob of the given shape.
    ///
    /// # Errors
    /// The blob is empty, has not four axes or its last two differ, or `sparse` is given.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<BilinearDiagonal, Refusal> {
        let kernels = Bilinear::called(NAME, param, shape)?;
        let dim = |axis| shape.dim(axis).unwrap_or(1) as usize;
        let (outputs, inputs, kernel) = (dim(0), dim(1), dim(2) * dim(3));
        Ok(BilinearDiagonal { kernels, inputs, kernel, share: 1.0 / outputs.max(inputs) as f64 })
    }
}

impl Piecewise for BilinearDiagonal {
    fn count(&self) -> usize {
        self.kernels.count()
    }

    fn distribution(&self) -> Option<Distribution> {
        None
    }

    fn make(&self, rng: &mut dyn Generator, offset: usize, out: &mut [f32]) {
        self.kernels.make(rng, offset, out);
        for (place, value) in (offset..).zip(out) {
            let kernel = place / self.kernel;
            if kernel / self.inputs != kernel % self.inputs {
                *value = 0.0;
            }
        }
    }

    fn moments(&self) -> Option<Moments> {
        let Moments { mean, std, .. } = self.kernels.moments()?;
        let (mean_square, mean) = (self.share * (std * std + mean * mean), self.share * mean);
        Moments::finite(mean, (mean_square - mean * mean).max(0.0).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Stub, values};

    fn filled(dims: &[i32]) -> Vec<f32> {
        let filler = BilinearDiagonal::new(&FillerParameter::default(), &Shape::new(dims).unwrap()).unwrap();
        values(&filler, &mut Stub::new(0))
    }

    #[test]
    fn kernels_stand_where_input_and_output_are_equal() {
        let full = filled(&[1, 1, 4, 4]);
        assert_eq!([full[5], full[4], full[1], full[0]], [0.5625, 0.1875, 0.1875, 0.0625]);
        let of = |planes: &[f32]| planes.iter().flat_map(|&value| [value; 4]).collect::<Vec<f32>>();
        assert_eq!(filled(&[2, 3, 2, 2]), of(&[0.25, 0., 0., 0., 0.25, 0.]));
        assert_eq!(filled(&[3, 2, 2, 2]), of(&[0.25, 0., 0., 0.25, 0., 0.]));
    }

    #[test]
    fn refusals_name_it() {
        let error = |dims: &[i32]| {
            BilinearDiagonal::new(&FillerParameter::default(), &Shape::new(dims).unwrap()).unwrap_err().message
        };
        assert_eq!(error(&[4]), "the bilinear_diagonal filler needs 4 axes, a blob of shape (4) has 1");
        let message = "the bilinear_diagonal filler needs a square kernel, this one is 3 x 2";
        assert_eq!(error(&[2, 2, 3, 2]), message);
    }
}
