//! Box-Muller, 8 pairs at a time.

use std::arch::x86_64::*;
use std::f32::consts::TAU;

use super::lanes::{LANES, fractions, load, store_f32, temper};
use super::math::{self, LnPlaces};
use crate::random::boost::Affine;
use crate::random::simd::block::PAIRED;

/// Vectors of pairs that take each step together.
const TOGETHER: usize = 8;

/// What 8 pairs have come to.
///
/// A pair's steps wait for one another. Each is a loop over several vectors, so that the machine has steps at hand that
/// do not.
#[derive(Clone, Copy)]
struct Pairs {
    angle: __m256,
    quadrant: __m256i,
    rest: __m256,
    places: LnPlaces,
    logarithm: __m256,
    sin_cos: [__m256; 2],
}

/// See [`Kernels::box_muller`](crate::random::simd::isa::Kernels::box_muller).
#[target_feature(enable = "avx2,bmi1,bmi2")]
pub(super) fn fill(words: &[u32], affine: Affine, out: &mut [f32]) -> bool {
    const { assert!(PAIRED == 4 * LANES) };
    let mut largest = _mm256_setzero_ps();
    let mut pairs = [Pairs::new(); TOGETHER];
    let words = words.as_chunks::<LANES>().0.as_chunks::<2>().0;
    let out = out.as_chunks_mut::<LANES>().0.as_chunks_mut::<2>().0;
    for (words, out) in words.chunks(TOGETHER).zip(out.chunks_mut(TOGETHER)) {
        let pairs = &mut pairs[..words.len()];
        for (pairs, words) in pairs.iter_mut().zip(words) {
            largest = _mm256_max_ps(largest, pairs.draw(words));
        }
        for pairs in pairs.iter_mut() {
            pairs.logarithm = math::ln(pairs.rest, &pairs.places);
        }
        for pairs in pairs.iter_mut() {
            pairs.sin_cos = math::sin_cos_in_quadrant(pairs.angle, pairs.quadrant);
        }
        for (pairs, out) in pairs.iter().zip(out) {
            pairs.finish(affine, out);
        }
    }
    _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(largest, _mm256_set1_ps(1.0))) == 0
}

impl Pairs {
    #[target_feature(enable = "avx2")]
    fn new() -> Pairs {
        let zero = _mm256_setzero_ps();
        Pairs {
            angle: zero,
            quadrant: _mm256_setzero_si256(),
            rest: zero,
            places: LnPlaces::of(zero),
            logarithm: zero,
            sin_cos: [zero; 2],
        }
    }

    /// Takes two vectors of words: pairs 0, 1, 4, 5, 2, 3, 6 and 7. Returns the larger fractions.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn draw(&mut self, [a, b]: &[[u32; LANES]; 2]) -> __m256 {
        let (a, b) = (fractions(temper(load(a))), fractions(temper(load(b))));
        let r1 = _mm256_shuffle_ps::<0b10_00_10_00>(a, b);
        let r2 = _mm256_shuffle_ps::<0b11_01_11_01>(a, b);
        self.angle = _mm256_mul_ps(r1, _mm256_set1_ps(TAU));
        self.quadrant = quadrant(r1);
        self.rest = _mm256_sub_ps(_mm256_set1_ps(1.0), r2);
        self.places = LnPlaces::of(self.rest);
        _mm256_max_ps(a, b)
    }

    /// Writes the values in the words' order.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn finish(&self, Affine { mean, std }: Affine, [a, b]: &mut [[f32; LANES]; 2]) {
        let radius = _mm256_sqrt_ps(_mm256_mul_ps(_mm256_set1_ps(-2.0), self.logarithm));
        let [sin, cos] = math::turn(self.sin_cos, self.quadrant);
        let (sin, cos) = (_mm256_mul_ps(radius, sin), _mm256_mul_ps(radius, cos));
        let (mean, std) = (_mm256_set1_ps(mean), _mm256_set1_ps(std));
        let sin = _mm256_add_ps(_mm256_mul_ps(sin, std), mean);
        let cos = _mm256_add_ps(_mm256_mul_ps(cos, std), mean);
        store_f32(a, _mm256_unpacklo_ps(cos, sin));
        store_f32(b, _mm256_unpackhi_ps(cos, sin));
    }
}

/// The quadrant, from -pi/4 on, of a part of a turn: cheaper than that of the angle in double precision.
#[inline]
#[target_feature(enable = "avx2")]
fn quadrant(part: __m256) -> __m256i {
    let eighth = _mm256_cvttps_epi32(_mm256_mul_ps(part, _mm256_set1_ps(8.0)));
    _mm256_srli_epi32::<1>(_mm256_add_epi32(eighth, _mm256_set1_epi32(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::math as plain;
    use crate::random::simd::avx2::{Avx2, lanes::store};

    /// The plain form rounds an angle's quadrant, ours an exact part of a turn's: neither ever falls as the part grows,
    /// so they agree if they do around the parts where they rise.
    #[test]
    fn quadrants_are_those_of_the_plain_form() {
        if Avx2::detect().is_none() {
            return;
        }
        for start in [0.125_f32, 0.375, 0.625, 0.875] {
            for bits in start.to_bits() - 1000..start.to_bits() + 1000 {
                let part = f32::from_bits(bits);
                let mut ours = [0; LANES];
                // SAFETY: the machine has the instructions.
                unsafe { store(&mut ours, quadrant(_mm256_set1_ps(part))) };
                let expected = plain::quadrant(f64::from(TAU * part)).to_bits() as u32;
                assert_eq!(ours, [expected; LANES], "{part}");
            }
        }
    }
}
