//! What a value can be drawn from.

use super::{Generator, TruncatedNormal};

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

    /// The plain form of [`Generator::discard`]: draws all values, a few at a time.
    pub(super) fn discard(self, rng: &mut (impl Generator + ?Sized), count: usize) {
        let mut values = vec![0.0; count.min(DISCARDED)];
        for start in (0..count).step_by(DISCARDED) {
            self.draw(rng, &mut values[..DISCARDED.min(count - start)]);
        }
    }
}
