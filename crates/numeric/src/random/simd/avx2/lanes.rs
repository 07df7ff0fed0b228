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

/// Half a vector.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load_row(values: &[f32; 4]) -> __m128 {
    // SAFETY: the array is 16 bytes long; the load needs no alignment.
    unsafe { _mm_loadu_ps(values.as_ptr()) }
}

/// Half a vector, of two pairs.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load_two(low: &[u32; 2], high: &[u32; 2]) -> __m128 {
    // SAFETY: each load reads the 8 bytes of its pair, and needs no alignment.
    unsafe { _mm_castpd_ps(_mm_loadh_pd(_mm_load_sd(low.as_ptr().cast()), high.as_ptr().cast())) }
}

/// The low bytes of words in the order 0, 1, 4, 5, 2, 3, 6, 7, put in order.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn store_low_bytes(out: &mut [u8; LANES], words: __m256i) {
    let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(words);
    let halves = _mm_packs_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256::<1>(words));
    *out = _mm_cvtsi128_si64(_mm_packus_epi16(halves, halves)).to_le_bytes();
}

/// Unsigned words over 2^32 as floats, rounded once.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn fractions(words: __m256i) -> __m256 {
    // Under the upper half of these numbers' bits, the halves of a word are multiples of 2^-32 and of 2^-16.
    const LOWER: f32 = 1.0 / 512.0;
    const UPPER: f32 = 128.0;
    let under =
        |number, half| _mm256_castsi256_ps(_mm256_blend_epi16::<0b1010_1010>(half, _mm256_castps_si256(number)));
    let lower = under(_mm256_set1_ps(LOWER), words);
    let upper = under(_mm256_set1_ps(UPPER), _mm256_srli_epi32::<16>(words));
    // The difference is exact.
    _mm256_add_ps(_mm256_sub_ps(upper, _mm256_set1_ps(UPPER + LOWER)), lower)
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
