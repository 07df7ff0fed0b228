//! `uniform_01<float>`: a draw as a fraction.

use crate::random::Draws;

/// 2^-32.
pub(crate) const FRACTION: f32 = 1.0 / 4_294_967_296.0;

/// Draws from this one on round up to 1 as fractions.
pub(crate) const UNIT_LIMIT: u32 = 0xffff_ff80;

/// A value in [0, 1).
///
/// The largest 128 draws round up to 1 and are drawn again.
#[inline]
pub(crate) fn unit(draws: &mut impl Draws) -> f32 {
    loop {
        let value = draws.draw() as f32 * FRACTION;
        if value < 1.0 {
            return value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::boost::scripted::Scripted;

    #[test]
    fn draws_that_round_up_to_one_are_repeated() {
        let mut draws = Scripted::new([UNIT_LIMIT, u32::MAX, UNIT_LIMIT - 1, 0]);
        assert_eq!(unit(&mut draws).to_bits(), 0x3f7f_ffff);
        assert_eq!(unit(&mut draws), 0.0);
        assert_eq!(draws.left(), 0);
    }
}
