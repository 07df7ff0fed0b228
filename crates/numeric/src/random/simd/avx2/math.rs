//! The functions of [`crate::random::math`], 8 values at a time: the same operations in the same order.

use std::arch::x86_64::*;
use std::f64::consts::FRAC_PI_2;

use super::lanes::{LANES, store};
use crate::random::math::{COS_POLY, LN_POLY, SIN_POLY};
use crate::random::simd::ln_rows::{FIRST, LN_ROWS, LnRow, ROWS, WITHIN};

/// 8 numbers in double precision: the lower and the upper four.
type Halves = [__m256d; 2];

#[inline]
#[target_feature(enable = "avx2")]
fn add([a, b]: Halves, [c, d]: Halves) -> Halves {
    [_mm256_add_pd(a, c), _mm256_add_pd(b, d)]
}

#[inline]
#[target_feature(enable = "avx2")]
fn sub([a, b]: Halves, [c, d]: Halves) -> Halves {
    [_mm256_sub_pd(a, c), _mm256_sub_pd(b, d)]
}

#[inline]
#[target_feature(enable = "avx2")]
fn mul([a, b]: Halves, [c, d]: Halves) -> Halves {
    [_mm256_mul_pd(a, c), _mm256_mul_pd(b, d)]
}

/// `a * b + c`, rounded twice.
#[inline]
#[target_feature(enable = "avx2")]
fn mul_add(a: Halves, b: Halves, c: Halves) -> Halves {
    add(mul(a, b), c)
}

#[inline]
#[target_feature(enable = "avx2")]
fn all(x: f64) -> Halves {
    [_mm256_set1_pd(x); 2]
}

#[inline]
#[target_feature(enable = "avx2")]
fn widen(x: __m256) -> Halves {
    [_mm256_cvtps_pd(_mm256_castps256_ps128(x)), _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(x))]
}

#[inline]
#[target_feature(enable = "avx2")]
fn round([low, high]: Halves) -> __m256 {
    _mm256_set_m128(_mm256_cvtpd_ps(high), _mm256_cvtpd_ps(low))
}

/// Where numbers' rows are in [`LN_ROWS`]. They are read one by one, which is faster than gathering.
#[derive(Clone, Copy)]
pub(super) struct LnPlaces {
    /// Distances in bytes, each of a row in the table.
    bytes: [u32; LANES],
}

impl LnPlaces {
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn of(x: __m256) -> LnPlaces {
        const SIZE: u32 = size_of::<LnRow>().ilog2();
        const { assert!(ROWS.is_power_of_two() && size_of::<LnRow>().is_power_of_two() && SIZE < WITHIN) };
        let offset = _mm256_sub_epi32(_mm256_castps_si256(x), _mm256_set1_epi32(FIRST.cast_signed()));
        let scaled = _mm256_srli_epi32::<{ (WITHIN - SIZE) as i32 }>(offset);
        let mut bytes = [0; LANES];
        store(&mut bytes, _mm256_and_si256(scaled, _mm256_set1_epi32(((ROWS - 1) << SIZE) as i32)));
        LnPlaces { bytes }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn row(&self, i: usize) -> __m128d {
        // SAFETY: `of` has made the distance a multiple of a row's size below that of the table.
        unsafe { _mm_loadu_pd(LN_ROWS.0.as_ptr().byte_add(self.bytes[i] as usize).cast()) }
    }

    /// The first numbers of four rows, and the second ones.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn four(&self, start: usize) -> (__m256d, __m256d) {
        let row = |i: usize| self.row(start + i);
        let (even, odd) = (_mm256_set_m128d(row(2), row(0)), _mm256_set_m128d(row(3), row(1)));
        (_mm256_unpacklo_pd(even, odd), _mm256_unpackhi_pd(even, odd))
    }
}

/// The natural logarithms of numbers at their places.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn ln(x: __m256, places: &LnPlaces) -> __m256 {
    let ((inverse_low, base_low), (inverse_high, base_high)) = (places.four(0), places.four(4));
    let (inverse, base) = ([inverse_low, inverse_high], [base_low, base_high]);
    let [c2, c3, c4] = [all(LN_POLY[0]), all(LN_POLY[1]), all(LN_POLY[2])];
    let r = sub(mul(widen(x), inverse), all(1.0));
    let r2 = mul(r, r);
    let tail = mul_add(c4, r2, mul_add(c3, r, c2));
    round(mul_add(tail, r2, add(base, r)))
}

/// The sines and the cosines of angles less their quadrants.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn sin_cos_in_quadrant(angle: __m256, quadrant: __m256i) -> [__m256; 2] {
    let quarters = [_mm256_castsi256_si128(quadrant), _mm256_extracti128_si256::<1>(quadrant)];
    let quarters = [_mm256_cvtepi32_pd(quarters[0]), _mm256_cvtepi32_pd(quarters[1])];
    let x = sub(widen(angle), mul(quarters, all(FRAC_PI_2)));
    let x2 = mul(x, x);
    [sin_near_zero(x, x2), cos_near_zero(x2)]
}

/// Adds the quadrants.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn turn([sin, cos]: [__m256; 2], quadrant: __m256i) -> [__m256; 2] {
    let odd = _mm256_castsi256_ps(_mm256_slli_epi32::<31>(quadrant));
    let negative_sin = _mm256_and_ps(_mm256_castsi256_ps(_mm256_slli_epi32::<30>(quadrant)), _mm256_set1_ps(-0.0));
    let negative_cos = _mm256_xor_ps(negative_sin, odd);
    [
        _mm256_xor_ps(_mm256_blendv_ps(sin, cos, odd), negative_sin),
        _mm256_xor_ps(_mm256_blendv_ps(cos, sin, odd), negative_cos),
    ]
}

#[inline]
#[target_feature(enable = "avx2")]
fn sin_near_zero(x: Halves, x2: Halves) -> __m256 {
    let [s3, s5, s7] = [all(SIN_POLY[0]), all(SIN_POLY[1]), all(SIN_POLY[2])];
    let x3 = mul(x, x2);
    let head = add(x, mul(x3, s3));
    let tail = add(s5, mul(x2, s7));
    round(add(head, mul(mul(x3, x2), tail)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn cos_near_zero(x2: Halves) -> __m256 {
    let [c2, c4, c6, c8] = [all(COS_POLY[0]), all(COS_POLY[1]), all(COS_POLY[2]), all(COS_POLY[3])];
    let x4 = mul(x2, x2);
    let head = add(add(all(1.0), mul(x2, c2)), mul(x4, c4));
    let tail = add(c6, mul(x2, c8));
    round(add(head, mul(mul(x4, x2), tail)))
}
