//! The statistics of a blob's values in one pass: mean, standard deviation, extremes, zeros and a histogram.
//!
//! Values come in pieces, and memory does not grow with their number. Within a piece, sums are taken in double
//! precision of the distances from one of its values; pieces are then joined by their means and sums of squared
//! deviations:
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

use serde::Serialize;

use super::histogram::{Bins, Histogram};

/// The most bins of a histogram.
const HISTOGRAM_BINS: usize = 16;

/// How many values are summed side by side.
const LANES: usize = 8;

/// What the values of a blob are like. Infinities and NaN are counted, and left out of everything else.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Statistics {
    /// The mean; none of these four where there are no finite values.
    pub mean: Option<f64>,
    /// The standard deviation of the values themselves: the squares are divided by their number.
    pub std: Option<f64>,
    /// The smallest.
    pub min: Option<f32>,
    /// The largest.
    pub max: Option<f32>,
    /// How many are 0 or -0.
    pub zeros: u64,
    /// The part of all values that is 0 or -0, between 0 and 1.
    pub zero_fraction: f64,
    /// How many are infinite or NaN.
    pub non_finite: u64,
    /// How the finite values are spread.
    pub histogram: Histogram,
}

/// Statistics while values come in.
#[derive(Debug, Clone)]
pub struct Accumulator {
    /// How many finite values.
    count: u64,
    mean: f64,
    /// The sum of the squared deviations from the mean.
    squares: f64,
    min: f32,
    max: f32,
    zeros: u64,
    non_finite: u64,
    bins: Bins,
}

impl Default for Accumulator {
    fn default() -> Accumulator {
        Accumulator {
            count: 0,
            mean: 0.0,
            squares: 0.0,
            min: f32::INFINITY,
            max: f32::NEG_INFINITY,
            zeros: 0,
            non_finite: 0,
            bins: Bins::default(),
        }
    }
}

impl Accumulator {
    /// Takes the next values. Pieces of some ten thousand are best: they stay in the cache while they are looked at.
    pub fn add(&mut self, piece: &[f32]) {
        if piece.iter().all(|value| value.is_finite()) {
            self.add_finite(piece);
            return;
        }
        let finite: Vec<f32> = piece.iter().copied().filter(|value| value.is_finite()).collect();
        self.non_finite += (piece.len() - finite.len()) as u64;
        self.add_finite(&finite);
    }

    fn add_finite(&mut self, values: &[f32]) {
        let Some(&first) = values.first() else { return };
        let (mean, squares) = moments(values, f64::from(first));
        self.join(values.len() as u64, mean, squares);
        let (min, max) = extremes(values);
        self.min = self.min.min(min);
        self.max = self.max.max(max);
        self.zeros += zeros(values);
        self.bins.add(values, min, max);
    }

    /// Joins the mean and the sum of squared deviations of further values.
    fn join(&mut self, count: u64, mean: f64, squares: f64) {
        if count == 0 {
            return;
        }
        let (before, more) = (self.count as f64, count as f64);
        let all = before + more;
        let distance = mean - self.mean;
        self.mean += distance * (more / all);
        self.squares += squares + distance * distance * (before * more / all);
        self.count += count;
    }

    /// Adds the values of another.
    pub fn merge(&mut self, other: Accumulator) {
        self.join(other.count, other.mean, other.squares);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.zeros += other.zeros;
        self.non_finite += other.non_finite;
        self.bins.merge(other.bins);
    }

    /// The statistics of all values so far.
    pub fn statistics(self) -> Statistics {
        let all = self.count + self.non_finite;
        let some = self.count > 0;
        Statistics {
            mean: some.then_some(self.mean),
            std: some.then(|| (self.squares / self.count as f64).sqrt()),
            // Adding 0 makes a 0 of -0.
            min: some.then_some(self.min + 0.0),
            max: some.then_some(self.max + 0.0),
            zeros: self.zeros,
            zero_fraction: if all == 0 { 0.0 } else { self.zeros as f64 / all as f64 },
            non_finite: self.non_finite,
            histogram: self.bins.histogram(HISTOGRAM_BINS),
        }
    }
}

/// The mean and the sum of squared deviations of finite values, from their distances to `near`, one of them.
fn moments(values: &[f32], near: f64) -> (f64, f64) {
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
    let mut min = [f32::INFINITY; LANES];
    let mut max = [f32::NEG_INFINITY; LANES];
    by_lanes(values, |lane, value| {
        min[lane] = if value < min[lane] { value } else { min[lane] };
        max[lane] = if value > max[lane] { value } else { max[lane] };
    });
    (min.into_iter().fold(f32::INFINITY, f32::min), max.into_iter().fold(f32::NEG_INFINITY, f32::max))
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

/// How many values are 0 or -0.
fn zeros(values: &[f32]) -> u64 {
    // A piece has fewer values than a u32 counts, which are more to a vector than u64.
    values.chunks(1 << 30).map(|chunk| u64::from(chunk.iter().map(|&value| u32::from(value == 0.0)).sum::<u32>())).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn statistics(pieces: &[&[f32]]) -> Statistics {
        let mut accumulator = Accumulator::default();
        pieces.iter().for_each(|piece| accumulator.add(piece));
        accumulator.statistics()
    }

    /// Mean and standard deviation in two passes over the finite values.
    fn two_passes(values: &[f32]) -> (f64, f64) {
        let values: Vec<f64> = values.iter().filter(|value| value.is_finite()).map(|&value| value.into()).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let correction = values.iter().map(|value| value - mean).sum::<f64>() / count;
        let mean = mean + correction;
        (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt())
    }

    #[test]
    fn of_a_few_values() {
        let found = statistics(&[&[1.0, 2.0, -0.0], &[4.0, 0.0, 5.0]]);
        assert_eq!((found.mean, found.std), (Some(2.0), Some((22.0f64 / 6.0).sqrt())));
        assert_eq!((found.min, found.max), (Some(0.0), Some(5.0)));
        assert_eq!((found.zeros, found.zero_fraction, found.non_finite), (2, 2.0 / 6.0, 0));
        assert_eq!(found.histogram.counts.iter().sum::<u64>(), 6);
    }

    #[test]
    fn what_is_not_finite_is_left_out() {
        let found = statistics(&[&[f32::NAN, 1.0, f32::INFINITY], &[f32::NEG_INFINITY, 3.0, 0.0, 0.0, 0.0]]);
        assert_eq!((found.mean, found.min, found.max), (Some(0.8), Some(0.0), Some(3.0)));
        assert_eq!((found.zeros, found.zero_fraction, found.non_finite), (3, 0.375, 3));
        let none = statistics(&[&[f32::NAN], &[]]);
        assert_eq!((none.mean, none.std, none.min, none.max, none.non_finite), (None, None, None, None, 1));
        assert_eq!(none.histogram.counts, [0; 0]);
        assert_eq!(statistics(&[]).zero_fraction, 0.0);
    }

    #[test]
    fn a_small_deviation_from_a_large_mean_is_kept() {
        let values: Vec<f32> = (0..50_000).map(|index| 1e6 + (index % 2) as f32 * 0.0625).collect();
        let found = statistics(&values.chunks(7000).collect::<Vec<_>>());
        assert_eq!((found.mean, found.std), (Some(1e6 + 0.03125), Some(0.03125)));
    }

    #[test]
    fn an_outlier_at_the_start_does_no_harm() {
        let mut values = vec![1.0f32; 10_000];
        values[0] = -1e30;
        let (mean, std) = two_passes(&values);
        let found = statistics(&[&values]);
        assert!((found.mean.unwrap() / mean - 1.0).abs() < 1e-10, "{found:?}");
        assert!((found.std.unwrap() / std - 1.0).abs() < 1e-10, "{found:?}");
    }

    #[test]
    fn the_largest_floats_do_not_overflow() {
        let found = statistics(&[&[f32::MAX; 100], &[f32::MIN; 100]]);
        assert_eq!((found.mean, found.std), (Some(0.0), Some(f64::from(f32::MAX))));
    }

    fn any_values() -> impl Strategy<Value = Vec<f32>> {
        let value = prop_oneof![8 => -1f32..1.0, 2 => 1000f32..1001.0, 1 => any::<f32>(), 1 => Just(0.0)];
        prop::collection::vec(value, 1..200)
    }

    proptest! {
        #[test]
        fn one_pass_is_as_good_as_two(values in any_values(), cut in 0usize..200, later in 0usize..200) {
            let (start, end) = values.split_at(cut.min(values.len()));
            let mut joined = Accumulator::default();
            joined.add(start);
            let (first, last) = end.split_at(later.min(end.len()));
            let mut other = Accumulator::default();
            other.add(first);
            other.add(last);
            joined.merge(other);
            let found = joined.statistics();
            let finite = values.iter().filter(|value| value.is_finite()).count();
            prop_assert_eq!(found.non_finite, (values.len() - finite) as u64);
            prop_assert_eq!(found.histogram.counts.iter().sum::<u64>(), finite as u64);
            prop_assert_eq!(found.mean.is_some(), finite > 0);
            if let (Some(mean), Some(std)) = (found.mean, found.std) {
                let (expected_mean, expected_std) = two_passes(&values);
                let scale = values.iter().filter(|value| value.is_finite()).fold(0f64, |most, &value| most.max(f64::from(value).abs()));
                prop_assert!((mean - expected_mean).abs() <= 1e-13 * scale, "{} {}", mean, expected_mean);
                prop_assert!((std - expected_std).abs() <= 1e-12 * expected_std + 1e-15 * scale, "{} {}", std, expected_std);
            }
        }
    }
}
