//! `bernoulli_distribution<float>`: the same in every release.

use crate::random::Draws;

/// True with a given probability.
///
/// A draw counts when it is at most `p * 2^32`, compared as a float: a few draws above the threshold round down to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bernoulli {
    threshold: f32,
}

impl Bernoulli {
    /// `p` is meant to be in [0, 1]; NaN never succeeds but draws.
    pub(crate) fn new(p: f32) -> Bernoulli {
        Bernoulli { threshold: p * 4_294_967_296.0 }
    }

    /// The greatest draw, as a float, that succeeds; `None` where nothing does and nothing is drawn.
    pub(crate) fn threshold(&self) -> Option<f32> {
        (self.threshold != 0.0).then_some(self.threshold)
    }

    #[inline]
    pub(crate) fn sample(&self, draws: &mut impl Draws) -> bool {
        self.threshold().is_some_and(|threshold| draws.draw() as f32 <= threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::boost::scripted::Scripted;

    fn samples<const N: usize>(p: f32, script: [u32; N]) -> [bool; N] {
        let mut draws = Scripted::new(script);
        let samples = [(); N].map(|()| Bernoulli::new(p).sample(&mut draws));
        assert_eq!(draws.left(), 0);
        samples
    }

    #[test]
    fn zero_draws_nothing() {
        let mut draws = Scripted::new([]);
        assert!(!Bernoulli::new(0.0).sample(&mut draws));
        assert!(!Bernoulli::new(-0.0).sample(&mut draws));
    }

    #[test]
    fn draws_are_compared_as_floats() {
        assert_eq!(samples(0.5, [0x8000_0000, 0x8000_0080, 0x8000_0081]), [true, true, false]);
        assert_eq!(samples(1.0, [0, u32::MAX]), [true, true]);
        assert_eq!(samples(1e-45, [0, 1]), [true, false]);
    }

    #[test]
    fn nan_draws_and_never_succeeds() {
        assert_eq!(samples(f32::NAN, [0, 1]), [false, false]);
    }
}
