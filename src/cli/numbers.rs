//! Whole numbers on the command line.

/// Reads a whole number, in decimal or, behind `0x`, in hexadecimal; `expected` says which ones will do.
pub(super) fn whole<T: TryFrom<i128>>(text: &str, expected: &str) -> Result<T, String> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (-1, unsigned),
        None => (1, text),
    };
    let (digits, radix) = match unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (unsigned, 10),
    };
    let magnitude = i128::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with(['-', '+']));
    let number = magnitude.and_then(|magnitude| T::try_from(sign * magnitude).ok());
    number.ok_or_else(|| format!("expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_in_both_notations_and_anything_else_is_told_in_words() {
        let read = |text| whole::<i32>(text, "a whole number from -2147483648 to 2147483647");
        for (text, number) in [("0", 0), ("-7", -7), ("0x10", 16), ("-0X1f", -31), ("-2147483648", i32::MIN)] {
            assert_eq!(read(text), Ok(number));
        }
        for text in ["", "-", "x", "1e3", "0x", "0xg", "--1", "+1", "0x-1", "1.0", "2147483648", &"9".repeat(50)] {
            assert_eq!(read(text).unwrap_err(), "expected a whole number from -2147483648 to 2147483647", "{text}");
        }
    }
}
