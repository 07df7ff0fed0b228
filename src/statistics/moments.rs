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

    /// The moments of the uniform distribution between `min` and `max`.
    pub fn uniform(min: f32, max: f32) -> Option<Moments> {
        let (min, max) = (f64::from(min), f64::from(max));
        Moments::finite((min + max) / 2.0, (max - min) / 12f64.sqrt())
    }
}
