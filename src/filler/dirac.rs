//! The dirac filler, also called identity: kernels that pass their input on.
//!
//! x(o, i, c) = 1 where o mod m = i and c is the kernel's centre, else 0, with m = d0 / `groups`
//!
//! for a blob of shape (d0, d1, k..): output o of each group takes over input i, as many as there are of both. A
//! convolution with such weights, without bias and with `pad: k / 2` leaves its input as it is, where it has as many
//! outputs as inputs; the centre of a kernel of even width is the element behind its middle. Of two axes, as an inner
//! product has them, it is the identity matrix. `groups` must be the layer's own `group`. It draws nothing.
//!
//! The names are PyTorch's (`dirac_`) and Keras' (`Identity`). With batch normalisation and skip connections such
//! kernels keep very deep nets trainable:
//!
//! > Sergey Zagoruyko and Nikos Komodakis (2017), *DiracNets: training very deep neural networks without
//! > skip-connections*.

use caffemodel_numeric::arithmetic;

use super::{FillerType, Moments, Piecewise, count, refuse_sparse};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, Generator};

const SUMMARY: &str = "Sets kernels to pass their input on: 1 from input to output of the same index, else 0";
const FORMULA: &str = "x(o, i, centre) = 1 if o mod (outputs / groups) = i, else 0";

pub(super) const DIRAC: FillerType =
    FillerType::new("dirac", SUMMARY, FORMULA, |param, shape| Ok(Box::new(Dirac::new("dirac", param, shape)?)))
        .fields(&["groups"])
        .extension();

pub(super) const IDENTITY: FillerType =
    FillerType::new("identity", SUMMARY, FORMULA, |param, shape| Ok(Box::new(Dirac::new("identity", param, shape)?)))
        .fields(&["groups"])
        .extension()
        .known(Known::Except(super::identity::TREES));

/// Sets every kernel to pass on the input of the same number as its output.
#[derive(Debug, Clone)]
pub struct Dirac {
    /// The elements of an output's kernels.
    row: usize,
    /// The elements of one kernel, and which of them is the centre.
    kernel: usize,
    centre: usize,
    inputs: usize,
    outputs_of_group: usize,
    count: usize,
}

impl Dirac {
    /// The filler for a blob of the given shape; `name` is what errors call it.
    ///
    /// # Errors
    /// The blob is empty or has fewer than two axes, `groups` does not divide its first dimension, or `sparse` is
    /// given.
    pub fn new(name: &str, param: &FillerParameter, shape: &Shape) -> Result<Dirac, Refusal> {
        refuse_sparse(name, param)?;
        let count = count(name, shape)?;
        let &[outputs, inputs, ref space @ ..] = shape.dims() else {
            let axes = shape.axes();
            return Err(Refusal::new(format!(
                "the {name} filler needs at least 2 axes, a blob of shape {shape} has {axes}"
            )));
        };
        let (outputs, inputs, groups) = (outputs as usize, inputs as usize, param.groups() as usize);
        ensure!(
            groups > 0 && outputs % groups == 0,
            "groups",
            "{groups} groups do not divide {outputs}, the first dimension of {shape}"
        );
        let centre = space.iter().fold(0, |centre, &width| centre * width as usize + width as usize / 2);
        let row = count / outputs;
        Ok(Dirac { row, kernel: row / inputs, centre, inputs, outputs_of_group: outputs / groups, count })
    }
}

impl Piecewise for Dirac {
    fn count(&self) -> usize {
        self.count
    }

    fn distribution(&self) -> Option<Distribution> {
        None
    }

    fn make(&self, _: &mut dyn Generator, offset: usize, out: &mut [f32]) {
        arithmetic::fill(out, 0.0);
        let end = offset + out.len();
        for output in offset / self.row..end.div_ceil(self.row) {
            let input = output % self.outputs_of_group;
            let one = output * self.row + input * self.kernel + self.centre;
            if input < self.inputs && (offset..end).contains(&one) {
                out[one - offset] = 1.0;
            }
        }
    }

    fn moments(&self) -> Option<Moments> {
        let groups = self.count / self.row / self.outputs_of_group;
        let ones = groups * self.outputs_of_group.min(self.inputs);
        let mean = ones as f64 / self.count as f64;
        Moments::finite(mean, (mean * (1.0 - mean)).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::Filler;
    use crate::filler::stub::{Stub, values};

    fn dirac(groups: u32, dims: &[i32]) -> Result<Dirac, Refusal> {
        let param = FillerParameter { groups: Some(groups), ..Default::default() };
        Dirac::new("dirac", &param, &Shape::new(dims).unwrap())
    }

    fn made(groups: u32, dims: &[i32]) -> Vec<f32> {
        let filler = dirac(groups, dims).unwrap();
        let mut rng = Stub::new(0);
        let values = values(&filler, &mut rng);
        assert_eq!(rng.calls, []);
        let mean = values.iter().sum::<f32>() as f64 / values.len() as f64;
        assert!((Filler::moments(&filler).unwrap().mean - mean).abs() < 1e-9);
        values
    }

    #[test]
    fn two_axes_are_the_identity_matrix() {
        assert_eq!(made(1, &[2, 3]), [1., 0., 0., 0., 1., 0.]);
        assert_eq!(made(1, &[3, 2]), [1., 0., 0., 1., 0., 0.]);
        assert_eq!(made(1, &[1, 1]), [1.]);
    }

    #[test]
    fn kernels_have_their_one_at_the_centre() {
        assert_eq!(made(1, &[1, 1, 3, 3]), [0., 0., 0., 0., 1., 0., 0., 0., 0.]);
        assert_eq!(made(1, &[2, 2, 3]), [0., 1., 0., 0., 0., 0., 0., 0., 0., 0., 1., 0.]);
        // The centre of 2 x 4 is (1, 2).
        assert_eq!(made(1, &[1, 1, 2, 4]), [0., 0., 0., 0., 0., 0., 1., 0.]);
    }

    #[test]
    fn each_group_starts_with_its_first_input() {
        assert_eq!(made(2, &[4, 2]), [1., 0., 0., 1., 1., 0., 0., 1.]);
        assert_eq!(made(4, &[4, 1, 1, 1]), [1.; 4]);
        assert_eq!(made(2, &[6, 2, 1]), [1., 0., 0., 1., 0., 0., 1., 0., 0., 1., 0., 0.]);
    }

    /// The convolution of an input with the kernels, padded by half their width, is the input.
    #[test]
    fn a_convolution_passes_its_input_on() {
        let (channels, width, length) = (6, 5, 11);
        for groups in [1, 2, 3, 6] {
            let inputs = channels / groups;
            let weights = made(groups as u32, &[channels as i32, inputs as i32, width as i32]);
            let input: Vec<f32> = (0..channels * length).map(|i| (i * i % 17) as f32).collect();
            for output in 0..channels {
                for place in 0..length {
                    let taps = (0..inputs).flat_map(|i| (0..width).map(move |k| (i, k)));
                    let sum: f32 = taps
                        .filter(|&(_, k)| (width / 2..length + width / 2).contains(&(place + k)))
                        .map(|(i, k)| {
                            let channel = output / (channels / groups) * inputs + i;
                            let weight = weights[(output * inputs + i) * width + k];
                            weight * input[channel * length + place + k - width / 2]
                        })
                        .sum();
                    assert_eq!(sum, input[output * length + place]);
                }
            }
        }
    }

    #[test]
    fn pieces_are_parts_of_the_whole() {
        for dims in [[700, 700, 1], [3, 30_000, 5], [40_000, 2, 3]] {
            let filler = dirac(1, &dims).unwrap();
            let mut whole = vec![0.0; filler.count];
            filler.make(&mut Stub::new(0), 0, &mut whole);
            assert!(values(&filler, &mut Stub::new(0)) == whole, "{dims:?}");
            assert_eq!(whole.iter().filter(|&&value| value == 1.0).count(), dims[0].min(dims[1]) as usize);
        }
    }

    #[test]
    fn other_shapes_and_groups_are_refused() {
        let refused = |groups, dims: &[i32]| {
            let refusal = dirac(groups, dims).unwrap_err();
            (refusal.field, refusal.message)
        };
        let message = "the dirac filler needs at least 2 axes, a blob of shape (4) has 1";
        assert_eq!(refused(1, &[4]), ("", message.into()));
        let message = "3 groups do not divide 4, the first dimension of (4, 2)";
        assert_eq!(refused(3, &[4, 2]), ("groups", message.into()));
        assert_eq!(refused(0, &[4, 2]).0, "groups");
    }
}
