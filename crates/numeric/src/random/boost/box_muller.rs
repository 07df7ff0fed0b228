//! Normal values up to Boost 1.55: the polar form of Box and Muller.
//!
//! Box and Muller, "A Note on the Generation of Random Normal Deviates", Annals of Mathematical Statistics 29 (1958).

use super::canonical::unit;
use crate::random::{Draws, math};

/// Two standard normal values, `sqrt(-2 ln(1 - r2))` times the cosine and the sine of `2 pi r1`, from two draws.
///
/// Boost keeps the second for the next call, but Caffe makes a distribution anew for each fill: a fill of an odd number
/// of values draws for the pair and loses the second.
#[inline]
pub(crate) fn box_muller(draws: &mut impl Draws) -> [f32; 2] {
    let r1 = unit(draws);
    let r2 = unit(draws);
    let radius = (-2.0 * math::ln(1.0 - r2)).sqrt();
    let (sin, cos) = math::sin_cos(std::f32::consts::TAU * r1);
    [radius * cos, radius * sin]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::boost::scripted::Scripted;

    #[test]
    fn zero_radius_is_negative_zero() {
        let [cos, sin] = box_muller(&mut Scripted::new([0x2000_0000, 0]));
        assert_eq!([cos.to_bits(), sin.to_bits()], [0x8000_0000, 0x8000_0000]);
    }

    #[test]
    fn both_draws_are_repeated_at_one() {
        let mut draws = Scripted::new([u32::MAX, 0, u32::MAX, 0x8000_0000]);
        let [cos, sin] = box_muller(&mut draws);
        assert_eq!([cos.to_bits(), sin.to_bits()], [0x3f96_b55f, 0]);
        assert_eq!(draws.left(), 0);
    }
}
