//! Mean, standard deviation, extremes and zeros of values that come in pieces.
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

use super::simd::vectorised;

/// How many values are summed side by side.
const LANES: usize = 8;

/// How many values are compared side by side.
const COMPARED: usize = 2 * LANES;

/// The moments of finite values so far.
#[derive(Debug, Clone)]
pub struct RunningMoments {
    count: u64,
    mean: f64,
    /// The sum of the squared deviations from the mean.
    squares: f64,
    min: f32,
    max: f32,
    zeros: u64,
}

impl Default for RunningMoments {
    fn default() -> RunningMoments {
        RunningMoments { count: 0, mean: 0.0, squares: 0.0, min: f32::INFINITY, max: f32::NEG_INFINITY, zeros: 0 }
    }
}

impl RunningMoments {
    /// Takes the next values but those that are infinite or NaN; returns the others. Pieces of some ten thousand are
    /// best: they stay in the cache.
    pub fn add<'a>(&mut self, values: &'a [f32]) -> Cow<'a, [f32]> {
        let all = RunningMoments::of(values);
        // Sums of squared floats do not overflow a double, so that they are finite if all values are.
        if all.squares.is_finite() {
            self.merge(&all);
            return Cow::Borrowed(values);
        }
        let finite: Vec<f32> = values.iter().copied().filter(|value| value.is_finite()).collect();
        self.merge(&RunningMoments::of(&finite));
        finite.into()
    }

    fn of(values: &[f32]) -> RunningMoments {
        let Some(&first) = values.first() else { return RunningMoments::default() };
        let (mean, squares) = about(values, f64::from(first));
        let extremes = Extremes::of(values);
        let (min, max, zeros) = (extremes.min(), extremes.max(), extremes.zeros());
        RunningMoments { count: values.len() as u64, mean, squares, min, max, zeros }
    }

    /// Adds the values of another.
    pub fn merge(&mut self, other: &RunningMoments) {
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
        self.zeros += other.zeros;
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean.
    pub fn mean(&self) -> Option<f64> {
        self.of_some(self.mean)
    }

    /// Their standard deviation: the squares are divided by the number of values.
    pub fn std(&self) -> Option<f64> {
        self.of_some((self.squares / self.count as f64).sqrt())
    }

    /// The smallest, with 0 for -0.
    pub fn min(&self) -> Option<f32> {
        self.of_some(self.min + 0.0)
    }

    /// The largest, with 0 for -0.
    pub fn max(&self) -> Option<f32> {
        self.of_some(self.max + 0.0)
    }

    /// How many are 0 or -0.
    pub fn zeros(&self) -> u64 {
        self.zeros
    }

    fn of_some<T>(&self, value: T) -> Option<T> {
        (self.count > 0).then_some(value)
    }
}

/// The mean and the sum of squared deviations of values, from their distances to `near`, one of them; NaN where any is
/// infinite or NaN.
fn about(values: &[f32], near: f64) -> (f64, f64) {
    let (chunks, rest) = values.as_chunks();
    let mut sums = DistanceSums::default();
    add_distances(&mut sums, chunks, near);
    for (lane, &value) in rest.iter().enumerate() {
        let distance = f64::from(value) - near;
        sums.distances[lane] += distance;
        sums.squares[lane] += distance * distance;
    }
    let (sum, square): (f64, f64) = (sums.distances.iter().sum(), sums.squares.iter().sum());
    let count = values.len() as f64;
    let squares = square - sum * (sum / count);
    (near + sum / count, if squares < 0.0 { 0.0 } else { squares })
}

/// Sums of distances and of their squares, lane by lane.
#[derive(Debug, Clone, PartialEq, Default)]
struct DistanceSums {
    distances: [f64; LANES],
    squares: [f64; LANES],
}

vectorised! {
    fn add_distances(sums: &mut DistanceSums, chunks: &[[f32; LANES]], near: f64) = DistanceSums::add;
}

impl DistanceSums {
    /// Adds the distances of the next values to `near`.
    #[inline(always)]
    fn add(&mut self, chunks: &[[f32; LANES]], near: f64) {
        let DistanceSums { mut distances, mut squares } = *self;
        for chunk in chunks {
            for lane in 0..LANES {
                let distance = f64::from(chunk[lane]) - near;
                distances[lane] += distance;
                squares[lane] += distance * distance;
            }
        }
        *self = DistanceSums { distances, squares };
    }
}

/// The smallest and the largest values, and how many are 0 or -0, lane by lane.
#[derive(Debug, Clone, PartialEq)]
struct Extremes {
    min: [f32; COMPARED],
    max: [f32; COMPARED],
    zeros: [u32; COMPARED],
}

vectorised! {
    fn add_extremes(extremes: &mut Extremes, chunks: &[[f32; COMPARED]]) = Extremes::add;
}

impl Extremes {
    fn of(values: &[f32]) -> Extremes {
        let (min, max) = ([f32::INFINITY; COMPARED], [f32::NEG_INFINITY; COMPARED]);
        let mut extremes = Extremes { min, max, zeros: [0; COMPARED] };
        let (chunks, rest) = values.as_chunks();
        add_extremes(&mut extremes, chunks);
        for (lane, &value) in rest.iter().enumerate() {
            extremes.min[lane] = less(extremes.min[lane], value);
            extremes.max[lane] = more(extremes.max[lane], value);
            extremes.zeros[lane] += u32::from(value == 0.0);
        }
        extremes
    }

    /// Takes the next values.
    #[inline(always)]
    fn add(&mut self, chunks: &[[f32; COMPARED]]) {
        let Extremes { mut min, mut max, mut zeros } = *self;
        for chunk in chunks {
            for lane in 0..COMPARED {
                min[lane] = less(min[lane], chunk[lane]);
                max[lane] = more(max[lane], chunk[lane]);
                zeros[lane] += u32::from(chunk[lane] == 0.0);
            }
        }
        *self = Extremes { min, max, zeros };
    }

    fn min(&self) -> f32 {
        self.min.into_iter().fold(f32::INFINITY, less)
    }

    fn max(&self) -> f32 {
        self.max.into_iter().fold(f32::NEG_INFINITY, more)
    }

    fn zeros(&self) -> u64 {
        self.zeros.into_iter().map(u64::from).sum()
    }
}

/// The lesser value; unlike [`f32::min`] it is one instruction.
#[inline(always)]
fn less(least: f32, value: f32) -> f32 {
    if value < least { value } else { least }
}

/// The greater value.
#[inline(always)]
fn more(most: f32, value: f32) -> f32 {
    if value > most { value } else { most }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moments(pieces: &[&[f32]]) -> RunningMoments {
        let mut moments = RunningMoments::default();
        pieces.iter().for_each(|piece| drop(moments.add(piece)));
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
    fn zeros_of_either_sign_are_counted() {
        let values: Vec<f32> = (0..100).map(|index| [0.0, -0.0, 1e-45, -1.0][index % 4]).collect();
        assert_eq!([moments(&[&values]).zeros(), moments(&[&values[..49], &values[49..]]).zeros()], [50; 2]);
        assert_eq!(moments(&[&[0.0, f32::NAN, 0.0]]).zeros(), 2);
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

        #[test]
        fn wider_vectors_change_nothing(values in any_values()) {
            let (mut wide, mut portable) = (DistanceSums::default(), DistanceSums::default());
            let near = f64::from(values[0]);
            add_distances(&mut wide, values.as_chunks().0, near);
            portable.add(values.as_chunks().0, near);
            prop_assert_eq!(wide, portable);
            let mut wide = Extremes::of(&[]);
            let mut portable = wide.clone();
            add_extremes(&mut wide, values.as_chunks().0);
            portable.add(values.as_chunks().0);
            prop_assert_eq!(wide, portable);
        }
    }
}
