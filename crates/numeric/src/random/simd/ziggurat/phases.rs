//! The phases in portable Rust.

use super::layers::LAYERS;
use super::{BLOCK, MASK};
use crate::random::boost::{Affine, FRACTION, Ziggurat};
use crate::random::mt19937::temper;

/// See [`Kernels::propose`](crate::random::simd::isa::Kernels::propose).
///
/// One step after the other over arrays: all but the look-up become vector code.
#[inline(always)]
pub(in crate::random::simd) fn propose(words: &[u32], affine: Affine, values: &mut [f32], certain: &mut [u64]) {
    let Affine { mean, std } = affine;
    let chunks = words.as_chunks::<MASK>().0.iter().zip(values.as_chunks_mut::<MASK>().0);
    let (mut draws, mut entries, mut inside) = ([0; MASK], [[0; 2]; MASK], [0; MASK]);
    for ((words, values), certain) in chunks.zip(certain) {
        for i in 0..MASK {
            draws[i] = temper(words[i]);
        }
        for i in 0..MASK {
            entries[i] = LAYERS.packed[(draws[i] & 255) as usize];
        }
        for i in 0..MASK {
            let ([limit, scale], fraction) = (entries[i], (draws[i] >> 8) as i32);
            values[i] = fraction as f32 * f32::from_bits(scale) * std + mean;
            inside[i] = u8::from(fraction < limit as i32);
        }
        *certain = bits(&inside);
    }
}

/// Bytes of 0 and 1 as bits.
#[inline(always)]
fn bits(bytes: &[u8; MASK]) -> u64 {
    // The product moves the lowest bit of byte k to bit 56 + k.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let eights = bytes.as_chunks::<8>().0.iter().map(|eight| u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56);
    eights.enumerate().fold(0, |bits, (i, eight)| bits | eight << (8 * i))
}

/// A word whose proposal is not certain, and the one after it, which is the height if it comes to a wedge.
pub(in crate::random::simd) type Point = [u32; 2];

/// What became of a point: [`ABOVE`], [`BELOW`] or [`SPECIAL`].
pub(in crate::random::simd) type Verdict = u8;
/// The point does not lie below the density.
pub(in crate::random::simd) const ABOVE: Verdict = 0;
/// It does: as many values as the point gives.
pub(in crate::random::simd) const BELOW: Verdict = 1;
/// It is no wedge's point, or its height must be drawn again: the plain form decides.
pub(in crate::random::simd) const SPECIAL: Verdict = 2;

/// Points judged at a time; their number is rounded up to it.
pub(in crate::random::simd) const JUDGED: usize = 16;

/// The proposals of a block that are not certain, in order.
#[derive(Clone)]
pub(in crate::random::simd) struct Uncertain {
    pub(in crate::random::simd) count: usize,
    /// Where in the block they are.
    pub(in crate::random::simd) positions: [u16; BLOCK + MASK],
    pub(in crate::random::simd) points: [Point; BLOCK + MASK],
    pub(in crate::random::simd) verdicts: [Verdict; BLOCK],
}

impl Uncertain {
    pub(in crate::random::simd) fn new() -> Uncertain {
        Uncertain { count: 0, positions: [0; BLOCK + MASK], points: [[0; 2]; BLOCK + MASK], verdicts: [ABOVE; BLOCK] }
    }

    /// The points, and room for their verdicts.
    #[inline(always)]
    pub(in crate::random::simd) fn groups_mut(
        &mut self,
    ) -> impl Iterator<Item = (&[Point; JUDGED], &mut [Verdict; JUDGED])> {
        let groups = self.points.as_chunks().0.iter().zip(self.verdicts.as_chunks_mut().0);
        groups.take(self.count.div_ceil(JUDGED))
    }
}

/// See [`Kernels::collect`](crate::random::simd::isa::Kernels::collect).
#[inline(always)]
pub(in crate::random::simd) fn collect(words: &[u32], certain: &[u64], uncertain: &mut Uncertain) {
    // Most masks have one or two; copying this many at any rate spares a branch that is hard to predict.
    const USUAL: usize = 4;
    let Uncertain { positions, points, .. } = uncertain;
    let mut count = 0;
    for (i, &certain) in certain.iter().enumerate() {
        let words = words[i * MASK..].first_chunk::<{ MASK + 2 }>().expect("two words follow the last mask");
        let (positions, points) = (&mut positions[count..], &mut points[count..]);
        let mut missing = !certain;
        let number = missing.count_ones() as usize;
        let mut list = |position: &mut u16, point: &mut Point| {
            let place = missing.trailing_zeros() as usize;
            missing &= missing.wrapping_sub(1);
            *position = (i * MASK + place) as u16;
            *point = [words[place], words[place + 1]];
        };
        let (usual_positions, rare_positions) = positions.split_at_mut(USUAL);
        let (usual_points, rare_points) = points.split_at_mut(USUAL);
        for k in 0..USUAL {
            list(&mut usual_positions[k], &mut usual_points[k]);
        }
        for k in 0..number.saturating_sub(USUAL) {
            list(&mut rare_positions[k], &mut rare_points[k]);
        }
        count += number;
    }
    uncertain.count = count;
}

/// See [`Kernels::judge`](crate::random::simd::isa::Kernels::judge).
#[inline(always)]
pub(in crate::random::simd) fn judge(ziggurat: Ziggurat, uncertain: &mut Uncertain) {
    for (points, verdicts) in uncertain.groups_mut() {
        for (point, verdict) in points.iter().zip(verdicts) {
            let [u, height] = [temper(point[0]), temper(point[1])];
            let (layer, height) = (((u >> 1) & 127) as usize, height as f32 * FRACTION);
            let x = (u >> 8) as f32 * LAYERS.scale[layer];
            let below = Verdict::from(ziggurat.under_curve(layer, x, height));
            *verdict = if (layer == 0) | (height >= 1.0) { SPECIAL } else { below };
        }
    }
}

/// Values that [`settle`] copies at a time, and that are there behind those of the block.
pub(in crate::random::simd) const COPIED: usize = 64;

/// Runs the plain form on the draw at a position, whose value it may change; returns how many values, 0 or 1, that
/// gave, and the position after the draws it took.
pub(in crate::random::simd) type RunPlain<'a> = dyn FnMut(usize, &mut [f32]) -> (usize, usize) + 'a;

/// What a block has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::random::simd) struct Settled {
    /// Values written.
    pub(in crate::random::simd) values: usize,
    /// Draws used: those of the block, and maybe some behind.
    pub(in crate::random::simd) draws: usize,
}

/// See [`Kernels::settle`](crate::random::simd::isa::Kernels::settle).
#[inline(always)]
pub(in crate::random::simd) fn settle(
    uncertain: &Uncertain,
    values: &mut [f32],
    plain: &mut RunPlain<'_>,
    out: &mut [f32],
) -> Settled {
    let block = values.len() - COPIED;
    // Values from the first draw that is not used up to the uncertain proposal go to the output together.
    let (mut written, mut first) = (0, 0);
    let (positions, verdicts) = (&uncertain.positions[..uncertain.count], &uncertain.verdicts[..uncertain.count]);
    for (&position, &verdict) in positions.iter().zip(verdicts) {
        let position = usize::from(position);
        if position < first {
            continue;
        }
        let (given, next) =
            if verdict == SPECIAL { plain(position, values) } else { (usize::from(verdict), position + 2) };
        let run = position + given - first;
        copy(&values[first..], run, &mut out[written..]);
        written += run;
        first = next;
    }
    let rest = block.saturating_sub(first);
    copy(&values[first.min(block)..], rest, &mut out[written..]);
    Settled { values: written + rest, draws: first.max(block) }
}

/// Copies `length` values, or up to [`COPIED`] more: what is too much is overwritten.
#[inline(always)]
fn copy(values: &[f32], length: usize, out: &mut [f32]) {
    let mut start = 0;
    while let (Some(chunk), Some(room)) = (values.get(start..start + COPIED), out.get_mut(start..start + COPIED)) {
        room.copy_from_slice(chunk);
        start += COPIED;
        if start >= length {
            return;
        }
    }
    out[start..length].copy_from_slice(&values[start..length]);
}
