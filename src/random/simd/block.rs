//! The kernels in portable Rust.
//!
//! They are inlined into functions compiled for wider vectors as well: loops over arrays without branches, which the
//! compiler turns into vector code. It never fuses a multiplication with an addition, so the bits stay the same.

use super::ziggurat::{BLOCK, LAYERS};
use crate::random::boost::{Affine, FRACTION, Ziggurat};
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
        let state = &known[end - STATE..];
        let pairs = state.iter().zip(&state[1..]).zip(&state[MIDDLE..]);
        for (word, ((&first, &second), &middle)) in next[..run].iter_mut().zip(pairs) {
            let joined = (first & 0x8000_0000) | (second & 0x7fff_ffff);
            *word = middle ^ (joined >> 1) ^ ((second & 1).wrapping_neg() & MATRIX);
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
        let (mut angle, mut rest) = ([0.0; HALF], [0.0; HALF]);
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
        for i in 0..HALF {
            let radius = (-2.0 * math::ln(rest[i])).sqrt();
            let (sin, cos) = math::sin_cos(angle[i]);
            out[2 * i] = radius * cos * std + mean;
            out[2 * i + 1] = radius * sin * std + mean;
        }
    }
    good
}

/// See [`Kernels::propose`](super::isa::Kernels::propose).
#[inline(always)]
pub(super) fn propose(words: &[u32], affine: Affine, values: &mut [f32], certain: &mut [u64]) {
    let Affine { mean, std } = affine;
    let chunks = words.as_chunks::<64>().0.iter().zip(values.as_chunks_mut::<64>().0);
    for ((words, values), certain) in chunks.zip(certain) {
        let draws = words.map(temper);
        let (mut limit, mut scale) = ([0; 64], [0.0; 64]);
        for ((limit, scale), draw) in limit.iter_mut().zip(&mut scale).zip(&draws) {
            let packed = LAYERS.packed[(draw & 255) as usize];
            *limit = packed as i32;
            *scale = f32::from_bits((packed >> 32) as u32);
        }
        let mut inside = [0; 64];
        for i in 0..64 {
            let fraction = (draws[i] >> 8) as i32;
            values[i] = fraction as f32 * scale[i] * std + mean;
            inside[i] = u8::from(fraction < limit[i]);
        }
        *certain = bits(&inside);
    }
}

/// Bytes of 0 and 1 as bits.
#[inline(always)]
fn bits(bytes: &[u8; 64]) -> u64 {
    // The product moves the lowest bit of byte k to bit 56 + k.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let eights = bytes.as_chunks::<8>().0.iter().map(|eight| u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56);
    eights.enumerate().fold(0, |bits, (i, eight)| bits | eight << (8 * i))
}

/// The words whose proposals are not certain, and the one after each, which is the height if it comes to a wedge.
pub(crate) struct Points {
    pub(crate) draws: [u32; BLOCK],
    pub(crate) heights: [u32; BLOCK],
}

/// Points judged at a time; their number is rounded up to it.
pub(crate) const JUDGED: usize = 16;

/// What became of [`JUDGED`] points, one bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The point lies below the density.
    pub(crate) below: u16,
    /// It is no wedge's point, or its height must be drawn again: the plain form decides.
    pub(crate) special: u16,
}

/// See [`Kernels::judge`](super::isa::Kernels::judge).
#[inline(always)]
pub(super) fn judge(ziggurat: Ziggurat, points: &Points, count: usize, verdicts: &mut [Verdict]) {
    let (draws, heights) = (points.draws.as_chunks::<JUDGED>().0, points.heights.as_chunks::<JUDGED>().0);
    for ((draws, heights), verdict) in draws.iter().zip(heights).zip(verdicts).take(count.div_ceil(JUDGED)) {
        *verdict = Verdict::default();
        for i in 0..JUDGED {
            let (u, height) = (temper(draws[i]), temper(heights[i]) as f32 * FRACTION);
            let layer = ((u >> 1) & 127) as usize;
            let special = layer == 0 || height >= 1.0;
            let below = !special && ziggurat.under_curve(layer, (u >> 8) as f32 * LAYERS.scale[layer], height);
            verdict.below |= u16::from(below) << i;
            verdict.special |= u16::from(special) << i;
        }
    }
}

/// Room that [`compact`] needs behind the values, and values behind the ones it moves.
pub(super) const MOVED: usize = 64;

/// See [`Kernels::compact`](super::isa::Kernels::compact).
///
/// Copies as much as a mask covers at a time, wherever it starts: what is too much is overwritten.
#[inline(always)]
pub(super) fn compact(values: &[f32], kept: &[u64], out: &mut [f32]) -> usize {
    let mut count = 0;
    for (i, &kept) in kept.iter().enumerate() {
        let (mut start, end) = (i * MOVED, (i + 1) * MOVED);
        let mut dropped = !kept;
        while dropped != 0 {
            let position = i * MOVED + dropped.trailing_zeros() as usize;
            out[count..count + MOVED].copy_from_slice(&values[start..start + MOVED]);
            count += position - start;
            start = position + 1;
            dropped &= dropped - 1;
        }
        out[count..count + MOVED].copy_from_slice(&values[start..start + MOVED]);
        count += end - start;
    }
    count
}
