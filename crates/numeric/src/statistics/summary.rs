//! The statistics of many values in one pass: mean, standard deviation, extremes, zeros and a histogram.

use serde::Serialize;

use super::histogram::{Bins, Histogram};
use super::running::RunningMoments;

/// The most bins of a histogram.
const HISTOGRAM_BINS: usize = 16;

/// What many values are like. Infinities and NaN are counted, and left out of everything else.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
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
    moments: RunningMoments,
    non_finite: u64,
    bins: Bins,
}

impl Default for Accumulator {
    fn default() -> Accumulator {
        Accumulator { moments: RunningMoments::default(), non_finite: 0, bins: Bins::new(HISTOGRAM_BINS) }
    }
}

impl Accumulator {
    /// Takes the next values. Pieces of some ten thousand are best: they stay in the cache while they are looked at.
    pub fn add(&mut self, piece: &[f32]) {
        let mut moments = RunningMoments::default();
        let values = moments.add(piece);
        if let Some((min, max)) = moments.min().zip(moments.max()) {
            self.bins.add(&values, min, max);
        }
        self.moments.merge(&moments);
        self.non_finite += (piece.len() - values.len()) as u64;
    }

    /// Adds the values of another.
    pub fn merge(&mut self, other: Accumulator) {
        self.moments.merge(&other.moments);
        self.non_finite += other.non_finite;
        self.bins.merge(other.bins);
    }

    /// The statistics of all values so far.
    pub fn statistics(self) -> Statistics {
        let (zeros, all) = (self.moments.zeros(), self.moments.count() + self.non_finite);
        Statistics {
            mean: self.moments.mean(),
            std: self.moments.std(),
            min: self.moments.min(),
            max: self.moments.max(),
            zeros,
            zero_fraction: if all == 0 { 0.0 } else { zeros as f64 / all as f64 },
            non_finite: self.non_finite,
            histogram: self.bins.histogram(),
        }
    }
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

    fn any_values() -> impl Strategy<Value = Vec<f32>> {
        let value = prop_oneof![8 => -1f32..1.0, 2 => 1000f32..1001.0, 1 => any::<f32>(), 1 => Just(0.0)];
        prop::collection::vec(value, 1..200)
    }

    proptest! {
        #[test]
        fn the_cuts_do_not_matter(values in any_values(), cut in 0usize..200, later in 0usize..200) {
            let (start, end) = values.split_at(cut.min(values.len()));
            let mut joined = Accumulator::default();
            joined.add(start);
            let (first, last) = end.split_at(later.min(end.len()));
            let mut other = Accumulator::default();
            other.add(first);
            other.add(last);
            joined.merge(other);
            let (found, whole) = (joined.statistics(), statistics(&[&values]));
            let finite = values.iter().filter(|value| value.is_finite()).count();
            prop_assert_eq!(found.non_finite, (values.len() - finite) as u64);
            prop_assert_eq!(found.histogram.counts.iter().sum::<u64>(), finite as u64);
            prop_assert_eq!((found.min, found.max, found.zeros), (whole.min, whole.max, whole.zeros));
            prop_assert_eq!(found.mean.is_some(), finite > 0);
        }
    }
}
