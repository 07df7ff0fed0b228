//! The phases of the ziggurat, 16 draws at a time.

use std::arch::x86_64::*;
use std::f32::consts::LOG2_E;

use super::lanes::{LANES, column, gather_u32, load, load_f32, load_u16, store_bytes, store_f32, temper};
use crate::random::boost::{Affine, FRACTION, FRACTION_24, Ziggurat};
use crate::random::simd::ziggurat::{
    self, BELOW, JUDGED, LAYERS, MARGIN, POWER, RunPlain, SPECIAL, Settled, Uncertain,
};

/// Both tables of the layers, in registers.
struct Tables {
    scale: [__m512; 8],
    coarse_limit: [__m512i; 4],
}

impl Tables {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load() -> Tables {
        let mut tables = Tables { scale: [_mm512_setzero_ps(); 8], coarse_limit: [_mm512_setzero_si512(); 4] };
        for (table, entries) in tables.scale.iter_mut().zip(LAYERS.scale.as_chunks().0) {
            *table = load_f32(entries);
        }
        for (table, entries) in tables.coarse_limit.iter_mut().zip(LAYERS.coarse_limit.as_chunks().0) {
            *table = load_u16(entries);
        }
        tables
    }

    /// The scales and the coarse limits of the layers in bits 1 to 7 of the draws.
    ///
    /// A permutation selects among 32 scales by five bits, or among 64 limits by six; the bits above choose among
    /// permutations. The limits are coarse because half as many permutations do for them.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn look_up(&self, draw: __m512i) -> (__m512, __m512i) {
        let index = _mm512_srli_epi32::<1>(draw);
        let (b5, b6) = (_mm512_set1_epi32(1 << 6), _mm512_set1_epi32(1 << 7));
        let (b5, b6) = (_mm512_test_epi32_mask(draw, b5), _mm512_test_epi32_mask(draw, b6));
        let [t0, t1, t2, t3, t4, t5, t6, t7] = self.scale;
        let (q0, q1) = (_mm512_permutex2var_ps(t0, index, t1), _mm512_permutex2var_ps(t2, index, t3));
        let (q2, q3) = (_mm512_permutex2var_ps(t4, index, t5), _mm512_permutex2var_ps(t6, index, t7));
        let (low, high) = (_mm512_mask_blend_ps(b5, q0, q1), _mm512_mask_blend_ps(b5, q2, q3));
        let scale = _mm512_mask_blend_ps(b6, low, high);
        const LOWER_HALVES: __mmask32 = 0x5555_5555;
        let [t0, t1, t2, t3] = self.coarse_limit;
        let low = _mm512_maskz_permutex2var_epi16(LOWER_HALVES, t0, index, t1);
        let high = _mm512_maskz_permutex2var_epi16(LOWER_HALVES, t2, index, t3);
        (scale, _mm512_mask_blend_epi32(b6, low, high))
    }
}

/// See [`Kernels::propose`](crate::random::simd::isa::Kernels::propose).
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn propose(words: &[u32], affine: Affine, values: &mut [f32], certain: &mut [u64]) {
    let tables = Tables::load();
    let (std, mean) = (_mm512_set1_ps(affine.std), _mm512_set1_ps(affine.mean));
    let sign = _mm512_set1_epi32(i32::MIN);
    let words = words.as_chunks::<LANES>().0.as_chunks::<4>().0;
    let values = values.as_chunks_mut::<LANES>().0.as_chunks_mut::<4>().0;
    for ((words, values), certain) in words.iter().zip(values).zip(certain) {
        let mut mask = 0;
        for (i, (words, values)) in words.iter().zip(values).enumerate() {
            let draw = temper(load(words));
            let (scale, coarse_limit) = tables.look_up(draw);
            let fraction = _mm512_srli_epi32::<8>(draw);
            let inside = _mm512_cmplt_epi32_mask(_mm512_srli_epi32::<16>(draw), coarse_limit);
            mask |= u64::from(inside) << (LANES * i);
            let x = _mm512_mul_ps(_mm512_cvtepi32_ps(fraction), scale);
            // 0xd2 is a ^ (!b & c): negative where bit 0 of the draw is clear.
            let low_bit = _mm512_slli_epi32::<31>(draw);
            let signed = _mm512_ternarylogic_epi32::<0xd2>(_mm512_castps_si512(x), low_bit, sign);
            store_f32(values, _mm512_add_ps(_mm512_mul_ps(_mm512_castsi512_ps(signed), std), mean));
        }
        *certain = mask;
    }
}

/// See [`Kernels::collect`](crate::random::simd::isa::Kernels::collect).
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,bmi1,bmi2,popcnt")]
pub(super) fn collect(words: &[u32], certain: &[u64], uncertain: &mut Uncertain) {
    ziggurat::collect(words, certain, uncertain);
}

/// See [`Kernels::settle`](crate::random::simd::isa::Kernels::settle).
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,bmi1,bmi2,popcnt")]
pub(super) fn settle(judged: &Uncertain, values: &mut [f32], plain: &mut RunPlain<'_>, out: &mut [f32]) -> Settled {
    ziggurat::settle(judged, values, plain, out)
}

/// See [`Kernels::judge`](crate::random::simd::isa::Kernels::judge).
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn judge(form: Ziggurat, uncertain: &mut Uncertain) {
    const { assert!(JUDGED == LANES) };
    let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    let odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    for (points, verdicts) in uncertain.groups_mut() {
        let [a, b] = points.as_flattened().as_chunks().0 else { unreachable!("the points are two vectors") };
        let (a, b) = (temper(load(a)), temper(load(b)));
        let (draw, height) = (_mm512_permutex2var_epi32(a, even, b), _mm512_permutex2var_epi32(a, odd, b));
        let height = _mm512_mul_ps(_mm512_cvtepu32_ps(height), _mm512_set1_ps(FRACTION));
        let layer = _mm512_srli_epi32::<1>(draw);
        let base = _mm512_testn_epi32_mask(layer, _mm512_set1_epi32(127));
        let repeated = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(height, _mm512_set1_ps(1.0));
        let fraction = _mm512_srli_epi32::<8>(draw);
        let inside = _mm512_cmplt_epi32_mask(fraction, gather_u32(&LAYERS.limit, layer));
        let (below, unclear) = under_curve(form, layer, _mm512_cvtepi32_ps(fraction), height);
        let special = base | repeated | inside | unclear;
        let below = _mm_maskz_set1_epi8(below, BELOW.cast_signed());
        store_bytes(verdicts, _mm_mask_set1_epi8(below, special, SPECIAL.cast_signed()));
    }
}

/// Which points lie below the density, and which are too near to tell; see [`Ziggurat::under_curve`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn under_curve(form: Ziggurat, layer: __m512i, fraction: __m512, height: __m512) -> (__mmask16, __mmask16) {
    let outer = column::<0>(&LAYERS.edges, layer);
    let bottom = column::<2>(&LAYERS.edges, layer);
    let x = _mm512_mul_ps(fraction, _mm512_mul_ps(outer, _mm512_set1_ps(FRACTION_24)));
    let y = _mm512_add_ps(bottom, _mm512_mul_ps(height, column::<3>(&LAYERS.edges, layer)));
    let below_by = _mm512_sub_ps(density(_mm512_mul_ps(_mm512_mul_ps(x, x), _mm512_set1_ps(-0.5))), y);
    let below_density = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(below_by, _mm512_setzero_ps());
    let near = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(_mm512_abs_ps(below_by), _mm512_set1_ps(MARGIN));
    if form == Ziggurat::Plain {
        return (below_density, near);
    }
    let inwards = _mm512_sub_ps(outer, x);
    let chord = _mm512_sub_ps(_mm512_mul_ps(column::<1>(&LAYERS.edges, layer), height), inwards);
    let slope = _mm512_mul_ps(_mm512_mul_ps(inwards, bottom), outer);
    let tangent = _mm512_sub_ps(y, _mm512_add_ps(bottom, slope));
    let below_chord = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(chord, _mm512_setzero_ps());
    let below_tangent = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(tangent, _mm512_setzero_ps());
    let convex = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(outer, _mm512_set1_ps(1.0));
    let below_upper = (convex & below_chord) | (!convex & below_tangent);
    let below_lower = (convex & below_tangent) | (!convex & below_chord);
    (below_upper & (below_lower | below_density), below_upper & !below_lower & near)
}

/// e to the given powers, within [`MARGIN`].
#[inline]
#[target_feature(enable = "avx512f")]
fn density(exponent: __m512) -> __m512 {
    let steps = _mm512_mul_ps(exponent, _mm512_set1_ps(LOG2_E));
    let n = _mm512_roundscale_ps::<_MM_FROUND_TO_NEAREST_INT>(steps);
    let r = _mm512_sub_ps(steps, n);
    let [c0, c1, c2, c3, c4] = [
        _mm512_set1_ps(POWER[0]),
        _mm512_set1_ps(POWER[1]),
        _mm512_set1_ps(POWER[2]),
        _mm512_set1_ps(POWER[3]),
        _mm512_set1_ps(POWER[4]),
    ];
    let mul_add = |a, b, c| _mm512_add_ps(_mm512_mul_ps(a, b), c);
    let power = mul_add(mul_add(mul_add(mul_add(c4, r, c3), r, c2), r, c1), r, c0);
    _mm512_scalef_ps(power, n)
}
