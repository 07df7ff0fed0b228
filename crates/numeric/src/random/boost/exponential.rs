//! Exponential values, which the tail of the normal ziggurat needs.

use super::canonical::unit;
use super::tables::{EXPONENTIAL_X as X, EXPONENTIAL_Y as Y};
use crate::random::{Draws, math};

/// 2^-24.
pub(crate) const FRACTION_24: f32 = 1.0 / 16_777_216.0;

/// A standard exponential value as up to Boost 1.63: the logarithm of a uniform value.
pub(crate) fn by_logarithm(draws: &mut impl Draws) -> f32 {
    -math::ln(1.0 - unit(draws))
}

/// A standard exponential value as since Boost 1.64: a ziggurat of 256 layers.
pub(crate) fn by_ziggurat(draws: &mut impl Draws) -> f32 {
    // The tail of an exponential is an exponential further right.
    let mut shift = 0.0;
    loop {
        let u = draws.draw();
        let layer = (u & 255) as usize;
        let x = (u >> 8) as f32 * FRACTION_24 * X[layer] as f32;
        if x < X[layer + 1] as f32 {
            return shift + x;
        }
        if layer == 0 {
            shift += X[1] as f32;
        } else if under_curve(layer, x, unit(draws)) {
            return shift + x;
        }
    }
}

/// Whether a point of a layer's wedge, at `x` and the given fraction of the layer's height, lies below exp(-x).
fn under_curve(layer: usize, x: f32, height: f32) -> bool {
    let [outer, inner] = [X[layer] as f32, X[layer + 1] as f32];
    let top = Y[layer + 1] as f32;
    let y = Y[layer] as f32 + height * (Y[layer + 1] - Y[layer]) as f32;
    // The curve is convex: below the chord is needed, below the tangent at the inner edge is enough.
    let above_chord = (X[layer] - X[layer + 1]) as f32 * height - (outer - x);
    let above_tangent = y - (top + (inner - x) * top);
    above_chord < 0.0 && (above_tangent < 0.0 || y < math::exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Mt19937;
    use crate::random::boost::scripted::Scripted;

    #[test]
    fn the_tail_is_shifted() {
        // Layer 0 with the largest fraction, twice, then a value of layer 1 well inside.
        let mut draws = Scripted::new([0xffff_ff00, 0xffff_ff00, 0x0000_0101]);
        let value = by_ziggurat(&mut draws);
        assert_eq!(draws.left(), 0);
        assert_eq!(value, X[1] as f32 + X[1] as f32 + FRACTION_24 * X[1] as f32);
    }

    #[test]
    fn means_are_one() {
        let mut engine = Mt19937::new(3);
        let n = 1_000_000;
        for sample in [by_logarithm as fn(&mut Mt19937) -> f32, by_ziggurat] {
            let values: Vec<f64> = (0..n).map(|_| f64::from(sample(&mut engine))).collect();
            let mean = values.iter().sum::<f64>() / f64::from(n);
            let square = values.iter().map(|x| x * x).sum::<f64>() / f64::from(n);
            assert!((mean - 1.0).abs() < 5e-3, "mean {mean}");
            assert!((square - 2.0).abs() < 3e-2, "mean square {square}");
        }
    }

    #[test]
    fn values_are_stable() {
        let first = |sample: fn(&mut Mt19937) -> f32| {
            let mut engine = Mt19937::new(1701);
            [(); 4].map(|()| sample(&mut engine).to_bits())
        };
        assert_eq!(first(by_ziggurat), [0x3dd1_4989, 0x404b_fb63, 0x3e7d_2c80, 0x3eab_9da1]);
        assert_eq!(first(by_logarithm), [0x3dbf_df88, 0x3f3b_397a, 0x3dfb_12ce, 0x3fd2_5b39]);
    }
}
