//! The bilinear filler: the kernel of bilinear interpolation, the same for every channel.
//!
//! x(i, j) = (1 - |i / f - c|) (1 - |j / f - c|) with f = ⌈w / 2⌉ and c = (w - 1) / 2f
//!
//! w is the width of the kernel, which must be square, in a blob of four axes (.., .., w, w); f is the factor by which
//! the kernel enlarges. A deconvolution with `kernel_size: 2f - f % 2`, `stride: f`, `pad: ⌈(f - 1) / 2⌉` and as many
//! groups as channels scales a picture by f. It draws nothing.
//!
//! Caffe's release 1.0 and those before it, and so most forks, have c = (2f - 1 - f mod 2) / 2f, which differs where w
//! mod 4 is 2 or 3.
//!
//! NVIDIA's has f = ⌊w / 2⌋ as well, with which values can be negative, and multiplies in double precision; it also
//! calls the kernel of the earlier Caffes bilinearstatic.
//!
//! Caffe puts the kernel also where input and output channel differ: without groups, channels are summed.

use super::{FillerType, Moments, Piecewise, count, refuse_sparse};
use crate::Shape;
use crate::dialect::{BilinearCentre, Known};
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, Generator};

const NAME: &str = "bilinear";

const SUMMARY: &str = "Sets square kernels to bilinear interpolation, for deconvolutions that enlarge";

pub(super) const TYPE: FillerType = FillerType::new(
    NAME,
    SUMMARY,
    "x(i, j) = (1 - |i/f - c|) (1 - |j/f - c|), f = ceil(w/2), c = (w - 1) / 2f, w = kernel width",
    |param, shape| Ok(Box::new(Bilinear::new(param, shape)?)),
)
.same_kernels()
.also_called(&["bilinear_upsampling", "bilinear_interpolation"])
.known(Known::Where(|traits| traits.has_bilinear && traits.bilinear_centre == BilinearCentre::Width));

const BY_FACTOR_FORMULA: &str =
    "x(i, j) = (1 - |i/f - c|) (1 - |j/f - c|), f = ceil(w/2), c = (2f - 1 - f mod 2) / 2f, w = kernel width";

/// That of earlier Caffes.
pub(super) const BY_FACTOR: FillerType = FillerType::new(NAME, SUMMARY, BY_FACTOR_FORMULA, |param, shape| {
    Ok(Box::new(Bilinear::new(param, shape)?.centred(BilinearCentre::Factor)))
})
.same_kernels()
.known(Known::Where(|traits| {
    traits.has_bilinear && traits.bilinear_centre == BilinearCentre::Factor && !traits.legacy_blobs
}));

/// That of NVIDIA's Caffe.
pub(super) const ROUNDED_DOWN: FillerType = FillerType::new(
    NAME,
    SUMMARY,
    "x(i, j) = (1 - |i/f - c|) (1 - |j/f - c|), f = floor(w/2), c = (2f - 1 - f mod 2) / 2f, w = kernel width",
    |param, shape| Ok(Box::new(Bilinear::new(param, shape)?.rounded_down()?)),
)
.same_kernels()
.known(Known::Where(|traits| traits.has_bilinear && traits.bilinear_centre == BilinearCentre::FactorRoundedDown));

/// What NVIDIA's Caffe calls that of earlier ones.
pub(super) const STATIC: FillerType = FillerType::new("bilinearstatic", SUMMARY, BY_FACTOR_FORMULA, |param, shape| {
    Ok(Box::new(Bilinear::new(param, shape)?.centred(BilinearCentre::Factor).in_double()))
})
.same_kernels()
.known(Known::In(super::CHANGED_STATIC_FILLERS));

/// The same in the one for DIGITS.
pub(super) const STATIC_OF_DIGITS: FillerType =
    BY_FACTOR.named("bilinearstatic").known(Known::In(super::STATIC_FILLERS_OF_DIGITS));

/// What ParseNet's Caffe calls that of earlier ones.
pub(super) const UPSAMPLING: FillerType = BY_FACTOR.named("bilinear_upsampling").known(Known::In(&["weiliu-fcn"]));

/// Sets every kernel to the coefficients of bilinear interpolation.
#[derive(Debug, Clone)]
pub struct Bilinear {
    width: i32,
    count: usize,
    centre: BilinearCentre,
    /// Whether weights are taken and multiplied in double precision.
    in_double: bool,
}

impl Bilinear {
    /// The filler for a blob of the given shape.
    ///
    /// # Errors
    /// The blob is empty, has not four axes or its last two differ, or `sparse` is given.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Bilinear, Refusal> {
        Bilinear::called(NAME, param, shape)
    }

    /// The same for a filler that errors call otherwise.
    pub(super) fn called(name: &str, param: &FillerParameter, shape: &Shape) -> Result<Bilinear, Refusal> {
        refuse_sparse(name, param)?;
        let &[_, _, height, width] = shape.dims() else {
            let axes = shape.axes();
            return Err(Refusal::new(format!("the {name} filler needs 4 axes, a blob of shape {shape} has {axes}")));
        };
        ensure!(height == width, "", "the {name} filler needs a square kernel, this one is {height} x {width}");
        Ok(Bilinear { width, count: count(name, shape)?, centre: BilinearCentre::Width, in_double: false })
    }

    /// The same with its kernels centred otherwise.
    #[must_use]
    pub fn centred(self, centre: BilinearCentre) -> Bilinear {
        Bilinear { centre, ..self }
    }

    /// The same with the factor rounded down.
    ///
    /// # Errors
    /// The width is 1, of which the factor would be 0.
    fn rounded_down(self) -> Result<Bilinear, Refusal> {
        ensure!(self.width > 1, "", "the {NAME} filler divides by zero here for a kernel of 1 x 1");
        Ok(self.centred(BilinearCentre::FactorRoundedDown).in_double())
    }

    fn in_double(self) -> Bilinear {
        Bilinear { in_double: true, ..self }
    }

    /// The weights along one axis; a coefficient is the product of its row's and its column's.
    fn profile(&self) -> Vec<f64> {
        let f = match self.centre {
            BilinearCentre::Width | BilinearCentre::Factor => (self.width + self.width % 2) / 2,
            BilinearCentre::FactorRoundedDown => self.width / 2,
        };
        let c = match self.centre {
            BilinearCentre::Width => (self.width - 1) as f32 / (2 * f) as f32,
            BilinearCentre::Factor | BilinearCentre::FactorRoundedDown => (2 * f - 1 - f % 2) as f32 / (2.0 * f as f32),
        };
        let distance = |i: i32| (i as f32 / f as f32 - c).abs();
        // Single numbers have room in a double for their product.
        let weight = |i: i32| if self.in_double { 1.0 - f64::from(distance(i)) } else { f64::from(1.0 - distance(i)) };
        (0..self.width).map(weight).collect()
    }
}

impl Piecewise for Bilinear {
    fn count(&self) -> usize {
        self.count
    }

    fn distribution(&self) -> Option<Distribution> {
        None
    }

    fn make(&self, _: &mut dyn Generator, offset: usize, out: &mut [f32]) {
        let profile = self.profile();
        let (mut row, mut column) = (offset / profile.len() % profile.len(), offset % profile.len());
        for value in out {
            *value = (profile[column] * profile[row]) as f32;
            column += 1;
            if column == profile.len() {
                column = 0;
                row = (row + 1) % profile.len();
            }
        }
    }

    /// Those of one kernel, which is the product of its profile with itself, as all kernels are the same.
    fn moments(&self) -> Option<Moments> {
        let profile = self.profile();
        let mean_of = |power| {
            let sum: f64 = profile.iter().map(|weight| weight.powi(power)).sum();
            (sum / profile.len() as f64).powi(2)
        };
        let (mean, mean_square) = (mean_of(1), mean_of(2));
        Moments::finite(mean, (mean_square - mean * mean).max(0.0).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Stub, sha256, values};

    fn kernels(dims: &[i32]) -> Vec<f32> {
        let filler = Bilinear::new(&FillerParameter::default(), &Shape::new(dims).unwrap()).unwrap();
        let mut rng = Stub::new(0);
        let values = values(&filler, &mut rng);
        assert_eq!(rng.calls, []);
        values
    }

    fn refused(dims: &[i32]) -> String {
        Bilinear::new(&FillerParameter::default(), &Shape::new(dims).unwrap()).unwrap_err().message
    }

    #[test]
    fn every_channel_gets_the_kernel() {
        let row = [0.25, 0.5, 0.25, 0.5, 1.0, 0.5, 0.25, 0.5, 0.25];
        assert_eq!(kernels(&[2, 3, 3, 3]), row.repeat(6));
    }

    #[test]
    fn values_are_caffe_s() {
        let golden = [
            ([2, 1, 1, 1], "80b8fd6d60fa85fd14a38b5295cb92abd80dfec5ca406c9f969609a79d36809d"),
            ([2, 1, 2, 2], "6a7182e02ae54b1296e00b49272bc54514978ee5fa61a86c18e7af5b4dfa8793"),
            ([2, 2, 4, 4], "30a27c7d663d243b292b28189243a5960c2135135efb1f2fd227008aa2b1f74f"),
            ([2, 1, 5, 5], "a815d11144ee9a5365752c738a0c7a96f397e233ea7e6638c7eb09e46630c342"),
            ([2, 1, 6, 6], "7f11d631cbc691fd608135a9659aa14d9251fb1cf8d97332a59490284011598a"),
            ([2, 1, 9, 9], "b50081bfcf7ec575e68602a0ca6040267fb44f056cf152e58dace7df84940737"),
            ([2, 1, 10, 10], "981c76ab13645e254ae35e2e4b1c962ff14e8649cb3263e47d20f0b7e5f24436"),
            ([2, 1, 11, 11], "400850b0e6291f39118e22fe422869525ecbb62644400d6fb944e4c8d9e163e0"),
        ];
        for (dims, hash) in golden {
            assert_eq!(sha256(&kernels(&dims)), hash, "{dims:?}");
        }
    }

    #[test]
    fn the_centres_differ_at_two_widths_of_four() {
        for width in 1..=16 {
            let shape = Shape::new([1, 1, width, width]).unwrap();
            let filler = Bilinear::new(&FillerParameter::default(), &shape).unwrap();
            let earlier = filler.clone().centred(BilinearCentre::Factor);
            assert_eq!(filler.profile() == earlier.profile(), width % 4 < 2, "{width}");
        }
    }

    #[test]
    fn a_kernel_goes_on_in_the_next_piece() {
        let kernel = kernels(&[1, 1, 7, 7]);
        assert_eq!(kernels(&[2000, 1, 7, 7]), kernel.repeat(2000));
    }

    #[test]
    fn other_shapes_are_refused() {
        assert_eq!(refused(&[4]), "the bilinear filler needs 4 axes, a blob of shape (4) has 1");
        assert_eq!(refused(&[2, 1, 3]), "the bilinear filler needs 4 axes, a blob of shape (2, 1, 3) has 3");
        assert_eq!(refused(&[2, 1, 3, 2]), "the bilinear filler needs a square kernel, this one is 3 x 2");
    }
}
