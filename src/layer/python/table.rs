//! The table of well-known layers written in Python.

use std::fmt;

use super::{PythonCall, PythonTop, detectnet, fcn, loss, rcnn, video};
use crate::dialect::{Dialect, Known};
use crate::error::Refusal;
use crate::layer::Deployment;

/// The dialects whose detectors give regions four axes.
const FOUR_AXES: &[&str] = &["bottom-up-attention", "curve-text", "intel", "microsoft", "rfcn", "soeaver"];

/// A layer written in Python whose tops are known.
#[non_exhaustive]
pub struct PythonLayer {
    /// The module, as `python_param.module` names it.
    pub module: &'static str,
    /// The class in it, as `python_param.layer` names it.
    pub layer: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// The dialects that know it, or this meaning of its name.
    pub known: Known,
    /// What becomes of it in a net that is deployed, where it has bottoms.
    pub deployment: Deployment,
    rule: fn(&PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal>,
}

impl PythonLayer {
    const fn new(
        module: &'static str,
        layer: &'static str,
        summary: &'static str,
        rule: fn(&PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal>,
    ) -> PythonLayer {
        PythonLayer { module, layer, summary, known: Known::Everywhere, deployment: Deployment::Kept, rule }
    }

    const fn deployed(mut self, deployment: Deployment) -> PythonLayer {
        self.deployment = deployment;
        self
    }

    const fn known(mut self, known: Known) -> PythonLayer {
        self.known = known;
        self
    }

    /// The layer of this module and class, as this dialect has it: of several the last.
    pub fn get(module: &str, layer: &str, dialect: &Dialect) -> Option<&'static PythonLayer> {
        let is_it =
            |entry: &&PythonLayer| entry.module == module && entry.layer == layer && entry.known.includes(dialect);
        PYTHON_LAYERS.iter().rev().find(is_it)
    }

    /// What is known of the tops of a layer.
    pub(super) fn tops(&self, call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
        let tops = (self.rule)(call)?;
        let given = call.ctx.top_count();
        if tops.len() == given {
            return Ok(tops);
        }
        let made = if tops.len() == 1 { "1 top".to_owned() } else { format!("{} tops", tops.len()) };
        Err(Refusal::at("top", format!("{}.{} makes {made}, {given} given", self.module, self.layer)))
    }
}

impl fmt::Debug for PythonLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PythonLayer").field("module", &self.module).field("layer", &self.layer).finish_non_exhaustive()
    }
}

/// Every well-known layer.
pub static PYTHON_LAYERS: &[PythonLayer] = &[
    PythonLayer::new(
        "caffe.layers.detectnet.clustering",
        "ClusterDetections",
        "Joins overlapping detections of each class",
        detectnet::clusters,
    ),
    PythonLayer::new(
        "caffe.layers.detectnet.clustering",
        "ClusterGroundtruth",
        "Joins the true boxes of each class",
        detectnet::clusters,
    )
    .deployed(Deployment::Measure),
    PythonLayer::new(
        "caffe.layers.detectnet.mean_ap",
        "ScoreDetections",
        "Tells which detections are correct",
        detectnet::scores,
    )
    .deployed(Deployment::Measure),
    PythonLayer::new("caffe.layers.detectnet.mean_ap", "mAP", "Computes mean average precision", detectnet::mean_ap)
        .deployed(Deployment::Measure),
    PythonLayer::new("nyud_layers", "NYUDSegDataLayer", "Reads pictures, depths and labels of NYUDv2", fcn::nyud),
    PythonLayer::new(
        "pascalcontext_layers",
        "PASCALContextSegDataLayer",
        "Reads pictures and labels of PASCAL-Context",
        fcn::pictures,
    ),
    PythonLayer::new("pyloss", "EuclideanLossLayer", "Computes half the mean squared distance", loss::euclidean)
        .deployed(Deployment::Loss { predictions: 2 }),
    PythonLayer::new("roi_data_layer.layer", "RoIDataLayer", "Reads pictures with true boxes or regions", rcnn::data),
    PythonLayer::new(
        "roi_data_layer.layer",
        "RoIDataLayer",
        "Reads pictures with true boxes or regions",
        rcnn::data_of_four_axes,
    )
    .known(Known::In(FOUR_AXES)),
    PythonLayer::new(
        "rpn.anchor_target_layer",
        "AnchorTargetLayer",
        "Gives anchors their labels and true boxes",
        rcnn::anchor_targets,
    ),
    PythonLayer::new(
        "rpn.anchor_target_layer",
        "AnchorTargetLayer",
        "Gives anchors their labels and true boxes",
        rcnn::anchor_targets_of_curves,
    )
    .known(Known::In(&["curve-text"])),
    PythonLayer::new(
        "rpn.assign_rois_layer",
        "AssignRoisLayer",
        "Distributes regions to the levels of a pyramid",
        rcnn::assigned_regions,
    ),
    PythonLayer::new(
        "rpn.proposal_fg_disHW_target_layer",
        "ProposalFgDisHWTargetLayer",
        "Gives regions their labels, true boxes and the distances of their curves",
        rcnn::curve_targets,
    )
    .deployed(Deployment::Bypassed),
    PythonLayer::new("rpn.proposal_layer", "ProposalLayer", "Makes regions of scored anchors", rcnn::proposals),
    PythonLayer::new(
        "rpn.proposal_target_layer",
        "ProposalTargetLayer",
        "Gives regions their labels and true boxes",
        rcnn::proposal_targets,
    )
    .deployed(Deployment::Bypassed),
    PythonLayer::new(
        "rpn.proposal_target_layer",
        "ProposalTargetLayer",
        "Gives regions their labels and true boxes",
        rcnn::proposal_targets_of_four_axes,
    )
    .deployed(Deployment::Bypassed)
    .known(Known::In(FOUR_AXES)),
    PythonLayer::new(
        "rpn.proposal_target_layer",
        "ProposalTargetLayer",
        "Gives regions their labels, true boxes and attributes",
        rcnn::proposal_targets_with_attributes,
    )
    .deployed(Deployment::Bypassed)
    .known(Known::In(&["bottom-up-attention"])),
    PythonLayer::new("sequence_input_layer", "videoReadTest_RGB", "Reads clips of videos to test with", video::test),
    PythonLayer::new(
        "sequence_input_layer",
        "videoReadTest_flow",
        "Reads clips of optical flow to test with",
        video::test,
    ),
    PythonLayer::new("sequence_input_layer", "videoReadTrain_RGB", "Reads clips of videos to train with", video::train),
    PythonLayer::new(
        "sequence_input_layer",
        "videoReadTrain_flow",
        "Reads clips of optical flow to train with",
        video::train,
    ),
    PythonLayer::new(
        "siftflow_layers",
        "SIFTFlowSegDataLayer",
        "Reads pictures and labels of SIFT Flow",
        fcn::sift_flow,
    ),
    PythonLayer::new("voc_layers", "SBDDSegDataLayer", "Reads pictures and labels of SBDD", fcn::pictures),
    PythonLayer::new("voc_layers", "VOCSegDataLayer", "Reads pictures and labels of PASCAL VOC", fcn::pictures),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_in_order_and_documented() {
        let names: Vec<_> = PYTHON_LAYERS.iter().map(|layer| (layer.module, layer.layer)).collect();
        assert!(names.is_sorted());
        for PythonLayer { layer, summary, .. } in PYTHON_LAYERS {
            assert!(summary.starts_with(|c: char| c.is_ascii_uppercase()) && !summary.ends_with('.'), "{layer}");
        }
    }
}
