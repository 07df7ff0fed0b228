//! Which kernels to run: a token for each instruction set, that exists only where the machine has the instructions.

use super::SimdPath;
use super::block::{self, UniformBlock};
use super::ziggurat::{self, RunPlain, Settled, Uncertain};
use crate::random::boost::{Affine, Ziggurat};

#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, avx512::Avx512};

/// The inner loops over a block. All of them return what the provided methods, the portable ones, return.
///
/// `words` are untempered words of the engine.
pub(crate) trait Kernels: Copy {
    /// Sets the last `fresh` words, a multiple of [`GRAIN`](crate::random::mt19937::GRAIN), from the ones before them.
    fn twist(self, words: &mut [u32], fresh: usize) {
        block::twist(words, fresh);
    }

    /// How many words' draws are at least `limit`.
    fn count_from(self, words: &[u32], limit: u32) -> usize {
        block::count_from(words, limit)
    }

    /// Uniform values of `out.len()` words; false if one of them may have to be drawn again.
    fn uniform(self, words: &[u32], uniform: &UniformBlock, out: &mut [f32]) -> bool {
        block::uniform(words, uniform, out)
    }

    /// 1.0 where a word's draw is at most the threshold, else 0.0.
    fn bernoulli(self, words: &[u32], threshold: f32, out: &mut [f32]) {
        block::bernoulli(words, threshold, out);
    }

    /// Box-Muller values of `out.len()` words, a multiple of [`block::PAIRED`]; false if a draw must be repeated.
    fn box_muller(self, words: &[u32], affine: Affine, out: &mut [f32]) -> bool {
        block::box_muller(words, affine, out)
    }

    /// Phase 1 of the ziggurat: the value each word proposes and, bit by bit, whether it is certain.
    ///
    /// Some that are certain may be reported as not.
    fn propose(self, words: &[u32], affine: Affine, values: &mut [f32], certain: &mut [u64]) {
        ziggurat::propose(words, affine, values, certain);
    }

    /// Phase 2 of the ziggurat, first part: lists the words whose bit is clear.
    ///
    /// Words go on for two behind those of the masks.
    fn collect(self, words: &[u32], certain: &[u64], uncertain: &mut Uncertain) {
        ziggurat::collect(words, certain, uncertain);
    }

    /// Phase 2 of the ziggurat, second part: sets the verdicts on the listed points.
    fn judge(self, form: Ziggurat, uncertain: &mut Uncertain) {
        ziggurat::judge(form, uncertain);
    }

    /// Phase 3 of the ziggurat: moves the values that stand to the front of `out`, which has room for all.
    ///
    /// Values go on for [`ziggurat::COPIED`] behind those of the block. What `out` holds behind the values written is
    /// unspecified.
    fn settle(self, judged: &Uncertain, values: &mut [f32], plain: &mut RunPlain<'_>, out: &mut [f32]) -> Settled {
        ziggurat::settle(judged, values, plain, out)
    }
}

/// The instructions of the target.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portable;

impl Kernels for Portable {}

/// Implements [`Kernels`] for a token by functions that are compiled for its instructions.
macro_rules! implement_kernels {
    ($token:ty; $($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? = $function:path;)*) => {
        impl Kernels for $token {
            $(fn $name(self, $($argument: $type),*) $(-> $result)? {
                // SAFETY: `self` exists, so the machine has the instructions.
                unsafe { $function($($argument),*) }
            })*
        }
    };
}
pub(super) use implement_kernels;

/// The kernels chosen at run time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Isa {
    Portable(Portable),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

impl Isa {
    /// The fastest kernels that the machine supports, up to the given path.
    pub(crate) fn up_to(path: SimdPath) -> Isa {
        #[cfg(target_arch = "x86_64")]
        {
            let avx512 = || Avx512::detect().filter(|_| path >= SimdPath::Avx512).map(Isa::Avx512);
            let avx2 = || Avx2::detect().filter(|_| path >= SimdPath::Avx2).map(Isa::Avx2);
            if let Some(isa) = avx512().or_else(avx2) {
                return isa;
            }
        }
        let _ = path;
        Isa::Portable(Portable)
    }

    pub(crate) fn path(self) -> SimdPath {
        match self {
            Isa::Portable(_) => SimdPath::Portable,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(_) => SimdPath::Avx2,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512(_) => SimdPath::Avx512,
        }
    }
}

/// Evaluates an expression with `$kernels` bound to the kernels of an [`Isa`].
macro_rules! with_kernels {
    ($isa:expr, $kernels:ident => $body:expr) => {
        match $isa {
            $crate::random::simd::isa::Isa::Portable($kernels) => $body,
            #[cfg(target_arch = "x86_64")]
            $crate::random::simd::isa::Isa::Avx2($kernels) => $body,
            #[cfg(target_arch = "x86_64")]
            $crate::random::simd::isa::Isa::Avx512($kernels) => $body,
        }
    };
}
pub(crate) use with_kernels;

impl Isa {
    /// See [`Kernels::twist`].
    pub(crate) fn twist(self, words: &mut [u32], fresh: usize) {
        with_kernels!(self, kernels => kernels.twist(words, fresh));
    }

    /// See [`Kernels::count_from`].
    pub(crate) fn count_from(self, words: &[u32], limit: u32) -> usize {
        with_kernels!(self, kernels => kernels.count_from(words, limit))
    }
}
