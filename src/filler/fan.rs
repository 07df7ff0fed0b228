//! Fan-in and fan-out: how many inputs a unit has, and how many units an input reaches.
//!
//! For a blob of shape (d0, d1, ...) with N elements, fan-in = N / d0 and fan-out = N / d1. So it is right for the
//! weights of a convolution, (outputs, inputs, height, width), without groups: Caffe looks neither at groups nor at
//! transposition, and for a deconvolution the two change places. Caffe's quirk for a blob of one axis, such as a bias,
//! is fan-in = 1 and fan-out = N. Its release 1.0 and those before it, and so most forks, take a blob without axes,
//! whose fans are 1, but none of more than four axes. Intel's takes none of one axis.

use super::{count, first_dim};
use crate::Shape;
use crate::dialect::Fans;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::proto::caffe::filler_parameter::VarianceNorm;

/// The fan-in and fan-out of a blob that is not empty: both are at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fan {
    fan_in: i32,
    fan_out: i32,
}

impl Fan {
    /// The fans of a blob of the given shape; `filler` names who asks.
    ///
    /// # Errors
    /// The blob is empty or has no axes.
    pub fn new(filler: &str, shape: &Shape) -> Result<Fan, Refusal> {
        // A count is at most i32::MAX, and the dimensions of a blob that is not empty are at least 1.
        let count = count(filler, shape)? as i32;
        let fan_in = count / first_dim(filler, shape)?;
        let fan_out = count / shape.dim(1).unwrap_or(1);
        Ok(Fan { fan_in, fan_out })
    }

    /// The fans as a dialect with this trait has them.
    ///
    /// # Errors
    /// The blob is empty, or has more or fewer axes than the dialect takes.
    pub fn of(filler: &str, shape: &Shape, fans: Fans) -> Result<Fan, Refusal> {
        match fans {
            Fans::AnyAxes | Fans::AnyAxesButMsra => Fan::new(filler, shape),
            Fans::FourAxes => Fan::new(filler, &at_most_four_axes(filler, shape)?),
            Fans::TwoAxes => {
                let axes = shape.axes();
                ensure!(
                    axes >= 2,
                    "",
                    "the {filler} filler takes two axes or more here, a blob of shape {shape} has {axes}"
                );
                Fan::new(filler, shape)
            }
        }
    }

    /// Inputs of a unit.
    pub fn fan_in(self) -> i32 {
        self.fan_in
    }

    /// Units that an input reaches.
    pub fn fan_out(self) -> i32 {
        self.fan_out
    }

    /// The n by which a variance is divided: as `variance_norm` has it, fan-in (also unless given), fan-out or the
    /// mean of both. The mean is not rounded, so that n may end in one half.
    ///
    /// # Errors
    /// `variance_norm` is none of the three, or the sum of the fans does not fit an `i32`.
    pub fn n(self, param: &FillerParameter) -> Result<f32, Refusal> {
        let Fan { fan_in, fan_out } = self;
        let number = param.variance_norm.unwrap_or(VarianceNorm::FanIn as i32);
        match VarianceNorm::try_from(number) {
            Ok(VarianceNorm::FanIn) => Ok(fan_in as f32),
            Ok(VarianceNorm::FanOut) => Ok(fan_out as f32),
            Ok(VarianceNorm::Average) => {
                let Some(sum) = fan_in.checked_add(fan_out) else {
                    let message = format!("the sum of fan-in {fan_in} and fan-out {fan_out} is above 2147483647");
                    return Err(Refusal::at("variance_norm", message));
                };
                Ok(sum as f32 / 2.0)
            }
            Err(_) => Err(Refusal::at("variance_norm", format!("{number} is not a variance norm"))
                .help("the variance norms are FAN_IN (0), FAN_OUT (1) and AVERAGE (2)")),
        }
    }
}

/// The shape, with an axis if it has none.
///
/// # Errors
/// It has more than four axes.
pub(super) fn at_most_four_axes(filler: &str, shape: &Shape) -> Result<Shape, Refusal> {
    let axes = shape.axes();
    ensure!(axes <= 4, "", "the {filler} filler takes at most 4 axes here, a blob of shape {shape} has {axes}");
    if axes == 0 && shape.count() == 1 { Shape::new([1]).at("") } else { Ok(shape.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fan(dims: &[i32]) -> Fan {
        Fan::new("xavier", &Shape::new(dims).unwrap()).unwrap()
    }

    fn norm(number: i32) -> FillerParameter {
        FillerParameter { variance_norm: Some(number), ..Default::default() }
    }

    #[test]
    fn fans_follow_the_first_two_axes() {
        let fans = |dims: &[i32]| (fan(dims).fan_in(), fan(dims).fan_out());
        assert_eq!(fans(&[4, 3, 5, 5]), (75, 100));
        assert_eq!(fans(&[3, 5]), (5, 3));
        assert_eq!(fans(&[2, 2, 1, 3, 2]), (12, 12));
        assert_eq!(fans(&[7]), (1, 7));
    }

    #[test]
    fn the_average_is_not_rounded() {
        let fan = fan(&[4, 3, 5, 5]);
        assert_eq!(fan.n(&FillerParameter::default()), Ok(75.0));
        assert_eq!([0, 1, 2].map(|number| fan.n(&norm(number)).unwrap()), [75.0, 100.0, 87.5]);
    }

    #[test]
    fn a_scalar_has_no_fans() {
        let refusal = Fan::new("msra", &Shape::scalar()).unwrap_err();
        assert_eq!(refusal.message, "the msra filler needs at least one axis, the blob is a scalar");
    }

    #[test]
    fn earlier_caffes_take_up_to_four_axes() {
        let of = |dims: &[i32]| Fan::of("msra", &Shape::new(dims).unwrap(), Fans::FourAxes);
        assert_eq!(of(&[]), Ok(Fan { fan_in: 1, fan_out: 1 }));
        assert_eq!(of(&[7]), Ok(fan(&[7])));
        assert_eq!(of(&[4, 3, 5, 5]), Ok(fan(&[4, 3, 5, 5])));
        let message = "the msra filler takes at most 4 axes here, a blob of shape (1, 1, 1, 1, 1) has 5";
        assert_eq!(of(&[1; 5]).unwrap_err().message, message);
    }

    #[test]
    fn intel_s_takes_two_axes_or_more() {
        let of = |dims: &[i32]| Fan::of("msra", &Shape::new(dims).unwrap(), Fans::TwoAxes);
        assert_eq!(of(&[4, 3, 5, 5, 2]), Ok(fan(&[4, 3, 5, 5, 2])));
        let message = "the msra filler takes two axes or more here, a blob of shape (7) has 1";
        assert_eq!(of(&[7]).unwrap_err().message, message);
    }

    #[test]
    fn a_sum_beyond_an_i32_is_refused() {
        let refusal = fan(&[i32::MAX]).n(&norm(2)).unwrap_err();
        assert_eq!(refusal.field, "variance_norm");
        assert_eq!(refusal.message, "the sum of fan-in 1 and fan-out 2147483647 is above 2147483647");
        assert_eq!(fan(&[i32::MAX]).n(&norm(1)), Ok(2_147_483_648.0));
    }

    #[test]
    fn an_unknown_norm_is_refused() {
        let refusal = fan(&[7]).n(&norm(3)).unwrap_err();
        assert_eq!((refusal.field, refusal.message.as_str()), ("variance_norm", "3 is not a variance norm"));
        assert_eq!(refusal.help.unwrap(), "the variance norms are FAN_IN (0), FAN_OUT (1) and AVERAGE (2)");
    }
}
