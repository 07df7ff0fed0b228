//! Mean, standard deviation and extremes of values that come in pieces.
//!
//! Memory does not grow with the number of values. Within a piece, sums are taken in double precision of the distances
//! from one of its values; pieces are then joined by their means and sums of squared deviations:
//!
//! ```text
//! n = n₁ + n₂,  d = m₂ - m₁,  m = m₁ + d n₂ / n,  S = S₁ + S₂ + d² n₁ n₂ / n
//! ```
//!
//! > Tony F. Chan, Gene H. Golub and Randall J. LeVeque (1983), *Algorithms for computing the sample variance: analysis
//! > and recommendations*, The American Statistician 37.
//!
//! The distance of a value from the mean is at most √n standard deviations, so that a piece of n values loses a factor
//! of n at most in the precision of its variance, and a double has that to spare.

use std::borrow::Cow;

/// How many values are summed side by side.
const LANES: usize = 8;

/// The moments of finite values so far.
#[derive(Debug, Clone)]
pub(crate) struct RunningMoments {
    count: u64,
    mean: f64,
    /// The sum of the squared deviations from the mean.
    squares: f64,
    min: f32,
    max: f32,
}

impl Default for RunningMoments {
    fn default() -> RunningMoments {
        RunningMoments { count: 0, mean: 0.0, squares: 0.0, min: f32::INFINITY, max: f32::NEG_INFINITY }
    }
}

impl RunningMoments {
    /// Takes the next values, all of them finite. Pieces of some ten thousand are best: they stay in the cache.
    pub(crate) fn add(&mut self, values: &[f32]) {
        let Some(&first) = values.first() else { return };
        let (mean, squares) = about(values, f64::from(first));
        let (min, max) = extremes(values);
        self.merge(&RunningMoments { count: values.len() as u64, mean, squares, min, max });
    }

    /// Adds the values of another.
    pub(crate) fn merge(&mut self, other: &RunningMoments) {
        if other.count == 0 {
            return;
        }
        let (before, more) = (self.count as f64, other.count as f64);
        let all = before + more;
        let distance = other.mean - self.mean;
        self.mean += distance * (more / all);
        self.squares += other.squares + distance * distance * (before * more / all);
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// How many values there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Their mean.
    pub(crate) fn mean(&self) -> Option<f64> {
        self.of_some(self.mean)
    }

    /// Their standard deviation: the squares are divided by the number of values.
    pub(crate) fn std(&self) -> Option<f64> {
        self.of_some((self.squares / self.count as f64).sqrt())
    }

    /// The smallest, with 0 for -0.
    pub(crate) fn min(&self) -> Option<f32> {
        self.of_some(self.min + 0.0)
    }

    /// The largest, with 0 for -0.
    pub(crate) fn max(&self) -> Option<f32> {
        self.of_some(self.max + 0.0)
    }

    fn of_some<T>(&self, value: T) -> Option<T> {
        (self.count > 0).then_some(value)
    }
}

/// The finite ones of the values.
pub(crate) fn finite(values: &[f32]) -> Cow<'_, [f32]> {
    // To look at all of them is faster than to stop at the first: it becomes vector code.
    if values.iter().fold(true, |all, value| all & value.is_finite()) {
        return Cow::Borrowed(values);
    }
    values.iter().copied().filter(|value| value.is_finite()).collect()
}

/// The mean and the sum of squared deviations of finite values, from their distances to `near`, one of them.
fn about(values: &[f32], near: f64) -> (f64, f64) {
    let mut sums = [0.0; LANES];
    let mut squares = [0.0; LANES];
    by_lanes(values, |lane, value| {
        let distance = f64::from(value) - near;
        sums[lane] += distance;
        squares[lane] += distance * distance;
    });
    let (sum, square): (f64, f64) = (sums.iter().sum(), squares.iter().sum());
    let count = values.len() as f64;
    (near + sum / count, (square - sum * (sum / count)).max(0.0))
}

/// The smallest and the largest of finite values.
fn extremes(values: &[f32]) -> (f32, f32) {
    let min = one_of(values, f32::INFINITY, |least, value| if value < least { value } else { least });
    let max = one_of(values, f32::NEG_INFINITY, |most, value| if value > most { value } else { most });
    (min, max)
}

/// The value that `pick` prefers to all others; `start` is what it never prefers.
#[inline(always)]
fn one_of(values: &[f32], start: f32, pick: impl Fn(f32, f32) -> f32) -> f32 {
    let mut picked = [start; 2 * LANES];
    let (chunks, rest) = values.as_chunks::<{ 2 * LANES }>();
    for chunk in chunks {
        picked = std::array::from_fn(|lane| pick(picked[lane], chunk[lane]));
    }
    rest.iter().chain(&picked).copied().fold(start, pick)
}

/// Calls `take` for every value with a lane for it, so that neighbours can be taken at once.
#[inline(always)]
fn by_lanes(values: &[f32], mut take: impl FnMut(usize, f32)) {
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &value) in chunk.iter().enumerate() {
            take(lane, value);
        }
    }
    rest.iter().enumerate().for_each(|(lane, &value)| take(lane, value));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moments(pieces: &[&[f32]]) -> RunningMoments {
        let mut moments = RunningMoments::default();
        pieces.iter().for_each(|piece| moments.add(&finite(piece)));
        moments
    }

    /// Mean and standard deviation in two passes.
    fn two_passes(values: &[f32]) -> (f64, f64) {
        let values: Vec<f64> = values.iter().map(|&value| value.into()).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let correction = values.iter().map(|value| value - mean).sum::<f64>() / count;
        let mean = mean + correction;
        (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt())
    }

    #[test]
    fn what_is_not_finite_can_be_left_out() {
        let found = moments(&[&[f32::NAN, 1.0, f32::INFINITY], &[f32::NEG_INFINITY, 3.0, -0.0]]);
        assert_eq!((found.count(), found.min(), found.max()), (3, Some(0.0), Some(3.0)));
        let none = moments(&[&[f32::NAN], &[]]);
        assert_eq!((none.count(), none.mean(), none.std(), none.min(), none.max()), (0, None, None, None, None));
    }

    #[test]
    fn a_small_deviation_from_a_large_mean_is_kept() {
        let values: Vec<f32> = (0..50_000).map(|index| 1e6 + (index % 2) as f32 * 0.0625).collect();
        let found = moments(&values.chunks(7000).collect::<Vec<_>>());
        assert_eq!((found.mean(), found.std()), (Some(1e6 + 0.03125), Some(0.03125)));
    }

    #[test]
    fn an_outlier_at_the_start_does_no_harm() {
        let mut values = vec![1.0f32; 10_000];
        values[0] = -1e30;
        let (mean, std) = two_passes(&values);
        let found = moments(&[&values]);
        assert!((found.mean().unwrap() / mean - 1.0).abs() < 1e-10, "{found:?}");
        assert!((found.std().unwrap() / std - 1.0).abs() < 1e-10, "{found:?}");
    }

    #[test]
    fn the_largest_floats_do_not_overflow() {
        let found = moments(&[&[f32::MAX; 100], &[f32::MIN; 100]]);
        assert_eq!((found.mean(), found.std()), (Some(0.0), Some(f64::from(f32::MAX))));
    }

    fn any_values() -> impl Strategy<Value = Vec<f32>> {
        let value = prop_oneof![8 => -1f32..1.0, 2 => 1000f32..1001.0, 1 => any::<f32>(), 1 => Just(0.0)];
        let finite = value.prop_filter("finite", |value| value.is_finite());
        prop::collection::vec(finite, 1..200)
    }

    proptest! {
        #[test]
        fn one_pass_is_as_good_as_two(values in any_values(), cut in 0usize..200, later in 0usize..200) {
            let (start, end) = values.split_at(cut.min(values.len()));
            let (first, last) = end.split_at(later.min(end.len()));
            let mut found = moments(&[start]);
            found.merge(&moments(&[first, last]));
            prop_assert_eq!(found.count(), values.len() as u64);
            let (mean, std) = (found.mean().unwrap(), found.std().unwrap());
            let (expected_mean, expected_std) = two_passes(&values);
            let scale = values.iter().fold(0f64, |most, &value| most.max(f64::from(value).abs()));
            prop_assert!((mean - expected_mean).abs() <= 1e-13 * scale, "{} {}", mean, expected_mean);
            prop_assert!((std - expected_std).abs() <= 1e-12 * expected_std + 1e-15 * scale, "{} {}", std, expected_std);
        }
    }
}
