//! Kernels for AVX2: 8 words at a time. The plain loops are the portable ones, which compile well to AVX2.

mod box_muller;
mod lanes;
mod math;
mod ziggurat;

use super::block::{self, UniformBlock};
use super::isa::{Kernels, implement_kernels};
use super::ziggurat::{RunPlain, Settled, Uncertain};
use crate::random::boost::{Affine, Ziggurat};

/// Exists only on machines with the instructions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    pub(super) fn detect() -> Option<Avx2> {
        let found = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt");
        found.then_some(Avx2(()))
    }
}

implement_kernels! {
    Avx2;
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

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn twist(words: &mut [u32], fresh: usize) {
    block::twist(words, fresh);
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn count_from(words: &[u32], limit: u32) -> usize {
    block::count_from(words, limit)
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn uniform(words: &[u32], parameters: &UniformBlock, out: &mut [f32]) -> bool {
    block::uniform(words, parameters, out)
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn bernoulli(words: &[u32], threshold: f32, out: &mut [f32]) {
    block::bernoulli(words, threshold, out);
}
