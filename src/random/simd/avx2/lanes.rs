//! Vectors of 8 words: loads, stores, table look-ups and the engine's tempering.

use std::arch::x86_64::*;

use crate::random::mt19937::{TEMPER_B, TEMPER_C};

/// Words in a vector.
pub(super) const LANES: usize = 8;

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load(words: &[u32; LANES]) -> __m256i {
    // SAFETY: the array is 32 bytes long; the load needs no alignment.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load_f32(values: &[f32; LANES]) -> __m256 {
    // SAFETY: the array is 32 bytes long; the load needs no alignment.
    unsafe { _mm256_loadu_ps(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn store(out: &mut [u32; LANES], words: __m256i) {
    // SAFETY: the array is 32 bytes long; the store needs no alignment.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), words) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn store_f32(out: &mut [f32; LANES], values: __m256) {
    // SAFETY: the array is 32 bytes long; the store needs no alignment.
    unsafe { _mm256_storeu_ps(out.as_mut_ptr(), values) }
}

/// The entries of a table at 8 places, of which the low seven bits count.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn gather(table: &[f32; 128], index: __m256i) -> __m256 {
    let index = _mm256_and_si256(index, _mm256_set1_epi32(127));
    // SAFETY: each index is below 128, inside the table.
    unsafe { _mm256_i32gather_ps::<4>(table.as_ptr(), index) }
}

/// The entries of a table at 4 places, of which the low five bits count.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn gather_u64(table: &[u64; 32], index: __m256i) -> __m256i {
    let index = _mm256_and_si256(index, _mm256_set1_epi64x(31));
    // SAFETY: each index is below 32, inside the table.
    unsafe { _mm256_i64gather_epi64::<8>(table.as_ptr().cast(), index) }
}

/// Unsigned words as floats, rounded once.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn to_f32(words: __m256i) -> __m256 {
    // Both halves of a word, and the product, are exact.
    let upper = _mm256_cvtepi32_ps(_mm256_srli_epi32::<16>(words));
    let lower = _mm256_cvtepi32_ps(_mm256_and_si256(words, _mm256_set1_epi32(0xffff)));
    _mm256_add_ps(_mm256_mul_ps(upper, _mm256_set1_ps(65536.0)), lower)
}

/// See [`crate::random::mt19937::temper`].
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn temper(word: __m256i) -> __m256i {
    let (b, c) = (_mm256_set1_epi32(TEMPER_B.cast_signed()), _mm256_set1_epi32(TEMPER_C.cast_signed()));
    let word = _mm256_xor_si256(word, _mm256_srli_epi32::<11>(word));
    let word = _mm256_xor_si256(word, _mm256_and_si256(_mm256_slli_epi32::<7>(word), b));
    let word = _mm256_xor_si256(word, _mm256_and_si256(_mm256_slli_epi32::<15>(word), c));
    _mm256_xor_si256(word, _mm256_srli_epi32::<18>(word))
}

/// The signs of the values, or of comparisons, as bits.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn mask(values: __m256) -> u8 {
    _mm256_movemask_ps(values) as u8
}
