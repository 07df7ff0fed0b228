//! Numbers as C's `printf` writes them with `%g`.

use std::fmt::Write;

/// The most digits of a number.
const MOST: usize = 17;

/// Appends a float: with 6 digits if they give the same float back, with 9 otherwise.
///
/// Subnormal floats always have 9: protobuf takes C's sign of an underflow for a failure to read them back.
pub(super) fn push_float(value: f32, text: &mut String) {
    let Some(magnitude) = push_sign(value.into(), text) else { return };
    let start = text.len();
    let nine = Decimal::new(magnitude, 9);
    if nine.may_be_six() && !value.is_subnormal() {
        Decimal::new(magnitude, 6).push(6, text);
        if text[start..].parse() == Ok(value.abs()) {
            return;
        }
        text.truncate(start);
    }
    nine.push(9, text);
}

/// Appends a double: with 15 digits if they give the same double back, with 17 otherwise.
pub(super) fn push_double(value: f64, text: &mut String) {
    let Some(magnitude) = push_sign(value, text) else { return };
    let start = text.len();
    Decimal::new(magnitude, 15).push(15, text);
    if text[start..].parse() != Ok(magnitude) {
        text.truncate(start);
        Decimal::new(magnitude, 17).push(17, text);
    }
}

/// What `%.{digits}g` gives for up to 17 digits, where NaN has no sign.
#[cfg(feature = "cli")]
pub(crate) fn general(value: f64, digits: usize) -> String {
    let mut text = String::new();
    if let Some(magnitude) = push_sign(value, &mut text) {
        Decimal::new(magnitude, digits).push(digits, &mut text);
    }
    text
}

/// Appends the sign, and all of a number that has no digits or is zero; otherwise returns the magnitude.
fn push_sign(value: f64, text: &mut String) -> Option<f64> {
    if value.is_nan() {
        text.push_str("nan");
        return None;
    }
    if value.is_sign_negative() {
        text.push('-');
    }
    if value == 0.0 || value.is_infinite() {
        text.push_str(if value == 0.0 { "0" } else { "inf" });
        return None;
    }
    Some(value.abs())
}

/// A number of some digits, as if a point stood behind the first, times a power of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decimal {
    digits: u64,
    exponent: i32,
}

impl Decimal {
    /// A positive number, rounded to `count` digits; a tie goes to the even digit.
    fn new(value: f64, count: usize) -> Decimal {
        Decimal::quick(value, count).unwrap_or_else(|| Decimal::slow(value, count))
    }

    /// The number by whole arithmetic, if 128 bits are enough for that.
    fn quick(value: f64, count: usize) -> Option<Decimal> {
        let mut exponent = value.log10().floor() as i32;
        let least = 10_u128.pow(count as u32 - 1);
        // The logarithm may be off by one near a power of ten, and rounding may make one.
        loop {
            let digits = scaled(value, count as i32 - 1 - exponent)?;
            if digits < least {
                exponent -= 1;
            } else if digits >= 10 * least {
                exponent += 1;
            } else {
                return Some(Decimal { digits: digits as u64, exponent });
            }
        }
    }

    fn slow(value: f64, count: usize) -> Decimal {
        let text = format!("{value:.*e}", count - 1);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = mantissa.bytes().filter(u8::is_ascii_digit);
        let digits = digits.fold(0, |number, digit| 10 * number + u64::from(digit - b'0'));
        Decimal { digits, exponent: exponent.parse().unwrap_or(0) }
    }

    /// Whether 6 digits might give a float that has these 9. A float and the number that gives it differ by 2^-24 of
    /// it at most, so that the last three digits are near 0.
    fn may_be_six(self) -> bool {
        (self.digits + 61) % 1000 <= 122
    }

    /// Appends what `%.{count}g` gives of a number of `count` digits: without zeros at the end, and with an exponent
    /// from 1e-5 down, and from as many whole digits up as there are.
    fn push(self, count: usize, text: &mut String) {
        let mut buffer = [0; MOST];
        let mut rest = self.digits;
        for digit in buffer[..count].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        let digits = std::str::from_utf8(&buffer[..count]).unwrap_or_default().trim_end_matches('0');
        let exponent = self.exponent;
        if exponent < -4 || exponent >= count as i32 {
            push_pointed(digits, 1, text);
            let sign = if exponent < 0 { '-' } else { '+' };
            let _ = write!(text, "e{sign}{:02}", exponent.abs());
        } else if exponent < 0 {
            text.push_str(&"0.000"[..1 + exponent.unsigned_abs() as usize]);
            text.push_str(digits);
        } else {
            push_pointed(digits, exponent as usize + 1, text);
        }
    }
}

/// Appends digits with a point behind the first `whole`, or with zeros up to there.
fn push_pointed(digits: &str, whole: usize, text: &mut String) {
    let (before, behind) = digits.split_at_checked(whole).unwrap_or((digits, ""));
    text.push_str(before);
    text.extend(std::iter::repeat_n('0', whole - before.len()));
    if !behind.is_empty() {
        text.push('.');
        text.push_str(behind);
    }
}

/// The number times a power of ten, rounded to a whole number; nothing if 128 bits are not enough, or the power is
/// negative.
fn scaled(value: f64, power: i32) -> Option<u128> {
    const FRACTION_BITS: i32 = 52;
    let bits = value.to_bits();
    let biased = (bits >> FRACTION_BITS) as i32;
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    let mantissa = if biased == 0 { fraction } else { fraction | 1 << FRACTION_BITS };
    let zeros = mantissa.trailing_zeros();
    let exponent = biased.max(1) - 1023 - FRACTION_BITS + zeros as i32;
    let scaled = u128::from(mantissa >> zeros).checked_mul(10_u128.checked_pow(power.try_into().ok()?)?)?;
    if exponent >= 0 {
        return scaled.checked_mul(1_u128.checked_shl(exponent as u32)?);
    }
    let one = 1_u128.checked_shl(exponent.unsigned_abs())?;
    let (whole, rest) = (scaled >> exponent.unsigned_abs(), scaled & (one - 1));
    let up = rest > one / 2 || (rest == one / 2 && whole % 2 == 1);
    Some(whole + u128::from(up))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn float(value: f32) -> String {
        let mut text = String::new();
        push_float(value, &mut text);
        text
    }

    fn double(value: f64) -> String {
        let mut text = String::new();
        push_double(value, &mut text);
        text
    }

    #[test]
    fn floats_have_six_digits_or_nine() {
        assert_eq!(float(0.1), "0.1");
        assert_eq!(float(0.3_f32.next_up()), "0.300000042");
        assert_eq!(float(1.0 / 3.0), "0.333333343");
        assert_eq!(float(0.00012345679), "0.00012345679");
        assert_eq!(float(16_777_216.0), "16777216");
        assert_eq!(float(9_876_537.0 / 8.0), "1234567.12", "a tie goes to the even digit");
        assert_eq!(float(9_876_539.0 / 8.0), "1234567.38");
        assert_eq!(float(f32::MAX), "3.40282347e+38");
        assert_eq!(float(f32::MIN_POSITIVE), "1.17549435e-38");
        assert_eq!(float(1e-45), "1.40129846e-45");
    }

    #[test]
    fn an_exponent_stands_where_c_writes_one() {
        assert_eq!(float(100_000.0), "100000");
        assert_eq!(float(999_999.0), "999999");
        assert_eq!(float(1e6), "1e+06");
        assert_eq!(float(1_000_001.0), "1000001");
        assert_eq!(float(123_456_790.0), "123456792");
        assert_eq!(float(1_234_567_900.0), "1.23456794e+09");
        assert_eq!(float(0.0001), "0.0001");
        assert_eq!(float(0.00001), "1e-05");
        assert_eq!(float(0.000_123), "0.000123");
        assert_eq!(float(-1e10), "-1e+10");
    }

    #[test]
    fn values_without_digits_have_names_and_zero_has_a_sign() {
        assert_eq!([f32::NAN, -f32::NAN, f32::INFINITY, -f32::INFINITY].map(float), ["nan", "nan", "inf", "-inf"]);
        assert_eq!([0.0, -0.0].map(float), ["0", "-0"]);
        assert_eq!([f64::NAN, f64::NEG_INFINITY, -0.0].map(double), ["nan", "-inf", "-0"]);
    }

    #[test]
    fn doubles_have_fifteen_digits_or_seventeen() {
        assert_eq!(double(0.1), "0.1");
        assert_eq!(double(0.1 + 0.2), "0.30000000000000004");
        assert_eq!(double(1e22), "1e+22");
        assert_eq!(double(123_456_789_012_345.0), "123456789012345");
        assert_eq!(double(f64::MAX), "1.7976931348623157e+308");
        assert_eq!(double(5e-324), "4.94065645841247e-324", "fifteen digits, though one would do");
    }

    proptest! {
        #[test]
        fn the_quick_way_gives_the_same_digits(bits: u64, exponent in -30..40_i32, float: f32, count in 1..=MOST) {
            let mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
            let ties = [mantissa, (bits >> 40) as f64, f64::from(float.abs())];
            for value in ties.map(|value| value * 2_f64.powi(exponent)) {
                if value > 0.0 && value.is_finite() && let Some(quick) = Decimal::quick(value, count) {
                    prop_assert_eq!(quick, Decimal::slow(value, count), "{} to {} digits", value, count);
                }
            }
        }

        #[test]
        fn six_digits_are_taken_where_they_suffice(bits: u32) {
            let value = f32::from_bits(bits);
            prop_assume!(value.is_normal());
            let [six, nine] = [5, 8].map(|decimals| format!("{value:.decimals$e}"));
            let expected = if six.parse() == Ok(value) { six } else { nine };
            let digits = |text: &str| {
                let mantissa = text.split('e').next().unwrap_or_default().replace(['.', '-'], "");
                mantissa.trim_matches('0').to_owned()
            };
            let own = float(value);
            prop_assert_eq!(own.parse(), Ok(value));
            prop_assert_eq!(digits(&own), digits(&expected), "{} for {}", own, expected);
        }
    }
}
