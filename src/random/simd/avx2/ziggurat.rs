//! The phases of the ziggurat, 8 draws at a time.

use std::arch::x86_64::*;

use super::lanes::{LANES, gather, gather_u64, load, load_f32, mask, store, store_f32, temper, to_f32};
use crate::random::boost::{Affine, FRACTION, Ziggurat};
use crate::random::math::{EXP_POLY, EXP_STEPS, EXP2, ROUND};
use crate::random::simd::block::{JUDGED, Points, Verdict};
use crate::random::simd::ziggurat::LAYERS;

/// See [`Kernels::propose`](crate::random::simd::isa::Kernels::propose).
///
/// The draws of a mask go through memory, where each byte that tells a layer and a sign is read on its own: that is
/// faster than taking vectors apart, and much faster than gathering.
#[target_feature(enable = "avx2,bmi1,bmi2")]
pub(super) fn propose(words: &[u32], affine: Affine, values: &mut [f32], certain: &mut [u64]) {
    let (std, mean) = (_mm256_set1_ps(affine.std), _mm256_set1_ps(affine.mean));
    let words = words.as_chunks::<LANES>().0.as_chunks::<8>().0;
    let values = values.as_chunks_mut::<LANES>().0.as_chunks_mut::<8>().0;
    for ((words, values), certain) in words.iter().zip(values).zip(certain) {
        let mut draws = [[0; LANES]; 8];
        for (draws, words) in draws.iter_mut().zip(words) {
            store(draws, temper(load(words)));
        }
        let mut bits = 0;
        for (i, (draws, values)) in draws.iter().zip(values).enumerate() {
            let (scale, limit) = look_up(draws);
            let fraction = _mm256_srli_epi32::<8>(load(draws));
            let inside = _mm256_castsi256_ps(_mm256_cmpgt_epi32(limit, fraction));
            bits |= u64::from(mask(inside)) << (LANES * i);
            let x = _mm256_mul_ps(_mm256_cvtepi32_ps(fraction), scale);
            store_f32(values, _mm256_add_ps(_mm256_mul_ps(x, std), mean));
        }
        *certain = bits;
    }
}

/// The scales, with the signs of the values, and the limits of the draws' layers.
#[inline]
#[target_feature(enable = "avx2")]
fn look_up(draws: &[u32; LANES]) -> (__m256, __m256i) {
    let entry = |i: usize| LAYERS.packed[(draws[i] & 255) as usize].cast_signed();
    // Each entry is a limit and a scale: l0 s0 l1 s1 and l4 s4 l5 s5, then l2 s2 l3 s3 and l6 s6 l7 s7.
    let a = _mm256_castsi256_ps(_mm256_set_epi64x(entry(5), entry(4), entry(1), entry(0)));
    let b = _mm256_castsi256_ps(_mm256_set_epi64x(entry(7), entry(6), entry(3), entry(2)));
    (_mm256_shuffle_ps::<0b11_01_11_01>(a, b), _mm256_castps_si256(_mm256_shuffle_ps::<0b10_00_10_00>(a, b)))
}

/// See [`Kernels::judge`](crate::random::simd::isa::Kernels::judge).
#[target_feature(enable = "avx2,bmi1,bmi2")]
pub(super) fn judge(form: Ziggurat, points: &Points, count: usize, verdicts: &mut [Verdict]) {
    const { assert!(JUDGED == 2 * LANES) };
    let (draws, heights) = (points.draws.as_chunks::<LANES>().0, points.heights.as_chunks::<LANES>().0);
    let halves = draws.as_chunks::<2>().0.iter().zip(heights.as_chunks::<2>().0);
    for ((draws, heights), verdict) in halves.zip(verdicts).take(count.div_ceil(JUDGED)) {
        let (below_low, special_low) = judge_eight(form, &draws[0], &heights[0]);
        let (below_high, special_high) = judge_eight(form, &draws[1], &heights[1]);
        *verdict = Verdict {
            below: u16::from_le_bytes([below_low, below_high]),
            special: u16::from_le_bytes([special_low, special_high]),
        };
    }
}

/// Which points are below the density, and which special.
#[inline]
#[target_feature(enable = "avx2")]
fn judge_eight(form: Ziggurat, draws: &[u32; LANES], heights: &[u32; LANES]) -> (u8, u8) {
    let draw = temper(load(draws));
    let height = _mm256_mul_ps(to_f32(temper(load(heights))), _mm256_set1_ps(FRACTION));
    let layer = _mm256_and_si256(_mm256_srli_epi32::<1>(draw), _mm256_set1_epi32(127));
    let base = _mm256_castsi256_ps(_mm256_cmpeq_epi32(layer, _mm256_setzero_si256()));
    let repeated = _mm256_cmp_ps::<_CMP_GE_OQ>(height, _mm256_set1_ps(1.0));
    let fraction = _mm256_cvtepi32_ps(_mm256_srli_epi32::<8>(draw));
    let x = _mm256_mul_ps(fraction, gather(&LAYERS.scale, layer));
    (under_curve(form, layer, x, height), mask(_mm256_or_ps(base, repeated)))
}

/// See [`Ziggurat::under_curve`].
#[inline]
#[target_feature(enable = "avx2")]
fn under_curve(form: Ziggurat, layer: __m256i, x: __m256, height: __m256) -> u8 {
    let bottom = gather(&LAYERS.bottom, layer);
    let y = _mm256_add_ps(bottom, _mm256_mul_ps(height, gather(&LAYERS.rise, layer)));
    let exponent = _mm256_mul_ps(_mm256_mul_ps(x, x), _mm256_set1_ps(-0.5));
    let density = _mm256_set_m128(exp(_mm256_extractf128_ps::<1>(exponent)), exp(_mm256_castps256_ps128(exponent)));
    let below_density = mask(_mm256_cmp_ps::<_CMP_LT_OQ>(y, density));
    if form == Ziggurat::Plain {
        return below_density;
    }
    let outer = gather(&LAYERS.outer, layer);
    let inwards = _mm256_sub_ps(outer, x);
    let chord = _mm256_sub_ps(_mm256_mul_ps(gather(&LAYERS.width, layer), height), inwards);
    let slope = _mm256_mul_ps(_mm256_mul_ps(inwards, bottom), outer);
    let tangent = _mm256_sub_ps(y, _mm256_add_ps(bottom, slope));
    let below_chord = mask(_mm256_cmp_ps::<_CMP_LT_OQ>(chord, _mm256_setzero_ps()));
    let below_tangent = mask(_mm256_cmp_ps::<_CMP_LT_OQ>(tangent, _mm256_setzero_ps()));
    let convex = mask(_mm256_cmp_ps::<_CMP_GE_OQ>(outer, _mm256_set1_ps(1.0)));
    let below_upper = (convex & below_chord) | (!convex & below_tangent);
    let below_lower = (convex & below_tangent) | (!convex & below_chord);
    below_upper & (below_lower | below_density)
}

/// See [`crate::random::math::exp`].
#[inline]
#[target_feature(enable = "avx2")]
fn exp(x: __m128) -> __m128 {
    let round = _mm256_set1_pd(ROUND);
    let steps = _mm256_mul_pd(_mm256_set1_pd(EXP_STEPS), _mm256_cvtps_pd(x));
    let rounded = _mm256_add_pd(steps, round);
    let n = _mm256_castpd_si256(rounded);
    let r = _mm256_sub_pd(steps, _mm256_sub_pd(rounded, round));
    let scale = _mm256_add_epi64(gather_u64(&EXP2, n), _mm256_slli_epi64::<47>(n));
    let [c1, c2, c3] = EXP_POLY.map(|c| _mm256_set1_pd(c));
    let head = _mm256_add_pd(_mm256_mul_pd(c1, r), _mm256_set1_pd(1.0));
    let tail = _mm256_add_pd(_mm256_mul_pd(c3, r), c2);
    let sum = _mm256_add_pd(_mm256_mul_pd(tail, _mm256_mul_pd(r, r)), head);
    _mm256_cvtpd_ps(_mm256_mul_pd(sum, _mm256_castsi256_pd(scale)))
}

/// For each mask the lanes whose bits are set, in order, a byte each.
static KEPT_LANES: [u64; 256] = kept_lanes();

const fn kept_lanes() -> [u64; 256] {
    let mut table = [0; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut lane, mut place) = (0, 0);
        while lane < LANES {
            if mask >> lane & 1 == 1 {
                table[mask] |= (lane as u64) << (8 * place);
                place += 1;
            }
            lane += 1;
        }
        mask += 1;
    }
    table
}

/// See [`Kernels::compact`](crate::random::simd::isa::Kernels::compact).
#[target_feature(enable = "avx2,popcnt")]
pub(super) fn compact(values: &[f32], kept: &[u64], out: &mut [f32]) -> usize {
    let mut count = 0;
    for (values, kept) in values.as_chunks::<LANES>().0.as_chunks::<8>().0.iter().zip(kept) {
        for (values, mask) in values.iter().zip(kept.to_le_bytes()) {
            let lanes = _mm_cvtsi64_si128(KEPT_LANES[usize::from(mask)].cast_signed());
            let packed = _mm256_permutevar8x32_ps(load_f32(values), _mm256_cvtepu8_epi32(lanes));
            let room = out[count..].first_chunk_mut().expect("the output has room for a vector more");
            store_f32(room, packed);
            count += mask.count_ones() as usize;
        }
    }
    count
}
