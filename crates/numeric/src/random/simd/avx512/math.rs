//! The functions of [`crate::random::math`], 8 values at a time: the same operations in the same order.

use std::arch::x86_64::*;
use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, LN_2};

use super::lanes::load_f64;
use crate::random::math::{COS_POLY, LN_CENTRE, LN_INVERSE, LN_ORIGIN, LN_POLY, ROUND, SIN_POLY};

/// `a * b + c`, rounded twice.
#[inline]
#[target_feature(enable = "avx512f")]
fn mul_add(a: __m512d, b: __m512d, c: __m512d) -> __m512d {
    _mm512_add_pd(_mm512_mul_pd(a, b), c)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn all(x: f64) -> __m512d {
    _mm512_set1_pd(x)
}

/// The entries of a table of 16 at places of which the low four bits count.
#[inline]
#[target_feature(enable = "avx512f")]
fn look_up(table: &[f64; 16], index: __m512i) -> __m512d {
    let [low, high] = table.as_chunks::<8>().0 else { unreachable!("16 is twice 8") };
    _mm512_permutex2var_pd(load_f64(low), index, load_f64(high))
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
pub(super) fn ln(x: __m256) -> __m256 {
    let bits = _mm256_castps_si256(x);
    let offset = _mm256_sub_epi32(bits, _mm256_set1_epi32(LN_ORIGIN.cast_signed()));
    let interval = _mm512_cvtepu32_epi64(_mm256_srli_epi32::<19>(offset));
    let exponent = _mm512_cvtepi32_pd(_mm256_srai_epi32::<23>(offset));
    let upper = _mm256_and_si256(offset, _mm256_set1_epi32(0xff80_0000_u32.cast_signed()));
    let significand = _mm512_cvtps_pd(_mm256_castsi256_ps(_mm256_sub_epi32(bits, upper)));
    let r = _mm512_sub_pd(_mm512_mul_pd(significand, look_up(&LN_INVERSE, interval)), all(1.0));
    let base = _mm512_add_pd(look_up(&LN_CENTRE, interval), _mm512_mul_pd(exponent, all(LN_2)));
    let [c2, c3, c4] = [_mm512_set1_pd(LN_POLY[0]), _mm512_set1_pd(LN_POLY[1]), _mm512_set1_pd(LN_POLY[2])];
    let r2 = _mm512_mul_pd(r, r);
    let tail = mul_add(c4, r2, mul_add(c3, r, c2));
    _mm512_cvtpd_ps(mul_add(tail, r2, _mm512_add_pd(base, r)))
}

/// The sines and the cosines.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
pub(super) fn sin_cos(angle: __m256) -> (__m256, __m256) {
    let angle = _mm512_cvtps_pd(angle);
    let rounded = mul_add(angle, all(FRAC_2_PI), all(ROUND));
    let quadrant = _mm512_cvtepi64_epi32(_mm512_castpd_si512(rounded));
    let x = _mm512_sub_pd(angle, _mm512_mul_pd(_mm512_sub_pd(rounded, all(ROUND)), all(FRAC_PI_2)));
    let (sin, cos) = (sin_near_zero(x), cos_near_zero(x));
    let odd = _mm256_test_epi32_mask(quadrant, _mm256_set1_epi32(1));
    let next = _mm256_add_epi32(quadrant, _mm256_set1_epi32(1));
    (
        negate_where_two(quadrant, _mm256_mask_blend_ps(odd, sin, cos)),
        negate_where_two(next, _mm256_mask_blend_ps(odd, cos, sin)),
    )
}

/// The values, negative where bit 1 of the quadrant is set.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn negate_where_two(quadrant: __m256i, values: __m256) -> __m256 {
    let sign = _mm256_slli_epi32::<30>(_mm256_and_si256(quadrant, _mm256_set1_epi32(2)));
    _mm256_xor_ps(values, _mm256_castsi256_ps(sign))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn sin_near_zero(x: __m512d) -> __m256 {
    let [s3, s5, s7] = [_mm512_set1_pd(SIN_POLY[0]), _mm512_set1_pd(SIN_POLY[1]), _mm512_set1_pd(SIN_POLY[2])];
    let x2 = _mm512_mul_pd(x, x);
    let x3 = _mm512_mul_pd(x, x2);
    let head = _mm512_add_pd(x, _mm512_mul_pd(x3, s3));
    let tail = _mm512_add_pd(s5, _mm512_mul_pd(x2, s7));
    _mm512_cvtpd_ps(_mm512_add_pd(head, _mm512_mul_pd(_mm512_mul_pd(x3, x2), tail)))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn cos_near_zero(x: __m512d) -> __m256 {
    let [c2, c4, c6, c8] = [
        _mm512_set1_pd(COS_POLY[0]),
        _mm512_set1_pd(COS_POLY[1]),
        _mm512_set1_pd(COS_POLY[2]),
        _mm512_set1_pd(COS_POLY[3]),
    ];
    let x2 = _mm512_mul_pd(x, x);
    let x4 = _mm512_mul_pd(x2, x2);
    let head = _mm512_add_pd(_mm512_add_pd(all(1.0), _mm512_mul_pd(x2, c2)), _mm512_mul_pd(x4, c4));
    let tail = _mm512_add_pd(c6, _mm512_mul_pd(x2, c8));
    _mm512_cvtpd_ps(_mm512_add_pd(head, _mm512_mul_pd(_mm512_mul_pd(x4, x2), tail)))
}
