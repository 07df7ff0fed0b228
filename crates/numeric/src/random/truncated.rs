//! The normal distribution, cut on both sides.

use super::normal::{cdf, density, quantile};

/// Normal values of which those beyond two cuts do not occur.
///
/// A value is made of one draw of 32 bits: with k those bits, u = (k + 1/2) / 2³² and Φ the distribution function of
/// the standard normal distribution, it is `mean + std Φ⁻¹(Φ(a) + u (Φ(b) - Φ(a)))` for cuts `a` and `b` in standard
/// deviations from the mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TruncatedNormal {
    mean: f64,
    std: f64,
    a: f64,
    b: f64,
    /// Whether the cuts are taken at the other side of the mean, where the distribution function is more exact.
    mirrored: bool,
    /// The probability of a value below the lower cut.
    below: f64,
    /// That of a value between the cuts.
    between: f64,
}

impl TruncatedNormal {
    /// The distribution of a mean and a standard deviation, cut at `a` and `b`, which may be infinite.
    ///
    /// `None` if a parameter is not a number, `mean` or `std` is not finite, `std` is not above 0, or so little lies
    /// between the cuts that the probability underflows.
    pub fn new(mean: f64, std: f64, a: f64, b: f64) -> Option<TruncatedNormal> {
        let mirrored = a > 0.0;
        let below = cdf(if mirrored { -b } else { a });
        let between = cdf(if mirrored { -a } else { b }) - below;
        let sound = mean.is_finite() && std.is_finite() && std > 0.0 && a < b && between > f64::MIN_POSITIVE;
        sound.then_some(TruncatedNormal { mean, std, a, b, mirrored, below, between })
    }

    /// The value that 32 random bits stand for.
    #[inline]
    pub fn value(&self, bits: u32) -> f32 {
        let share = (f64::from(if self.mirrored { !bits } else { bits }) + 0.5) / (1u64 << 32) as f64;
        let quantile = quantile(self.below + share * self.between);
        let z = (if self.mirrored { -quantile } else { quantile }).clamp(self.a, self.b);
        (self.mean + self.std * z) as f32
    }

    /// The mean of the values.
    pub fn mean(&self) -> f64 {
        self.mean + self.std * (density(self.a) - density(self.b)) / self.between
    }

    /// The standard deviation of the values.
    pub fn std(&self) -> f64 {
        let at_cut = |cut: f64| if cut.is_infinite() { 0.0 } else { cut * density(cut) };
        let shift = (density(self.a) - density(self.b)) / self.between;
        let variance = 1.0 + (at_cut(self.a) - at_cut(self.b)) / self.between - shift * shift;
        self.std * variance.max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{CaffeGenerator, Distribution, Era, Generator, NativeGenerator};
    use crate::statistics::one_sample::{critical, kolmogorov_smirnov, normal_cdf};

    const SAMPLES: usize = 1 << 20;

    fn values(normal: TruncatedNormal, mut rng: impl Generator) -> Vec<f32> {
        let mut out = vec![0.0; SAMPLES];
        Distribution::TruncatedNormal(normal).draw(&mut rng, &mut out);
        out
    }

    fn bits(normal: TruncatedNormal, mut rng: impl Generator) -> [u32; 4] {
        let mut out = [0.0; 4];
        Distribution::TruncatedNormal(normal).draw(&mut rng, &mut out);
        out.map(f32::to_bits)
    }

    #[test]
    fn values_are_stable() {
        let both = |a, b| {
            let normal = TruncatedNormal::new(1.0, 0.5, a, b).unwrap();
            let caffe = bits(normal, CaffeGenerator::new(1701, Era::default()));
            [caffe, bits(normal, NativeGenerator::new(1701, "conv1", 0))]
        };
        let caffe = [0x3ec3_6ce2, 0x3f82_ded2, 0x3ee3_19b9, 0x3fb4_37fa];
        assert_eq!(both(-2.0, 2.0), [caffe, [0x3f72_0a8c, 0x3faf_b89e, 0x3f2d_b955, 0x3f34_25ea]]);
        let caffe = [0x4020_e8d5, 0x4026_ea90, 0x4021_304c, 0x402f_040d];
        assert_eq!(both(3.0, 9.0), [caffe, [0x4025_c2a0, 0x402e_1990, 0x4022_c113, 0x4022_f9e0]]);
        let caffe = [0xc110_f5df, 0xc110_42fd, 0xc110_dc00, 0xc110_15f0];
        assert_eq!(both(-30.0, -20.0), [caffe, [0xc110_5078, 0xc110_18b7, 0xc110_8ddf, 0xc110_8704]]);
    }

    /// Computed with 40 digits.
    #[test]
    fn values_are_quantiles() {
        let quantiles = |mean, std, a, b| {
            let normal = TruncatedNormal::new(mean, std, a, b).unwrap();
            [0x1234_5678, 0x9000_0000, 0xdead_beef].map(|bits| normal.value(bits).to_bits())
        };
        assert_eq!(quantiles(0.0, 1.0, -2.0, 2.0), [0xbfab_1fef, 0x3e19_b336, 0x3f86_53de]);
        assert_eq!(quantiles(1.0, 0.5, 3.0, 9.0), [0x4020_b77b, 0x4027_c9dc, 0x4032_5f2f]);
        assert_eq!(quantiles(1.0, 0.5, -30.0, -20.0), [0xc111_0d25, 0xc110_3abb, 0xc110_0e3e]);
    }

    #[test]
    fn values_follow_the_cut_distribution() {
        for (a, b) in [(-2.0, 2.0), (-1.0, 3.0), (0.0, 0.5), (1.0, f64::INFINITY), (-4.0, -1.0), (-9.0, 9.0)] {
            let (below, between) = (normal_cdf(a), normal_cdf(b.min(9.0)) - normal_cdf(a));
            let expected = |x: f64| (normal_cdf((x - 3.0) / 2.0) - below) / between;
            let normal = TruncatedNormal::new(3.0, 2.0, a, b).unwrap();
            for values in [
                values(normal, NativeGenerator::new(1, "conv1", 0)),
                values(normal, CaffeGenerator::new(1, Era::default())),
            ] {
                assert!(kolmogorov_smirnov(&values, expected) < critical(SAMPLES), "cut at {a} and {b}");
                let inside = |&value: &f32| (3.0 + 2.0 * a..=3.0 + 2.0 * b).contains(&f64::from(value));
                assert!(values.iter().all(inside), "cut at {a} and {b}");
            }
        }
    }

    #[test]
    fn the_extreme_bits_give_values_at_the_cuts() {
        let normal = TruncatedNormal::new(0.0, 1.0, -2.0, 2.0).unwrap();
        assert_eq!((normal.value(0), normal.value(u32::MAX)), (-2.0, 2.0));
        let whole = TruncatedNormal::new(0.0, 1.0, f64::NEG_INFINITY, f64::INFINITY).unwrap();
        assert_eq!((whole.value(0), whole.value(u32::MAX)), (-6.337_958, 6.337_958));
    }

    #[test]
    fn moments_are_those_of_the_values() {
        for (a, b) in [(-2.0, 2.0), (-1.0, 3.0), (1.0, f64::INFINITY), (5.0, 6.0), (-37.0, -36.0)] {
            let normal = TruncatedNormal::new(3.0, 2.0, a, b).unwrap();
            let values = values(normal, NativeGenerator::new(1, "conv1", 0));
            let count = values.len() as f64;
            let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
            let variance = values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
            assert!((mean - normal.mean()).abs() < 4.0 * normal.std() / count.sqrt(), "cut at {a} and {b}");
            assert!((variance.sqrt() / normal.std() - 1.0).abs() < 0.01, "cut at {a} and {b}");
        }
    }

    #[test]
    fn what_is_no_distribution_is_none() {
        let (inf, nan) = (f64::INFINITY, f64::NAN);
        for (mean, std, a, b) in [
            (nan, 1.0, -2.0, 2.0),
            (inf, 1.0, -2.0, 2.0),
            (0.0, 0.0, -2.0, 2.0),
            (0.0, -1.0, -2.0, 2.0),
            (0.0, inf, -2.0, 2.0),
            (0.0, 1.0, 2.0, 2.0),
            (0.0, 1.0, 2.0, -2.0),
            (0.0, 1.0, nan, 2.0),
            (0.0, 1.0, 39.0, 40.0),
            (0.0, 1.0, -inf, -40.0),
        ] {
            assert_eq!(TruncatedNormal::new(mean, std, a, b), None, "{mean} {std} {a} {b}");
        }
    }
}
