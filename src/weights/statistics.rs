//! Statistics of a blob whose values come in pieces.

use serde::Serialize;

use crate::json;

/// How many sums run side by side, so that the compiler can use vectors.
const LANES: usize = 8;

/// Count, mean, spread and range of values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Statistics {
    /// How many values there are.
    pub count: usize,
    /// Their mean; NaN if there are none, or any is NaN.
    #[serde(serialize_with = "json::number")]
    pub mean: f64,
    /// Their standard deviation: the root of the mean square deviation, as `numpy.std` has it.
    #[serde(serialize_with = "json::number")]
    pub std: f64,
    /// The smallest of those that are not NaN; infinite if there is none.
    #[serde(serialize_with = "json::single")]
    pub min: f32,
    /// The greatest of those that are not NaN; negative infinite if there is none.
    #[serde(serialize_with = "json::single")]
    pub max: f32,
}

/// Gathers the [`Statistics`] of values, piece by piece.
///
/// Each piece has a mean and squares of its own, and they are joined as Chan, Golub and LeVeque (1979) do: nothing
/// cancels out where the mean is large.
///
/// ```
/// use caffemodel::weights::Gatherer;
///
/// let mut gatherer = Gatherer::default();
/// gatherer.add(&[1.0, 2.0]);
/// gatherer.add(&[6.0]);
/// let statistics = gatherer.finish();
/// assert_eq!((statistics.count, statistics.mean, statistics.max), (3, 3.0, 6.0));
/// assert_eq!(statistics.std, (14.0_f64 / 3.0).sqrt());
/// ```
#[derive(Debug, Clone)]
pub struct Gatherer {
    count: usize,
    mean: f64,
    /// The sum of the squared deviations from the mean.
    squares: f64,
    min: f32,
    max: f32,
}

impl Default for Gatherer {
    fn default() -> Gatherer {
        Gatherer { count: 0, mean: 0.0, squares: 0.0, min: f32::INFINITY, max: f32::NEG_INFINITY }
    }
}

impl Gatherer {
    /// Adds a piece.
    pub fn add(&mut self, piece: &[f32]) {
        if piece.is_empty() {
            return;
        }
        let (before, now) = (self.count as f64, piece.len() as f64);
        let mean = sum(piece, |value| value) / now;
        let squares = sum(piece, |value| (value - mean) * (value - mean));
        let (distance, all) = (mean - self.mean, before + now);
        self.mean += distance * (now / all);
        self.squares += squares + distance * distance * (before * now / all);
        self.count += piece.len();
        self.min = piece.iter().copied().fold(self.min, f32::min);
        self.max = piece.iter().copied().fold(self.max, f32::max);
    }

    /// The statistics of all values added.
    pub fn finish(&self) -> Statistics {
        let (count, squares) = (self.count as f64, self.squares);
        let mean = if self.count == 0 { f64::NAN } else { self.mean };
        Statistics { count: self.count, mean, std: (squares / count).sqrt(), min: self.min, max: self.max }
    }
}

/// The sum of `term` over the values.
fn sum(values: &[f32], term: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += term(value.into());
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().map(|&value| term(value.into())).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn statistics(pieces: &[&[f32]]) -> Statistics {
        let mut gatherer = Gatherer::default();
        pieces.iter().for_each(|piece| gatherer.add(piece));
        gatherer.finish()
    }

    #[test]
    fn no_values_have_no_mean() {
        let none = statistics(&[&[]]);
        assert!(none.mean.is_nan() && none.std.is_nan());
        assert_eq!((none.count, none.min, none.max), (0, f32::INFINITY, f32::NEG_INFINITY));
    }

    #[test]
    fn a_constant_has_no_spread_however_large() {
        let found = statistics(&[&[3e38; 1001], &[3e38; 7]]);
        assert_eq!((found.mean, found.std), (f64::from(3e38_f32), 0.0));
    }

    #[test]
    fn what_is_not_finite_shows_in_the_mean() {
        assert!(statistics(&[&[1.0], &[f32::NAN]]).mean.is_nan());
        let infinite = statistics(&[&[1.0, f32::INFINITY, f32::NAN]]);
        assert_eq!((infinite.min, infinite.max), (1.0, f32::INFINITY));
    }

    proptest! {
        #[test]
        fn the_cuts_do_not_matter(values in prop::collection::vec(-1e3_f32..1e3, 1..300), cut in 0.0..1.0_f64) {
            let (left, right) = values.split_at((cut * values.len() as f64) as usize);
            let (whole, cut) = (statistics(&[&values]), statistics(&[left, right]));
            prop_assert!((whole.mean - cut.mean).abs() < 1e-9 && (whole.std - cut.std).abs() < 1e-9);
            prop_assert_eq!((whole.count, whole.min, whole.max), (cut.count, cut.min, cut.max));
            let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64;
            prop_assert!((whole.mean - mean).abs() < 1e-9);
        }
    }
}
