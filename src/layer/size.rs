//! Sizes that the schema has as `uint32` and Caffe keeps in an `int`.

use crate::error::{Refusal, ensure};

/// The value of a size field, at most `i32::MAX`; wide, so that sums and products of two sizes cannot overflow.
///
/// # Errors
/// The value does not fit an `i32`: Caffe would see a negative number.
pub(super) fn checked_size(value: u32, field: &'static str) -> Result<i64, Refusal> {
    ensure!(i32::try_from(value).is_ok(), field, "{} {value} is more than 2147483647", field_name(field));
    Ok(i64::from(value))
}

/// Like [`checked_size`], but 0 is refused as well.
pub(super) fn positive_size(value: u32, field: &'static str) -> Result<i64, Refusal> {
    ensure!(value > 0, field, "{} must be at least 1", field_name(field));
    checked_size(value, field)
}

/// The last part of a field's path: `pad_h` for `convolution_param.pad_h`.
pub(super) fn field_name(field: &str) -> &str {
    field.rsplit('.').next().unwrap_or(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_an_int_is_refused() {
        assert_eq!(checked_size(i32::MAX as u32, "a.b"), Ok(2_147_483_647));
        let refusal = checked_size(1 << 31, "pooling_param.pad").unwrap_err();
        assert_eq!(refusal.message, "pad 2147483648 is more than 2147483647");
        assert_eq!(refusal.field, "pooling_param.pad");
    }
}
