//! What a value can be drawn from.

use super::{Generator, TruncatedNormal};
use crate::statistics::Moments;

/// How many values are drawn at a time to be thrown away: 64 KiB, an even number.
const DISCARDED: usize = 16384;

/// A distribution of a [`Generator`], with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Distribution {
    /// See [`Generator::uniform`].
    Uniform {
        /// The lower bound.
        min: f32,
        /// The upper bound, inclusive.
        max: f32,
    },
    /// See [`Generator::gaussian`].
    Gaussian {
        /// The mean.
        mean: f32,
        /// The standard deviation.
        std: f32,
    },
    /// See [`Generator::bernoulli`].
    Bernoulli {
        /// The probability of 1.
        p: f32,
    },
    /// One draw of 32 bits for each value.
    TruncatedNormal(TruncatedNormal),
}

impl Distribution {
    /// The generator's next values.
    pub fn draw(self, rng: &mut (impl Generator + ?Sized), out: &mut [f32]) {
        match self {
            Distribution::Uniform { min, max } => rng.uniform(min, max, out),
            Distribution::Gaussian { mean, std } => rng.gaussian(mean, std, out),
            Distribution::Bernoulli { p } => rng.bernoulli(p, out),
            Distribution::TruncatedNormal(normal) => out.fill_with(|| normal.value(rng.next_u32())),
        }
    }

    /// The mean and the standard deviation of the values, where both are finite.
    pub fn moments(self) -> Option<Moments> {
        let (mean, std) = match self {
            Distribution::Uniform { min, max } => {
                let (min, max) = (f64::from(min), f64::from(max));
                ((min + max) / 2.0, (max - min) / 12f64.sqrt())
            }
            Distribution::Gaussian { mean, std } => (mean.into(), std.into()),
            Distribution::Bernoulli { p } => (p.into(), (f64::from(p) * (1.0 - f64::from(p))).sqrt()),
            Distribution::TruncatedNormal(normal) => (normal.mean(), normal.std()),
        };
        Moments::finite(mean, std)
    }

    /// The plain form of [`Generator::discard`]: draws all values, a few at a time.
    pub(super) fn discard(self, rng: &mut (impl Generator + ?Sized), count: usize) {
        let mut values = vec![0.0; count.min(DISCARDED)];
        for start in (0..count).step_by(DISCARDED) {
            self.draw(rng, &mut values[..DISCARDED.min(count - start)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{CaffeGenerator, Era};

    #[test]
    fn values_have_the_mean_and_the_standard_deviation() {
        let cut = TruncatedNormal::new(0.5, 2.0, -0.5, 3.0).unwrap();
        for distribution in [
            Distribution::Uniform { min: -1.0, max: 3.0 },
            Distribution::Gaussian { mean: 0.25, std: 1.5 },
            Distribution::Bernoulli { p: 0.3 },
            Distribution::TruncatedNormal(cut),
        ] {
            let mut values = vec![0.0; 1 << 20];
            distribution.draw(&mut CaffeGenerator::new(1, Era::default()), &mut values);
            let mean = |power: i32| {
                values.iter().map(|&value| f64::from(value).powi(power)).sum::<f64>() / values.len() as f64
            };
            let std = (mean(2) - mean(1) * mean(1)).sqrt();
            let expected = distribution.moments().unwrap();
            // The mean of n values strays by a thousandth of the standard deviation here.
            let close = |expected_value: f64, measured: f64| (expected_value - measured).abs() < 0.005 * expected.std;
            assert!(close(expected.mean, mean(1)) && close(expected.std, std), "{distribution:?}");
        }
    }
}
