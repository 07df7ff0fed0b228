//! ROIPooling of Intel's Caffe: regions of pictures or of volumes, each brought to one size.
//!
//! ```text
//! bottoms = features (N, C, H, W) or (N, C, D, H, W), regions (R, ...)
//! top     = (R, C, pooled sizes)
//! ```
//!
//! The sizes are those of `pooled_size`, once or for each axis, or for pictures `pooled_h` and `pooled_w`. No blobs, no
//! draws.

use super::size::positive_size;
use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::RoiPoolingParameter;

const SIZE: &str = "roi_pooling_param.pooled_size";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "ROIPooling",
    "Takes the maxima over a grid of parts of each region, of pictures or of volumes",
    Arity::exactly(2),
    Arity::between(1, 2),
    &roi_pooling,
)
.params(&["roi_pooling_param"])
.keeps_signal()
.known(Known::In(&["intel"]))];

/// The maxima over a grid of parts of each region.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GridPooling {
    /// How many parts there are along each axis behind the channels.
    pub parts: Vec<i64>,
    /// The factor from the coordinates of regions to those of the features.
    pub spatial_scale: f32,
}

fn roi_pooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.roi_pooling_param().unwrap_or_default();
    let (features, regions) = (ctx.bottom(0), ctx.bottom(1));
    let parts = match *features.dims() {
        [_, _, _, _] => picture_parts(&param)?,
        [_, _, _, _, _] => volume_parts(&param)?,
        _ => return Err(Refusal::at("bottom", format!("the features {features} must have 4 or 5 axes"))),
    };
    let Some(count) = regions.dim(0) else {
        return Err(Refusal::at("bottom", "the regions have no axes"));
    };
    let mut dims = vec![i64::from(count), i64::from(features.dims()[1])];
    dims.extend(&parts);
    let top = Shape::new(dims).at("roi_pooling_param")?;
    let operator = GridPooling { parts, spatial_scale: param.spatial_scale() };
    Ok(Setup::new(ctx, Operator::GridPooling(operator), vec![top; ctx.top_count()]))
}

fn picture_parts(param: &RoiPoolingParameter) -> Result<Vec<i64>, Refusal> {
    let sides = match *param.pooled_size {
        [] => [(param.pooled_h(), "roi_pooling_param.pooled_h"), (param.pooled_w(), "roi_pooling_param.pooled_w")],
        [side] => [(side, SIZE); 2],
        [height, width] => [(height, SIZE), (width, SIZE)],
        _ => return Err(count_refused(param, "one, or height and width")),
    };
    sides.into_iter().map(|(side, field)| positive_size(side, field)).collect()
}

fn volume_parts(param: &RoiPoolingParameter) -> Result<Vec<i64>, Refusal> {
    let given = param.pooled_h.or(param.pooled_w);
    ensure!(given.is_none(), "roi_pooling_param.pooled_h", "pooled_h and pooled_w are for pictures");
    let sides = match *param.pooled_size {
        [side] => [side; 3],
        [depth, height, width] => [depth, height, width],
        _ => return Err(count_refused(param, "one, or depth, height and width")),
    };
    sides.into_iter().map(|side| positive_size(side, SIZE)).collect()
}

fn count_refused(param: &RoiPoolingParameter, wanted: &str) -> Refusal {
    Refusal::at(SIZE, format!("{} values of pooled_size: give {wanted}", param.pooled_size.len()))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const NAME: &str = "ROIPooling";

    fn top(text: &str, features: &[i32]) -> Vec<i32> {
        let text = format!("roi_pooling_param {{ {text} }}");
        let made = Surroundings::of("intel").run(NAME, &text, &[features, &[3, 7]], 1).unwrap();
        made.tops[0].dims().to_vec()
    }

    #[test]
    fn the_sizes_come_from_pooled_size_first() {
        assert_eq!(top("pooled_h: 3 pooled_w: 2", &[1, 8, 6, 7]), [3, 8, 3, 2]);
        assert_eq!(top("pooled_size: 4 pooled_h: 2", &[1, 8, 6, 7]), [3, 8, 4, 4]);
        assert_eq!(top("pooled_size: [2, 3, 1]", &[1, 4, 5, 6, 7]), [3, 4, 2, 3, 1]);
    }

    #[test]
    fn refusals() {
        let error = |text: &str, features: &[i32]| {
            let text = format!("roi_pooling_param {{ {text} }}");
            Surroundings::of("intel").refusal(NAME, &text, &[features, &[3, 5]])
        };
        let message = "roi_pooling_param.pooled_w: pooled_w must be at least 1";
        assert_eq!(error("pooled_h: 2", &[1, 8, 6, 7]), message);
        let message = "roi_pooling_param.pooled_size: 3 values of pooled_size: give one, or height and width";
        assert_eq!(error("pooled_size: [1, 2, 3]", &[1, 8, 6, 7]), message);
        let message = "roi_pooling_param.pooled_h: pooled_h and pooled_w are for pictures";
        assert_eq!(error("pooled_h: 2 pooled_size: 2", &[1, 4, 5, 6, 7]), message);
        assert_eq!(error("pooled_size: 2", &[1, 4, 5]), "bottom: the features (1, 4, 5) must have 4 or 5 axes");
    }
}
