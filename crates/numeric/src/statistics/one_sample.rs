//! The Kolmogorov-Smirnov test of one sample against a distribution, for the tests of both crates.

/// The Kolmogorov-Smirnov distance that a right distribution of so many samples exceeds once in a thousand seeds.
pub fn critical(samples: usize) -> f64 {
    1.95 / (samples as f64).sqrt()
}

/// The largest distance between the distribution of the values and `cdf`.
pub fn kolmogorov_smirnov(values: &[f32], cdf: impl Fn(f64) -> f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    let share = 1.0 / sorted.len() as f64;
    let distance = |(index, &value): (usize, &f32)| {
        let expected = cdf(f64::from(value));
        (expected - index as f64 * share).max((index + 1) as f64 * share - expected)
    };
    sorted.iter().enumerate().map(distance).fold(0.0, f64::max)
}

/// The distribution function of the standard normal distribution, by the series of the integral of its density.
pub fn normal_cdf(x: f64) -> f64 {
    let (mut sum, mut term, mut odd) = (x, x, 1.0);
    while term.abs() > 1e-17 {
        odd += 2.0;
        term *= x * x / odd;
        sum += term;
    }
    0.5 + sum * (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt()
}
