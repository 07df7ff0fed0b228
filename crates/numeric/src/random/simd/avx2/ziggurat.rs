//! The phases of the ziggurat, 8 draws at a time.

use std::arch::x86_64::*;
use std::f32::consts::LOG2_E;

use super::lanes::{LANES, fractions, load, load_row, load_two, mask, store, store_f32, store_low_bytes, temper};
use crate::random::boost::{Affine, FRACTION_24, Ziggurat};
use crate::random::simd::ziggurat::{
    self, BELOW, LAYERS, MARGIN, POWER, Point, RunPlain, SPECIAL, Settled, Uncertain, Verdict,
};

/// See [`Kernels::propose`](crate::random::simd::isa::Kernels::propose).
///
/// The draws of a mask go through memory, where each byte that tells a layer and a sign is read on its own: that is
/// faster than taking vectors apart, and much faster than gathering. Reading keeps the machine's loads busy, tempering
/// its arithmetic: so the draws of the next mask are tempered meanwhile.
#[target_feature(enable = "avx2,bmi1,bmi2")]
pub(super) fn propose(words: &[u32], affine: Affine, values: &mut [f32], certain: &mut [u64]) {
    let (std, mean) = (_mm256_set1_ps(affine.std), _mm256_set1_ps(affine.mean));
    let words = words.as_chunks::<LANES>().0.as_chunks::<8>().0;
    let values = values.as_chunks_mut::<LANES>().0.as_chunks_mut::<8>().0;
    let Some(last) = words.last() else { return };
    let mut draws = [Aligned([[0; LANES]; 8]), Aligned([[0; LANES]; 8])];
    for (draws, words) in draws[0].0.iter_mut().zip(&words[0]) {
        store(draws, temper(load(words)));
    }
    // The last mask is followed by itself, to no effect.
    let following = words[1..].iter().chain([last]);
    for (i, ((words, values), certain)) in following.zip(values).zip(certain).enumerate() {
        let [Aligned(even), Aligned(odd)] = &mut draws;
        let (draws, next) = if i % 2 == 0 { (even, odd) } else { (odd, even) };
        let mut bits = 0;
        for k in 0..8 {
            store(&mut next[k], temper(load(&words[k])));
            let (scale, limit) = look_up(&draws[k]);
            let fraction = _mm256_srli_epi32::<8>(load(&draws[k]));
            let inside = _mm256_castsi256_ps(_mm256_cmpgt_epi32(limit, fraction));
            bits |= u64::from(mask(inside)) << (LANES * k);
            let x = _mm256_mul_ps(_mm256_cvtepi32_ps(fraction), scale);
            store_f32(&mut values[k], _mm256_add_ps(_mm256_mul_ps(x, std), mean));
        }
        *certain = bits;
    }
}

/// No vector of it lies across two cache lines.
#[repr(align(64))]
struct Aligned([[u32; LANES]; 8]);

/// The scales, with the signs of the values, and the limits of the draws' layers.
#[inline]
#[target_feature(enable = "avx2")]
fn look_up(draws: &[u32; LANES]) -> (__m256, __m256i) {
    let entry = |i: usize| &LAYERS.packed[(draws[i] & 255) as usize];
    // Each entry is a limit and a scale: l0 s0 l1 s1 and l4 s4 l5 s5, then l2 s2 l3 s3 and l6 s6 l7 s7.
    let a = _mm256_set_m128(load_two(entry(4), entry(5)), load_two(entry(0), entry(1)));
    let b = _mm256_set_m128(load_two(entry(6), entry(7)), load_two(entry(2), entry(3)));
    (_mm256_shuffle_ps::<0b11_01_11_01>(a, b), _mm256_castps_si256(_mm256_shuffle_ps::<0b10_00_10_00>(a, b)))
}

/// See [`Kernels::collect`](crate::random::simd::isa::Kernels::collect).
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
pub(super) fn collect(words: &[u32], certain: &[u64], uncertain: &mut Uncertain) {
    ziggurat::collect(words, certain, uncertain);
}

/// See [`Kernels::settle`](crate::random::simd::isa::Kernels::settle).
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
pub(super) fn settle(judged: &Uncertain, values: &mut [f32], plain: &mut RunPlain<'_>, out: &mut [f32]) -> Settled {
    ziggurat::settle(judged, values, plain, out)
}

/// See [`Kernels::judge`](crate::random::simd::isa::Kernels::judge).
#[target_feature(enable = "avx2,bmi1,bmi2")]
pub(super) fn judge(form: Ziggurat, uncertain: &mut Uncertain) {
    for (points, verdicts) in uncertain.groups_mut() {
        let points = points.as_chunks::<LANES>().0;
        for (points, verdicts) in points.iter().zip(verdicts.as_chunks_mut::<LANES>().0) {
            judge_vector(form, points, verdicts);
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn judge_vector(form: Ziggurat, points: &[Point; LANES], verdicts: &mut [Verdict; LANES]) {
    let [a, b] = points.as_flattened().as_chunks().0 else { unreachable!("eight points are two vectors") };
    let (a, b) = (_mm256_castsi256_ps(temper(load(a))), _mm256_castsi256_ps(temper(load(b))));
    // Points 0, 1, 4, 5, 2, 3, 6, 7; the verdicts are put back in order.
    let draw = _mm256_castps_si256(_mm256_shuffle_ps::<0b10_00_10_00>(a, b));
    let height = fractions(_mm256_castps_si256(_mm256_shuffle_ps::<0b11_01_11_01>(a, b)));
    let layer = _mm256_and_si256(draw, _mm256_set1_epi32(127 << 1));
    let base = _mm256_castsi256_ps(_mm256_cmpeq_epi32(layer, _mm256_setzero_si256()));
    let repeated = _mm256_cmp_ps::<_CMP_GE_OQ>(height, _mm256_set1_ps(1.0));
    let fraction = _mm256_cvtepi32_ps(_mm256_srli_epi32::<8>(draw));
    let (below, unclear) = under_curve(form, edges(draw), fraction, height);
    let special = _mm256_or_ps(unclear, _mm256_or_ps(base, repeated));
    let [below, special] = [_mm256_castps_si256(below), _mm256_castps_si256(special)];
    let below = _mm256_and_si256(below, _mm256_set1_epi32(BELOW.into()));
    store_low_bytes(verdicts, _mm256_blendv_epi8(below, _mm256_set1_epi32(SPECIAL.into()), special));
}

/// The edges of the draws' layers, column by column.
#[inline]
#[target_feature(enable = "avx2")]
fn edges(draw: __m256i) -> [__m256; 4] {
    let mut draws = [0; LANES];
    store(&mut draws, draw);
    let row = |i: usize| load_row(&LAYERS.edges[usize::from(draws[i] as u8 >> 1)]);
    let rows = |i: usize| _mm256_set_m128(row(i + 4), row(i));
    let (r0, r1, r2, r3) = (rows(0), rows(1), rows(2), rows(3));
    let (a, b) = (_mm256_unpacklo_ps(r0, r1), _mm256_unpacklo_ps(r2, r3));
    let (c, d) = (_mm256_unpackhi_ps(r0, r1), _mm256_unpackhi_ps(r2, r3));
    const LOW: i32 = 0b01_00_01_00;
    const HIGH: i32 = 0b11_10_11_10;
    [
        _mm256_shuffle_ps::<LOW>(a, b),
        _mm256_shuffle_ps::<HIGH>(a, b),
        _mm256_shuffle_ps::<LOW>(c, d),
        _mm256_shuffle_ps::<HIGH>(c, d),
    ]
}

/// Which points lie below the density, and which are too near to tell; see [`Ziggurat::under_curve`].
#[inline]
#[target_feature(enable = "avx2")]
fn under_curve(
    form: Ziggurat,
    [outer, width, bottom, rise]: [__m256; 4],
    fraction: __m256,
    height: __m256,
) -> (__m256, __m256) {
    let x = _mm256_mul_ps(fraction, _mm256_mul_ps(outer, _mm256_set1_ps(FRACTION_24)));
    let y = _mm256_add_ps(bottom, _mm256_mul_ps(height, rise));
    let below_by = _mm256_sub_ps(density(_mm256_mul_ps(_mm256_mul_ps(x, x), _mm256_set1_ps(-0.5))), y);
    let below_density = _mm256_cmp_ps::<_CMP_GT_OQ>(below_by, _mm256_setzero_ps());
    let distance = _mm256_andnot_ps(_mm256_set1_ps(-0.0), below_by);
    let near = _mm256_cmp_ps::<_CMP_LE_OQ>(distance, _mm256_set1_ps(MARGIN));
    if form == Ziggurat::Plain {
        return (below_density, near);
    }
    let inwards = _mm256_sub_ps(outer, x);
    let chord = _mm256_sub_ps(_mm256_mul_ps(width, height), inwards);
    let slope = _mm256_mul_ps(_mm256_mul_ps(inwards, bottom), outer);
    let tangent = _mm256_sub_ps(y, _mm256_add_ps(bottom, slope));
    let below_chord = _mm256_cmp_ps::<_CMP_LT_OQ>(chord, _mm256_setzero_ps());
    let below_tangent = _mm256_cmp_ps::<_CMP_LT_OQ>(tangent, _mm256_setzero_ps());
    let convex = _mm256_cmp_ps::<_CMP_GE_OQ>(outer, _mm256_set1_ps(1.0));
    let below_upper = _mm256_blendv_ps(below_tangent, below_chord, convex);
    let below_lower = _mm256_blendv_ps(below_chord, below_tangent, convex);
    let between = _mm256_andnot_ps(below_lower, below_upper);
    (_mm256_and_ps(below_upper, _mm256_or_ps(below_lower, below_density)), _mm256_and_ps(between, near))
}

/// e to the given powers, within [`MARGIN`].
#[inline]
#[target_feature(enable = "avx2")]
fn density(exponent: __m256) -> __m256 {
    let steps = _mm256_mul_ps(exponent, _mm256_set1_ps(LOG2_E));
    let n = _mm256_cvtps_epi32(steps);
    let r = _mm256_sub_ps(steps, _mm256_cvtepi32_ps(n));
    let [c0, c1, c2, c3, c4] = [
        _mm256_set1_ps(POWER[0]),
        _mm256_set1_ps(POWER[1]),
        _mm256_set1_ps(POWER[2]),
        _mm256_set1_ps(POWER[3]),
        _mm256_set1_ps(POWER[4]),
    ];
    let mul_add = |a, b, c| _mm256_add_ps(_mm256_mul_ps(a, b), c);
    let power = mul_add(mul_add(mul_add(mul_add(c4, r, c3), r, c2), r, c1), r, c0);
    _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(power), _mm256_slli_epi32::<23>(n)))
}
