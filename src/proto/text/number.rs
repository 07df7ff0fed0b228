//! Numbers as C's `printf` writes them with `%g`.

use std::fmt::Write;

/// Appends a float: with 6 digits if they give the same float back, with 9 otherwise.
///
/// Subnormal floats always have 9: protobuf takes C's sign of an underflow for a failure to read them back.
pub(super) fn push_float(value: f32, text: &mut String) {
    let start = text.len();
    push_general(value.into(), 6, text);
    if text[start..].parse() != Ok(value) || value.is_subnormal() {
        text.truncate(start);
        push_general(value.into(), 9, text);
    }
}

/// Appends a double: with 15 digits if they give the same double back, with 17 otherwise.
pub(super) fn push_double(value: f64, text: &mut String) {
    let start = text.len();
    push_general(value, 15, text);
    if text[start..].parse() != Ok(value) {
        text.truncate(start);
        push_general(value, 17, text);
    }
}

/// What `%.{digits}g` gives, where NaN has no sign.
pub(crate) fn general(value: f64, digits: usize) -> String {
    let mut text = String::new();
    push_general(value, digits, &mut text);
    text
}

/// Appends what `%.{digits}g` gives, where NaN has no sign.
///
/// Trailing zeros go; an exponent stands from 1e-5 down, and from as many whole digits up as there are `digits`.
fn push_general(value: f64, digits: usize, text: &mut String) {
    if !value.is_finite() {
        text.push_str(if value.is_nan() {
            "nan"
        } else if value > 0.0 {
            "inf"
        } else {
            "-inf"
        });
        return;
    }
    if value.is_sign_negative() {
        text.push('-');
    }
    let start = text.len();
    let _ = write!(text, "{:.*e}", digits - 1, value.abs());
    let (mantissa, exponent) = text[start..].split_once('e').unwrap_or((&text[start..], "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let end = start + mantissa.trim_end_matches('0').trim_end_matches('.').len();
    text.truncate(end);
    if exponent < -4 || exponent >= digits as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(text, "e{sign}{:02}", exponent.abs());
    } else {
        move_point(start, exponent, text);
    }
}

/// Moves the point of a number that begins at `start` with one whole digit.
fn move_point(start: usize, exponent: i32, text: &mut String) {
    if text.len() > start + 1 {
        text.remove(start + 1);
    }
    if exponent < 0 {
        let zeros = exponent.unsigned_abs() as usize;
        text.insert_str(start, &"0.000"[..zeros + 1]);
        return;
    }
    let point = start + 1 + exponent as usize;
    while text.len() < point {
        text.push('0');
    }
    if text.len() > point {
        text.insert(point, '.');
    }
}

#[cfg(test)]
mod tests {
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
}
