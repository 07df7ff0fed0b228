//! The ziggurat in blocks of up to 4096 draws, in three phases.
//!
//! 1. *Propose.* Every draw is taken for a value's only one: its layer and fraction give a value and say whether it is
//!    certain, that is, inside the part of the layer that lies below the density. In integers: a fraction is certain
//!    below a limit of its layer.
//! 2. *Judge.* The uncertain proposals, 2.8 %, are collected with the draw that follows each, and all wedges are
//!    decided at once, as if each of these draws began a value.
//! 3. *Settle.* One pass in order decides which of them do: a wedge uses up the next draw as its height, certain or
//!    not, and an uncertain proposal that has been used up so counts for nothing. Tails and repeated heights take a
//!    varying number of draws; the plain form runs them. What stands between them moves to the output.

mod density;
mod layers;
mod phases;

use super::isa::Kernels;
use crate::random::boost::{Affine, Ziggurat};
use crate::random::mt19937::temper;
use crate::random::{Draws, Mt19937};

pub(super) use density::{MARGIN, POWER};
pub(super) use layers::{Edges, LAYERS};
pub(super) use phases::{
    BELOW, COPIED, JUDGED, Point, RunPlain, SPECIAL, Settled, Uncertain, Verdict, collect, judge, propose, settle,
};

/// The most draws in a block.
pub(super) const BLOCK: usize = 4096;
/// Draws in a block are a multiple of the bits in a mask.
const MASK: usize = u64::BITS as usize;

/// The memory that the phases share.
#[repr(C, align(64))]
pub(crate) struct Scratch {
    values: [f32; BLOCK + COPIED],
    /// A bit for each draw of the block: whether its proposal is certain.
    certain: [u64; BLOCK / MASK],
    uncertain: Uncertain,
}

impl Scratch {
    pub(crate) fn new() -> Box<Scratch> {
        Box::new(Scratch { values: [0.0; BLOCK + COPIED], certain: [0; BLOCK / MASK], uncertain: Uncertain::new() })
    }
}

/// Fills the front of `out` with normal values, and returns how many: all but fewer than 64.
pub(super) fn fill<K: Kernels>(
    kernels: K,
    ziggurat: Ziggurat,
    affine: Affine,
    engine: &mut Mt19937,
    scratch: &mut Scratch,
    out: &mut [f32],
) -> usize {
    let mut done = 0;
    while out.len() - done >= MASK {
        let block = BLOCK.min((out.len() - done) / MASK * MASK);
        let Scratch { values, certain, uncertain } = scratch;
        let (values, certain) = (&mut values[..block + COPIED], &mut certain[..block / MASK]);
        // The height that belongs to the last draw may lie behind the block.
        let words = engine.upcoming(block + 2);
        kernels.propose(&words[..block], affine, values, certain);
        kernels.collect(words, certain, uncertain);
        kernels.judge(ziggurat, uncertain);
        let mut plain = |position: usize, values: &mut [f32]| {
            let mut draws = Lookahead { engine, offset: position };
            let draw = draws.draw();
            let value = ziggurat.attempt(draw, &mut draws);
            value.inspect(|&value| values[position] = affine.apply(value));
            (usize::from(value.is_some()), draws.offset)
        };
        let settled = kernels.settle(uncertain, values, &mut plain, &mut out[done..]);
        done += settled.values;
        engine.advance(settled.draws);
    }
    done
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
