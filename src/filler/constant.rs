//! The constant filler: every value is the same.
//!
//! x = `value`
//!
//! It is the filler of a `FillerParameter` without `type`, and its `value` is 0 unless given: a learnable blob without
//! a filler is therefore left at zero. It draws nothing. Any number will do, infinite and NaN ones included.

use caffemodel_numeric::arithmetic;

use super::{FillerType, Moments, Piecewise, count, refuse_sparse};
use crate::Shape;
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, Generator};

const NAME: &str = "constant";

pub(super) const TYPE: FillerType =
    FillerType::new(NAME, "Sets every value to `value`", "x = value", |param, shape| {
        Ok(Box::new(Constant::new(param, shape)?))
    })
    .fields(&["value"])
    .also_called(&["const", "fill", "ones", "zero", "zeros"]);

/// Sets every value to `value`.
#[derive(Debug, Clone)]
pub struct Constant {
    value: f32,
    count: usize,
}

impl Constant {
    /// The filler for a blob of the given shape.
    ///
    /// # Errors
    /// The blob is empty, or `sparse` is given.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Constant, Refusal> {
        refuse_sparse(NAME, param)?;
        Ok(Constant { value: param.value(), count: count(NAME, shape)? })
    }
}

impl Piecewise for Constant {
    fn count(&self) -> usize {
        self.count
    }

    fn distribution(&self) -> Option<Distribution> {
        None
    }

    fn make(&self, _: &mut dyn Generator, _: usize, out: &mut [f32]) {
        arithmetic::fill(out, self.value);
    }

    fn moments(&self) -> Option<Moments> {
        Moments::finite(self.value.into(), 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Stub, bits, values};

    #[test]
    fn the_value_is_kept_to_the_bit_and_nothing_is_drawn() {
        for value in [0.25, -0.0, f32::INFINITY, f32::from_bits(0xffc0_0000), f32::from_bits(1)] {
            let param = FillerParameter { value: Some(value), ..Default::default() };
            let filler = Constant::new(&param, &Shape::new([2, 3]).unwrap()).unwrap();
            let mut rng = Stub::new(0);
            assert_eq!(bits(&values(&filler, &mut rng)), [value.to_bits(); 6]);
            assert_eq!(rng.calls, []);
        }
    }

    #[test]
    fn the_value_defaults_to_zero_on_a_scalar_too() {
        let filler = Constant::new(&FillerParameter::default(), &Shape::scalar()).unwrap();
        assert_eq!(values(&filler, &mut Stub::new(0)), [0.0]);
    }
}
