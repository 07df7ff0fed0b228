//! Layers that detect objects: prior boxes, the boxes found, and how good they are (SSD).

use super::{LayerType, SetupContext};
use crate::error::{Refusal, ensure};

mod boxes;
mod crops;
mod densebox;
mod detectnet;
mod eval_detection;
mod evaluate;
pub(super) mod files;
mod kept;
mod numbered;
mod output;
mod parts;
mod pose;
mod predict_box;
mod prior_box;
mod yolo;

pub use eval_detection::EvalDetection;
pub use evaluate::DetectionEvaluate;
pub use output::DetectionOutput;
pub use prior_box::PriorBox;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    boxes::NMS,
    boxes::NMS_GATHER,
    boxes::NON_MAX_SUPPRESSION,
    boxes::TOPK_GATHER,
    boxes::WHERE4,
    boxes::WHERE4_GATHERND,
    boxes::WHERE4_GATHERND_CROP,
    crops::CROP_AND_RESIZE,
    crops::MASK_RCNN_DETECTION,
    crops::MASK_RCNN_PROPOSAL,
    crops::PYRAMID_ROI_ALIGN,
    densebox::EVALUATION,
    densebox::RESHAPE_LABEL,
    detectnet::TYPE,
    eval_detection::OF_XILINX,
    eval_detection::TYPE,
    eval_detection::YOLO,
    eval_detection::YOLOV2,
    evaluate::SEGMENTS,
    evaluate::TYPE,
    evaluate::EARLY,
    evaluate::TEXTBOXES_PP,
    evaluate::REFINED,
    evaluate::XILINX,
    evaluate::YOLOV2,
    evaluate::CASCADE,
    kept::FACES,
    kept::GRIDS,
    kept::REGIONS,
    numbered::DETECTION_OUT,
    numbered::IMAGE_DETECT,
    numbered::SSD_DETECTION,
    numbered::YOLOV3_DETECTION,
    output::REFINEDET,
    output::ORIENTED,
    output::SSD,
    output::SYNOPSYS,
    output::TEXTBOXES_PP,
    output::REFINED,
    output::XILINX,
    output::YOLOV2,
    parts::DECODER,
    parts::SORT,
    pose::TYPE,
    predict_box::TYPE,
    prior_box::TYPE,
    prior_box::TEXTBOXES,
    prior_box::SSTD,
    yolo::ASSISTED_EXCITATION,
    yolo::PROPOSAL,
    yolo::TENSOR2BOX,
    yolo::UPSAMPLE_DARKNET,
    yolo::YOLO_DETECTION_OUTPUT,
    yolo::YOLOV3_DETECTION_OUTPUT,
];

/// The prior boxes of a layer whose bottoms are locations, confidences and priors.
pub(super) struct Priors(i64);

impl Priors {
    /// Those of bottom 2, of four numbers each.
    ///
    /// # Errors
    /// The bottom has more than four axes.
    pub(super) fn new(ctx: &SetupContext<'_>) -> Result<Priors, Refusal> {
        Priors::of(ctx, 2)
    }

    /// Those of this bottom.
    ///
    /// # Errors
    /// The bottom has more than four axes.
    pub(super) fn of(ctx: &SetupContext<'_>, bottom: usize) -> Result<Priors, Refusal> {
        Ok(Priors(i64::from(ctx.legacy_dim(bottom, 2)? / 4)))
    }

    /// Checks that bottoms 0 and 1 have a location, of so many numbers, and a confidence for each prior and class.
    ///
    /// # Errors
    /// They have more than four axes, or other numbers of channels.
    pub(super) fn check_predictions(
        &self,
        ctx: &SetupContext<'_>,
        classes: i64,
        share_location: bool,
        coordinates: i64,
    ) -> Result<(), Refusal> {
        let priors = self.0;
        let (located, needed) = match share_location {
            true => (format!("{priors} priors"), priors * coordinates),
            false => (
                format!("{priors} priors of {classes} classes each with a location"),
                (priors * coordinates).saturating_mul(classes),
            ),
        };
        check_channels(ctx, 0, needed, &format!("{located} need {needed} channels of locations"))?;
        let needed = priors.saturating_mul(classes);
        check_channels(
            ctx,
            1,
            needed,
            &format!("{priors} priors of {classes} classes need {needed} channels of confidences"),
        )
    }
}

impl Priors {
    /// Whether a location in bottom 0 has six numbers, the last two its direction, and not four (Xilinx' Caffe).
    ///
    /// # Errors
    /// It has another number, which leaves open in Caffe what it is.
    pub(super) fn are_oriented(
        &self,
        ctx: &SetupContext<'_>,
        classes: i64,
        share_location: bool,
    ) -> Result<bool, Refusal> {
        let locations = self.0.saturating_mul(if share_location { 1 } else { classes });
        let channels = i64::from(ctx.legacy_dim(0, 1)?);
        let bottom = ctx.bottom(0);
        match [4, 6].map(|numbers| locations.saturating_mul(numbers)) {
            [upright, _] if channels == upright => Ok(false),
            [_, oriented] if channels == oriented => Ok(true),
            [upright, oriented] => Err(Refusal::at(
                "bottom",
                format!(
                    "{} priors need {upright} or {oriented} channels of locations, bottom 0 {bottom} has {channels}",
                    self.0
                ),
            )),
        }
    }

    /// Checks that a bottom has an oriented location, of so many numbers, for each prior, and for each class where they
    /// do not share it.
    ///
    /// # Errors
    /// It has more than four axes, or another number of channels.
    pub(super) fn check_oriented(
        &self,
        ctx: &SetupContext<'_>,
        bottom: usize,
        classes: i64,
        share_location: bool,
        coordinates: i64,
    ) -> Result<(), Refusal> {
        let priors = self.0;
        let needed = (priors * coordinates).saturating_mul(if share_location { 1 } else { classes });
        check_channels(ctx, bottom, needed, &format!("{priors} priors need {needed} channels of oriented locations"))
    }
}

fn check_channels(ctx: &SetupContext<'_>, bottom: usize, needed: i64, why: &str) -> Result<(), Refusal> {
    let channels = i64::from(ctx.legacy_dim(bottom, 1)?);
    ensure!(channels == needed, "bottom", "{why}, bottom {bottom} {} has {channels}", ctx.bottom(bottom));
    Ok(())
}
