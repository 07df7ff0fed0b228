//! When two values agree, and how far apart they are.

use serde::Serialize;

/// How much two values may differ and still agree. Without any tolerance they must have the same bits.
///
/// With one or more tolerances given, values `a` and `b` agree if
/// - they are equal (0 and -0 are), or both are NaN, or
/// - both are finite and `|a - b| <= atol + rtol * |b|`, as `numpy.allclose` has it, with 0 for the one that is not
///   given, or
/// - both are finite and at most `ulp` floats apart, see [`ulp_distance`].
///
/// So `b` is the reference, and an infinity agrees with itself alone.
///
/// ```
/// use caffemodel::compare::Tolerance;
///
/// let close = Tolerance { atol: Some(1e-6), rtol: Some(1e-3), ulp: None };
/// assert!(close.agrees(1.0005, 1.0));
/// assert!(!close.agrees(1.002, 1.0));
/// assert!(close.agrees(f32::NAN, -f32::NAN));
/// assert!(!Tolerance::BITWISE.agrees(0.0, -0.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Tolerance {
    /// The greatest absolute difference, not negative.
    pub atol: Option<f64>,
    /// The greatest difference relative to the reference, not negative.
    pub rtol: Option<f64>,
    /// The greatest distance in units in the last place.
    pub ulp: Option<u32>,
}

impl Tolerance {
    /// No tolerance: the bits must be the same, those of a NaN as well.
    pub const BITWISE: Tolerance = Tolerance { atol: None, rtol: None, ulp: None };

    /// Whether the bits must be the same.
    pub fn is_bitwise(&self) -> bool {
        *self == Tolerance::BITWISE
    }

    /// Whether `a` agrees with the reference `b`.
    pub fn agrees(&self, a: f32, b: f32) -> bool {
        if a.to_bits() == b.to_bits() {
            return true;
        }
        if self.is_bitwise() {
            return false;
        }
        if a == b || (a.is_nan() && b.is_nan()) {
            return true;
        }
        a.is_finite() && b.is_finite() && (self.is_close(a, b) || self.is_near(a, b))
    }

    fn is_close(&self, a: f32, b: f32) -> bool {
        if self.atol.is_none() && self.rtol.is_none() {
            return false;
        }
        absolute(a, b) <= self.atol.unwrap_or(0.0) + self.rtol.unwrap_or(0.0) * f64::from(b).abs()
    }

    fn is_near(&self, a: f32, b: f32) -> bool {
        self.ulp.is_some_and(|limit| ulp_distance(a, b).is_some_and(|distance| distance <= limit))
    }
}

/// `|a - b|`, rounded once.
pub(super) fn absolute(a: f32, b: f32) -> f64 {
    (f64::from(a) - f64::from(b)).abs()
}

/// How many floats lie between `a` and `b`, counting one end; `None` where either is NaN.
///
/// Both zeros are one float, and an infinity comes next to the greatest finite value.
///
/// ```
/// use caffemodel::compare::ulp_distance;
///
/// assert_eq!(ulp_distance(1.0, 1.0 + f32::EPSILON), Some(1));
/// assert_eq!(ulp_distance(0.0, -0.0), Some(0));
/// assert_eq!(ulp_distance(0.0, f32::NAN), None);
/// ```
pub fn ulp_distance(a: f32, b: f32) -> Option<u32> {
    (!a.is_nan() && !b.is_nan()).then(|| rank(a).abs_diff(rank(b)))
}

/// The place of a value among the floats, counted from zero; neighbours are one apart.
fn rank(value: f32) -> i32 {
    let magnitude = (value.to_bits() & 0x7fff_ffff) as i32;
    if value.is_sign_negative() { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TINY: f32 = f32::from_bits(1);

    #[test]
    fn distances_run_through_zero_and_up_to_infinity() {
        let distance = |a, b| ulp_distance(a, b).unwrap();
        assert_eq!(distance(-0.0, 0.0), 0);
        assert_eq!(distance(-0.0, TINY), 1);
        assert_eq!(distance(-TINY, TINY), 2);
        assert_eq!(distance(f32::MIN_POSITIVE, TINY), 0x7f_ffff);
        assert_eq!(distance(1.0, 2.0), 1 << 23);
        assert_eq!(distance(f32::MAX, f32::INFINITY), 1);
        assert_eq!(distance(f32::NEG_INFINITY, f32::INFINITY), 0xff00_0000);
        assert_eq!(ulp_distance(f32::NAN, f32::NAN), None);
    }

    #[test]
    fn bits_must_be_the_same_without_a_tolerance() {
        let bitwise = Tolerance::BITWISE;
        assert!(bitwise.agrees(f32::NAN, f32::NAN));
        assert!(!bitwise.agrees(f32::NAN, f32::from_bits(0x7fc0_0001)));
        assert!(!bitwise.agrees(0.0, -0.0));
        assert!(!bitwise.agrees(1.0, 1.0 + f32::EPSILON));
    }

    #[test]
    fn any_tolerance_takes_zeros_and_nans_for_equal_but_no_infinities() {
        for tolerance in [
            Tolerance { atol: Some(0.0), ..Default::default() },
            Tolerance { rtol: Some(f64::INFINITY), ..Default::default() },
            Tolerance { ulp: Some(u32::MAX), ..Default::default() },
        ] {
            assert!(tolerance.agrees(0.0, -0.0));
            assert!(tolerance.agrees(f32::NAN, f32::from_bits(0xffc0_0001)));
            assert!(tolerance.agrees(f32::INFINITY, f32::INFINITY));
            assert!(!tolerance.agrees(f32::INFINITY, f32::NEG_INFINITY));
            assert!(!tolerance.agrees(f32::MAX, f32::INFINITY));
            assert!(!tolerance.agrees(1.0, f32::NAN));
        }
    }

    #[test]
    fn absolute_and_relative_tolerance_add_up_and_ulp_is_an_alternative() {
        let added = Tolerance { atol: Some(0.5), rtol: Some(0.25), ulp: None };
        assert!(added.agrees(3.0, 2.0));
        assert!(!added.agrees(2.0, 3.5), "the second value is the reference");
        assert!(!Tolerance { atol: Some(0.5), ..Default::default() }.agrees(3.0, 2.0));
        let either = Tolerance { atol: Some(1e-9), rtol: None, ulp: Some(2) };
        assert!(either.agrees(0.0, 1e-10));
        assert!(either.agrees(1.0, 1.0 + 2.0 * f32::EPSILON));
        assert!(!either.agrees(1.0, 1.0 + 3.0 * f32::EPSILON));
    }

    fn any_value() -> impl Strategy<Value = f32> {
        any::<u32>().prop_map(f32::from_bits)
    }

    proptest! {
        #[test]
        fn the_distance_is_symmetric_and_a_step_is_one(a in any_value(), b in any_value()) {
            prop_assert_eq!(ulp_distance(a, b), ulp_distance(b, a));
            if a.is_finite() && a != 0.0 {
                prop_assert_eq!(ulp_distance(a, a.next_up()), Some(1));
            }
        }

        #[test]
        fn absolute_tolerance_and_distance_are_symmetric(
            a in any_value(), b in any_value(), atol in 0.0..1e3_f64, ulp in any::<u32>(),
        ) {
            let tolerance = Tolerance { atol: Some(atol), rtol: None, ulp: Some(ulp) };
            prop_assert_eq!(tolerance.agrees(a, b), tolerance.agrees(b, a));
            prop_assert!(tolerance.agrees(a, a));
        }
    }
}
