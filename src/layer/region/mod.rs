//! Layers that work on regions of a picture: on maps of features, and on boxes over them.

use super::LayerType;

mod box_annotator;
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
    box_annotator::TYPE,
    frcnn::ANCHOR_TARGET,
    frcnn::BOXES_OBJ,
    frcnn::PROPOSAL,
    frcnn::PROPOSAL_TARGET,
    mask::POOLING,
    mask::RESIZE,
    pooling::ROI_ALIGN,
    pooling::ROI_MASK_ALIGN,
    pooling::ROI_MASK_POOLING,
    pooling::ROI_POOLING,
    pooling::ROI_WARPING,
    position_sensitive::DEFORMABLE_PSROI_POOLING,
    position_sensitive::PSROI_POOLING,
    proposal::TYPE,
];
