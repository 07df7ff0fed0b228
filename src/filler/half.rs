//! Fillers of blobs of halves.
//!
//! NVIDIA's Caffe rounds a filler's parameters to halves, draws single floats between them, one for each value as ever,
//! and rounds those. So a bound of 1/3 becomes 0.33325, and the values are not the rounded ones of single precision.
//! Some fillers round the n that their parameters follow from first.

use caffemodel_numeric::binary16::nearest;

use super::{Fan, Filler, Moments, Piecewise, refuse_sparse};
use crate::Shape;
use crate::dialect::Fans;
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, Generator};

/// The filler with its parameters rounded. Whoever fills rounds the values.
pub(crate) fn in_half(filler: Box<dyn Filler>) -> Box<dyn Filler> {
    if filler.piecewise().is_some() { Box::new(HalfPieces(filler)) } else { filler.in_half().unwrap_or(filler) }
}

/// The distribution between rounded parameters.
pub(super) fn distribution(distribution: Distribution) -> Distribution {
    match distribution {
        Distribution::Uniform { min, max } => Distribution::Uniform { min: nearest(min), max: nearest(max) },
        Distribution::Gaussian { mean, std } => Distribution::Gaussian { mean: nearest(mean), std: nearest(std) },
        other => other,
    }
}

/// A filler of a blob of at most four axes whose n is a half itself where the blob is one of halves.
#[derive(Debug)]
pub(super) struct CountedInHalf {
    count: usize,
    single: Distribution,
    half: Distribution,
}

impl CountedInHalf {
    /// The filler of this name; `of` makes its distribution of n.
    ///
    /// # Errors
    /// The blob is empty or has more than four axes, `variance_norm` is unknown, or `sparse` is given.
    pub(super) fn new(
        filler: &str,
        param: &FillerParameter,
        shape: &Shape,
        of: fn(f32) -> Distribution,
    ) -> Result<CountedInHalf, Refusal> {
        refuse_sparse(filler, param)?;
        let n = Fan::of(filler, shape, Fans::FourAxes)?.n(param)?;
        Ok(CountedInHalf { count: shape.count(), single: of(n), half: distribution(of(nearest(n))) })
    }
}

impl Piecewise for CountedInHalf {
    fn count(&self) -> usize {
        self.count
    }

    fn distribution(&self) -> Option<Distribution> {
        Some(self.single)
    }

    fn distribution_in_half(&self) -> Option<Distribution> {
        Some(self.half)
    }
}

/// A filler whose values are made one by one.
#[derive(Debug)]
struct HalfPieces(Box<dyn Filler>);

impl HalfPieces {
    fn pieces(&self) -> &dyn Piecewise {
        self.0.piecewise().expect("it was looked at before")
    }
}

impl Piecewise for HalfPieces {
    fn count(&self) -> usize {
        self.pieces().count()
    }

    fn distribution(&self) -> Option<Distribution> {
        self.pieces().distribution_in_half()
    }

    fn make(&self, rng: &mut dyn Generator, offset: usize, out: &mut [f32]) {
        match self.distribution() {
            Some(distribution) => distribution.draw(rng, out),
            None => self.pieces().make(rng, offset, out),
        }
    }

    fn moments(&self) -> Option<Moments> {
        self.pieces().moments()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::filler::{Constant, FillerRegistry, Uniform, Xavier};

    fn halved(filler: impl Filler + 'static) -> Option<Distribution> {
        in_half(Box::new(filler)).piecewise().unwrap().distribution()
    }

    #[test]
    fn the_parameters_are_rounded() {
        let shape = Shape::new([2, 27]).unwrap();
        let third = 0.333_251_95;
        let expected = Some(Distribution::Uniform { min: -third, max: third });
        assert_eq!(halved(Xavier::new(&FillerParameter::default(), &shape).unwrap()), expected);
        let param = FillerParameter { min: Some(0.1), max: Some(70_000.0), ..Default::default() };
        let expected = Some(Distribution::Uniform { min: 0.099_975_586, max: f32::INFINITY });
        assert_eq!(halved(Uniform::new(&param, &shape).unwrap()), expected);
    }

    #[test]
    fn n_is_rounded_first_where_the_dialect_says_so() {
        let of = |dialect: &str, filler: &str, inputs: i32| {
            let fillers = FillerRegistry::default();
            let fillers = fillers.of(Dialect::get(dialect).unwrap());
            let shape = Shape::new([1, inputs]).unwrap();
            let filler = fillers.get(filler).unwrap().build(&FillerParameter::default(), &shape).unwrap();
            in_half(filler).piecewise().unwrap().distribution().unwrap()
        };
        // Halves between 4096 and 8192 are 4 apart: 4611 becomes 4612.
        let uniform = |n: f32| {
            let scale = nearest((3.0 / n).sqrt());
            Distribution::Uniform { min: -scale, max: scale }
        };
        let gaussian = |n: f32| Distribution::Gaussian { mean: 0.0, std: nearest((2.0 / n).sqrt()) };
        // From 65520 on there are none, and nothing is left of a bound.
        for (inputs, n) in [(4611, 4612.0), (65520, f32::INFINITY)] {
            let own = inputs as f32;
            assert_eq!(of("jacinto", "xavier", inputs), uniform(n));
            assert_eq!(of("jacinto", "xavierstatic", inputs), uniform(n));
            assert_eq!(of("nvidia", "xavier", inputs), uniform(own));
            assert_eq!(of("nvidia", "xavierstatic", inputs), uniform(own));
            assert_eq!(of("nvidia", "msra", inputs), gaussian(own));
            assert_eq!(of("nvidia", "msrastatic", inputs), gaussian(n));
            assert_eq!(of("jacinto", "msrastatic", inputs), gaussian(n));
        }
    }

    #[test]
    fn what_draws_nothing_makes_its_values_itself() {
        let param = FillerParameter { value: Some(0.1), ..Default::default() };
        let filler = in_half(Box::new(Constant::new(&param, &Shape::scalar()).unwrap()));
        let values = crate::filler::stub::values(&*filler, &mut crate::filler::stub::Stub::new(0));
        assert_eq!(values, [0.1]);
    }
}
