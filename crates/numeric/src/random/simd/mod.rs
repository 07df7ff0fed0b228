//! The distributions of [`boost`](super::boost) over whole slices, with vector instructions where the machine has them.
//!
//! Every path returns the bits of the plain form. Since that form takes a value's draws from the stream one by one, and
//! some values take more than others, each fill runs in blocks: compute a block as if nothing rare happened, then
//! notice what did. Uniform and Box-Muller blocks in which a draw is repeated, once in some thousands of blocks, are
//! done again by the plain form. The ziggurat, where 2.8 % of the draws need a closer look, has [three
//! phases](ziggurat).

mod aligned;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod block;
mod fill;
mod isa;
mod ln_rows;
#[cfg(test)]
mod tests;
mod ziggurat;

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

pub(crate) use aligned::AlignedWords;
pub(crate) use block::UniformBlock;
pub(crate) use fill::{bernoulli, normal, uniform};
pub(crate) use isa::Isa;
pub(crate) use ziggurat::Scratch;

/// The environment variable that limits the vector instructions used: `portable`, `avx2` or `avx512`.
pub const SIMD_VARIABLE: &str = "CAFFEMODEL_SIMD";

/// A set of vector instructions, for which there is code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SimdPath {
    /// What every machine of the target has.
    Portable,
    /// AVX2 with BMI1 and BMI2.
    Avx2,
    /// AVX-512 F, BW, DQ and VL, and what AVX2 stands for.
    Avx512,
}

impl SimdPath {
    /// All paths, from the slowest to the fastest.
    pub const ALL: [SimdPath; 3] = [SimdPath::Portable, SimdPath::Avx2, SimdPath::Avx512];

    /// The name, as in the environment variable.
    pub fn name(self) -> &'static str {
        match self {
            SimdPath::Portable => "portable",
            SimdPath::Avx2 => "avx2",
            SimdPath::Avx512 => "avx512",
        }
    }

    /// The fastest path that this machine supports and that is not above this one.
    #[must_use]
    pub fn supported(self) -> SimdPath {
        Isa::up_to(self).path()
    }

    /// The path that new generators take: the fastest one, or as [`SIMD_VARIABLE`] says.
    ///
    /// The variable is read once. A value that is no path's name has no effect; a path that the machine does not
    /// support stands for the next one below.
    pub fn active() -> SimdPath {
        static ACTIVE: OnceLock<SimdPath> = OnceLock::new();
        *ACTIVE.get_or_init(|| SimdPath::asked_for().ok().flatten().unwrap_or(SimdPath::Avx512).supported())
    }

    /// The path that [`SIMD_VARIABLE`] names; `None` where it is not set, or empty.
    ///
    /// # Errors
    /// It is set, and not to a path's name.
    pub fn asked_for() -> Result<Option<SimdPath>, UnknownPath> {
        let name = std::env::var_os(SIMD_VARIABLE).filter(|name| !name.is_empty());
        name.map(|name| name.to_string_lossy().parse()).transpose()
    }
}

impl fmt::Display for SimdPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no [`SimdPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not one of portable, avx2 and avx512")]
pub struct UnknownPath(String);

impl FromStr for SimdPath {
    type Err = UnknownPath;

    fn from_str(name: &str) -> Result<SimdPath, UnknownPath> {
        SimdPath::ALL.into_iter().find(|path| path.name() == name).ok_or_else(|| UnknownPath(name.to_owned()))
    }
}
