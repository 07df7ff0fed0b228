//! How values are spread: counts in bins whose width is a power of two and whose edges are multiples of it.
//!
//! Nothing has to be known of the values beforehand. Where they leave the range of the bins so far, pairs of bins are
//! merged into bins twice as wide, whose edges are edges already: counts stay exact.

use serde::Serialize;

/// The most bins that are kept while counting.
const BINS: i64 = 1024;

/// The binary exponent of the smallest float: no narrower bins are needed.
const MIN_EXPONENT: i32 = -149;

/// The digits of a float's significand: bins narrower than its last digit are not needed.
const DIGITS: i32 = 23;

/// Added and taken away again, rounds to an integer, which stands in the low bits in between.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// How many values are counted at a time.
const INDEXED: usize = 64;

/// Counts of values in bins of equal width, from the smallest value's bin to the largest one's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    /// The lower edge of the first bin; it belongs to the bin, the upper edge to the next.
    pub start: f64,
    /// The width of a bin, a power of two.
    pub width: f64,
    /// How many values each bin has.
    pub counts: Vec<u64>,
}

/// The bins while values are counted.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Bins {
    /// The width of a bin is two to this power.
    exponent: i32,
    /// The lower edge of the first bin in widths.
    first: i64,
    /// Nothing before the first value, at most [`BINS`] then.
    counts: Vec<u64>,
}

impl Bins {
    /// Counts finite values, of which `min` and `max` are the smallest and the largest.
    pub(super) fn add(&mut self, values: &[f32], min: f32, max: f32) {
        if values.is_empty() {
            return;
        }
        self.cover(min, max);
        let scale = exp2(-self.exponent);
        let first = self.first as i32;
        let mut indices = [0; INDEXED];
        for values in values.chunks(INDEXED) {
            // On its own this becomes vector code.
            for (index, &value) in indices.iter_mut().zip(values) {
                *index = (floor(f64::from(value) * scale) - first).cast_unsigned();
            }
            for &index in &indices[..values.len()] {
                self.counts[index as usize] += 1;
            }
        }
    }

    /// Adds the counts of others.
    pub(super) fn merge(&mut self, mut other: Bins) {
        if other.counts.is_empty() {
            return;
        }
        if self.counts.is_empty() {
            *self = other;
            return;
        }
        while other.exponent < self.exponent {
            other.coarsen();
        }
        while self.exponent < other.exponent {
            self.coarsen();
        }
        let before = self.exponent;
        self.extend(other.first, other.first + other.counts.len() as i64 - 1);
        for _ in before..self.exponent {
            other.coarsen();
        }
        let offset = (other.first - self.first) as usize;
        for (count, more) in self.counts[offset..].iter_mut().zip(other.counts) {
            *count += more;
        }
    }

    /// The counts in at most `most` bins (more than half of that, where the values differ enough).
    pub(super) fn histogram(mut self, most: usize) -> Histogram {
        while self.counts.len() > most.max(2) {
            self.coarsen();
        }
        let width = exp2(self.exponent);
        Histogram { start: self.first as f64 * width, width, counts: self.counts }
    }

    /// Makes sure that both values have a bin.
    fn cover(&mut self, min: f32, max: f32) {
        let (min, max) = (f64::from(min), f64::from(max));
        if self.counts.is_empty() {
            // A quarter to a half of the bins for the range so far; the rest is left for what follows.
            let narrow = exponent(max - min) - 8;
            let precise = exponent(min.abs().max(max.abs())) - DIGITS;
            self.exponent = narrow.max(precise).max(MIN_EXPONENT);
            self.first = self.index(min);
        }
        // Bins may be too narrow for values far from the first ones to have a number.
        let precise = exponent(min.abs().max(max.abs())) - DIGITS;
        while self.exponent < precise {
            self.coarsen();
        }
        self.extend(self.index(min), self.index(max));
    }

    fn index(&self, value: f64) -> i64 {
        floor(value * exp2(-self.exponent)).into()
    }

    /// Extends the bins to those from `low` to `high`; widens them if they are too many.
    fn extend(&mut self, mut low: i64, mut high: i64) {
        loop {
            let first = if self.counts.is_empty() { low } else { self.first.min(low) };
            let last = (self.first + self.counts.len() as i64 - 1).max(high);
            if last - first < BINS {
                let before = (self.first - first) as usize;
                self.counts.splice(0..0, std::iter::repeat_n(0, before));
                self.counts.resize((last - first + 1) as usize, 0);
                self.first = first;
                return;
            }
            self.coarsen();
            low >>= 1;
            high >>= 1;
        }
    }

    /// Merges pairs of bins.
    fn coarsen(&mut self) {
        let first = self.first >> 1;
        let last = (self.first + self.counts.len() as i64 - 1) >> 1;
        let mut counts = vec![0; if self.counts.is_empty() { 0 } else { (last - first + 1) as usize }];
        for (index, count) in (self.first..).zip(&self.counts) {
            counts[((index >> 1) - first) as usize] += count;
        }
        *self = Bins { exponent: self.exponent + 1, first, counts };
    }
}

/// The largest integer that is not above the value, which a bin's number is: below 2^25, as no bin is narrower than the
/// last digit of the largest value.
#[inline(always)]
fn floor(value: f64) -> i32 {
    // No conversion, because Rust's does not become vector code: here the bits of the nearest integer are the last ones.
    let shifted = value + ROUND;
    shifted.to_bits() as i32 - i32::from(shifted - ROUND > value)
}

/// Two to a power between -1022 and 1023.
fn exp2(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The exponent of the largest power of two that is not above the magnitude of a normal value; of 0 it is the smallest.
fn exponent(value: f64) -> i32 {
    (value.abs().to_bits() >> 52) as i32 - 1023
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bins(pieces: &[&[f32]]) -> Bins {
        let mut bins = Bins::default();
        for piece in pieces {
            let min = piece.iter().copied().fold(f32::INFINITY, f32::min);
            let max = piece.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            bins.add(piece, min, max);
        }
        bins
    }

    /// Counts one value after the other in the bins of `histogram`.
    fn counted(histogram: &Histogram, values: &[f32]) -> Vec<u64> {
        let mut counts = vec![0; histogram.counts.len()];
        for &value in values {
            let index = (f64::from(value) / histogram.width).floor() - histogram.start / histogram.width;
            counts[index as usize] += 1;
        }
        counts
    }

    #[test]
    fn edges_are_multiples_of_a_power_of_two() {
        let values: Vec<f32> = (0..96).map(|index| index as f32 / 100.0 - 0.4).collect();
        let histogram = bins(&[&values]).histogram(16);
        assert_eq!((histogram.start, histogram.width), (-0.4375, 0.0625));
        assert_eq!((histogram.counts.len(), histogram.counts.iter().sum()), (16, 96));
        assert_eq!(histogram.counts, counted(&histogram, &values));
    }

    #[test]
    fn one_value_has_one_bin() {
        for value in [0.0, -0.0, 1.0, -3.5, f32::MAX, f32::MIN, f32::from_bits(1), 1e-30] {
            let histogram = bins(&[&[value, value], &[value]]).histogram(16);
            assert_eq!(histogram.counts, [3], "{value:?}");
            let (start, value) = (histogram.start, f64::from(value));
            assert!(start <= value && value < start + histogram.width, "{value:?} in {histogram:?}");
        }
        assert_eq!(bins(&[]).histogram(16).counts, [0; 0]);
        assert_eq!(bins(&[&[0.0], &[-0.0]]).histogram(16).counts, [2]);
    }

    #[test]
    fn a_tiny_negative_value_is_below_zero() {
        let histogram = bins(&[&[-1.0, -1e-30, 0.0, 1e-30, 1.0]]).histogram(2);
        assert_eq!((histogram.start, histogram.counts.as_slice()), (-2.0, &[2, 3][..]));
    }

    #[test]
    fn the_range_may_explode() {
        let pieces: [&[f32]; 5] = [&[1e-40], &[1.0], &[f32::MAX], &[f32::MIN], &[0.0]];
        let histogram = bins(&pieces).histogram(16);
        assert_eq!(histogram.counts, counted(&histogram, &pieces.concat()));
        assert!(histogram.counts.len() <= 16);
    }

    fn any_values() -> impl Strategy<Value = Vec<f32>> {
        let value = prop_oneof![
            -1f32..1.0,
            1f32..1.000_1,
            -1e-3f32..1e-3,
            any::<f32>().prop_filter("finite", |value| value.is_finite()),
            Just(0.0),
        ];
        prop::collection::vec(value, 1..60)
    }

    proptest! {
        #[test]
        fn counts_are_exact_however_the_values_are_cut(values in any_values(), cut in 0usize..60, most in 2usize..40) {
            let (start, end) = values.split_at(cut.min(values.len()));
            let streamed = bins(&[start, end]);
            let mut merged = bins(&[start]);
            merged.merge(bins(&[end]));
            for bins in [streamed, merged] {
                let histogram = bins.histogram(most);
                prop_assert!(histogram.counts.len() <= most);
                prop_assert_eq!(&histogram.counts, &counted(&histogram, &values));
                prop_assert!(histogram.counts.first() != Some(&0) && histogram.counts.last() != Some(&0));
            }
        }
    }
}
