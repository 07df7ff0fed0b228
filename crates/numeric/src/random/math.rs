//! `exp`, `ln`, `sin` and `cos` of single-precision numbers, with the same bits on every platform.
//!
//! Caffe's normal values go through the C library. These are the algorithms that glibc has had since 2.28: tables and
//! polynomials evaluated in double precision and rounded once, from Arm's optimized-routines (copyright Arm Limited,
//! MIT licence), whose published constants are used. Nothing is fused, so the result does not depend on the machine.
//! Each function covers the range that the distributions need.

/// 2^(i / 32) for i in 0..32, as bits, less i << 47: adding n << 47 for n = 32 k + i gives the bits of 2^(n / 32).
#[rustfmt::skip]
static EXP2: [u64; 32] = [
    0x3ff0000000000000, 0x3fefd9b0d3158574, 0x3fefb5586cf9890f, 0x3fef9301d0125b51,
    0x3fef72b83c7d517b, 0x3fef54873168b9aa, 0x3fef387a6e756238, 0x3fef1e9df51fdee1,
    0x3fef06fe0a31b715, 0x3feef1a7373aa9cb, 0x3feedea64c123422, 0x3feece086061892d,
    0x3feebfdad5362a27, 0x3feeb42b569d4f82, 0x3feeab07dd485429, 0x3feea47eb03a5585,
    0x3feea09e667f3bcd, 0x3fee9f75e8ec5f74, 0x3feea11473eb0187, 0x3feea589994cce13,
    0x3feeace5422aa0db, 0x3feeb737b0cdc5e5, 0x3feec49182a3f090, 0x3feed503b23e255d,
    0x3feee89f995ad3ad, 0x3feeff76f2fb5e47, 0x3fef199bdd85529c, 0x3fef3720dcef9069,
    0x3fef5818dcfba487, 0x3fef7c97337b9b5f, 0x3fefa4afa2a490da, 0x3fefd0765b6e4540,
];
/// 32 / ln 2.
const EXP_STEPS: f64 = std::f64::consts::LOG2_E * 32.0;
/// Added and taken away again, rounds to an integer, which stands in the low bits in between.
pub(crate) const ROUND: f64 = 6_755_399_441_055_744.0;
/// 2^(r / 32) - 1 for r in [-1/2, 1/2]: the coefficients of r, r^2, r^3.
const EXP_POLY: [f64; 3] = [0.6931471806916203 / 32.0, 0.2402284522445722 / 1024.0, 0.05550361559341535 / 32768.0];

/// e^x for -80 < x < 80.
#[inline]
pub(crate) fn exp(x: f32) -> f32 {
    debug_assert!(x.abs() < 80.0);
    let steps = EXP_STEPS * f64::from(x);
    let rounded = steps + ROUND;
    let n = rounded.to_bits();
    let r = steps - (rounded - ROUND);
    let scale = f64::from_bits(EXP2[(n % 32) as usize].wrapping_add(n << 47));
    let [c1, c2, c3] = EXP_POLY;
    let power = (c3 * r + c2) * (r * r) + (c1 * r + 1.0);
    (power * scale) as f32
}

/// Bits of the float where the table's intervals start: 0.7 or so, times a power of two.
pub(crate) const LN_ORIGIN: u32 = 0x3f33_0000;
/// 1 / c for a point c near the middle of each of the 16 intervals.
pub(crate) static LN_INVERSE: [f64; 16] = [
    1.398907162146528,
    1.3403141896637998,
    1.286432210124115,
    1.2367150214269895,
    1.1906977166711752,
    1.1479821020556429,
    1.1082251448272158,
    1.0711297413057381,
    1.036437278977283,
    1.0,
    0.9492859795739057,
    0.8951049428609004,
    0.8476821620351103,
    0.8050314851692001,
    0.7664671008843108,
    0.731428603316328,
];
/// ln c for the same points.
pub(crate) static LN_CENTRE: [f64; 16] = [
    -0.33569133332882284,
    -0.2929040563774074,
    -0.2518726580937369,
    -0.21245868807117255,
    -0.17453945183745634,
    -0.1380057072319758,
    -0.10275976698545139,
    -0.06871392447020525,
    -0.0357891387398228,
    0.0,
    0.05204517742929496,
    0.11081431298787942,
    0.1652495223695143,
    0.21687389031699977,
    0.2659635028121397,
    0.3127556664073557,
];
/// ln(1 + r) - r near 0: the coefficients of r^2, r^3, r^4.
pub(crate) const LN_POLY: [f64; 3] = [-0.4999997485802103, 0.333456765744066, -0.25089342214237154];

/// The natural logarithm of a positive normal number.
#[inline]
pub(crate) fn ln(x: f32) -> f32 {
    debug_assert!(x.is_normal() && x > 0.0);
    let offset = x.to_bits().wrapping_sub(LN_ORIGIN);
    let interval = ((offset >> 19) & 15) as usize;
    let exponent = (offset as i32) >> 23;
    let significand = f32::from_bits(x.to_bits().wrapping_sub(offset & 0xff80_0000));
    let base = LN_CENTRE[interval] + f64::from(exponent) * std::f64::consts::LN_2;
    ln_near(significand, LN_INVERSE[interval], base)
}

/// `ln x - ln c + base` for a number `x` near `c`, whose inverse is given.
#[inline]
pub(crate) fn ln_near(x: f32, inverse: f64, base: f64) -> f32 {
    let r = f64::from(x) * inverse - 1.0;
    let [c2, c3, c4] = LN_POLY;
    let tail = c4 * (r * r) + (c3 * r + c2);
    (tail * (r * r) + (base + r)) as f32
}

/// cos x on [-pi/4, pi/4]: the coefficients of x^2, x^4, x^6, x^8.
pub(crate) const COS_POLY: [f64; 4] =
    [-0.49999999725108224, 0.041666623324344516, -0.001388676379437604, 2.4390450703564542e-05];
/// sin x on [-pi/4, pi/4]: the coefficients of x^3, x^5, x^7.
pub(crate) const SIN_POLY: [f64; 3] = [-0.16666654943701084, 0.008332178146138854, -0.00019517298981385725];

/// The quadrant of an angle in radians, 0 from -pi/4 to pi/4, plus [`ROUND`].
#[inline]
pub(crate) fn quadrant(angle: f64) -> f64 {
    angle * std::f64::consts::FRAC_2_PI + ROUND
}

/// The sine and the cosine of an angle in [0, 120), in radians.
#[inline]
pub(crate) fn sin_cos(angle: f32) -> (f32, f32) {
    debug_assert!((0.0..120.0).contains(&angle));
    let angle = f64::from(angle);
    let rounded = quadrant(angle);
    let quadrant = rounded.to_bits() as u32;
    let x = angle - (rounded - ROUND) * std::f64::consts::FRAC_PI_2;
    let (sin, cos) = (sin_near_zero(x).to_bits(), cos_near_zero(x).to_bits());
    // Without branches, so that loops become vector code: exchanged in odd quadrants, then negative where bit 1 says
    // so.
    let exchange = (sin ^ cos) & (quadrant & 1).wrapping_neg();
    let negative = |quadrant: u32| (quadrant & 2) << 30;
    (f32::from_bits(sin ^ exchange ^ negative(quadrant)), f32::from_bits(cos ^ exchange ^ negative(quadrant + 1)))
}

#[inline]
fn sin_near_zero(x: f64) -> f32 {
    let [s3, s5, s7] = SIN_POLY;
    let (x2, x3) = (x * x, x * (x * x));
    ((x + x3 * s3) + (x3 * x2) * (s5 + x2 * s7)) as f32
}

#[inline]
fn cos_near_zero(x: f64) -> f32 {
    let [c2, c4, c6, c8] = COS_POLY;
    let x2 = x * x;
    let x4 = x2 * x2;
    (((1.0 + x2 * c2) + x4 * c4) + (x4 * x2) * (c6 + x2 * c8)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest error over a range, in units of the last place of the exact value.
    fn worst(inputs: impl Iterator<Item = f32>, ours: fn(f32) -> f32, exact: fn(f64) -> f64) -> f64 {
        inputs.fold(0.0, |worst: f64, x| {
            let exact = exact(f64::from(x));
            let place = f64::from(f32::EPSILON) * 2f64.powi(exact.abs().log2().floor() as i32);
            worst.max((f64::from(ours(x)) - exact).abs() / place)
        })
    }

    #[test]
    fn errors_are_within_one_place() {
        let grid = |low: f32, high: f32| (0..200_000).map(move |i| low + (high - low) * (i as f32 / 200_000.0));
        assert!(worst(grid(-8.0, 0.0), exp, f64::exp) < 0.51);
        assert!(worst(grid(1e-7, 0.999), ln, f64::ln) < 0.82);
        assert!(worst(grid(1e-5, 6.2831855), |x| sin_cos(x).0, f64::sin) < 0.57);
        assert!(worst(grid(0.0, 6.2831855), |x| sin_cos(x).1, f64::cos) < 0.57);
    }

    #[test]
    fn bits_are_stable() {
        assert_eq!(exp(-0.5).to_bits(), 0x3f1b_4598);
        assert_eq!(exp(-6.9).to_bits(), 0x3a84_17aa);
        assert_eq!(ln(1.0).to_bits(), 0);
        assert_eq!(ln(0.3).to_bits(), 0xbf9a_1bc8);
        assert_eq!(ln(2f32.powi(-24)).to_bits(), 0xc185_1592);
        assert_eq!(sin_cos(0.0), (0.0, 1.0));
        let bits = |angle: f32| (sin_cos(angle).0.to_bits(), sin_cos(angle).1.to_bits());
        assert_eq!(bits(1e-4), (0x38d1_b717, 0x3f80_0000));
        assert_eq!(bits(2.0), (0x3f68_c7b7, 0xbed5_1133));
        assert_eq!(bits(4.0), (0xbf41_bdcf, 0xbf27_5530));
        assert_eq!(bits(6.0), (0xbe8f_0f8c, 0x3f75_cdb8));
    }
}
