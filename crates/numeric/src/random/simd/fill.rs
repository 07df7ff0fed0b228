//! Whole fills: blocks by the chosen kernels, and the plain form where something rare happens and for the rest.

use super::block::PAIRED;
use super::isa::{Kernels, with_kernels};
use super::ziggurat::{self, BLOCK, Scratch};
use crate::random::Mt19937;
use crate::random::boost::{Affine, Bernoulli, Normal, UniformReal};

/// Fills shorter than this are left to the plain form.
const SHORT: usize = 32;

/// Fills a slice with uniform values.
pub(crate) fn uniform(uniform: &UniformReal, engine: &mut Mt19937, out: &mut [f32]) {
    let blocks = uniform.block().filter(|_| out.len() >= SHORT);
    for out in out.chunks_mut(BLOCK) {
        let isa = engine.isa();
        let words = engine.upcoming(out.len());
        if blocks.is_some_and(|block| with_kernels!(isa, kernels => kernels.uniform(words, &block, out))) {
            engine.advance(out.len());
        } else {
            out.fill_with(|| uniform.sample(engine));
        }
    }
}

/// Fills a slice with 1.0 and 0.0.
pub(crate) fn bernoulli(bernoulli: &Bernoulli, engine: &mut Mt19937, out: &mut [f32]) {
    let Some(threshold) = bernoulli.threshold() else {
        return out.fill(0.0);
    };
    if out.len() < SHORT {
        return out.fill_with(|| f32::from(u8::from(bernoulli.sample(engine))));
    }
    for out in out.chunks_mut(BLOCK) {
        let isa = engine.isa();
        let words = engine.upcoming(out.len());
        with_kernels!(isa, kernels => kernels.bernoulli(words, threshold, out));
        engine.advance(out.len());
    }
}

/// Fills a slice with normal values.
pub(crate) fn normal(
    normal: Normal,
    affine: Affine,
    engine: &mut Mt19937,
    scratch: &mut Option<Box<Scratch>>,
    out: &mut [f32],
) {
    let mut done = 0;
    if affine.is_ordinary() && out.len() >= SHORT {
        done = match normal {
            Normal::BoxMuller => box_muller(affine, engine, out),
            Normal::Ziggurat(form) => {
                let scratch = scratch.get_or_insert_with(Scratch::new);
                with_kernels!(engine.isa(), kernels => ziggurat::fill(kernels, form, affine, engine, scratch, out))
            }
        };
    }
    normal.fill(affine, engine, &mut out[done..]);
}

/// Fills the front of `out` with normal values, and returns how many: all but the rest of a division by [`PAIRED`].
fn box_muller(affine: Affine, engine: &mut Mt19937, out: &mut [f32]) -> usize {
    let whole = out.len() / PAIRED * PAIRED;
    for out in out[..whole].chunks_mut(BLOCK) {
        let isa = engine.isa();
        let words = engine.upcoming(out.len());
        if with_kernels!(isa, kernels => kernels.box_muller(words, affine, out)) {
            engine.advance(out.len());
        } else {
            Normal::BoxMuller.fill(affine, engine, out);
        }
    }
    whole
}
