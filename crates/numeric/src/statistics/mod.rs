//! Statistics of values, whatever they are values of: moments, extremes and histograms in one pass, and the tests that
//! tell whether two samples are alike.

mod beta;
mod histogram;
mod kolmogorov_smirnov;
mod moments;
#[doc(hidden)]
pub mod one_sample;
mod running;
mod sample;
mod simd;
mod summary;
mod two_sample;

pub use histogram::Histogram;
pub use kolmogorov_smirnov::two_sample as kolmogorov_smirnov;
pub use moments::Moments;
pub use running::RunningMoments;
pub use sample::Picker;
pub use summary::{Accumulator, Statistics};
pub use two_sample::{SampleMoments, mean_p_value, spread_p_value};
