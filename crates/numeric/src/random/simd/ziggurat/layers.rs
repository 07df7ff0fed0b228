//! The layers, as the vector code sees them: single-precision numbers that the plain form computes on the way.

use crate::random::boost::{FRACTION_24, NORMAL_X, NORMAL_Y};

/// Tables of the 128 layers.
#[repr(C, align(64))]
pub(in crate::random::simd) struct Layers {
    /// Width of the layer over 2^24: a fraction times this is a distance from 0.
    pub(in crate::random::simd) scale: [f32; 128],
    /// Fractions below this are certain.
    pub(in crate::random::simd) limit: [u32; 128],
    /// The limit rounded down to a multiple of 256, over 256: fractions over 256 below this are certain.
    pub(in crate::random::simd) coarse_limit: [u16; 128],
    /// By the low byte of a draw, its layer and sign: the limit, and the bits of the scale, negative where the value
    /// is.
    pub(in crate::random::simd) packed: [[u32; 2]; 256],
    /// What a wedge is judged by.
    pub(in crate::random::simd) edges: [Edges; 128],
}

/// Distance of a layer's outer edge, distance from there to the inner edge, density at the outer edge (0 for the base),
/// and the difference of the densities at the edges.
pub(in crate::random::simd) type Edges = [f32; 4];

pub(in crate::random::simd) static LAYERS: Layers = Layers::new();

impl Layers {
    const fn new() -> Layers {
        let mut layers = Layers {
            scale: [0.0; 128],
            limit: [0; 128],
            coarse_limit: [0; 128],
            packed: [[0; 2]; 256],
            edges: [[0.0; 4]; 128],
        };
        let mut i = 0;
        while i < 128 {
            let scale = NORMAL_X[i] as f32 * FRACTION_24;
            let limit = fractions_below(NORMAL_X[i + 1], scale);
            layers.scale[i] = scale;
            layers.limit[i] = limit;
            layers.coarse_limit[i] = (limit >> 8) as u16;
            layers.packed[2 * i] = [limit, (-scale).to_bits()];
            layers.packed[2 * i + 1] = [limit, scale.to_bits()];
            layers.edges[i] = [
                NORMAL_X[i] as f32,
                (NORMAL_X[i] - NORMAL_X[i + 1]) as f32,
                NORMAL_Y[i] as f32,
                (NORMAL_Y[i + 1] - NORMAL_Y[i]) as f32,
            ];
            i += 1;
        }
        layers
    }
}

/// How many of the fractions 0, 1, ... 2^24 - 1 give a distance, in single precision, below an edge.
const fn fractions_below(edge: f64, scale: f32) -> u32 {
    let (mut low, mut high) = (0, 1 << 24);
    while low < high {
        let middle = (low + high) / 2;
        if ((middle as f32 * scale) as f64) < edge {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_where_the_plain_form_leaves_the_inside() {
        for i in 0..128 {
            let x = |fraction: u32| f64::from(fraction as f32 * FRACTION_24 * NORMAL_X[i] as f32);
            let limit = LAYERS.limit[i];
            assert!(limit == 0 || x(limit - 1) < NORMAL_X[i + 1], "layer {i}");
            assert!(limit == 1 << 24 || x(limit) >= NORMAL_X[i + 1], "layer {i}");
        }
    }
}
