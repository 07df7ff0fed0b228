//! The incomplete beta function, and with it the tails of Student's t and of Fisher's F distribution.
//!
//! It has to hold at a hundred million degrees of freedom, as a large blob has them. There the functions of statrs and
//! of puruspe, which have a fixed number of terms, give no chance at all.

use std::f64::consts::PI;

/// The continued fraction has converged where a factor is this close to 1.
const PRECISION: f64 = 1e-14;

/// More terms than any degrees of freedom up to [`MAX_FREEDOM`] take.
const MAX_TERMS: u32 = 1_000_000;

/// More degrees of freedom than these make no difference.
const MAX_FREEDOM: f64 = 1e9;

/// The chance of a `t` as far from zero or farther, on either side, at `freedom` degrees of freedom.
pub(super) fn student(t: f64, freedom: f64) -> f64 {
    let freedom = freedom.min(MAX_FREEDOM);
    let whole = freedom + t * t;
    incomplete(freedom / whole, t * t / whole, freedom / 2.0, 0.5)
}

/// The chance of a ratio as far from 1 or farther, on either side, at `n` and `m` degrees of freedom.
pub(super) fn fisher(ratio: f64, n: f64, m: f64) -> f64 {
    let (n, m) = (n.min(MAX_FREEDOM), m.min(MAX_FREEDOM));
    let whole = m + n * ratio;
    let (lower, upper) = (n * ratio / whole, m / whole);
    let tails = [incomplete(lower, upper, n / 2.0, m / 2.0), incomplete(upper, lower, m / 2.0, n / 2.0)];
    (2.0 * tails[0].min(tails[1])).min(1.0)
}

/// The regularised incomplete beta function of `x`, where `y` is `1 - x`.
fn incomplete(x: f64, y: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || y <= 0.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let front = (a * x.ln() + b * y.ln() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)).exp();
    if x < (a + 1.0) / (a + b + 2.0) { front * fraction(x, a, b) / a } else { 1.0 - front * fraction(y, b, a) / b }
}

/// The continued fraction of the function, equation 26.5.8 of Abramowitz and Stegun (1964), by Lentz's method.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    let (mut c, mut d, mut value) = (1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0)), 1.0);
    value *= d;
    for term in (1..MAX_TERMS).map(f64::from) {
        let even = term * (b - term) * x / ((a + 2.0 * term - 1.0) * (a + 2.0 * term));
        let odd = -(a + term) * (a + b + term) * x / ((a + 2.0 * term) * (a + 2.0 * term + 1.0));
        let before = value;
        for coefficient in [even, odd] {
            d = 1.0 / (1.0 + coefficient * d);
            c = 1.0 + coefficient / c;
            value *= c * d;
        }
        if (value / before - 1.0).abs() < PRECISION {
            break;
        }
    }
    value
}

/// The logarithm of the gamma function of a positive number: Stirling's series, from 10 on.
fn ln_gamma(mut x: f64) -> f64 {
    let mut product = 1.0;
    while x < 10.0 {
        product *= x;
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    let series = (1.0 / 12.0 - inverse * (1.0 / 360.0 - inverse * (1.0 / 1260.0 - inverse / 1680.0))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * PI).ln() + series - product.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-8 * expected, "{found} is not {expected}");
    }

    /// One degree of freedom is Cauchy's distribution, and two have a formula.
    #[test]
    fn students_tails() {
        let two = |t: f64| 1.0 - t / (2.0 + t * t).sqrt();
        for t in [0.1, 1.0, 3.0, 20.0] {
            assert_close(student(t, 1.0), 1.0 - 2.0 * f64::atan(t) / PI);
            assert_close(student(-t, 2.0), two(t));
        }
        // With many degrees of freedom the distribution is the normal one.
        for (t, expected) in [(1.959963984540054, 0.05), (6.0, 1.9731752898266564e-9)] {
            assert!((student(t, 1e9) / expected - 1.0).abs() < 1e-5, "{t}");
        }
        assert_eq!([student(0.0, 5.0), student(f64::MAX, 5.0)], [1.0, 0.0]);
    }

    /// With two degrees of freedom above, the upper tail is `(1 + 2 F / m)^(-m / 2)`.
    #[test]
    fn fishers_tails() {
        for (ratio, m) in [(3.0, 2.0), (5.0, 7.0), (12.0, 1000.0), (12.0, 1e8)] {
            let upper = (-m / 2.0 * f64::ln_1p(2.0 * ratio / m)).exp();
            assert!((fisher(ratio, 2.0, m) / (2.0 * upper) - 1.0).abs() < 1e-6, "{ratio} {m}");
            assert!((fisher(1.0 / ratio, m, 2.0) / (2.0 * upper) - 1.0).abs() < 1e-6, "{ratio} {m}");
        }
        assert_close(fisher(1.0, 9.0, 9.0), 1.0);
        // The square of Student's t is an F.
        assert_close(fisher(2.5 * 2.5, 1.0, 12.0), 2.0 * student(2.5, 12.0));
    }

    #[test]
    fn gammas_of_whole_and_half_numbers() {
        assert_close(ln_gamma(0.5), PI.sqrt().ln());
        assert_close(ln_gamma(5.0), 24f64.ln());
        assert!(ln_gamma(1.0).abs() < 1e-11 && ln_gamma(2.0).abs() < 1e-11);
        assert_close(ln_gamma(101.0), (1..=100).map(|factor| f64::from(factor).ln()).sum());
    }
}
