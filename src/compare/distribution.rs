//! Two blobs as samples of a distribution.
//!
//! Initialisations from different seeds have no value in common, but their distributions are the same. Blobs must have
//! as many values that are infinite or NaN, must both be constant or neither, and must pass three tests: of their
//! means, of their spreads (`two_sample.rs` of `crates/numeric` has the formulas), and of Kolmogorov and Smirnov.
//!
//! Means and spreads are those of all finite values. The Kolmogorov-Smirnov test sees all values of blobs with up to
//! [`SAMPLE`] of them. Of larger blobs it sees that many: the values are cut into [`SAMPLE`] stretches and one is
//! picked from each, by random numbers that are the same every time. So two lists of 16 MiB are the most that is kept,
//! and normal distributions whose standard deviations differ by one per cent are still told apart.

use std::io;

use caffemodel_numeric::statistics::{self, Picker, RunningMoments, SampleMoments, kolmogorov_smirnov};
use serde::Serialize;

use super::values::PIECE;
use super::{ReadProgress, Side};
use crate::formats::StoredBlob;

/// The most values of a blob that the Kolmogorov-Smirnov test sees.
pub const SAMPLE: usize = 1 << 22;

/// How many tests a pair of blobs has to pass.
pub(super) const TESTS: usize = 3;

/// How the distributions of two blobs differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DistributionComparison {
    /// In what they differ; `None` if they are alike.
    pub difference: Option<Difference>,
    /// The statistics of the first blob.
    pub a: SampleStatistics,
    /// The statistics of the second blob.
    pub b: SampleStatistics,
    /// The Kolmogorov-Smirnov statistic: the greatest distance of the two empirical distribution functions. NaN counts
    /// as greater than any number.
    pub ks: f64,
    /// The chance of such a distance or a greater one between samples of one distribution, as
    /// `scipy.stats.ks_2samp` has it. Constants need no test: 1 if both are the same one, 0 otherwise.
    pub p_value: f64,
    /// The chance of means that differ so much or more, by Welch's test; `None` if either blob is constant.
    pub mean_p_value: Option<f64>,
    /// The chance of root mean squares that differ so much or more; `None` if either blob is constant.
    pub spread_p_value: Option<f64>,
}

/// In what two distributions differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Difference {
    /// In the number of values that are infinite or NaN.
    NonFinite,
    /// One is constant and the other is not, or is another constant.
    Constant,
    /// In the mean.
    Mean,
    /// In the root mean square, which is the standard deviation where the mean is zero.
    Spread,
    /// In the distribution, by the Kolmogorov-Smirnov test.
    Distribution,
}

impl DistributionComparison {
    /// The least of the chances.
    pub fn least_p_value(&self) -> f64 {
        self.chances().map(|(_, chance)| chance).fold(1.0, f64::min)
    }

    fn chances(&self) -> impl Iterator<Item = (Difference, f64)> {
        let moments = [(Difference::Mean, self.mean_p_value), (Difference::Spread, self.spread_p_value)];
        let moments = moments.into_iter().filter_map(|(difference, chance)| Some((difference, chance?)));
        moments.chain([(Difference::Distribution, self.p_value)])
    }

    /// In what the blobs differ, if chances below `threshold` are taken for none.
    fn difference(&self, threshold: f64) -> Option<Difference> {
        if self.a.non_finite != self.b.non_finite {
            return Some(Difference::NonFinite);
        }
        if self.a.is_constant() || self.b.is_constant() {
            return (self.p_value == 0.0).then_some(Difference::Constant);
        }
        let least = self.chances().min_by(|(_, one), (_, other)| one.total_cmp(other));
        least.filter(|&(_, chance)| chance < threshold).map(|(difference, _)| difference)
    }
}

/// Compares the distributions of two blobs that have values; chances below `threshold` are taken for none.
pub(super) fn compare(
    a: &StoredBlob,
    b: &StoredBlob,
    threshold: f64,
    progress: ReadProgress<'_>,
) -> Result<DistributionComparison, (Side, io::Error)> {
    let (a, b) = rayon::join(|| Sample::read(a, progress), || Sample::read(b, progress));
    let a = a.map_err(|error| (Side::A, error))?;
    let b = b.map_err(|error| (Side::B, error))?;
    let (ks, mut p_value) = kolmogorov_smirnov(&a.keys, &b.keys);
    if a.statistics.is_constant() || b.statistics.is_constant() {
        p_value = if a.statistics.is_same_constant(&b.statistics) { 1.0 } else { 0.0 };
    }
    let moments = a.moments().zip(b.moments());
    let mut found = DistributionComparison {
        difference: None,
        a: a.statistics,
        b: b.statistics,
        ks,
        p_value,
        mean_p_value: moments.map(|(a, b)| statistics::mean_p_value(&a, &b)),
        spread_p_value: moments.map(|(a, b)| statistics::spread_p_value(&a, &b)),
    };
    found.difference = found.difference(threshold);
    Ok(found)
}

/// What the values of a blob are like. Infinities and NaN are counted, and left out of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SampleStatistics {
    /// How many values there are.
    pub count: usize,
    /// How many are infinite or NaN.
    pub non_finite: usize,
    /// The mean; none of these four where there are no finite values.
    pub mean: Option<f64>,
    /// The standard deviation of the values themselves: the squares are divided by their number.
    pub std: Option<f64>,
    /// The smallest.
    pub min: Option<f32>,
    /// The largest.
    pub max: Option<f32>,
}

impl SampleStatistics {
    /// Whether all finite values are one.
    fn is_constant(&self) -> bool {
        self.min.is_some() && self.min == self.max
    }

    fn is_same_constant(&self, other: &SampleStatistics) -> bool {
        self.is_constant() && other.is_constant() && self.min == other.min
    }
}

struct Sample {
    statistics: SampleStatistics,
    /// The sum of the squares of the finite values.
    squares: f64,
    /// The sum of their fourth powers.
    fourths: f64,
    /// The keys of the sampled values in ascending order.
    keys: Vec<u32>,
}

impl Sample {
    fn read(blob: &StoredBlob, progress: ReadProgress<'_>) -> io::Result<Sample> {
        let count = blob.shape.count();
        let mut picker = Picker::new(count, SAMPLE);
        let mut moments = RunningMoments::default();
        let (mut squares, mut fourths) = (0.0, 0.0);
        let mut buffer = vec![0.0; PIECE.min(count)];
        for offset in (0..count).step_by(PIECE) {
            let piece = &mut buffer[..PIECE.min(count - offset)];
            blob.values.read(offset, piece)?;
            let powers = powers(&moments.add(piece));
            squares += powers.0;
            fourths += powers.1;
            picker.pick(offset, piece);
            progress(piece.len());
        }
        let statistics = SampleStatistics {
            count,
            non_finite: count - moments.count() as usize,
            mean: moments.mean(),
            std: moments.std(),
            min: moments.min(),
            max: moments.max(),
        };
        Ok(Sample { statistics, squares, fourths, keys: picker.into_sorted_keys() })
    }

    /// What the tests of means and spreads need; `None` of a constant, which has no spread.
    fn moments(&self) -> Option<SampleMoments> {
        let SampleStatistics { count, non_finite, mean, std, .. } = self.statistics;
        let (mean, std) = mean.zip(std).filter(|_| !self.statistics.is_constant())?;
        let count = (count - non_finite) as f64;
        Some(SampleMoments { count, mean, std, square: self.squares / count, fourth: self.fourths / count })
    }
}

/// The sums of the second and of the fourth powers. Those of the largest floats do not overflow.
fn powers(values: &[f32]) -> (f64, f64) {
    values
        .iter()
        .map(|&value| f64::from(value) * f64::from(value))
        .fold((0.0, 0.0), |(squares, fourths), square| (squares + square, fourths + square * square))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Shape;
    use crate::random::{Generator, NativeGenerator};

    fn blob(values: Vec<f32>) -> StoredBlob {
        let shape = Shape::new([values.len() as i64]).unwrap();
        StoredBlob { index: 0, shape, legacy: false, values: Arc::new(values) }
    }

    fn normal(seed: u64, std: f32, count: usize) -> StoredBlob {
        let mut values = vec![0.0; count];
        NativeGenerator::new(seed, "ip", 0).gaussian(0.0, std, &mut values);
        blob(values)
    }

    fn compared(a: &StoredBlob, b: &StoredBlob) -> DistributionComparison {
        compare(a, b, 1e-4, &|_| {}).unwrap()
    }

    #[test]
    fn seeds_are_alike_and_other_deviations_are_not() {
        let reference = normal(1, 0.01, 100_000);
        let alike = compared(&normal(2, 0.01, 100_000), &reference);
        assert!(alike.p_value > 0.01, "{alike:?}");
        let wider = compared(&normal(2, 0.0105, 100_000), &reference);
        assert!(wider.p_value < 1e-6, "{wider:?}");
        assert!((wider.a.std.unwrap() - 0.0105).abs() < 1e-4);
    }

    #[test]
    fn one_per_cent_is_seen_in_a_sample() {
        let reference = normal(1, 1.0, 3 * SAMPLE / 2);
        assert!(compared(&normal(2, 1.0, 3 * SAMPLE / 2), &reference).p_value > 0.01);
        assert!(compared(&normal(2, 1.01, 3 * SAMPLE / 2), &reference).p_value < 1e-6);
    }

    #[test]
    fn constants_need_no_test() {
        let p_value = |a: &[f32], b: &[f32]| {
            let found = compared(&blob(a.to_vec()), &blob(b.to_vec()));
            assert_eq!(found.difference, (found.p_value == 0.0).then_some(Difference::Constant));
            found.p_value
        };
        assert_eq!(p_value(&[0.0; 2], &[-0.0; 2]), 1.0);
        assert_eq!(p_value(&[0.0; 2], &[0.1; 2]), 0.0);
        assert_eq!(p_value(&[0.0, 0.1], &[0.2; 2]), 0.0);
        assert_eq!(p_value(&[0.2, f32::NAN], &[f32::INFINITY, 0.2]), 1.0);
    }

    #[test]
    fn any_difference_in_what_is_not_finite_counts() {
        let with = |seed, value: f32, count: usize| {
            let mut values = vec![0.0; 10_000];
            NativeGenerator::new(seed, "ip", 0).gaussian(0.0, 1.0, &mut values);
            values[..count].fill(value);
            blob(values)
        };
        let difference = |a: &StoredBlob, b: &StoredBlob| compared(a, b).difference;
        let clean = with(1, 0.5, 1);
        assert_eq!(difference(&with(2, f32::NAN, 1), &clean), Some(Difference::NonFinite));
        assert_eq!(difference(&clean, &with(2, f32::INFINITY, 1)), Some(Difference::NonFinite));
        assert_eq!(difference(&with(2, f32::NAN, 7), &with(1, f32::NAN, 7)), None);
        let all = with(3, f32::NAN, 10_000);
        let found = compared(&all, &with(4, f32::NAN, 10_000));
        assert_eq!((found.difference, found.a.non_finite, found.mean_p_value), (None, 10_000, None));
        assert_eq!(difference(&all, &clean), Some(Difference::NonFinite));
    }

    #[test]
    fn outliers_and_shifts_are_found() {
        let changed = |change: &dyn Fn(&mut [f32])| {
            let mut values = vec![0.0; 10_000];
            NativeGenerator::new(1, "ip", 0).gaussian(0.0, 1.0, &mut values);
            change(&mut values);
            compared(&blob(values), &normal(2, 1.0, 10_000))
        };
        assert_eq!(changed(&|_| ()).difference, None);
        for outlier in [300.0, -1e6, f32::MAX] {
            let found = changed(&|values| values[77] = outlier);
            assert_eq!(found.difference, Some(Difference::Spread), "{found:?}");
            assert!(found.mean_p_value.unwrap() > 0.1 && found.p_value > 0.1);
        }
        let shifted = changed(&|values| values.iter_mut().for_each(|value| *value += 0.1));
        assert_eq!(shifted.difference, Some(Difference::Mean));
        let wider = changed(&|values| values.iter_mut().for_each(|value| *value *= 1.06));
        assert_eq!(wider.difference, Some(Difference::Spread));
        // Signs have the mean 0 and the spread 1 of normal values.
        let signs = changed(&|values| values.iter_mut().for_each(|value| *value = value.signum()));
        assert_eq!(signs.difference, Some(Difference::Distribution));
    }
}
