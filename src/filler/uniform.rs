//! The uniform filler: values spread evenly over an interval.
//!
//! x ~ U(`min`, `max`), with `min` 0 and `max` 1 unless given
//!
//! Both bounds belong to the interval: Caffe draws below the float that follows `max`. An infinite `max` counts as the
//! largest float. A width beyond the largest float keeps a Caffe built with a Boost before 1.56 drawing for ever, and
//! filling is an error with its generator. Equal bounds are allowed, but Caffe then throws about half of its draws
//! away.

use super::{FillerType, Piecewise, count, refuse_sparse};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::random::Distribution;

const NAME: &str = "uniform";

pub(super) const TYPE: FillerType = FillerType::new(
    NAME,
    "Draws from the uniform distribution between `min` and `max`",
    "x ~ U(min, max)",
    |param, shape| Ok(Box::new(Uniform::new(param, shape)?)),
)
.fields(&["min", "max"])
.spread_by(&["min", "max"], "min: -0.05 max: 0.05")
.also_called(&["random_uniform"]);

/// What NVIDIA's Caffe calls it besides.
pub(super) const STATIC: FillerType = TYPE.named("uniformstatic").known(Known::In(super::STATIC_FILLERS));

/// Draws from the uniform distribution over `[min, max]`.
#[derive(Debug, Clone)]
pub struct Uniform {
    min: f32,
    max: f32,
    count: usize,
}

impl Uniform {
    /// The filler for a blob of the given shape.
    ///
    /// # Errors
    /// - `min` is above `max`, or one of them is not a number.
    /// - `min` is infinite or the largest float: Caffe would draw for ever.
    /// - The blob is empty, or `sparse` is given.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Uniform, Refusal> {
        refuse_sparse(NAME, param)?;
        let count = count(NAME, shape)?;
        let (min, max) = (param.min(), param.max());
        ensure!(!min.is_nan(), "min", "min is not a number");
        ensure!(!max.is_nan(), "max", "max is not a number");
        if min > max {
            return Err(refuse_order(param));
        }
        ensure!(min.is_finite(), "min", "min is infinite");
        ensure!(min != f32::MAX, "min", "min {min:?} is the largest float, which the uniform filler never reaches");
        Ok(Uniform { min, max: max.min(f32::MAX), count })
    }
}

/// The refusal of bounds in the wrong order; it concerns the one that the net gives.
fn refuse_order(param: &FillerParameter) -> Refusal {
    let (min, max) = (param.min(), param.max());
    match (param.min, param.max) {
        (None, _) => Refusal::at("max", format!("max {max:?} is below min, which is {min:?} by default")),
        (_, None) => Refusal::at("min", format!("min {min:?} is above max, which is {max:?} by default")),
        _ => Refusal::at("min", format!("min {min:?} is above max {max:?}")),
    }
}

impl Piecewise for Uniform {
    fn count(&self) -> usize {
        self.count
    }

    fn distribution(&self) -> Option<Distribution> {
        Some(Distribution::Uniform { min: self.min, max: self.max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::Filler;
    use crate::filler::stub::{Collect, Stub, sha256, values};
    use crate::random::{CaffeGenerator, Era};

    fn bounds(min: impl Into<Option<f32>>, max: impl Into<Option<f32>>) -> FillerParameter {
        FillerParameter { min: min.into(), max: max.into(), ..Default::default() }
    }

    fn refused(param: &FillerParameter) -> (&'static str, String) {
        let refusal = Uniform::new(param, &Shape::scalar()).unwrap_err();
        (refusal.field, refusal.message)
    }

    fn hash(param: &FillerParameter, dims: &[i32], rng: &mut Stub) -> String {
        sha256(&values(&Uniform::new(param, &Shape::new(dims).unwrap()).unwrap(), rng))
    }

    #[test]
    fn values_are_caffe_s() {
        let rng = &mut Stub::new(0);
        let weight = hash(&bounds(-0.05, 0.05), &[6, 10], rng);
        assert_eq!(weight, "6485be7114ad25b44cc20576dfe57fca6228cda1e0f711a2bc5a032b1f945130");
        let bias = hash(&bounds(-1.0, -0.25), &[6], rng);
        assert_eq!(bias, "3e738c5c5a5e86673266f84c64ace1f9d260a1abec710604b5d6d94f898d789b");
        let only_max = hash(&bounds(None, 3.0), &[5, 10], rng);
        assert_eq!(only_max, "28b87e5b58bae63c71879da56168ad089ef8b1ee939f76d7519a3395d9085853");
        let only_min = hash(&bounds(-2.0, None), &[5], rng);
        assert_eq!(only_min, "560c22a298f64c1c588b52904dfc07482ec831d99c9cb9c85455d8a16ddefed6");
    }

    #[test]
    fn an_infinite_max_is_the_largest_float() {
        let rng = &mut Stub::new(3);
        let infinite = hash(&bounds(0.0, f32::INFINITY), &[4, 9], rng);
        assert_eq!(infinite, "156c4610ccfb1735b4046ee88c3779a2ce5d549b410bd38813b0f647141880f3");
        let largest = hash(&bounds(None, 3.402_823_4e38), &[4, 9], rng);
        assert_eq!(largest, "24734f3e56bb31e35e18dfea814a36d2d4c802621cb98e621eb7869b2c5f23c6");
    }

    #[test]
    fn a_range_beyond_the_generator_is_an_error() {
        let filler = Uniform::new(&bounds(-3e38, 3e38), &Shape::new([4, 9]).unwrap()).unwrap();
        let mut sink = Collect::default();
        filler.fill(&mut CaffeGenerator::new(3, Era::V1_56), &mut sink).unwrap();
        assert_eq!(sink.0.len(), 36);
        let error = filler.fill(&mut CaffeGenerator::new(3, Era::V1_47), &mut sink).unwrap_err();
        assert_eq!(error.to_string(), "a uniform filler from -3e38 to 3e38 would keep this Caffe drawing forever");
        assert_eq!(sink.0.len(), 36);
    }

    #[test]
    fn equal_bounds_and_signed_zeros_are_taken() {
        for (min, max) in [(1.0, 1.0), (0.0, -0.0), (f32::MIN, f32::MIN)] {
            assert!(Uniform::new(&bounds(min, max), &Shape::scalar()).is_ok(), "{min} to {max}");
        }
    }

    #[test]
    fn bounds_that_caffe_cannot_draw_between_are_refused() {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        assert_eq!(refused(&bounds(1.0, -1.0)), ("min", "min 1.0 is above max -1.0".into()));
        assert_eq!(refused(&bounds(2.0, None)), ("min", "min 2.0 is above max, which is 1.0 by default".into()));
        assert_eq!(refused(&bounds(None, -0.5)), ("max", "max -0.5 is below min, which is 0.0 by default".into()));
        assert_eq!(refused(&bounds(None, nan)), ("max", "max is not a number".into()));
        assert_eq!(refused(&bounds(nan, None)), ("min", "min is not a number".into()));
        assert_eq!(refused(&bounds(-inf, 1.0)), ("min", "min is infinite".into()));
        assert_eq!(refused(&bounds(inf, inf)), ("min", "min is infinite".into()));
        let largest = "min 3.4028235e38 is the largest float, which the uniform filler never reaches";
        assert_eq!(refused(&bounds(f32::MAX, inf)), ("min", largest.into()));
    }
}
