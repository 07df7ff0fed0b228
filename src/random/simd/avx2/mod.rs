//! Kernels for AVX2.

use super::block::{self, Heights, UniformBlock, Verdict};
use super::isa::Kernels;
use crate::random::boost::{Affine, Ziggurat};

/// Exists only on machines with the instructions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    pub(super) fn detect() -> Option<Avx2> {
        let found =
            is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2");
        found.then_some(Avx2(()))
    }
}

/// Methods that run the portable kernels, compiled for these instructions.
macro_rules! recompiled {
    ($(fn $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)?;)*) => {$(
        fn $name(self, $($arg: $type),*) $(-> $result)? {
            #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
            fn compiled($($arg: $type),*) $(-> $result)? {
                block::$name($($arg),*)
            }
            // SAFETY: `self` exists, so the machine has the instructions.
            unsafe { compiled($($arg),*) }
        }
    )*};
}

impl Kernels for Avx2 {
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
