//! Fillers of blobs of halves.
//!
//! NVIDIA's Caffe rounds a filler's parameters to halves, draws single floats between them, one for each value as ever,
//! and rounds those. So a bound of 1/3 becomes 0.33325, and the values are not the rounded ones of single precision.

use super::{Filler, Moments, Piecewise};
use crate::binary16::nearest;
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
        self.pieces().distribution().map(distribution)
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
    use crate::Shape;
    use crate::filler::{Constant, Uniform, Xavier};
    use crate::proto::caffe::FillerParameter;

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
    fn what_draws_nothing_makes_its_values_itself() {
        let param = FillerParameter { value: Some(0.1), ..Default::default() };
        let filler = in_half(Box::new(Constant::new(&param, &Shape::scalar()).unwrap()));
        let values = crate::filler::stub::values(&*filler, &mut crate::filler::stub::Stub::new(0));
        assert_eq!(values, [0.1]);
    }
}
