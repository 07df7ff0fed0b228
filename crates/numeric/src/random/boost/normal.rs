//! `normal_distribution<float>`: standard normal values, scaled and shifted.

use super::box_muller::box_muller;
use super::release::Era;
use super::ziggurat::Ziggurat;
use crate::arithmetic::INVALID;
use crate::random::Draws;

/// How an era makes standard normal values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Normal {
    /// Up to 1.55, in pairs.
    BoxMuller,
    /// Since 1.56, one at a time.
    Ziggurat(Ziggurat),
}

impl Normal {
    pub(crate) fn new(era: Era) -> Normal {
        match era {
            Era::V1_41 | Era::V1_47 => Normal::BoxMuller,
            Era::V1_56 => Normal::Ziggurat(Ziggurat::Plain),
            Era::V1_64 => Normal::Ziggurat(Ziggurat::Revised),
        }
    }

    /// Fills a slice; an odd number of values loses the second of the last pair.
    pub(crate) fn fill(self, affine: Affine, draws: &mut impl Draws, out: &mut [f32]) {
        match self {
            Normal::BoxMuller => {
                for pair in out.chunks_mut(2) {
                    for (value, standard) in pair.iter_mut().zip(box_muller(draws)) {
                        *value = affine.apply(standard);
                    }
                }
            }
            Normal::Ziggurat(ziggurat) => {
                for value in out {
                    *value = affine.apply(ziggurat.sample(draws));
                }
            }
        }
    }
}

/// The map `z std + mean` from standard values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Affine {
    pub(crate) mean: f32,
    pub(crate) std: f32,
}

impl Affine {
    /// The image of a value. NaNs have x86-64's bits on every platform.
    #[inline]
    pub(crate) fn apply(self, z: f32) -> f32 {
        let value = z * self.std + self.mean;
        if value.is_nan() { self.nan() } else { value }
    }

    /// Whether no finite value is mapped to NaN.
    pub(crate) fn is_ordinary(self) -> bool {
        self.mean.is_finite() && self.std.is_finite()
    }

    #[cold]
    fn nan(self) -> f32 {
        const QUIET: u32 = 0x0040_0000;
        if self.mean.is_nan() { f32::from_bits(self.mean.to_bits() | QUIET) } else { INVALID }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Mt19937;

    fn first(era: Era) -> [u32; 8] {
        let mut out = [0.0; 8];
        let mut engine = Mt19937::new(1701);
        Normal::new(era).fill(Affine { mean: 0.0, std: 1.0 }, &mut engine, &mut out);
        out.map(f32::to_bits)
    }

    #[test]
    fn values_are_stable() {
        assert_eq!(first(Era::V1_41)[..4], [0x3f83_004b, 0x3f24_f744, 0x3fad_b481, 0x3f99_e034]);
        assert_eq!(first(Era::V1_47), first(Era::V1_41));
        assert_eq!(first(Era::V1_56)[..4], [0xbddf_c6d0, 0xbfd6_0223, 0xbe51_b0dd, 0xbf06_f32e]);
        assert_eq!(first(Era::V1_64), first(Era::V1_56));
    }

    #[test]
    fn odd_fills_of_pairs_consume_the_pair() {
        let [mut odd, mut even] = [Mt19937::new(2), Mt19937::new(2)];
        let affine = Affine { mean: 0.0, std: 1.0 };
        Normal::BoxMuller.fill(affine, &mut odd, &mut [0.0; 3]);
        Normal::BoxMuller.fill(affine, &mut even, &mut [0.0; 4]);
        assert_eq!(odd.draw(), even.draw());
    }

    #[test]
    fn nans_are_those_of_x86() {
        let apply = |mean, std, z: f32| Affine { mean, std }.apply(z).to_bits();
        assert_eq!(apply(f32::from_bits(0x7fc0_0000), 1.0, 0.5), 0x7fc0_0000);
        assert_eq!(apply(f32::from_bits(0xff80_0001), 1.0, 0.5), 0xffc0_0001);
        assert_eq!(apply(0.0, f32::INFINITY, 0.0), 0xffc0_0000);
        assert_eq!(apply(f32::NEG_INFINITY, f32::INFINITY, 1.0), 0xffc0_0000);
        assert_eq!(apply(f32::INFINITY, 1.0, 0.5), 0x7f80_0000);
    }
}
