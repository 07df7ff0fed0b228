//! The density exp(-x^2 / 2), near enough to tell for nearly all points whether they lie below it.
//!
//! Vector code computes it in single precision. What comes within [`MARGIN`] of it, one point in some hundreds, is left
//! to the plain form, whose density has the bits of the C library's.

/// More than the difference between the two densities, for exponents from -6 to 0.
pub(in crate::random::simd) const MARGIN: f32 = 1e-5;

/// 2^r for r in [-1/2, 1/2]: the coefficients of 1, r, r^2, r^3 and r^4. Their largest relative error, 2.6e-6, is the
/// least that a polynomial of this degree can have.
pub(in crate::random::simd) const POWER: [f32; 5] =
    [0.999_999_3, 0.693_121_8, 0.240_247_44, 0.055_917_86, 0.009_570_101];

#[cfg(test)]
mod tests {
    use std::f32::consts::LOG2_E;

    use super::*;
    use crate::random::math;

    /// What the vector code computes.
    fn about(exponent: f32) -> f32 {
        let steps = exponent * LOG2_E;
        let n = steps.round_ties_even();
        let r = steps - n;
        let [c0, c1, c2, c3, c4] = POWER;
        let power = (((c4 * r + c3) * r + c2) * r + c1) * r + c0;
        power * 2f32.powi(n as i32)
    }

    #[test]
    fn the_margin_is_four_times_what_is_needed() {
        let exponents = (0..=6_000_000).map(|i| i as f32 * -1e-6);
        let worst = exponents.map(|exponent| (about(exponent) - math::exp(exponent)).abs()).fold(0.0, f32::max);
        assert!((1e-6..MARGIN / 4.0).contains(&worst), "{worst}");
    }
}
