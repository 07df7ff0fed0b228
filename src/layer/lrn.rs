//! LRN: normalises each element by its neighbours, across channels or within one.
//!
//! The top has the shape of the bottom, which must have four axes; `local_size` must be odd. No blobs, no draws.
//!
//! Within a channel, Caffe runs an average pooling of `local_size` with stride 1 and as much pad as keeps the size, and
//! multiplies its result with the bottom; the layer is refused where that pooling is, or where it misses the size, as
//! it does from 2^24 elements on because pooling divides floats. `engine` changes nothing here. LRNRistretto is the
//! same in quantised numbers, which must be MINIFLOAT. In video-caffe the bottom must have five axes, and the top has a
//! length of 1.

use super::convolution::RISTRETTO;
use super::pooling::{Pooling, picture_size};
use super::size::checked_size;
use super::{Arity, Layer, LayerType, Operator, Setup, SetupContext, length};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::LrnParameter;
use crate::proto::caffe::lrn_parameter::NormRegion;
use crate::proto::caffe::pooling_parameter::{PoolMethod, RoundMode};
use crate::proto::caffe::quantization_parameter::Precision;

const LOCAL_SIZE: &str = "lrn_param.local_size";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry("LRN", "Normalises each element by its neighbours across channels or within its own", &lrn)
        .with_engines()
        .params(&["lrn_param"]),
    entry("LRNRistretto", "Normalises each element by its neighbours, in quantised numbers", &quantised_lrn)
        .params(&["lrn_param", "quantization_param"])
        .known(Known::In(RISTRETTO)),
];

const fn entry(name: &'static str, summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(1), Arity::exactly(1), rule).weightless()
}

/// Local response normalisation: x / (k + alpha / n * sum of x^2)^beta over n neighbours.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Lrn {
    /// How many neighbours along an axis, the element itself included.
    pub size: i64,
    /// The factor of the sum.
    pub alpha: f32,
    /// The exponent.
    pub beta: f32,
    /// What is added to the sum: always 1 within a channel.
    pub k: f32,
    /// The averages of windows within a channel, n = size^2; none where the neighbours are n = size channels.
    pub within: Option<Pooling>,
}

/// The same in numbers of few bits, of which this layer has only minifloats.
fn quantised_lrn(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const PRECISION: &str = "quantization_param.precision";
    let precision = ctx.param.quantization_param().map(|param| param.precision()).unwrap_or_default();
    ensure!(
        precision == Precision::Minifloat,
        PRECISION,
        "precision is {}: LRNRistretto takes only MINIFLOAT",
        precision.as_str_name()
    );
    lrn(ctx)
}

/// The averages of windows of `size` within a channel.
fn inner_pooling(size: i64, bottom: &Shape) -> Result<Pooling, Refusal> {
    let pooling = Pooling {
        method: PoolMethod::Ave,
        round: RoundMode::Ceil,
        kernel: [size; 2],
        stride: [1; 2],
        pad: [(size - 1) / 2; 2],
    };
    let refuse = |refusal: Refusal| Refusal::at(LOCAL_SIZE, format!("the inner pooling: {}", refusal.message));
    let pooled = pooling.top(bottom).map_err(refuse)?;
    ensure!(pooled == *bottom, LOCAL_SIZE, "the inner pooling makes {pooled} of the bottom {bottom}");
    Ok(pooling)
}

fn lrn(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = LrnParameter::default();
    let param = ctx.param.lrn_param.as_ref().unwrap_or(&default);
    let bottom = &length::bottom_pictures(ctx)?;
    picture_size(bottom)?;
    let size = checked_size(param.local_size(), LOCAL_SIZE)?;
    ensure!(size % 2 == 1, LOCAL_SIZE, "local_size {size} is not odd");
    let within = match param.norm_region() {
        NormRegion::WithinChannel => Some(inner_pooling(size, bottom)?),
        NormRegion::AcrossChannels => None,
    };
    if ctx.dialect.traits.pictures_have_length {
        let volumes = ctx.bottom(0);
        let fits = within.is_none() || volumes.dim(2) == Some(1);
        ensure!(fits, "bottom", "within a channel there must be a length of 1, the input is {volumes}");
        return Ok(Setup::new(ctx, Operator::Opaque, [ctx.pictures(bottom).at("bottom")?]));
    }
    let k = if within.is_some() { 1.0 } else { param.k() };
    let operator = Lrn { size, alpha: param.alpha(), beta: param.beta(), k, within };
    Ok(Setup::like_bottom(ctx, Operator::Lrn(operator)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::setup;
    use crate::proto::caffe::LayerParameter;

    fn lrn(local_size: u32, region: NormRegion, bottom: &[i32]) -> Result<Vec<i32>, String> {
        let param =
            LrnParameter { local_size: Some(local_size), norm_region: Some(region.into()), ..Default::default() };
        let layer = LayerParameter { lrn_param: Some(param), ..Default::default() };
        let setup = setup(&TYPES[0], &layer, &[bottom], 1).map_err(|refusal| refusal.message)?;
        assert!(setup.blobs.is_empty() && setup.draws.is_empty());
        Ok(setup.tops[0].dims().to_vec())
    }

    #[test]
    fn both_regions_keep_the_shape() {
        for region in [NormRegion::AcrossChannels, NormRegion::WithinChannel] {
            for local_size in [1, 3, 7, 101] {
                assert_eq!(lrn(local_size, region, &[1, 3, 4, 5]), Ok(vec![1, 3, 4, 5]));
                assert_eq!(lrn(local_size, region, &[1, 3, 0, 5]), Ok(vec![1, 3, 0, 5]));
            }
        }
    }

    #[test]
    fn local_size_must_be_odd_and_the_bottom_a_picture() {
        let across = |local_size, bottom: &[i32]| lrn(local_size, NormRegion::AcrossChannels, bottom).unwrap_err();
        assert_eq!(across(4, &[1, 3, 4, 5]), "local_size 4 is not odd");
        assert_eq!(across(0, &[1, 3, 4, 5]), "local_size 0 is not odd");
        assert_eq!(across(u32::MAX, &[1, 3, 4, 5]), "local_size 4294967295 is more than 2147483647");
        assert_eq!(across(5, &[2, 3]), "the bottom (2, 3) must have 4 axes");
    }

    #[test]
    fn within_a_channel_large_sizes_are_missed() {
        // 16777217 windows follow the first; as a float that is 16777216.
        let expected = "the inner pooling makes (1, 1, 1, 16777217) of the bottom (1, 1, 1, 16777218)";
        assert_eq!(lrn(3, NormRegion::WithinChannel, &[1, 1, 1, 16_777_218]), Err(expected.into()));
        assert_eq!(lrn(3, NormRegion::AcrossChannels, &[1, 1, 1, 16_777_218]), Ok(vec![1, 1, 1, 16_777_218]));
    }

    #[test]
    fn quantised_numbers_are_minifloats() {
        let ristretto = crate::layer::testing::Surroundings::of("ristretto");
        let minifloat = "quantization_param { precision: MINIFLOAT }";
        assert_eq!(ristretto.top("LRNRistretto", minifloat, &[&[2, 3, 4, 5]]), [2, 3, 4, 5]);
        let message =
            "quantization_param.precision: precision is DYNAMIC_FIXED_POINT: LRNRistretto takes only MINIFLOAT";
        assert_eq!(ristretto.refusal("LRNRistretto", "", &[&[2, 3, 4, 5]]), message);
    }
}
