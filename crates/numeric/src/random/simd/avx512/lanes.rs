//! Vectors of 16 words: loads, stores, table look-ups and the engine's tempering.

use std::arch::x86_64::*;

use crate::random::mt19937::{TEMPER_B, TEMPER_C};
use crate::random::simd::ziggurat::Edges;

/// Words in a vector.
pub(super) const LANES: usize = 16;

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load(words: &[u32; LANES]) -> __m512i {
    // SAFETY: the array is 64 bytes long; the load needs no alignment.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

/// The words from `start` on.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load_at<const N: usize>(words: &[u32; N], start: usize) -> __m512i {
    assert!(start + LANES <= N);
    // SAFETY: the 16 words from `start` on lie inside the array; the load needs no alignment.
    unsafe { _mm512_loadu_si512(words.as_ptr().add(start).cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load_f32(values: &[f32; LANES]) -> __m512 {
    // SAFETY: the array is 64 bytes long; the load needs no alignment.
    unsafe { _mm512_loadu_ps(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load_f64(values: &[f64; 8]) -> __m512d {
    // SAFETY: the array is 64 bytes long; the load needs no alignment.
    unsafe { _mm512_loadu_pd(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load_u16(words: &[u16; 32]) -> __m512i {
    // SAFETY: the array is 64 bytes long; the load needs no alignment.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store_u32(out: &mut [u32; LANES], words: __m512i) {
    // SAFETY: the array is 64 bytes long; the store needs no alignment.
    unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), words) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store_f32(out: &mut [f32; LANES], values: __m512) {
    // SAFETY: the array is 64 bytes long; the store needs no alignment.
    unsafe { _mm512_storeu_ps(out.as_mut_ptr(), values) }
}

/// A byte for each word of a vector.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store_bytes(out: &mut [u8; LANES], bytes: __m128i) {
    // SAFETY: the array is 16 bytes long; the store needs no alignment.
    unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), bytes) }
}

/// The entries of a table's column in 16 rows, of whose numbers the low seven bits count.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn column<const N: usize>(table: &[Edges; 128], row: __m512i) -> __m512 {
    const { assert!(N < 4) };
    let first = _mm512_slli_epi32::<2>(_mm512_and_si512(row, _mm512_set1_epi32(127)));
    // SAFETY: each row is below 128 and the column below 4, inside the table.
    unsafe { _mm512_i32gather_ps::<4>(first, table.as_flattened().as_ptr().add(N)) }
}

/// The entries of a table at 16 places, of which the low seven bits count.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn gather_u32(table: &[u32; 128], index: __m512i) -> __m512i {
    let index = _mm512_and_si512(index, _mm512_set1_epi32(127));
    // SAFETY: each index is below 128, inside the table.
    unsafe { _mm512_i32gather_epi32::<4>(index, table.as_ptr().cast()) }
}

/// See [`crate::random::mt19937::temper`].
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn temper(word: __m512i) -> __m512i {
    // 0x78 is a ^ (b & c).
    let word = _mm512_xor_si512(word, _mm512_srli_epi32::<11>(word));
    let (b, c) = (_mm512_set1_epi32(TEMPER_B.cast_signed()), _mm512_set1_epi32(TEMPER_C.cast_signed()));
    let word = _mm512_ternarylogic_epi32::<0x78>(word, _mm512_slli_epi32::<7>(word), b);
    let word = _mm512_ternarylogic_epi32::<0x78>(word, _mm512_slli_epi32::<15>(word), c);
    _mm512_xor_si512(word, _mm512_srli_epi32::<18>(word))
}

/// The lower and the upper 8 values, for functions in double precision.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
pub(super) fn halves(values: __m512) -> [__m256; 2] {
    [_mm512_castps512_ps256(values), _mm512_extractf32x8_ps::<1>(values)]
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
pub(super) fn join([low, high]: [__m256; 2]) -> __m512 {
    _mm512_insertf32x8::<1>(_mm512_castps256_ps512(low), high)
}
