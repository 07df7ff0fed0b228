//! Kernels for AVX-512.

use super::block::{self, Heights, UniformBlock, Verdict};
use super::isa::Kernels;
use crate::random::boost::{Affine, Ziggurat};

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

/// Methods that run the portable kernels, compiled for these instructions.
macro_rules! recompiled {
    ($(fn $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)?;)*) => {$(
        fn $name(self, $($arg: $type),*) $(-> $result)? {
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,popcnt,lzcnt")]
            fn compiled($($arg: $type),*) $(-> $result)? {
                block::$name($($arg),*)
            }
            // SAFETY: `self` exists, so the machine has the instructions.
            unsafe { compiled($($arg),*) }
        }
    )*};
}

impl Kernels for Avx512 {
    recompiled! {
        fn twist(words: &mut [u32], fresh: usize);
        fn uniform(words: &[u32], uniform: &UniformBlock, out: &mut [f32]) -> bool;
        fn bernoulli(words: &[u32], threshold: f32, out: &mut [f32]);
        fn box_muller(words: &[u32], affine: Affine, out: &mut [f32]) -> bool;
        fn propose(words: &[u32], affine: Affine, values: &mut [f32], certain: &mut [u64]);
        fn judge(ziggurat: Ziggurat, points: &Heights, count: usize, verdicts: &mut [Verdict]);
        fn compact(values: &[f32], kept: &[u64], out: &mut [f32]) -> usize;
    }
}
