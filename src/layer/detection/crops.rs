//! Parts of pictures, resized, as networks of TensorFlow have it: CropAndResize, PyramidROIAlign and Mask R-CNN's
//! layers MaskRCNNProposal and MaskRCNNDetection (Synopsys).
//!
//! ```text
//! CropAndResize      pictures, indices (M), boxes (M, 4)      -> (M, crop_h, crop_w, C)
//! PyramidROIAlign    regions (N, M, ..), five more            -> (N, M, crop_height, crop_width, C)
//! MaskRCNNProposal   three                                    -> (batch_size, post_nms_rois_inference, 4)
//! MaskRCNNDetection  regions (N, M, 4), (N, M, K), (N, M, K, 4), (N, *) -> (batch_size, detection_max_instances, 6)
//! ```
//!
//! C is the last axis of the pictures, with another `data_format` than NHWC axis 1, which then stands in front of
//! height and width in the top, too; of PyramidROIAlign's maps it is always the last one. No blobs, no draws.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::{checked_size, positive_size};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);
const SYNOPSYS: Known = Known::In(&["synopsys"]);

pub(super) const CROP_AND_RESIZE: LayerType =
    LayerType::new("CropAndResize", "Crops boxes out of pictures and resizes them", Arity::exactly(3), ONE, &crop)
        .params(&["crop_and_resize_param"])
        .keeps_signal()
        .known(SYNOPSYS);

pub(super) const PYRAMID_ROI_ALIGN: LayerType =
    LayerType::new("PyramidROIAlign", "Crops regions out of maps of four sizes", Arity::exactly(6), ONE, &pyramid)
        .params(&["pyramid_roi_align_param"])
        .keeps_signal()
        .known(SYNOPSYS);

pub(super) const MASK_RCNN_PROPOSAL: LayerType =
    LayerType::new("MaskRCNNProposal", "Makes the regions that Mask R-CNN looks at", Arity::exactly(3), ONE, &proposal)
        .params(&["maskrcnn_proposal_param"])
        .known(SYNOPSYS);

pub(super) const MASK_RCNN_DETECTION: LayerType =
    LayerType::new("MaskRCNNDetection", "Keeps Mask R-CNN's best boxes", Arity::exactly(4), ONE, &detection)
        .params(&["maskrcnn_detection_param"])
        .known(SYNOPSYS);

/// The top of a layer, which `field` is at fault for.
fn made(ctx: &SetupContext<'_>, dims: &[i64], field: &'static str) -> Result<Setup, Refusal> {
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(dims).at(field)?]))
}

fn crop(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.crop_and_resize_param().unwrap_or_default();
    let height = positive_size(param.crop_h(), "crop_and_resize_param.crop_h")?;
    let width = positive_size(param.crop_w(), "crop_and_resize_param.crop_w")?;
    let (pictures, indices, boxes) = (ctx.bottom(0), ctx.bottom(1), ctx.bottom(2));
    let &[_, second, third, fourth] = pictures.dims() else {
        return Err(Refusal::at("bottom", format!("the pictures {pictures} must have 4 axes")));
    };
    let (&[indexed], &[count, 4]) = (indices.dims(), boxes.dims()) else {
        return Err(Refusal::at("bottom", format!("the indices {indices} must be (M), and the boxes {boxes} (M, 4)")));
    };
    ensure!(indexed == count, "bottom", "{indexed} indices given for {count} boxes");
    let is_last = param.data_format() == "NHWC";
    let (channels, sides) = if is_last { (fourth, [second, third]) } else { (second, [third, fourth]) };
    ensure!(!sides.contains(&0), "bottom", "the pictures {pictures} are empty");
    let (count, channels) = (i64::from(count), i64::from(channels));
    let dims = if is_last { [count, height, width, channels] } else { [count, channels, height, width] };
    made(ctx, &dims, "crop_and_resize_param")
}

fn pyramid(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.pyramid_roi_align_param().unwrap_or_default();
    let height = positive_size(param.crop_height.unwrap_or_default(), "pyramid_roi_align_param.crop_height")?;
    let width = positive_size(param.crop_width.unwrap_or_default(), "pyramid_roi_align_param.crop_width")?;
    let (regions, maps) = (ctx.bottom(0), ctx.bottom(2));
    let (&[items, count, ..], Some(&channels)) = (regions.dims(), maps.dims().last()) else {
        return Err(Refusal::at("bottom", format!("the regions {regions} need 2 axes, the maps {maps} one")));
    };
    let (items, count, channels) = (i64::from(items), i64::from(count), i64::from(channels));
    let dims = match param.data_format() {
        "NHWC" => [items, count, height, width, channels],
        _ => [items, count, channels, height, width],
    };
    made(ctx, &dims, "pyramid_roi_align_param")
}

fn proposal(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const FIELD: &str = "maskrcnn_proposal_param";
    let param = ctx.param.maskrcnn_proposal_param().unwrap_or_default();
    ensure!(ctx.bottom(0).axes() >= 2, "bottom", "bottom 0 {} needs 2 axes", ctx.bottom(0));
    let (batch, regions) = (checked_size(param.batch_size(), FIELD)?, param.post_nms_rois_inference());
    made(ctx, &[batch, checked_size(regions, FIELD)?, 4], FIELD)
}

fn detection(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const FIELD: &str = "maskrcnn_detection_param";
    let param = ctx.param.maskrcnn_detection_param().unwrap_or_default();
    let (regions, classes, boxes, pictures) = (ctx.bottom(0), ctx.bottom(1), ctx.bottom(2), ctx.bottom(3));
    let dims = (regions.dims(), classes.dims(), boxes.dims(), pictures.dims());
    let (&[_, a, 4], &[_, b, k], &[_, c, l, 4], &[_, _]) = dims else {
        let message =
            format!("{regions}, {classes}, {boxes}, {pictures} must be (N, M, 4), (N, M, K), (N, M, K, 4), (N, *)");
        return Err(Refusal::at("bottom", message));
    };
    ensure!(a == b && b == c && k == l, "bottom", "{regions}, {classes} and {boxes} differ in regions or classes");
    let (batch, most) = (checked_size(param.batch_size(), FIELD)?, param.detection_max_instances());
    made(ctx, &[batch, checked_size(most, FIELD)?, 6], FIELD)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn run(name: &str, text: &str, bottoms: &[&[i32]]) -> Result<Vec<i32>, String> {
        Surroundings::of("synopsys").run(name, text, bottoms, 1).map(|made| made.tops[0].dims().to_vec())
    }

    #[test]
    fn every_box_becomes_a_picture() {
        let crop = |fields: &str, picture: &[i32]| {
            let text = format!("crop_and_resize_param {{ crop_h: 7 crop_w: 5 {fields} }}");
            run("CropAndResize", &text, &[picture, &[3], &[3, 4]])
        };
        assert_eq!(crop("", &[2, 9, 8, 6]), Ok(vec![3, 7, 5, 6]));
        assert_eq!(crop("data_format: 'NCHW'", &[2, 6, 9, 8]), Ok(vec![3, 6, 7, 5]));
        let text = "pyramid_roi_align_param { crop_height: 7 crop_width: 5 }";
        let map: &[i32] = &[1, 9, 8, 6];
        assert_eq!(run("PyramidROIAlign", text, &[&[2, 3, 4], &[2, 5], map, map, map, map]), Ok(vec![2, 3, 7, 5, 6]));
        assert_eq!(run("MaskRCNNProposal", "", &[&[2, 3, 2], &[2, 3, 4], &[2, 3, 4]]), Ok(vec![1, 1000, 4]));
    }

    #[test]
    fn refusals() {
        let text = "crop_and_resize_param { crop_h: 7 }";
        let message = "crop_and_resize_param.crop_w: crop_w must be at least 1";
        assert_eq!(run("CropAndResize", text, &[&[2, 9, 8, 6], &[3], &[3, 4]]), Err(message.into()));
        let text = "crop_and_resize_param { crop_h: 7 crop_w: 5 }";
        let message = "bottom: 3 indices given for 2 boxes";
        assert_eq!(run("CropAndResize", text, &[&[2, 9, 8, 6], &[3], &[2, 4]]), Err(message.into()));
        let message = "bottom: (2, 5, 4), (2, 6, 3) and (2, 6, 3, 4) differ in regions or classes";
        let bottoms: &[&[i32]] = &[&[2, 5, 4], &[2, 6, 3], &[2, 6, 3, 4], &[2, 9]];
        assert_eq!(run("MaskRCNNDetection", "", bottoms), Err(message.into()));
    }
}
