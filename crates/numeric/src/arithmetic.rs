//! Single-precision arithmetic over many values, in Caffe's order and with what x86 gives where a result is no number.

use crate::binary16;

/// The NaN that x86 makes of an invalid operation, such as 0/0: its sign bit is set.
///
/// Other platforms make another one, and Rust promises none, so that it is chosen where Caffe's arithmetic makes it.
pub const INVALID: f32 = f32::from_bits(0xffc0_0000);

/// Makes all values the same.
// Inlined, it would be compiled for size with its caller.
#[inline(never)]
pub fn fill(values: &mut [f32], value: f32) {
    values.fill(value);
}

/// Multiplies each value by its mask, 0 or 1.
///
/// # Panics
/// There are not as many masks as values.
pub fn mask(values: &mut [f32], mask: &[f32]) {
    assert_eq!(values.len(), mask.len(), "a mask for each value");
    for (value, &kept) in values.iter_mut().zip(mask) {
        *value = if kept == 0.0 { times_zero(*value) } else { *value };
    }
}

fn times_zero(value: f32) -> f32 {
    if value.is_nan() {
        value
    } else if value.is_infinite() {
        INVALID
    } else {
        0f32.copysign(value)
    }
}

/// Divides the values of a row by their sum.
pub fn to_sum_one(row: &mut [f32]) {
    let sum: f32 = row.iter().fold(0.0, |sum, value| sum + value);
    for value in row {
        *value = if sum == 0.0 { INVALID } else { *value / sum };
    }
}

/// Divides the values of a row by their sum, in half precision.
pub fn to_sum_one_in_half(row: &mut [f32]) {
    binary16::round(row);
    let sum: f32 = row.iter().fold(0.0, |sum, value| binary16::nearest(sum + value));
    for value in row {
        *value = if sum == 0.0 { INVALID } else { binary16::nearest(*value / sum) };
    }
}

/// Divides a row by its 2-norm; one of zeros stays.
pub fn to_unit_length(row: &mut [f32]) {
    let squares: f32 = row.iter().fold(0.0, |sum, value| sum + value * value);
    let sum = (f64::from(squares) + 1e-12) as f32;
    let factor = 1.0 / sum.sqrt();
    for value in row {
        *value *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_of_zero_keeps_signs_and_nans() {
        let nan = f32::from_bits(0x7fc0_0001);
        let mut values = [1.5, -1.5, f32::INFINITY, f32::NEG_INFINITY, nan, 2.5];
        mask(&mut values, &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        let expected = [0.0, -0.0, INVALID, INVALID, nan, 2.5];
        assert_eq!(values.map(f32::to_bits), expected.map(f32::to_bits));
    }

    #[test]
    fn a_row_without_a_sum_is_made_of_nans() {
        for normalise in [to_sum_one, to_sum_one_in_half] {
            let mut row = [0.0, -0.0];
            normalise(&mut row);
            assert_eq!(row.map(f32::to_bits), [INVALID.to_bits(); 2]);
            let mut row = [0.25, 0.25, 0.5];
            normalise(&mut row);
            assert_eq!(row, [0.25, 0.25, 0.5]);
        }
    }

    #[test]
    fn halves_are_rounded_at_each_step() {
        let (mut single, mut half) = ([1.0, 2.0], [1.0, 2.0]);
        to_sum_one(&mut single);
        to_sum_one_in_half(&mut half);
        assert_eq!((single, half), ([1.0 / 3.0, 2.0 / 3.0], [0.333_251_95, 0.666_503_9]));
    }

    #[test]
    fn the_factor_is_that_of_single_precision() {
        let mut row = [3.0, 4.0];
        to_unit_length(&mut row);
        assert_eq!(row, [3.0f32 * 0.2, 4.0f32 * 0.2]);
        let mut zeros = [0.0, 0.0];
        to_unit_length(&mut zeros);
        assert_eq!(zeros, [0.0, 0.0]);
    }
}
