//! Layers that work on regions of a picture: on maps of features, and on boxes over them.

use super::{LayerType, SetupContext};
use crate::error::{Refusal, ensure};

mod accuracy;
mod box_annotator;
mod cascade;
mod frcnn;
mod frcnn_config;
mod mask;
mod pooling;
mod position_sensitive;
mod proposal;

pub use box_annotator::BoxAnnotator;
pub use frcnn::Frcnn;
pub use frcnn_config::FrcnnConfig;
pub use pooling::{RoiMask, RoiMethod, RoiPooling};
pub use position_sensitive::{MovedParts, PositionPooling};
pub use proposal::Proposal;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    accuracy::BBOX,
    accuracy::CASCADE_BBOX,
    accuracy::GRID,
    accuracy::GROUPS,
    box_annotator::TYPE,
    cascade::BOX_GROUP_OUTPUT,
    cascade::BOX_OUTPUT,
    cascade::DECODE_BBOX,
    cascade::FRCNN_OUTPUT,
    cascade::HARD_MINING,
    cascade::MSCNN_PROPOSAL_TARGET,
    cascade::PROPOSAL_TARGET,
    cascade::SCALE_ROUTE,
    frcnn::ANCHOR_TARGET,
    frcnn::BOXES_OBJ,
    frcnn::PROPOSAL,
    frcnn::PROPOSAL_TARGET,
    mask::POOLING,
    mask::RESIZE,
    pooling::CORNER_ALIGN,
    pooling::ROI_ALIGN,
    pooling::ROI_ALIGN_OF_CAMBRICON,
    pooling::ROI_MASK_ALIGN,
    pooling::ROI_MASK_POOLING,
    pooling::ROI_POOLING,
    pooling::ROI_POOLING_OF_CAMBRICON,
    pooling::ROI_POOLING_OF_PICTURES,
    pooling::ROI_WARPING,
    position_sensitive::DEFORMABLE_PSROI_POOLING,
    position_sensitive::PSROI_POOLING,
    proposal::OF_SOPHGO,
    proposal::OF_XILINX,
    proposal::OF_CAMBRICON,
    proposal::TYPE,
];

/// Checks the means and deviations of boxes in `bbox_reg_param`: four of each, unless one of them is not given.
///
/// # Errors
/// There are others, or a deviation is not above 0.
pub(super) fn check_statistics(ctx: &SetupContext<'_>) -> Result<(), Refusal> {
    let Some(param) = ctx.param.bbox_reg_param() else { return Ok(()) };
    let (means, deviations) = (param.bbox_mean.len(), param.bbox_std.len());
    if means == 0 || deviations == 0 {
        return Ok(());
    }
    ensure!(
        means == 4 && deviations == 4,
        "bbox_reg_param.bbox_mean",
        "{means} bbox_mean and {deviations} bbox_std are given: there must be four of each"
    );
    match param.bbox_std.iter().find(|&&deviation| deviation.is_nan() || deviation <= 0.0) {
        Some(deviation) => Err(Refusal::at("bbox_reg_param.bbox_std", format!("bbox_std {deviation} is not above 0"))),
        None => Ok(()),
    }
}

/// Whether each class has boxes of its own.
fn is_class_aware(ctx: &SetupContext<'_>) -> bool {
    ctx.param.bbox_reg_param().is_none_or(|param| param.cls_aware())
}
