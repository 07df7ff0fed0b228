//! Box-Muller, 16 pairs at a time.

use std::arch::x86_64::*;
use std::f32::consts::TAU;

use super::lanes::{LANES, halves, join, load, store_f32, temper};
use super::math;
use crate::random::boost::{Affine, FRACTION};
use crate::random::simd::block::PAIRED;

/// Box-Muller values of pairs of words; false if a fraction is 1 and has to be drawn again.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn fill(words: &[u32], affine: Affine, out: &mut [f32]) -> bool {
    const { assert!(PAIRED == 2 * LANES) };
    let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    let odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    let front = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    let back = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    let one = _mm512_set1_ps(1.0);
    let mut good: __mmask16 = !0;
    let words = words.as_chunks::<LANES>().0.as_chunks::<2>().0;
    for ([w0, w1], [o0, o1]) in words.iter().zip(out.as_chunks_mut::<LANES>().0.as_chunks_mut::<2>().0) {
        let (a, b) = (fractions(w0), fractions(w1));
        good &= _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, one) & _mm512_cmp_ps_mask::<_CMP_LT_OQ>(b, one);
        if good != !0 {
            return false;
        }
        let r1 = _mm512_permutex2var_ps(a, even, b);
        let r2 = _mm512_permutex2var_ps(a, odd, b);
        let [cos, sin] = pairs(r1, r2);
        let [cos, sin] = [apply(affine, cos), apply(affine, sin)];
        store_f32(o0, _mm512_permutex2var_ps(cos, front, sin));
        store_f32(o1, _mm512_permutex2var_ps(cos, back, sin));
    }
    true
}

#[inline]
#[target_feature(enable = "avx512f")]
fn fractions(words: &[u32; LANES]) -> __m512 {
    _mm512_mul_ps(_mm512_cvtepu32_ps(temper(load(words))), _mm512_set1_ps(FRACTION))
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn pairs(r1: __m512, r2: __m512) -> [__m512; 2] {
    let rest = _mm512_sub_ps(_mm512_set1_ps(1.0), r2);
    let [low, high] = halves(rest);
    let logarithm = join([math::ln(low), math::ln(high)]);
    let radius = _mm512_sqrt_ps(_mm512_mul_ps(_mm512_set1_ps(-2.0), logarithm));
    let [low, high] = halves(_mm512_mul_ps(_mm512_set1_ps(TAU), r1));
    let ((sin_low, cos_low), (sin_high, cos_high)) = (math::sin_cos(low), math::sin_cos(high));
    [_mm512_mul_ps(radius, join([cos_low, cos_high])), _mm512_mul_ps(radius, join([sin_low, sin_high]))]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn apply(affine: Affine, z: __m512) -> __m512 {
    _mm512_add_ps(_mm512_mul_ps(z, _mm512_set1_ps(affine.std)), _mm512_set1_ps(affine.mean))
}
