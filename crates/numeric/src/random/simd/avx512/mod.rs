//! Kernels for AVX-512: 16 words at a time.

mod box_muller;
mod lanes;
mod math;
mod ziggurat;

use std::arch::x86_64::*;

use super::block::{self, UniformBlock};
use super::isa::{Kernels, implement_kernels};
use super::ziggurat::{RunPlain, Settled, Uncertain};
use crate::random::boost::{Affine, Ziggurat};
use crate::random::mt19937::{GRAIN, MATRIX, MIDDLE, STATE};
use lanes::{LANES, load, load_at, store_f32, store_u32, temper};

/// Exists only on machines with the instructions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512(());

impl Avx512 {
    pub(super) fn detect() -> Option<Avx512> {
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && super::avx2::Avx2::detect().is_some();
        found.then_some(Avx512(()))
    }
}

implement_kernels! {
    Avx512;
    twist(words: &mut [u32], fresh: usize) = twist;
    count_from(words: &[u32], limit: u32) -> usize = count_from;
    uniform(words: &[u32], parameters: &UniformBlock, out: &mut [f32]) -> bool = uniform;
    bernoulli(words: &[u32], threshold: f32, out: &mut [f32]) = bernoulli;
    box_muller(words: &[u32], affine: Affine, out: &mut [f32]) -> bool = box_muller::fill;
    propose(words: &[u32], affine: Affine, values: &mut [f32], certain: &mut [u64]) = ziggurat::propose;
    collect(words: &[u32], certain: &[u64], uncertain: &mut Uncertain) = ziggurat::collect;
    judge(form: Ziggurat, uncertain: &mut Uncertain) = ziggurat::judge;
    settle(judged: &Uncertain, values: &mut [f32], plain: &mut RunPlain<'_>, out: &mut [f32]) -> Settled
        = ziggurat::settle;
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn twist(words: &mut [u32], fresh: usize) {
    // A word depends on none of the STATE - MIDDLE before it.
    const RUN: usize = (STATE - MIDDLE) / GRAIN * GRAIN;
    const { assert!(GRAIN == LANES) };
    let upper = _mm512_set1_epi32(i32::MIN);
    let one = _mm512_set1_epi32(1);
    let matrix = _mm512_set1_epi32(MATRIX.cast_signed());
    let mut end = words.len() - fresh;
    while end < words.len() {
        let run = RUN.min(words.len() - end);
        let (known, next) = words.split_at_mut(end);
        let state = known.last_chunk::<STATE>().expect("the words of a state come first");
        for (i, word) in next[..run].as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let k = i * LANES;
            let (first, second, middle) = (load_at(state, k), load_at(state, k + 1), load_at(state, k + MIDDLE));
            // Bit by bit: the first where `upper` is set, else the second.
            let joined = _mm512_ternarylogic_epi32::<0xca>(upper, first, second);
            let twisted = _mm512_xor_si512(middle, _mm512_srli_epi32::<1>(joined));
            let odd = _mm512_test_epi32_mask(second, one);
            store_u32(word, _mm512_mask_xor_epi32(twisted, odd, twisted, matrix));
        }
        end += run;
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn count_from(words: &[u32], limit: u32) -> usize {
    block::count_from(words, limit)
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn uniform(words: &[u32], uniform: &UniformBlock, out: &mut [f32]) -> bool {
    let min = _mm512_set1_ps(uniform.min);
    let step = _mm512_set1_ps(uniform.step);
    let bound = _mm512_set1_ps(uniform.bound);
    let mut good: __mmask16 = !0;
    let (blocks, rest) = out.as_chunks_mut::<LANES>();
    let (block_words, rest_words) = words.as_chunks::<LANES>();
    for (out, words) in blocks.iter_mut().zip(block_words) {
        let draw = _mm512_cvtepu32_ps(temper(load(words)));
        let value = _mm512_add_ps(_mm512_mul_ps(draw, step), min);
        good &= _mm512_cmp_ps_mask::<_CMP_LT_OQ>(value, bound);
        store_f32(out, value);
    }
    (good == !0) & block::uniform(rest_words, uniform, rest)
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn bernoulli(words: &[u32], threshold: f32, out: &mut [f32]) {
    let limit = _mm512_set1_ps(threshold);
    let (blocks, rest) = out.as_chunks_mut::<LANES>();
    let (block_words, rest_words) = words.as_chunks::<LANES>();
    for (out, words) in blocks.iter_mut().zip(block_words) {
        let draw = _mm512_cvtepu32_ps(temper(load(words)));
        let hit = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(draw, limit);
        store_f32(out, _mm512_maskz_mov_ps(hit, _mm512_set1_ps(1.0)));
    }
    block::bernoulli(rest_words, threshold, rest);
}
