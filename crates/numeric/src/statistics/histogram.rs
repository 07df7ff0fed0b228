//! How values are spread: counts in bins whose width is a power of two and whose edges are multiples of it.
//!
//! Nothing has to be known of the values beforehand. Where they leave the range of the bins so far, pairs of bins are
//! merged into bins twice as wide, whose edges are edges already: counts stay exact. The bins are as narrow as their
//! number allows, which depends on the extremes alone, so neither the order of the values nor the cuts matter.

use serde::Serialize;

use super::simd::{ByteVector, MOST_VECTORS, VECTOR_BYTES, occurrences, vectorised};

/// The binary exponent of the smallest float: no narrower bins are needed.
const MIN_EXPONENT: i32 = -149;

/// The digits of a float's significand: bins narrower than its last digit are not needed.
const DIGITS: i32 = 23;

/// How many vectors of numbers are counted at a time: they stay in the first cache.
const COUNTED: usize = 128;
const _: () = assert!(COUNTED <= MOST_VECTORS);

/// More bins than a byte can number are not kept.
const MOST_BINS: usize = u8::MAX as usize;

/// The bits of a double's significand.
const DOUBLE_DIGITS: i32 = 52;

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
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bins {
    /// How many bins there may be, at least 2.
    most: usize,
    /// The width of a bin is two to this power.
    exponent: i32,
    /// The lower edge of the first bin in widths.
    first: i64,
    /// Nothing before the first value.
    counts: Vec<u64>,
}

impl Bins {
    /// No values yet, to be counted in at most `most` bins (more than half of that, where the values differ enough).
    pub(super) fn new(most: usize) -> Bins {
        Bins { most: most.clamp(2, MOST_BINS), exponent: 0, first: 0, counts: Vec::new() }
    }

    /// Counts finite values, of which `min` and `max` are the smallest and the largest.
    pub(super) fn add(&mut self, values: &[f32], min: f32, max: f32) {
        if values.is_empty() {
            return;
        }
        self.cover(min, max);
        let grid = Grid { exponent: self.exponent, first: self.first };
        let last = self.first + self.counts.len() as i64 - 1;
        if grid.fits_f32(self.first) && grid.fits_f32(last) {
            count_f32(grid, values, &mut self.counts);
        } else {
            grid.count(values, &mut self.counts, Grid::numbers_f64);
        }
    }

    /// Adds the counts of others, which are kept in as many bins at most.
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

    /// The counts.
    pub(super) fn histogram(self) -> Histogram {
        let width = exp2(self.exponent);
        Histogram { start: self.first as f64 * width, width, counts: self.counts }
    }

    /// Makes sure that both values have a bin.
    fn cover(&mut self, min: f32, max: f32) {
        let (min, max) = (f64::from(min), f64::from(max));
        let precise = exponent(min.abs().max(max.abs())) - DIGITS;
        if self.counts.is_empty() {
            // Too narrow for any number of bins, so that the range decides; a single value has the narrowest.
            let narrow = exponent(max - min) - MOST_BINS.ilog2() as i32 - 1;
            self.exponent = narrow.max(precise).max(MIN_EXPONENT);
            self.first = self.index(min);
        }
        // Bins may be too narrow for values far from the first ones to have a number.
        while self.exponent < precise {
            self.coarsen();
        }
        self.extend(self.index(min), self.index(max));
    }

    fn index(&self, value: f64) -> i64 {
        (value * exp2(-self.exponent)).floor() as i64
    }

    /// Extends the bins to those from `low` to `high`; widens them if they are too many.
    fn extend(&mut self, mut low: i64, mut high: i64) {
        loop {
            let first = if self.counts.is_empty() { low } else { self.first.min(low) };
            let last = (self.first + self.counts.len() as i64 - 1).max(high);
            if last - first < self.most as i64 {
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
        *self = Bins { exponent: self.exponent + 1, first, counts, ..*self };
    }
}

/// Numbers the bins of a width from the one of index `first` on.
///
/// The sum of a value and 1.5 times the power of two at which a float's last bit is worth a width is rounded to a whole
/// number of widths, which its low bits tell. A value that was rounded up belongs to the bin before.
#[derive(Debug, Clone, Copy)]
struct Grid {
    exponent: i32,
    first: i64,
}

vectorised! {
    fn count_f32(grid: Grid, values: &[f32], counts: &mut [u64]) = Grid::count_f32;
}

impl Grid {
    /// Whether values in the bin of this index can be rounded as floats.
    fn fits_f32(self, index: i64) -> bool {
        self.exponent + DIGITS + 1 < f32::MAX_EXP && index.unsigned_abs() < 1 << (DIGITS - 1)
    }

    /// Counts values that all [fit](Grid::fits_f32).
    #[inline(always)]
    fn count_f32(self, values: &[f32], counts: &mut [u64]) {
        self.count(values, counts, Grid::numbers_f32);
    }

    /// Counts values by the numbers of their bins.
    #[inline(always)]
    fn count(self, values: &[f32], counts: &mut [u64], numbers_of: impl Fn(Grid, &[f32], &mut [u8])) {
        let Some((last, others)) = counts.split_last_mut() else { return };
        let mut vectors: [ByteVector; COUNTED] = [[0; VECTOR_BYTES]; COUNTED];
        for values in values.chunks(COUNTED * VECTOR_BYTES) {
            let vectors = &mut vectors[..values.len().div_ceil(VECTOR_BYTES)];
            let (numbers, rest) = vectors.as_flattened_mut().split_at_mut(values.len());
            numbers_of(self, values, numbers);
            rest.fill(u8::MAX);
            let mut uncounted = values.len() as u64;
            for (bin, count) in (0..).zip(others.iter_mut()) {
                let found = occurrences(bin, vectors);
                *count += found;
                uncounted -= found;
            }
            *last += uncounted;
        }
    }

    /// Each value's bin, where all of them [fit](Grid::fits_f32).
    #[inline(always)]
    fn numbers_f32(self, values: &[f32], numbers: &mut [u8]) {
        let unit = 1.5 * exp2(self.exponent + DIGITS) as f32;
        let first = unit.to_bits().wrapping_add_signed(self.first as i32);
        for (number, &value) in numbers.iter_mut().zip(values) {
            let rounded = value + unit;
            let above = u32::from(rounded - unit > value);
            *number = rounded.to_bits().wrapping_sub(first).wrapping_sub(above) as u8;
        }
    }

    /// Each value's bin: its index is below 2^25, as no bin is narrower than the last digit of the largest value.
    fn numbers_f64(self, values: &[f32], numbers: &mut [u8]) {
        let unit = 1.5 * exp2(self.exponent + DOUBLE_DIGITS);
        let first = unit.to_bits().wrapping_add_signed(self.first);
        for (number, &value) in numbers.iter_mut().zip(values) {
            let rounded = f64::from(value) + unit;
            let above = u64::from(rounded - unit > value.into());
            *number = rounded.to_bits().wrapping_sub(first).wrapping_sub(above) as u8;
        }
    }
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

    fn bins(most: usize, pieces: &[&[f32]]) -> Bins {
        let mut bins = Bins::new(most);
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
        let histogram = bins(16, &[&values]).histogram();
        assert_eq!((histogram.start, histogram.width), (-0.4375, 0.0625));
        assert_eq!((histogram.counts.len(), histogram.counts.iter().sum()), (16, 96));
        assert_eq!(histogram.counts, counted(&histogram, &values));
    }

    #[test]
    fn one_value_has_one_bin() {
        for value in [0.0, -0.0, 1.0, -3.5, f32::MAX, f32::MIN, f32::from_bits(1), 1e-30] {
            let histogram = bins(16, &[&[value, value], &[value]]).histogram();
            assert_eq!(histogram.counts, [3], "{value:?}");
            let (start, value) = (histogram.start, f64::from(value));
            assert!(start <= value && value < start + histogram.width, "{value:?} in {histogram:?}");
        }
        assert_eq!(bins(16, &[]).histogram().counts, [0; 0]);
        assert_eq!(bins(16, &[&[0.0], &[-0.0]]).histogram().counts, [2]);
    }

    #[test]
    fn a_tiny_negative_value_is_below_zero() {
        let histogram = bins(2, &[&[-1.0, -1e-30, 0.0, 1e-30, 1.0]]).histogram();
        assert_eq!((histogram.start, histogram.counts.as_slice()), (-2.0, &[2, 3][..]));
    }

    #[test]
    fn the_range_may_explode() {
        let pieces: [&[f32]; 5] = [&[1e-40], &[1.0], &[f32::MAX], &[f32::MIN], &[0.0]];
        let histogram = bins(16, &pieces).histogram();
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
            let streamed = bins(most, &[start, end]);
            let mut merged = bins(most, &[start]);
            merged.merge(bins(most, &[end]));
            for bins in [streamed, merged] {
                let histogram = bins.histogram();
                prop_assert!(histogram.counts.len() <= most);
                prop_assert_eq!(&histogram.counts, &counted(&histogram, &values));
                prop_assert!(histogram.counts.first() != Some(&0) && histogram.counts.last() != Some(&0));
            }
        }

        #[test]
        fn wider_vectors_and_doubles_change_nothing(values in any_values(), most in 2usize..40) {
            let mut bins = bins(most, &[&values]);
            let grid = Grid { exponent: bins.exponent, first: bins.first };
            let last = bins.first + bins.counts.len() as i64 - 1;
            let counted = bins.counts.clone();
            bins.counts.fill(0);
            grid.count(&values, &mut bins.counts, Grid::numbers_f64);
            prop_assert_eq!(&bins.counts, &counted);
            if grid.fits_f32(bins.first) && grid.fits_f32(last) {
                bins.counts.fill(0);
                grid.count_f32(&values, &mut bins.counts);
                prop_assert_eq!(&bins.counts, &counted);
                bins.counts.fill(0);
                count_f32(grid, &values, &mut bins.counts);
                prop_assert_eq!(&bins.counts, &counted);
            }
        }
    }
}
