//! Normal values since Boost 1.56: Marsaglia and Tsang's ziggurat of 128 layers.
//!
//! Layer i spans the heights `NORMAL_Y[i]` to `NORMAL_Y[i + 1]`, out to `NORMAL_X[i]`; up to `NORMAL_X[i + 1]` it lies
//! below the density exp(-x^2 / 2) as a whole. A draw gives the sign (bit 0), the layer (bits 1 to 7) and a fraction
//! of the layer's width (24 bits). What lies past the inner edge is in the wedge, where a second draw gives the height
//! that is compared with the density, or, in layer 0, beyond the tail's start.

use super::canonical::unit;
use super::exponential::{self, FRACTION_24};
use super::tables::{NORMAL_X as X, NORMAL_Y as Y};
use crate::random::{Draws, math};

/// The two forms of the ziggurat, which differ in how they decide wedges and draw tails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ziggurat {
    /// Boost 1.56 to 1.63: the density decides every wedge, tails come from logarithms.
    Plain,
    /// Since Boost 1.64: chords and tangents decide most of a wedge, tails come from the exponential ziggurat.
    Revised,
}

impl Ziggurat {
    /// A standard normal value.
    #[inline]
    pub(crate) fn sample(self, draws: &mut impl Draws) -> f32 {
        loop {
            let u = draws.draw();
            if let Some(value) = self.attempt(u, draws) {
                return value;
            }
        }
    }

    /// The value that the draw `u` leads to, with the draws after it where needed; `None` where it falls above the
    /// density and counts for nothing.
    #[inline]
    pub(crate) fn attempt(self, u: u32, draws: &mut impl Draws) -> Option<f32> {
        let candidate = Candidate::new(u);
        if candidate.inside() {
            return Some(candidate.signed(candidate.x));
        }
        if candidate.layer == 0 {
            return Some(candidate.signed(self.tail(draws)));
        }
        self.under_curve(candidate.layer, candidate.x, unit(draws)).then_some(candidate.signed(candidate.x))
    }

    /// Whether a point of a layer's wedge, at `x` and the given fraction of the layer's height, lies below the density.
    pub(crate) fn under_curve(self, layer: usize, x: f32, height: f32) -> bool {
        let [outer, bottom] = [X[layer] as f32, Y[layer] as f32];
        let y = bottom + height * (Y[layer + 1] - Y[layer]) as f32;
        let below_density = || y < math::exp(-(x * x / 2.0));
        if self == Ziggurat::Plain {
            return below_density();
        }
        let below_chord = (X[layer] - X[layer + 1]) as f32 * height - (outer - x) < 0.0;
        let below_tangent = y - (bottom + (outer - x) * bottom * outer) < 0.0;
        // The density is convex outside of x = 1, where the chord bounds it from above and the tangent from below,
        // and concave inside, where they change places.
        let convex = X[layer] >= 1.0;
        let below_upper = if convex { below_chord } else { below_tangent };
        let below_lower = if convex { below_tangent } else { below_chord };
        // Most points lie on the same side of both: one branch, that is easy to predict.
        if below_upper == below_lower { below_upper } else { below_upper && below_density() }
    }

    /// The absolute value of a normal value beyond the base layer; Marsaglia's method.
    #[cold]
    fn tail(self, draws: &mut impl Draws) -> f32 {
        let start = X[1] as f32;
        loop {
            let (x, y) = match self {
                Ziggurat::Plain => (exponential::by_logarithm(draws), exponential::by_logarithm(draws)),
                Ziggurat::Revised => (exponential::by_ziggurat(draws), exponential::by_ziggurat(draws)),
            };
            let x = x / start;
            if 2.0 * y > x * x {
                return x + start;
            }
        }
    }
}

/// What one draw proposes.
struct Candidate {
    negative: bool,
    layer: usize,
    /// Its distance from 0.
    x: f32,
}

impl Candidate {
    #[inline]
    fn new(u: u32) -> Candidate {
        let layer = ((u >> 1) & 127) as usize;
        Candidate { negative: u & 1 == 0, layer, x: (u >> 8) as f32 * FRACTION_24 * X[layer] as f32 }
    }

    /// Whether it lies in the part of its layer that is below the density as a whole.
    #[inline]
    fn inside(&self) -> bool {
        f64::from(self.x) < X[self.layer + 1]
    }

    #[inline]
    fn signed(&self, x: f32) -> f32 {
        if self.negative { -x } else { x }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Mt19937;
    use crate::random::boost::scripted::Scripted;

    const BOTH: [Ziggurat; 2] = [Ziggurat::Plain, Ziggurat::Revised];

    #[test]
    fn bit_zero_is_the_sign() {
        for ziggurat in BOTH {
            let mut draws = Scripted::new([1, 0, 0x8000_0001 | 127 << 1]);
            assert_eq!(ziggurat.sample(&mut draws).to_bits(), 0);
            assert_eq!(ziggurat.sample(&mut draws).to_bits(), 0x8000_0000);
            // Layer 127 reaches from 0 to X[127], all of it wedge.
            assert_eq!(X[128], 0.0);
        }
    }

    #[test]
    fn wedges_take_a_height() {
        let u = 0xffff_ff01 | 100 << 1;
        for ziggurat in BOTH {
            // Near the outer edge the density is at the bottom of the layer.
            let mut draws = Scripted::new([u, 0xffff_0000, 1]);
            assert_eq!(ziggurat.sample(&mut draws), 0.0);
            assert_eq!(draws.left(), 0);
            let mut draws = Scripted::new([u - 0x0010_0000, 0]);
            assert!(ziggurat.sample(&mut draws) > X[101] as f32);
            assert_eq!(draws.left(), 0);
        }
    }

    #[test]
    fn tails_start_at_the_base_layer() {
        for (ziggurat, draws) in [(Ziggurat::Plain, [0, 0x8000_0000]), (Ziggurat::Revised, [1, 0x8000_0001])] {
            let mut draws = Scripted::new([0xffff_ff01].into_iter().chain(draws));
            assert_eq!(ziggurat.sample(&mut draws), X[1] as f32);
            assert_eq!(draws.left(), 0);
        }
    }

    #[test]
    fn moments_are_normal() {
        for ziggurat in BOTH {
            let mut engine = Mt19937::new(11);
            let n = 1_000_000;
            let values: Vec<f64> = (0..n).map(|_| f64::from(ziggurat.sample(&mut engine))).collect();
            let moment = |k: i32| values.iter().map(|x| x.powi(k)).sum::<f64>() / f64::from(n);
            assert!(moment(1).abs() < 5e-3);
            assert!((moment(2) - 1.0).abs() < 1e-2);
            assert!(moment(3).abs() < 2e-2);
            assert!((moment(4) - 3.0).abs() < 6e-2);
        }
    }
}
