//! The ziggurat in blocks of up to 4096 draws, in three phases.
//!
//! 1. *Propose.* Every draw is taken for a value's only one: its layer and fraction give a value and say whether it is
//!    certain, that is, inside the part of the layer that lies below the density. In integers: a fraction is certain
//!    below a limit of its layer.
//! 2. *Judge and resolve.* The uncertain proposals, 2.8 %, are listed with the draw that follows each, and all wedges
//!    are decided at once, as if each of these draws began a value. Then one pass in order settles which do: a wedge
//!    uses up the next draw as its height, certain or not, and an uncertain proposal that has been used up so counts
//!    for nothing. Tails and repeated heights take a varying number of draws; the plain form runs them.
//! 3. *Compact.* The proposals that stand move to the output.

use super::block::{JUDGED, MOVED, Points, Verdict};
use super::isa::Kernels;
use crate::random::boost::{Affine, FRACTION_24, NORMAL_X, NORMAL_Y, Ziggurat};
use crate::random::mt19937::temper;
use crate::random::{Draws, Mt19937};

/// The most draws in a block.
pub(super) const BLOCK: usize = 4096;
/// Draws in a block are a multiple of the bits in a mask.
const MASK: usize = 64;

/// The layers, as the vector code sees them: single-precision numbers that the plain form computes on the way.
#[repr(C, align(64))]
pub(super) struct Layers {
    /// Width of the layer over 2^24: a fraction times this is a distance from 0.
    pub(super) scale: [f32; 128],
    /// Fractions below this are certain.
    pub(super) limit: [u32; 128],
    /// The limit rounded down to a multiple of 256, over 256: fractions over 256 below this are certain.
    pub(super) coarse_limit: [u16; 128],
    /// By the low byte of a draw, its layer and sign: the limit in the low half, the bits of the scale in the high
    /// half, negative where the value is.
    pub(super) packed: [u64; 256],
    /// Distance of the outer edge.
    pub(super) outer: [f32; 128],
    /// Distance from the inner to the outer edge.
    pub(super) width: [f32; 128],
    /// Density at the outer edge; 0 for the base.
    pub(super) bottom: [f32; 128],
    /// Difference of the densities at the edges.
    pub(super) rise: [f32; 128],
}

pub(super) static LAYERS: Layers = Layers::new();

impl Layers {
    const fn new() -> Layers {
        let mut layers = Layers {
            scale: [0.0; 128],
            limit: [0; 128],
            coarse_limit: [0; 128],
            packed: [0; 256],
            outer: [0.0; 128],
            width: [0.0; 128],
            bottom: [0.0; 128],
            rise: [0.0; 128],
        };
        let mut i = 0;
        while i < 128 {
            let scale = NORMAL_X[i] as f32 * FRACTION_24;
            let limit = fractions_below(NORMAL_X[i + 1], scale);
            layers.scale[i] = scale;
            layers.limit[i] = limit;
            layers.coarse_limit[i] = (limit >> 8) as u16;
            layers.packed[2 * i] = (((-scale).to_bits() as u64) << 32) | limit as u64;
            layers.packed[2 * i + 1] = ((scale.to_bits() as u64) << 32) | limit as u64;
            layers.outer[i] = NORMAL_X[i] as f32;
            layers.width[i] = (NORMAL_X[i] - NORMAL_X[i + 1]) as f32;
            layers.bottom[i] = NORMAL_Y[i] as f32;
            layers.rise[i] = (NORMAL_Y[i + 1] - NORMAL_Y[i]) as f32;
            i += 1;
        }
        layers
    }
}

/// How many of the fractions 0, 1, ... 2^24 - 1 give a distance, in single precision, below an edge.
const fn fractions_below(edge: f64, scale: f32) -> u32 {
    let (mut low, mut high) = (0, 1 << 24);
    while low < high {
        let middle = (low + high) / 2;
        if ((middle as f32 * scale) as f64) < edge {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// The memory that the phases share.
#[repr(C, align(64))]
pub(crate) struct Scratch {
    values: [f32; BLOCK + MOVED],
    /// A bit for each draw of the block, and a mask more for what is used up behind it.
    kept: [u64; BLOCK / MASK + 1],
    /// Where the uncertain proposals are.
    positions: [u16; BLOCK + MASK],
    points: Points,
    verdicts: [Verdict; BLOCK / JUDGED],
}

impl Scratch {
    pub(crate) fn new() -> Box<Scratch> {
        Box::new(Scratch {
            values: [0.0; BLOCK + MOVED],
            kept: [0; BLOCK / MASK + 1],
            positions: [0; BLOCK + MASK],
            points: Points { draws: [0; BLOCK], heights: [0; BLOCK] },
            verdicts: [Verdict::default(); BLOCK / JUDGED],
        })
    }
}

/// Fills the front of `out` with normal values, and returns how many: all but fewer than 128.
pub(super) fn fill<K: Kernels>(
    kernels: K,
    ziggurat: Ziggurat,
    affine: Affine,
    engine: &mut Mt19937,
    scratch: &mut Scratch,
    out: &mut [f32],
) -> usize {
    let mut done = 0;
    while out.len() - done >= MASK + K::ROOM {
        let block = BLOCK.min((out.len() - done - K::ROOM) / MASK * MASK);
        // Phase 2 looks beyond the block: at the height that follows the last draw, and at padding of the list.
        let words = engine.upcoming(block + 2);
        kernels.propose(&words[..block], affine, &mut scratch.values, &mut scratch.kept[..block / MASK]);
        let uncertain = list(scratch, block);
        collect(words, scratch, uncertain);
        kernels.judge(ziggurat, &scratch.points, uncertain, &mut scratch.verdicts);
        let used = resolve(ziggurat, affine, engine, scratch, uncertain, block);
        done += kernels.compact(&scratch.values, &scratch.kept[..block / MASK], &mut out[done..]);
        engine.advance(used);
    }
    done
}

/// Lists the proposals that are not certain, and counts them.
fn list(scratch: &mut Scratch, block: usize) -> usize {
    // Most masks have one or two; writing this many at any rate spares a branch that is hard to predict.
    const USUAL: usize = 4;
    let mut count = 0;
    for (i, &kept) in scratch.kept[..block / MASK].iter().enumerate() {
        let mut uncertain = !kept;
        let number = uncertain.count_ones() as usize;
        let mut next = |place: &mut u16| {
            *place = (i * MASK) as u16 + uncertain.trailing_zeros() as u16;
            uncertain &= uncertain.wrapping_sub(1);
        };
        scratch.positions[count..count + USUAL].iter_mut().for_each(&mut next);
        if number > USUAL {
            scratch.positions[count + USUAL..count + number].iter_mut().for_each(&mut next);
        }
        count += number;
    }
    count
}

/// Copies the words at the listed positions, and the ones behind them, side by side.
fn collect(words: &[u32], scratch: &mut Scratch, uncertain: usize) {
    let Points { draws, heights } = &mut scratch.points;
    let places = draws.iter_mut().zip(heights);
    for (&position, (draw, height)) in scratch.positions[..uncertain].iter().zip(places) {
        *draw = words[usize::from(position)];
        *height = words[usize::from(position) + 1];
    }
}

/// Settles in order which proposals stand; returns how many draws the block has used, at least its own.
fn resolve(
    ziggurat: Ziggurat,
    affine: Affine,
    engine: &mut Mt19937,
    scratch: &mut Scratch,
    uncertain: usize,
    block: usize,
) -> usize {
    // Draws before this one are used up.
    let mut free = 0;
    for i in 0..uncertain {
        let position = usize::from(scratch.positions[i]);
        let begins = position >= free;
        let verdict = scratch.verdicts[i / JUDGED];
        if begins && verdict.special >> (i % JUDGED) & 1 == 1 {
            free = resolve_special(ziggurat, affine, engine, scratch, position, block);
            continue;
        }
        // Without branches: what begins a value is kept if it is below the density, and its height is not.
        let below = u64::from(verdict.below >> (i % JUDGED) & 1);
        let begins_bit = u64::from(begins);
        let (word, bit) = (position / MASK, position % MASK);
        let kept = scratch.kept[word] | (below & begins_bit) << bit;
        scratch.kept[word] = kept & !(begins_bit << 1 << bit);
        scratch.kept[word + 1] &= !(begins_bit & u64::from(bit == MASK - 1));
        free = if begins { position + 2 } else { free };
    }
    free.max(block)
}

/// Runs the plain form on the draw at `position`; returns the position after its draws.
#[cold]
fn resolve_special(
    ziggurat: Ziggurat,
    affine: Affine,
    engine: &mut Mt19937,
    scratch: &mut Scratch,
    position: usize,
    block: usize,
) -> usize {
    let mut ahead = Lookahead { engine, offset: position };
    let draw = ahead.draw();
    if let Some(value) = ziggurat.attempt(draw, &mut ahead) {
        scratch.values[position] = affine.apply(value);
        scratch.kept[position / MASK] |= 1 << (position % MASK);
    }
    for used in position + 1..ahead.offset.min(block) {
        scratch.kept[used / MASK] &= !(1 << (used % MASK));
    }
    ahead.offset
}

/// Draws of an engine from `offset` on, which the engine has still to come.
struct Lookahead<'a> {
    engine: &'a mut Mt19937,
    offset: usize,
}

impl Draws for Lookahead<'_> {
    fn draw(&mut self) -> u32 {
        let word = self.engine.upcoming(self.offset + 1)[self.offset];
        self.offset += 1;
        temper(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_where_the_plain_form_leaves_the_inside() {
        for i in 0..128 {
            let x = |fraction: u32| f64::from(fraction as f32 * FRACTION_24 * NORMAL_X[i] as f32);
            let limit = LAYERS.limit[i];
            assert!(limit == 0 || x(limit - 1) < NORMAL_X[i + 1], "layer {i}");
            assert!(limit == 1 << 24 || x(limit) >= NORMAL_X[i + 1], "layer {i}");
        }
    }
}
