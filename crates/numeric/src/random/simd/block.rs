//! The kernels in portable Rust.
//!
//! They are inlined into functions compiled for wider vectors as well: loops over arrays without branches, which the
//! compiler turns into vector code. It never fuses a multiplication with an addition, so the bits stay the same.

use super::ln_rows::LN_ROWS;
use crate::random::boost::{Affine, FRACTION};
use crate::random::math;
use crate::random::mt19937::{GRAIN, MATRIX, MIDDLE, STATE, temper};

/// See [`Kernels::twist`](super::isa::Kernels::twist).
#[inline(always)]
pub(super) fn twist(words: &mut [u32], fresh: usize) {
    // A word depends on none of the STATE - MIDDLE before it, so that many at a time are independent of one another.
    const RUN: usize = (STATE - MIDDLE) / GRAIN * GRAIN;
    let mut end = words.len() - fresh;
    while end < words.len() {
        let run = RUN.min(words.len() - end);
        let (known, next) = words.split_at_mut(end);
        let (state, next) = (&known[end - STATE..], &mut next[..run]);
        let (first, second, middle) = (&state[..run], &state[1..][..run], &state[MIDDLE..][..run]);
        for i in 0..run {
            let joined = (first[i] & 0x8000_0000) | (second[i] & 0x7fff_ffff);
            next[i] = middle[i] ^ (joined >> 1) ^ ((second[i] & 1).wrapping_neg() & MATRIX);
        }
        end += run;
    }
}

/// See [`Kernels::count_from`](super::isa::Kernels::count_from).
#[inline(always)]
pub(super) fn count_from(words: &[u32], limit: u32) -> usize {
    words.iter().map(|&word| u32::from(temper(word) >= limit)).sum::<u32>() as usize
}

/// The constants of a uniform distribution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UniformBlock {
    pub(crate) min: f32,
    /// The distance between the values of two draws that follow each other.
    pub(crate) step: f32,
    /// Values below this come from draws that need not be repeated.
    pub(crate) bound: f32,
}

/// See [`Kernels::uniform`](super::isa::Kernels::uniform).
#[inline(always)]
pub(super) fn uniform(words: &[u32], uniform: &UniformBlock, out: &mut [f32]) -> bool {
    let UniformBlock { min, step, bound } = *uniform;
    let mut good = true;
    for (value, &word) in out.iter_mut().zip(words) {
        *value = temper(word) as f32 * step + min;
        good &= *value < bound;
    }
    good
}

/// See [`Kernels::bernoulli`](super::isa::Kernels::bernoulli).
#[inline(always)]
pub(super) fn bernoulli(words: &[u32], threshold: f32, out: &mut [f32]) {
    for (value, &word) in out.iter_mut().zip(words) {
        *value = if temper(word) as f32 <= threshold { 1.0 } else { 0.0 };
    }
}

/// Words that [`box_muller`] turns into values at a time.
pub(super) const PAIRED: usize = 32;

/// See [`Kernels::box_muller`](super::isa::Kernels::box_muller).
#[inline(always)]
pub(super) fn box_muller(words: &[u32], affine: Affine, out: &mut [f32]) -> bool {
    const HALF: usize = PAIRED / 2;
    let Affine { mean, std } = affine;
    let mut good = true;
    for (words, out) in words.as_chunks::<PAIRED>().0.iter().zip(out.as_chunks_mut::<PAIRED>().0) {
        let (mut angle, mut rest, mut rows, mut radius) = ([0.0; HALF], [0.0; HALF], [[0.0; 2]; HALF], [0.0; HALF]);
        for i in 0..HALF {
            let r1 = temper(words[2 * i]) as f32 * FRACTION;
            let r2 = temper(words[2 * i + 1]) as f32 * FRACTION;
            good &= (r1 < 1.0) & (r2 < 1.0);
            angle[i] = std::f32::consts::TAU * r1;
            rest[i] = 1.0 - r2;
        }
        if !good {
            return false;
        }
        // Loops that look nothing up become vector code.
        for i in 0..HALF {
            rows[i] = LN_ROWS.row(rest[i]);
        }
        for i in 0..HALF {
            let [inverse, base] = rows[i];
            radius[i] = (-2.0 * math::ln_near(rest[i], inverse, base)).sqrt();
        }
        for i in 0..HALF {
            let (sin, cos) = math::sin_cos(angle[i]);
            out[2 * i] = radius[i] * cos * std + mean;
            out[2 * i + 1] = radius[i] * sin * std + mean;
        }
    }
    good
}
