//! The mean and the standard deviation of a distribution.

use serde::Serialize;

/// The mean and the standard deviation of a distribution, or of values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Moments {
    /// The mean.
    pub mean: f64,
    /// The standard deviation.
    pub std: f64,
}

impl Moments {
    /// The moments, where both are finite: a distribution with an infinite bound has none.
    pub fn finite(mean: f64, std: f64) -> Option<Moments> {
        (mean.is_finite() && std.is_finite()).then_some(Moments { mean, std })
    }
}
