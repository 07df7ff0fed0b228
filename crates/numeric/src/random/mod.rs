//! Random numbers: Caffe's own, era by era and to the bit, and a native generator on the `rand` crates.
//!
//! [`CaffeGenerator`] is an [`Mt19937`] engine with the distributions of a Boost [`Era`]:
//! [`boost`] says what each distribution computes.

pub mod boost;
mod caffe;
#[cfg(test)]
mod caffe_golden;
mod distribution;
mod math;
mod mt19937;
pub mod native;
mod normal;
mod simd;
mod streams;
mod truncated;

pub use boost::{Era, Release, ReleaseError, shuffle};
pub use caffe::CaffeGenerator;
pub use distribution::Distribution;
pub use mt19937::Mt19937;
pub use native::NativeGenerator;
pub use simd::{SIMD_VARIABLE, SimdPath, UnknownPath};
pub use streams::Streams;
pub use truncated::TruncatedNormal;

/// A source of 32-bit draws, which the distributions turn into values.
pub trait Draws {
    /// The next 32 random bits.
    fn draw(&mut self) -> u32;
}

/// A source of random values that fills slices.
///
/// A fill may be cut into pieces: the values do not depend on the cuts as long as every piece but the last holds an
/// even number of values (Box-Muller makes them in pairs). [`fill_start`](Generator::fill_start) opens a fill.
pub trait Generator: Send {
    /// Opens a new fill, whose distributions start afresh.
    fn fill_start(&mut self) {}

    /// Announces that the values from element `offset` of a pass over the blob come next.
    ///
    /// Sequential generators ignore it; one with random access moves there.
    fn seek(&mut self, pass: u32, offset: u64);

    /// The next 32 random bits.
    fn next_u32(&mut self) -> u32;

    /// Whether [`uniform`](Generator::uniform) has values for these bounds.
    ///
    /// Some ranges would keep a Caffe built with an older Boost drawing for ever; Caffe's generator also takes an
    /// infinite `max`, for the largest float.
    fn supports_uniform(&self, min: f32, max: f32) -> bool {
        min.is_finite() && max.is_finite() && min <= max
    }

    /// Uniform values in `[min, max]`; NaN if [`supports_uniform`](Generator::supports_uniform) denies the bounds.
    fn uniform(&mut self, min: f32, max: f32, out: &mut [f32]);

    /// Normal values of the given mean and standard deviation (`std > 0`, possibly infinite).
    fn gaussian(&mut self, mean: f32, std: f32, out: &mut [f32]);

    /// 1.0 with probability `p` in `[0, 1]`, else 0.0.
    fn bernoulli(&mut self, p: f32, out: &mut [f32]);

    /// Draws a fill of `count` values and throws them away.
    fn discard(&mut self, distribution: Distribution, count: usize) {
        distribution.discard(self, count);
    }
}
