//! Statistics of values, whatever they are values of: moments, extremes and histograms in one pass, and the tests that
//! tell whether two samples are alike.

mod beta;
mod histogram;
mod kolmogorov_smirnov;
mod moments;
mod running;
mod sample;
mod simd;
mod summary;
mod two_sample;

pub use histogram::Histogram;
pub use moments::Moments;
pub(crate) use summary::Accumulator;
pub use summary::Statistics;

#[cfg(test)]
pub(crate) use kolmogorov_smirnov::one_sample;
pub(crate) use kolmogorov_smirnov::two_sample as kolmogorov_smirnov;
pub(crate) use running::RunningMoments;
pub(crate) use sample::Picker;
pub(crate) use two_sample::{SampleMoments, mean_p_value, spread_p_value};
