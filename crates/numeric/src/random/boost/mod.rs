//! Boost.Random's distributions over 32-bit draws, as they were from release to release.
//!
//! Each distribution here is the plain form, one value at a time: it defines what the vector code has to return. All
//! arithmetic is single precision, evaluated from left to right, with no fused multiply-add, unless stated otherwise.

mod bernoulli;
mod box_muller;
mod canonical;
mod exponential;
mod normal;
mod release;
mod tables;
mod uniform;
mod uniform_int;
mod ziggurat;

pub(crate) use bernoulli::Bernoulli;
pub(crate) use canonical::{FRACTION, UNIT_LIMIT};
pub(crate) use exponential::FRACTION_24;
pub(crate) use normal::{Affine, Normal};
pub use release::{Era, Release, ReleaseError};
pub(crate) use tables::{NORMAL_X, NORMAL_Y};
pub(crate) use uniform::UniformReal;
pub use uniform_int::shuffle;
pub(crate) use ziggurat::Ziggurat;

#[cfg(test)]
mod scripted;
