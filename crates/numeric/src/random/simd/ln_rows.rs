//! The tables of [`ln`](crate::random::math::ln) with the exponent worked in, so that one look-up does.

use std::f64::consts::LN_2;

use crate::random::math::{LN_CENTRE, LN_INVERSE, LN_ORIGIN};

/// `1 / c` and `ln c` for a point `c` near the middle of an interval, as [`ln_near`](crate::random::math::ln_near)
/// takes them.
pub(super) type LnRow = [f64; 2];

/// 16 intervals an octave, from 0.7 * 2^-31 or so to 1.4.
pub(super) const ROWS: usize = 32 * 16;
/// Bits of the float where the first interval starts.
pub(super) const FIRST: u32 = LN_ORIGIN - (31 << 23);
/// Intervals of floats are told apart by the bits above this many.
pub(super) const WITHIN: u32 = 19;

#[repr(align(64))]
pub(super) struct LnRows(pub(super) [LnRow; ROWS]);

pub(super) static LN_ROWS: LnRows = LnRows::new();

impl LnRows {
    const fn new() -> LnRows {
        let mut rows = [[0.0; 2]; ROWS];
        let mut i = 0;
        while i < ROWS {
            let (octaves, interval) = (31 - (i / 16) as i32, i % 16);
            // A power of two changes no product's significand: rows give the bits of `ln`.
            let scale = (1_u64 << octaves) as f64;
            rows[i] = [LN_INVERSE[interval] * scale, LN_CENTRE[interval] - octaves as f64 * LN_2];
            i += 1;
        }
        LnRows(rows)
    }

    /// The row of a number; any row if there is none.
    #[inline(always)]
    pub(super) fn row(&self, x: f32) -> LnRow {
        self.0[(x.to_bits().wrapping_sub(FIRST) >> WITHIN) as usize % ROWS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::math::{ln, ln_near};

    #[test]
    fn rows_give_the_bits_of_ln() {
        for step in (1..=10_000).chain((1..=1 << 24).rev().step_by(31)) {
            let x = step as f32 / 16_777_216.0;
            let [inverse, base] = LN_ROWS.row(x);
            assert_eq!(ln_near(x, inverse, base).to_bits(), ln(x).to_bits(), "{x}");
        }
    }
}
