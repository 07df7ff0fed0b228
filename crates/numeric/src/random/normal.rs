//! The standard normal distribution's density, distribution function and quantiles, with the same bits on every
//! platform: sums, products, quotients and square roots of doubles only.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, TAU};

/// ln 2 in two parts: the first one has few enough bits that its multiples are exact.
const LN_2_PARTS: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];

/// From here on the distribution function comes from a continued fraction.
const FAR: f64 = 3.0;

/// The terms of the continued fraction: enough for a double at 3, and far more than enough beyond.
const FRACTION_TERMS: u32 = 120;

/// The density at `x`.
pub(crate) fn density(x: f64) -> f64 {
    exp(-x * x / 2.0) / TAU.sqrt()
}

/// The probability of a value up to `x`, which may be infinite; near 0 it is as exact as near 1.
pub(crate) fn cdf(x: f64) -> f64 {
    if x > FAR {
        1.0 - tail(x)
    } else if x < -FAR {
        tail(-x)
    } else {
        0.5 + centre(x)
    }
}

/// The integral of the density from 0 to `x`, by the series of Marsaglia (2004).
fn centre(x: f64) -> f64 {
    let (mut sum, mut term, mut odd) = (x, x, 1.0);
    while term.abs() > 1e-18 * sum.abs() {
        odd += 2.0;
        term *= x * x / odd;
        sum += term;
    }
    sum * density(x)
}

/// The probability of a value above `x`, for `x` above 3, by Laplace's continued fraction.
fn tail(x: f64) -> f64 {
    if x == f64::INFINITY {
        return 0.0;
    }
    let fraction = (1..=FRACTION_TERMS).rev().fold(x, |rest, term| x + f64::from(term) / rest);
    density(x) / fraction
}

/// Numerator and denominator of a rational function, the constant terms first.
struct Rational([f64; 8], [f64; 8]);

impl Rational {
    fn at(&self, x: f64) -> f64 {
        let polynomial = |terms: &[f64; 8]| terms.iter().rev().fold(0.0, |sum, term| sum * x + term);
        polynomial(&self.0) / polynomial(&self.1)
    }
}

static NEAR: Rational = Rational(
    [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ],
);
static OUTER: Rational = Rational(
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
);
static OUTERMOST: Rational = Rational(
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_7e-15,
    ],
);

/// The value that a probability of `p` in (0, 1) does not exceed, within about 1e-16 of it.
///
/// The rational functions are those of Wichura (1988), *Algorithm AS 241: the percentage points of the normal
/// distribution*, Applied Statistics 37(3).
pub(crate) fn quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return q * NEAR.at(0.180625 - q * q);
    }
    let r = (-ln(if q < 0.0 { p } else { 1.0 - p })).sqrt();
    let x = if r <= 5.0 { OUTER.at(r - 1.6) } else { OUTERMOST.at(r - 5.0) };
    x.copysign(q)
}

/// e to the power of `x`, which is at most 0.
fn exp(x: f64) -> f64 {
    if x < -708.0 {
        return 0.0;
    }
    let multiple = (x / LN_2).round();
    let r = (x - multiple * LN_2_PARTS[0]) - multiple * LN_2_PARTS[1];
    let taylor = (1..=17).rev().fold(1.0, |sum, n| 1.0 + r / f64::from(n) * sum);
    taylor * power_of_two(multiple as i64)
}

/// The natural logarithm of a positive normal number, from ln x = 2 artanh((x - 1) / (x + 1)).
fn ln(x: f64) -> f64 {
    let mut exponent = (x.to_bits() >> 52) as i64 - 1023;
    let mut significand = x * power_of_two(-exponent);
    if significand > 2.0 * FRAC_1_SQRT_2 {
        significand /= 2.0;
        exponent += 1;
    }
    let s = (significand - 1.0) / (significand + 1.0);
    let square = s * s;
    let series = (0..12).rev().fold(0.0, |sum, n| sum * square + 1.0 / f64::from(2 * n + 1));
    2.0 * s * series + exponent as f64 * LN_2
}

/// Two to a power from -1022 to 1023.
fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64, relative: f64) {
        assert!((value - expected).abs() <= relative * expected.abs(), "{value:e} is not {expected:e}");
    }

    #[test]
    fn elementary_functions_are_the_library_s() {
        for i in 0..20_000 {
            let x = f64::from(i) / 20_000.0;
            near(exp(-700.0 * x), (-700.0 * x).exp(), 1e-15);
            near(exp(-x), (-x).exp(), 4e-16);
            let (small, large) = (1e-300f64.powf(x), 1.0 - x);
            near(ln(small), small.ln(), 4e-16);
            near(ln(large), large.ln(), 4e-16);
        }
        assert_eq!((exp(0.0), exp(-1e9), ln(1.0)), (1.0, 0.0, 0.0));
    }

    /// Computed with 40 digits.
    #[test]
    fn the_distribution_function_is_that_of_tables() {
        for (x, p) in [
            (0.0, 0.5),
            (-0.5, 0.308_537_538_725_986_9),
            (-1.0, 0.158_655_253_931_457_05),
            (-2.0, 0.022_750_131_948_179_21),
            (-2.999, 0.001_354_336_533_727_106_2),
            (-3.001, 0.001_345_472_825_084_966_4),
            (-5.0, 2.866_515_718_791_939e-7),
            (-10.0, 7.619_853_024_160_526e-24),
            (-30.0, 4.906_713_927_148_187e-198),
        ] {
            near(cdf(x), p, 1e-13);
            near(1.0 - cdf(-x), p, 1e-15 / p + 1e-13);
        }
        assert_eq!((cdf(f64::NEG_INFINITY), cdf(f64::INFINITY)), (0.0, 1.0));
    }

    #[test]
    fn quantiles_undo_the_distribution_function() {
        for i in -300..=300 {
            let x = f64::from(i) / 10.0;
            let p = cdf(x);
            if x <= 3.0 {
                near(quantile(p), x, 1e-12);
            }
        }
        assert_eq!(quantile(0.5), 0.0);
        near(quantile(0.975), 1.959_963_984_540_054, 1e-15);
    }
}
