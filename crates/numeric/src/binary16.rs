//! Half precision as NVIDIA's Caffe rounds to it: to the nearest half, ties away from zero.
//!
//! Halves are kept as the floats of the same value.

/// From here on a value is beyond the largest half once it is rounded: 2^16.
const INFINITE_BITS: u32 = 0x4780_0000;
/// The least half that is no subnormal: 2^-14.
const LEAST_NORMAL_BITS: u32 = 0x3880_0000;
/// The distance of subnormal halves: 2^-24.
const STEP: f64 = 1.0 / 16_777_216.0;
/// The bits of a float that a half lacks.
const LOST_BITS: u32 = 13;

/// The half nearest to a value; of two equally near ones the larger in magnitude. NaN stays.
pub fn nearest(value: f32) -> f32 {
    let magnitude = value.abs();
    let bits = magnitude.to_bits();
    let rounded = if bits >= f32::INFINITY.to_bits() {
        return value;
    } else if bits < LEAST_NORMAL_BITS {
        ((f64::from(magnitude) / STEP).round() * STEP) as f32
    } else {
        let rounded = (bits + (1 << (LOST_BITS - 1))) >> LOST_BITS << LOST_BITS;
        if rounded >= INFINITE_BITS { f32::INFINITY } else { f32::from_bits(rounded) }
    };
    rounded.copysign(value)
}

/// Rounds all values.
pub fn round(values: &mut [f32]) {
    for value in values {
        *value = nearest(*value);
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    #[test]
    fn every_half_stays() {
        for bits in 0..=u16::MAX {
            let half = f16::from_bits(bits).to_f32();
            assert!(half.is_nan() || nearest(half).to_bits() == half.to_bits(), "{bits:04x}");
        }
    }

    #[test]
    fn between_two_halves_the_nearer_one_or_the_larger_is_taken() {
        for bits in 0..0x7c00 {
            let (lower, upper) = (f16::from_bits(bits).to_f32(), f16::from_bits(bits + 1).to_f32());
            let upper = if upper.is_infinite() { 65536.0 } else { upper };
            let middle = (lower + upper) / 2.0;
            let shown = |value: f32| if value.is_infinite() { 65536.0 } else { value };
            assert_eq!(shown(nearest(middle)), upper, "{bits:04x}");
            assert_eq!(nearest(middle.next_down()), lower, "{bits:04x}");
            assert_eq!(nearest(-middle), -nearest(middle), "{bits:04x}");
        }
    }

    #[test]
    fn what_is_beyond_becomes_infinite() {
        assert_eq!(nearest(65519.0), 65504.0);
        assert_eq!(nearest(65520.0), f32::INFINITY);
        assert_eq!(nearest(-1e9), f32::NEG_INFINITY);
        assert!(nearest(f32::NAN).is_nan());
        assert_eq!(nearest(-1e-9).to_bits(), (-0.0f32).to_bits());
    }
}
