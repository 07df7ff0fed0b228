//! Whether two samples have the same mean and the same spread, whatever their distribution.
//!
//! - The **means** by Welch's t test: `t = (mₐ - m_b) / sqrt(sₐ²/n + s_b²/m)`, with his degrees of freedom.
//! - The **spreads**, the mean squares `q`, by their ratio, which is taken for an F. A mean square of `n` values of
//!   kurtosis `k = E x⁴ / (E x²)²` has the relative variance `(k - 1) / n`, and so the degrees of freedom
//!   `2 n / (k - 1)`, after Satterthwaite; for normal values these are `n`, and the test is exact. `k` is that of the
//!   sample, times `(n + 2) / n`, which makes its expectation right for normal values, and not below 3: a few values
//!   say little of their kurtosis.
//!
//! Squares are about zero rather than about the mean: values that are scaled to a sum of one are not independent, and
//! vary more about their mean than the test allows for.
//!
//! > B. L. Welch (1947), *The generalization of "Student's" problem when several different population variances are
//! > involved*, Biometrika 34.
//! >
//! > F. E. Satterthwaite (1946), *An approximate distribution of estimates of variance components*, Biometrics
//! > Bulletin 2.

use super::beta::{fisher, student};

/// The kurtosis of the normal distribution.
const NORMAL_KURTOSIS: f64 = 3.0;

/// What the tests need of a sample: a number of finite values, and their means.
#[derive(Debug, Clone, Copy)]
pub struct SampleMoments {
    /// How many values there are.
    pub count: f64,
    /// Their mean.
    pub mean: f64,
    /// The standard deviation, with the squares divided by their number.
    pub std: f64,
    /// The mean of the squares.
    pub square: f64,
    /// The mean of the fourth powers.
    pub fourth: f64,
}

impl SampleMoments {
    /// The variance of the mean.
    fn mean_variance(&self) -> f64 {
        self.std * self.std / (self.count - 1.0)
    }

    /// The variance of the mean square, relative to its square.
    fn square_variance(&self) -> f64 {
        let kurtosis = self.fourth / (self.square * self.square) * (1.0 + 2.0 / self.count);
        (kurtosis - 1.0).max(NORMAL_KURTOSIS - 1.0) / self.count
    }
}

/// The chance of means that differ so much or more. Neither sample is constant.
pub fn mean_p_value(a: &SampleMoments, b: &SampleMoments) -> f64 {
    let (left, right) = (a.mean_variance(), b.mean_variance());
    let variance = left + right;
    let freedom = variance * variance / (left * left / (a.count - 1.0) + right * right / (b.count - 1.0));
    student((a.mean - b.mean) / variance.sqrt(), freedom)
}

/// The chance of mean squares that differ so much or more. Neither sample is constant.
pub fn spread_p_value(a: &SampleMoments, b: &SampleMoments) -> f64 {
    fisher(a.square / b.square, 2.0 / a.square_variance(), 2.0 / b.square_variance())
}
