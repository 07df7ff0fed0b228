//! The test of Kolmogorov and Smirnov of two samples.

use std::cmp::Ordering;

/// Terms of the series below this are of no account.
const NEGLIGIBLE: f64 = 1e-20;

/// The statistic and its p-value for the keys of two samples in ascending order, neither of them empty.
///
/// The p-value of samples of one size is exact where no values are tied, after Gnedenko and Korolyuk (1951); with other
/// sizes it is the limit of large samples after Kolmogorov, which errs on the side of agreement. Ties err on that side
/// as well.
pub fn two_sample(a: &[u32], b: &[u32]) -> (f64, f64) {
    let (n, m) = (a.len() as u64, b.len() as u64);
    let gap = greatest_gap(a, b);
    let statistic = gap as f64 / (n as f64 * m as f64);
    let p_value = if n == m { exact(n, gap / n) } else { limit(n as f64, m as f64, statistic) };
    (statistic, p_value.clamp(0.0, 1.0))
}

/// The greatest distance of the two distribution functions, in units of `1 / (a.len() * b.len())`.
fn greatest_gap(a: &[u32], b: &[u32]) -> u64 {
    let (mut i, mut j, mut gap) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        let order = a[i].cmp(&b[j]);
        if order != Ordering::Greater {
            i += run(&a[i..]);
        }
        if order != Ordering::Less {
            j += run(&b[j..]);
        }
        gap = gap.max((i as u64 * b.len() as u64).abs_diff(j as u64 * a.len() as u64));
    }
    gap
}

/// How often the first value stands at the start.
fn run(sorted: &[u32]) -> usize {
    sorted.iter().take_while(|value| **value == sorted[0]).count()
}

/// The chance that samples of `n` values each are `steps / n` or more apart: twice the sum over k of
/// `(-1)^(k-1) C(2n, n - k steps) / C(2n, n)`.
fn exact(n: u64, steps: u64) -> f64 {
    if steps == 0 {
        return 1.0;
    }
    let (mut ratio, mut sum, mut sign) = (1.0, 0.0, 1.0);
    for step in 1..=n {
        ratio *= (n - step + 1) as f64 / (n + step) as f64;
        if ratio < NEGLIGIBLE {
            break;
        }
        if step.is_multiple_of(steps) {
            sum += sign * ratio;
            sign = -sign;
        }
    }
    2.0 * sum
}

/// The same for large samples of `n` and `m` values: twice the sum over k of `(-1)^(k-1) exp(-2 k² λ²)`, where
/// λ is the statistic times `sqrt(n m / (n + m))`.
fn limit(n: f64, m: f64, statistic: f64) -> f64 {
    let exponent = -2.0 * statistic * statistic * (n * m / (n + m));
    // The series converges slowly where the chance is 1 to fifteen digits.
    if exponent > -0.06 {
        return 1.0;
    }
    let terms = (1..).map(f64::from).map(|k| (k * k * exponent).exp()).take_while(|term| *term > NEGLIGIBLE);
    2.0 * terms.zip([1.0, -1.0].into_iter().cycle()).map(|(term, sign)| sign * term).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-9 * expected, "{found} is not {expected}");
    }

    /// Values of scipy 1.17, `_attempt_exact_2kssamp`.
    #[test]
    fn samples_of_one_size_have_exact_chances() {
        for (n, steps, expected) in [
            (1, 1, 1.0),
            (5, 5, 0.007936507936507936),
            (7, 0, 1.0),
            (8, 5, 0.08702408702408701),
            (100, 20, 0.03638428787491733),
            (1000, 50, 0.16411447756429137),
            (10000, 300, 0.00024659749681697865),
        ] {
            assert_close(exact(n, steps), expected);
        }
    }

    /// Values of scipy 1.17, `kstwobign.sf`.
    #[test]
    fn large_samples_have_kolmogorov_s_chances() {
        for (lambda, expected) in [
            (0.01, 1.0),
            (0.3, 0.9999906941986655),
            (0.5, 0.9639452436648751),
            (1.0, 0.26999967167735456),
            (1.36, 0.049485876755377876),
            (2.0, 0.0006709252557796953),
        ] {
            assert_close(limit(2.0, 2.0, lambda), expected);
        }
    }

    #[test]
    fn ties_move_both_functions_at_once() {
        assert_eq!(two_sample(&[1, 1, 2, 3], &[1, 1, 2, 3]), (0.0, 1.0));
        assert_eq!(two_sample(&[1, 1, 1, 2], &[1, 2, 2, 2]).0, 0.5);
        assert_eq!(two_sample(&[1, 2], &[1, 1, 2, 2]), (0.0, 1.0));
        assert_eq!(two_sample(&[1, 2, 3], &[4, 5]).0, 1.0);
    }

    proptest! {
        #[test]
        fn the_statistic_is_that_of_the_definition(
            mut a in prop::collection::vec(0..20_u32, 1..40), mut b in prop::collection::vec(0..20_u32, 1..40),
        ) {
            a.sort_unstable();
            b.sort_unstable();
            let share = |values: &[u32], x| values.iter().filter(|value| **value <= x).count() as f64 / values.len() as f64;
            let expected = (0..20).map(|x| (share(&a, x) - share(&b, x)).abs()).fold(0.0, f64::max);
            let (statistic, p_value) = two_sample(&a, &b);
            prop_assert!((statistic - expected).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&p_value));
            prop_assert_eq!(two_sample(&b, &a), (statistic, p_value));
        }
    }
}
