//! Boxes and other rows chosen by their scores, as networks of TensorFlow have it: NMS, NMSGather, TopkGather, Where4
//! and what follows it, and NonMaxSuppression (Synopsys).
//!
//! The number of rows is one of the settings, and what is not found is filled up once the net runs:
//!
//! ```text
//! NMS                 boxes of 4 along the other axis  -> (top_k)
//! NMSGather           the same                         -> bottom.dims, top_k along the axis
//! TopkGather          any, perhaps another             -> bottom.dims, top_k along the axis
//! Where4              any                              -> (num_output, axes of the bottom)
//! Where4Gathernd      values, mask                     -> (num_output) ++ values.dims[axes of the mask..]
//! Where4GatherndCrop  values, mask, four pictures      -> (num_output, crop_h, crop_w, C)
//! NonMaxSuppression   boxes (N, M, 4), scores (N, K, M) -> (max_output_boxes_per_class K N, 3)
//! ```
//!
//! No blobs, no draws.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::{checked_size, field_name, positive_size};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);
const TWO: Arity = Arity::exactly(2);
const SYNOPSYS: Known = Known::In(&["synopsys"]);

pub(super) const NMS: LayerType =
    LayerType::new("NMS", "Chooses boxes that overlap little", ONE, ONE, &nms).params(&["nms_param"]).known(SYNOPSYS);

pub(super) const NMS_GATHER: LayerType =
    LayerType::new("NMSGather", "Keeps boxes that overlap little", ONE, ONE, &nms_gather)
        .params(&["nms_gather_param"])
        .known(SYNOPSYS);

pub(super) const TOPK_GATHER: LayerType =
    LayerType::new("TopkGather", "Keeps the largest elements along an axis", Arity::between(1, 2), ONE, &topk_gather)
        .params(&["topk_gather_param"])
        .known(SYNOPSYS);

pub(super) const WHERE4: LayerType = LayerType::new("Where4", "Finds the indices of what is not 0", ONE, ONE, &where4)
    .params(&["where4_param"])
    .known(SYNOPSYS);

pub(super) const WHERE4_GATHERND: LayerType =
    LayerType::new("Where4Gathernd", "Selects the elements where a mask is not 0", TWO, ONE, &where4_gathernd)
        .params(&["where4_gathernd_param"])
        .known(SYNOPSYS);

pub(super) const WHERE4_GATHERND_CROP: LayerType = LayerType::new(
    "Where4GatherndCrop",
    "Crops boxes where a mask is not 0 out of pictures of four sizes",
    Arity::exactly(6),
    ONE,
    &where4_gathernd_crop,
)
.params(&["where4_gathernd_crop_param"])
.known(SYNOPSYS);

pub(super) const NON_MAX_SUPPRESSION: LayerType =
    LayerType::new("NonMaxSuppression", "Chooses boxes of each class that overlap little", TWO, ONE, &suppression)
        .params(&["non_max_suppression_param"])
        .known(SYNOPSYS);

/// The top of a layer, which `field` is at fault for.
fn made(ctx: &SetupContext<'_>, dims: &[i64], field: &'static str) -> Result<Setup, Refusal> {
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(dims).at(field)?]))
}

fn wide(shape: &Shape) -> Vec<i64> {
    shape.dims().iter().map(|&dim| i64::from(dim)).collect()
}

/// Checks that bottom 0 holds boxes: the axis of rows.
fn box_axis(ctx: &SetupContext<'_>, axis: i32, field: &'static str) -> Result<usize, Refusal> {
    let bottom = ctx.bottom(0);
    ensure!(bottom.axes() == 2, "bottom", "the boxes {bottom} must have 2 axes");
    let axis = ctx.bottom_axis(0, axis, field)?;
    ensure!(
        bottom.dims()[1 - axis] == 4,
        "bottom",
        "the boxes {bottom} do not have 4 coordinates along axis {}",
        1 - axis
    );
    Ok(axis)
}

/// So many rows of an axis of `bottom`, at least one and at most all.
fn rows(ctx: &SetupContext<'_>, bottom: usize, axis: usize, count: u32, field: &'static str) -> Result<i64, Refusal> {
    let count = positive_size(count, field)?;
    let (shape, name) = (ctx.bottom(bottom), field_name(field));
    let dim = i64::from(shape.dims()[axis]);
    ensure!(count <= dim, field, "{name} {count} is more than the {dim} along axis {axis} of {shape}");
    Ok(count)
}

fn nms(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.nms_param().unwrap_or_default();
    let axis = box_axis(ctx, param.axis(), "nms_param.axis")?;
    made(ctx, &[rows(ctx, 0, axis, param.top_k(), "nms_param.top_k")?], "nms_param.top_k")
}

fn nms_gather(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const TOP_K: &str = "nms_gather_param.top_k";
    let param = ctx.param.nms_gather_param().unwrap_or_default();
    let axis = box_axis(ctx, param.axis(), "nms_gather_param.axis")?;
    let mut dims = wide(ctx.bottom(0));
    dims[axis] = rows(ctx, 0, axis, param.top_k(), TOP_K)?;
    made(ctx, &dims, TOP_K)
}

fn topk_gather(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const TOP_K: &str = "topk_gather_param.top_k";
    let param = ctx.param.topk_gather_param().unwrap_or_default();
    let bottom = ctx.bottom(0);
    let axis = ctx.bottom_axis(0, param.axis(), "topk_gather_param.axis")?;
    let mut dims = wide(bottom);
    dims[axis] = match param.axis {
        Some(_) => rows(ctx, 0, axis, param.top_k(), TOP_K)?,
        // Without an axis Caffe looks at the size of an item, but shapes axis 0.
        None => {
            let (count, item) = (positive_size(param.top_k(), TOP_K)?, bottom.count_from(1));
            ensure!(count <= item, TOP_K, "top_k {count} is more than the {item} numbers of an item of {bottom}");
            count
        }
    };
    made(ctx, &dims, TOP_K)
}

fn where4(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const COUNT: &str = "where4_param.num_output";
    let param = ctx.param.where4_param().unwrap_or_default();
    let axis = ctx.bottom_axis(0, param.axis(), "where4_param.axis")?;
    let count = rows(ctx, 0, axis, param.num_output(), COUNT)?;
    made(ctx, &[count, ctx.bottom(0).axes() as i64], COUNT)
}

/// The dimensions of what a mask, bottom 1, takes of the values in bottom 0.
fn gathered(ctx: &SetupContext<'_>, count: i64) -> Result<Vec<i64>, Refusal> {
    let (values, mask) = (ctx.bottom(0), ctx.bottom(1));
    ensure!(mask.axes() <= values.axes(), "bottom", "the mask {mask} has more axes than the values {values}");
    ensure!(values.axes() > 0, "bottom", "the values have no axes");
    Ok([vec![count], wide(values)[mask.axes()..].to_vec()].concat())
}

fn where4_gathernd(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const COUNT: &str = "where4_gathernd_param.num_output";
    let param = ctx.param.where4_gathernd_param().unwrap_or_default();
    let axis = ctx.bottom_axis(1, param.axis(), "where4_gathernd_param.axis")?;
    let dims = gathered(ctx, rows(ctx, 1, axis, param.num_output(), COUNT)?)?;
    made(ctx, &dims, COUNT)
}

fn where4_gathernd_crop(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const COUNT: &str = "where4_gathernd_crop_param.num_output";
    let param = ctx.param.where4_gathernd_crop_param().unwrap_or_default();
    let axis = ctx.bottom_axis(1, param.axis(), "where4_gathernd_crop_param.axis")?;
    let count = rows(ctx, 1, axis, param.num_output(), COUNT)?;
    let height = positive_size(param.crop_h(), "where4_gathernd_crop_param.crop_h")?;
    let width = positive_size(param.crop_w(), "where4_gathernd_crop_param.crop_w")?;
    gathered(ctx, count)?;
    let channels = ctx.bottom(2).dim(3);
    for (bottom, picture) in ctx.bottoms.iter().enumerate().skip(2) {
        let fits = picture.axes() == 4 && picture.dim(3) == channels;
        ensure!(fits, "bottom", "bottom {bottom} {picture} must have 4 axes, and channels as bottom 2 on the last one");
    }
    made(ctx, &[count, height, width, channels.unwrap_or_default().into()], COUNT)
}

fn suppression(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const COUNT: &str = "non_max_suppression_param.max_output_boxes_per_class";
    let param = ctx.param.non_max_suppression_param().unwrap_or_default();
    let (boxes, scores) = (ctx.bottom(0), ctx.bottom(1));
    let (&[items, count, 4], &[scored, classes, scored_count]) = (boxes.dims(), scores.dims()) else {
        let message = format!("the boxes {boxes} must be (N, M, 4), and the scores {scores} (N, K, M)");
        return Err(Refusal::at("bottom", message));
    };
    let fits = items == scored && count == scored_count;
    ensure!(fits, "bottom", "the boxes {boxes} and the scores {scores} differ in items or boxes");
    let threshold = param.iou_threshold();
    let in_range = (0.0..=1.0).contains(&threshold);
    ensure!(in_range, "non_max_suppression_param.iou_threshold", "iou_threshold {threshold} is not in [0, 1]");
    let most = u32::try_from(param.max_output_boxes_per_class())
        .map_err(|_| Refusal::at(COUNT, "max_output_boxes_per_class is negative"))?;
    let found = checked_size(most, COUNT)?.saturating_mul(classes.into()).saturating_mul(items.into());
    made(ctx, &[found, 3], COUNT)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn run(name: &str, text: &str, bottoms: &[&[i32]]) -> Result<Vec<i32>, String> {
        Surroundings::of("synopsys").run(name, text, bottoms, 1).map(|made| made.tops[0].dims().to_vec())
    }

    #[test]
    fn settings_say_how_many_rows() {
        assert_eq!(run("NMS", "nms_param { top_k: 3 }", &[&[5, 4]]), Ok(vec![3]));
        assert_eq!(run("NMSGather", "nms_gather_param { top_k: 3 axis: 1 }", &[&[4, 5]]), Ok(vec![4, 3]));
        assert_eq!(run("TopkGather", "topk_gather_param { top_k: 2 axis: 1 }", &[&[3, 4, 5]]), Ok(vec![3, 2, 5]));
        assert_eq!(run("TopkGather", "topk_gather_param { top_k: 9 }", &[&[3, 4, 5]]), Ok(vec![9, 4, 5]));
        assert_eq!(run("Where4", "where4_param { num_output: 2 }", &[&[3, 4, 5]]), Ok(vec![2, 3]));
        let text = "where4_gathernd_param { num_output: 2 }";
        assert_eq!(run("Where4Gathernd", text, &[&[3, 4, 5], &[3, 4]]), Ok(vec![2, 5]));
        let text = "non_max_suppression_param { max_output_boxes_per_class: 3 }";
        assert_eq!(run("NonMaxSuppression", text, &[&[2, 7, 4], &[2, 5, 7]]), Ok(vec![30, 3]));
    }

    #[test]
    fn refusals() {
        let message = "nms_param.top_k: top_k 6 is more than the 5 along axis 0 of (5, 4)";
        assert_eq!(run("NMS", "nms_param { top_k: 6 }", &[&[5, 4]]), Err(message.into()));
        let message = "bottom: the boxes (5, 3) do not have 4 coordinates along axis 1";
        assert_eq!(run("NMS", "", &[&[5, 3]]), Err(message.into()));
        let message = "where4_param.num_output: num_output must be at least 1";
        assert_eq!(run("Where4", "", &[&[5, 3]]), Err(message.into()));
        let text = "non_max_suppression_param { iou_threshold: 1.5 }";
        let message = "non_max_suppression_param.iou_threshold: iou_threshold 1.5 is not in [0, 1]";
        assert_eq!(run("NonMaxSuppression", text, &[&[2, 7, 4], &[2, 5, 7]]), Err(message.into()));
    }
}
