//! SPP: pools a pyramid of ever finer grids and joins the results.
//!
//! Level l divides height and width into 2^l bins each: kernel and stride are `ceil(size / bins)`, the pad is half of
//! what the bins have in excess, rounded up. One level keeps its shape (N, C, 1, 1); more are flattened and joined to
//! (N, C * sum of pooled H * pooled W), which is C * (4^levels - 1) / 3 unless a pad drops a window. No blobs, no
//! draws.
//!
//! A level whose pad reaches its kernel size is refused, as happens once the bins outnumber the elements, often before.
//! Until August 2015 Caffe flattened and joined a single level, too: it is (N, C) there, and refused where Concat takes
//! two bottoms at least. In video-caffe the bottom must have five axes, of which the length is not looked at.

use super::pooling::{Pooling, picture_size};
use super::{Arity, LayerType, Operator, Setup, SetupContext, length};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::SppParameter;
use crate::proto::caffe::pooling_parameter::{PoolMethod, RoundMode};
use crate::proto::caffe::spp_parameter::PoolMethod as SppMethod;

const HEIGHT: &str = "spp_param.pyramid_height";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "SPP",
    "Pools a pyramid of ever finer grids and joins the results",
    Arity::exactly(1),
    Arity::exactly(1),
    &spp,
)
.params(&["spp_param"])
.known(Known::WithField("spp_param"))
.weightless()];

/// Pooling by grids of several sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spp {
    /// The windows of each level. A single level makes the top; the tops of several are flattened and joined.
    pub levels: Vec<Pooling>,
}

impl Spp {
    /// The shape of the top.
    fn top(&self, bottom: &Shape) -> Result<Shape, Refusal> {
        if let [only] = self.levels.as_slice() {
            return only.top(bottom);
        }
        let mut joined = 0i64;
        for level in &self.levels {
            joined = joined.saturating_add(level.top(bottom)?.count_from(1));
        }
        Shape::new([i64::from(bottom.dims()[0]), joined]).at(HEIGHT)
    }
}

fn spp(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = SppParameter::default();
    let param = ctx.param.spp_param.as_ref().unwrap_or(&default);
    let bottom = &length::bottom_pictures(ctx)?;
    let size = picture_size(bottom)?;
    ensure!(size[0] > 0 && size[1] > 0, "bottom", "a pyramid over a picture of {} x {}", size[0], size[1]);
    let method = match param.pool() {
        SppMethod::Max => PoolMethod::Max,
        SppMethod::Ave => PoolMethod::Ave,
        SppMethod::Stochastic => PoolMethod::Stochastic,
        SppMethod::AveExcPad | SppMethod::AveTf => PoolMethod::AveExcPad,
    };
    let levels = param.pyramid_height();
    ensure!(levels > 0, HEIGHT, "pyramid_height is missing or 0");
    let traits = &ctx.dialect.traits;
    let is_joined = levels > 1 || !traits.spp_keeps_one_level;
    let joins = levels > 1 || traits.joins_single_blobs;
    ensure!(!is_joined || joins, HEIGHT, "pyramid_height is 1: this Caffe joins 2 levels at least");
    ensure!(!is_joined || !ctx.in_place(0, 0), "top", "a pyramid of {levels} levels cannot replace its bottom");
    // Fails before the bins overflow: no size has 2^31 elements.
    let pyramid = (0..levels).map(|index| level(index, size, method, bottom)).collect::<Result<_, _>>()?;
    let operator = Spp { levels: pyramid };
    let top = operator.top(bottom)?;
    Ok(if traits.pictures_have_length {
        Setup::new(ctx, Operator::Opaque, [if is_joined { top } else { ctx.pictures(&top).at(HEIGHT)? }])
    } else if is_joined && levels == 1 {
        let flat = Shape::new([i64::from(top.dims()[0]), top.count_from(1)]).at(HEIGHT)?;
        Setup::new(ctx, Operator::Opaque, [flat])
    } else {
        Setup::new(ctx, Operator::Spp(operator), [top])
    })
}

/// The windows of one level, which must be less than 63; refused where they do not fit the bottom.
fn level(index: u32, size: [i64; 2], method: PoolMethod, bottom: &Shape) -> Result<Pooling, Refusal> {
    let bins = 1i64 << index;
    let kernel = size.map(|size| (size + bins - 1) / bins);
    let pad = [0, 1].map(|axis| (kernel[axis] * bins - size[axis] + 1) / 2);
    let pooling = Pooling { method, round: RoundMode::Ceil, kernel, stride: kernel, pad };
    let refuse = |refusal: Refusal| Refusal::at(HEIGHT, format!("level {index}: {}", refusal.message));
    pooling.top(bottom).map_err(refuse)?;
    Ok(pooling)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{Surroundings, setup};
    use crate::proto::caffe::LayerParameter;

    fn layer(levels: u32, pool: SppMethod) -> LayerParameter {
        let param = SppParameter { pyramid_height: Some(levels), pool: Some(pool.into()), ..Default::default() };
        LayerParameter { spp_param: Some(param), ..Default::default() }
    }

    fn top(levels: u32, pool: SppMethod, bottom: &[i32]) -> Vec<i32> {
        setup(&TYPES[0], &layer(levels, pool), &[bottom], 1).unwrap().tops[0].dims().to_vec()
    }

    fn refuse(levels: u32, pool: SppMethod, bottom: &[i32]) -> String {
        setup(&TYPES[0], &layer(levels, pool), &[bottom], 1).unwrap_err().message
    }

    #[test]
    fn one_level_keeps_four_axes_and_more_are_joined() {
        assert_eq!(top(1, SppMethod::Stochastic, &[2, 3, 7, 8]), [2, 3, 1, 1]);
        assert_eq!(top(2, SppMethod::Max, &[2, 3, 7, 8]), [2, 15]);
        assert_eq!(top(3, SppMethod::Ave, &[2, 3, 7, 8]), [2, 63]);
        assert_eq!(top(3, SppMethod::Max, &[0, 3, 7, 8]), [0, 63]);
    }

    #[test]
    fn levels_finer_than_the_picture_are_refused() {
        let expected = "level 2: pad 2 is not smaller than the kernel size 2";
        assert_eq!(refuse(3, SppMethod::Max, &[1, 2, 5, 5]), expected);
        let expected = "level 1: pad 1 is not smaller than the kernel size 1";
        assert_eq!(refuse(u32::MAX, SppMethod::Max, &[1, 1, 1, 1]), expected);
        let expected = "level 31: pad 1 is not smaller than the kernel size 1";
        assert_eq!(refuse(u32::MAX, SppMethod::Max, &[0, 0, i32::MAX, i32::MAX]), expected);
        assert_eq!(refuse(2, SppMethod::Stochastic, &[1, 2, 5, 5]), "level 1: STOCHASTIC pooling takes no pad");
    }

    #[test]
    fn a_pyramid_needs_levels_and_a_picture() {
        assert_eq!(refuse(0, SppMethod::Max, &[1, 2, 5, 5]), "pyramid_height is missing or 0");
        assert_eq!(refuse(1, SppMethod::Max, &[1, 2, 5, 0]), "a pyramid over a picture of 5 x 0");
        assert_eq!(refuse(1, SppMethod::Max, &[1, 2, 5]), "the bottom (1, 2, 5) must have 4 axes");
    }

    #[test]
    fn an_early_caffe_joins_a_single_level() {
        let (text, bottoms): (_, &[&[i32]]) = ("spp_param { pyramid_height: 1 }", &[&[1, 2, 4, 4]]);
        let message = "spp_param.pyramid_height: pyramid_height is 1: this Caffe joins 2 levels at least";
        for early in ["ctpn", "yjxiong"] {
            assert_eq!(Surroundings::of(early).refusal("SPP", text, bottoms), message);
        }
        assert_eq!(Surroundings::of("lisa-recurrent").top("SPP", text, bottoms), [1, 2]);
        for later in ["hed", "jeffdonahue-recurrent"] {
            assert_eq!(Surroundings::of(later).top("SPP", text, bottoms), [1, 2, 1, 1]);
        }
    }

    #[test]
    fn only_a_single_level_may_be_in_place() {
        let in_place = |levels| {
            let bottoms = [Shape::new([2, 3, 4, 4]).unwrap()];
            Surroundings::default().setup_blobs(&TYPES[0], &layer(levels, SppMethod::Max), &bottoms, &[0])
        };
        assert_eq!(in_place(1).unwrap().tops[0].dims(), [2, 3, 1, 1]);
        assert_eq!(in_place(2).unwrap_err().message, "a pyramid of 2 levels cannot replace its bottom");
    }
}
