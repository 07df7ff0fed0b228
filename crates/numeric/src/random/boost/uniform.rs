//! `uniform_real<float>` between Caffe's bounds.

use super::canonical::{FRACTION, UNIT_LIMIT, unit};
use super::release::Era;
use crate::arithmetic::INVALID;
use crate::random::Draws;
use crate::random::simd::UniformBlock;

/// Values in `[min, max]`, drawn from `[min, bound)` with `bound` the float above `max`.
///
/// - Up to 1.46: `u (bound - min) + min` with u in [0, 1), whatever that rounds to.
/// - Since 1.47: the same formula, with any draw for u, repeated until the value is below the bound.
/// - Since 1.56: in addition, where `bound - min` is beyond the largest float, twice a value between the halved bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UniformReal {
    min: f32,
    span: f32,
    /// The value to stay below; `None` for the releases that do not look.
    bound: Option<f32>,
    /// 2 where the bounds are halved, else 1.
    factor: f32,
}

impl UniformReal {
    /// The distribution on `[min, max]`; `max` may be infinite, which stands for the largest float.
    ///
    /// `None` if the bounds are not in order or `min` is not finite, and where no value can be below the bound, so that
    /// Caffe would draw for ever: `min` is the largest float (since 1.47), or the span overflows (1.47 to 1.55).
    pub(crate) fn new(era: Era, min: f32, max: f32) -> Option<UniformReal> {
        let bound = next_after(max);
        if !min.is_finite() || max.is_nan() || min > max {
            return None;
        }
        if !era.repeats_uniform() {
            return Some(UniformReal { min, span: bound - min, bound: None, factor: 1.0 });
        }
        let (min, bound, factor) = if era.halves_uniform() && bound / 2.0 - min / 2.0 > f32::MAX / 2.0 {
            (min / 2.0, bound / 2.0, 2.0)
        } else {
            (min, bound, 1.0)
        };
        let span = bound - min;
        (span.is_finite() && min < bound).then_some(UniformReal { min, span, bound: Some(bound), factor })
    }

    /// The constants that the vector code needs; `None` for ranges wider than the largest float, or next to nothing.
    pub(crate) fn block(&self) -> Option<UniformBlock> {
        let UniformReal { min, span, bound, factor } = *self;
        // A step that is no subnormal is the span's exact fraction: it may be multiplied in before the draw.
        let step = span * FRACTION;
        // Without a bound a draw is repeated if its fraction is 1, which gives the largest of all values.
        let bound = bound.unwrap_or(span + min);
        (step.is_normal() && factor == 1.0).then_some(UniformBlock { min, step, bound })
    }

    /// The first draw that is repeated, as are all above it; `None` if none is.
    pub(crate) fn limit(&self) -> Option<u32> {
        let Some(bound) = self.bound else { return Some(UNIT_LIMIT) };
        let repeated = |draw: u32| draw as f32 * FRACTION * self.span + self.min >= bound;
        // Values grow with the draws, and the least one is below the bound.
        let (mut taken, mut limit) = (0, u32::MAX);
        while limit - taken > 1 {
            let middle = taken + (limit - taken) / 2;
            *if repeated(middle) { &mut limit } else { &mut taken } = middle;
        }
        repeated(limit).then_some(limit)
    }

    #[inline]
    pub(crate) fn sample(&self, draws: &mut impl Draws) -> f32 {
        let Some(bound) = self.bound else {
            let value = unit(draws) * self.span + self.min;
            return if value.is_nan() { INVALID } else { value };
        };
        loop {
            let value = draws.draw() as f32 * FRACTION * self.span + self.min;
            if value < bound {
                return value * self.factor;
            }
        }
    }
}

/// The next float towards the largest one; `boost::math::nextafter(x, FLT_MAX)`.
fn next_after(x: f32) -> f32 {
    if x >= f32::MAX { f32::MAX } else { x.next_up() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::boost::scripted::Scripted;

    fn one<const N: usize>(era: Era, min: f32, max: f32, script: [u32; N]) -> f32 {
        let mut draws = Scripted::new(script);
        let value = UniformReal::new(era, min, max).expect("the range is supported").sample(&mut draws);
        assert_eq!(draws.left(), 0);
        value
    }

    #[test]
    fn the_ends_of_the_range() {
        for era in Era::ALL {
            assert_eq!(one(era, 0.25, 4.0, [0]), 0.25);
            assert_eq!(one(era, 0.0, 1.0, [u32::MAX, 0xffff_ff7f]), 1.0);
        }
    }

    #[test]
    fn only_later_eras_keep_below_the_bound() {
        // One float wide: all but the lower half rounds up to the bound.
        assert_eq!(one(Era::V1_41, 1.0, 1.0, [0xc000_0000]), 1.0f32.next_up());
        for era in [Era::V1_47, Era::V1_56, Era::V1_64] {
            assert_eq!(one(era, 1.0, 1.0, [0xc000_0000, 0x7fff_ffff]), 1.0);
        }
    }

    #[test]
    fn ranges_wider_than_the_largest_float() {
        assert_eq!(one(Era::V1_41, -3e38, 3e38, [1]), f32::INFINITY);
        assert_eq!(one(Era::V1_41, -3e38, 3e38, [0]).to_bits(), 0xffc0_0000);
        assert!(UniformReal::new(Era::V1_47, -3e38, 3e38).is_none());
        assert_eq!(one(Era::V1_56, -3e38, 3e38, [0]), -3e38);
        assert_eq!(one(Era::V1_64, -3e38, 3e38, [0x8000_0000]).to_bits(), 0);
    }

    #[test]
    fn infinite_maximum_is_the_largest_float() {
        for era in Era::ALL {
            assert_eq!(one(era, 0.0, f32::INFINITY, [0x4000_0000]), f32::MAX / 4.0);
        }
    }

    #[test]
    fn ranges_without_values_are_refused() {
        for era in Era::ALL {
            assert!(UniformReal::new(era, 1.0, 0.5).is_none());
            assert!(UniformReal::new(era, f32::NAN, 0.5).is_none());
            assert!(UniformReal::new(era, 0.0, f32::NAN).is_none());
            assert!(UniformReal::new(era, f32::NEG_INFINITY, 0.0).is_none());
            assert!(UniformReal::new(era, f32::INFINITY, f32::INFINITY).is_none());
            assert_eq!(UniformReal::new(era, f32::MAX, f32::MAX).is_none(), era != Era::V1_41);
        }
    }

    #[test]
    fn draws_are_repeated_from_the_limit_on() {
        for (min, max) in [(0.0, 1.0), (-0.05, 0.05), (1.0, 1.0), (-1e-45, 1e-45), (0.0, f32::MAX), (-3e38, 3e38)] {
            for uniform in Era::ALL.into_iter().filter_map(|era| UniformReal::new(era, min, max)) {
                let used = |draw: u32| {
                    let mut draws = Scripted::new([draw, 0]);
                    uniform.sample(&mut draws);
                    2 - draws.left()
                };
                let limit = uniform.limit();
                assert_eq!(used(limit.map_or(u32::MAX, |limit| limit - 1)), 1, "{uniform:?}");
                assert!(limit.is_none_or(|limit| used(limit) == 2 && used(u32::MAX) == 2), "{uniform:?}");
            }
        }
    }

    #[test]
    fn next_after_steps_towards_the_largest_float() {
        assert_eq!(next_after(0.0).to_bits(), 1);
        assert_eq!(next_after(-0.0).to_bits(), 1);
        assert_eq!(next_after(-f32::from_bits(1)), 0.0);
        assert_eq!(next_after(1.0), 1.0 + f32::EPSILON);
        assert_eq!(next_after(f32::MAX), f32::MAX);
        assert_eq!(next_after(f32::INFINITY), f32::MAX);
    }
}
