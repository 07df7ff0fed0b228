//! Faster R-CNN in C++: anchors and proposals with their targets, after a configuration in a file of its own (soeaver).
//!
//! | type | bottoms | tops |
//! |---|---|---|
//! | FrcnnAnchorTarget | scores (.., .., H, W), true boxes, picture | labels (1, 1, A H, W), thrice (1, 4 A, H, W) |
//! | FrcnnProposal | scores, boxes, picture | boxes (1, 5, 1, 1), scores (1, 1, 1, 1) |
//! | FrcnnProposalTarget | boxes, true boxes | boxes (1, 5, 1, 1), labels (1, 1, 1, 1), thrice (1, 4 K, 1, 1) |
//! | BoxesObj | boxes, scores and more | boxes (1, 5, 1, 1), scores (1, 1, 1, 1) |
//!
//! with A anchors and K classes. A comes from the file `config`, which the first two read. FrcnnProposalTarget reads
//! none: its K is that of the file that any layer before has read last, or 0; it does not look at its own
//! `num_classes`. Shapes are checked nowhere. No blobs; what is drawn comes from a generator of their own.

use super::FrcnnConfig;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};
use crate::layer::{Arity, Deployment, LayerType, Operator, Setup, SetupContext};

const KNOWN: Known = Known::In(&["soeaver"]);

pub(super) const ANCHOR_TARGET: LayerType = LayerType::new(
    "FrcnnAnchorTarget",
    "Makes the targets of anchors from true boxes",
    Arity::exactly(3),
    Arity::exactly(4),
    &anchor_target,
)
.params(&["frcnn_anchor_target_param"])
.known(KNOWN);

pub(super) const PROPOSAL: LayerType = LayerType::new(
    "FrcnnProposal",
    "Takes the best of predicted boxes as proposals",
    Arity::exactly(3),
    Arity::between(1, 2),
    &proposal,
)
.params(&["frcnn_proposal_param"])
.copes_without_shapes()
.known(KNOWN);

pub(super) const PROPOSAL_TARGET: LayerType = LayerType::new(
    "FrcnnProposalTarget",
    "Makes the targets of proposals from true boxes",
    Arity::exactly(2),
    Arity::exactly(5),
    &proposal_target,
)
.params(&["frcnn_proposal_target_param"])
.copes_without_shapes()
.deployed(|_| Deployment::Bypassed)
.known(KNOWN);

pub(super) const BOXES_OBJ: LayerType = LayerType::new(
    "BoxesObj",
    "Takes the best of the boxes of some classes",
    Arity::between(3, 4),
    Arity::between(1, 2),
    &boxes_obj,
)
.params(&["boxes_obj_param"])
.copes_without_shapes()
.known(KNOWN);

/// A step of Faster R-CNN.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Frcnn {
    /// The targets of anchors.
    AnchorTarget(FrcnnConfig),
    /// The proposals.
    Proposal(FrcnnConfig),
    /// The targets of proposals, of so many classes.
    ProposalTarget {
        /// How many classes there are.
        classes: i64,
    },
    /// The boxes of some classes.
    BoxesObj {
        /// From which score on boxes count.
        cls_thresh: f32,
        /// The overlap from which on the lesser of two boxes is dropped.
        nms: f32,
        /// Whether dropped boxes have a say in where the box is.
        box_vote: bool,
        /// The classes.
        classes: Vec<i32>,
    },
}

impl Frcnn {
    /// The number of classes that is left for the layers behind.
    pub(in crate::layer) fn classes(&self) -> Option<i64> {
        match self {
            Frcnn::AnchorTarget(config) | Frcnn::Proposal(config) => Some(config.classes()),
            _ => None,
        }
    }
}

/// The shape of a top, which `field` decides.
fn top(dims: [i64; 4], field: &'static str) -> Result<Shape, Refusal> {
    Shape::new(dims).at(field)
}

fn anchor_target(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const CONFIG: &str = "frcnn_anchor_target_param.config";
    let mut notices = Vec::new();
    let param = ctx.param.frcnn_anchor_target_param().unwrap_or_default();
    let config = FrcnnConfig::read(ctx, CONFIG, param.config(), &mut notices)?;
    let (anchors, height, width) = (config.anchors(), i64::from(ctx.legacy_dim(0, 2)?), ctx.legacy_dim(0, 3)?.into());
    let targets = top([1, 4 * anchors, height, width], CONFIG)?;
    let tops = [top([1, 1, anchors * height, width], CONFIG)?, targets.clone(), targets.clone(), targets];
    Ok(Setup { notices, ..Setup::new(ctx, Operator::Frcnn(Frcnn::AnchorTarget(config)), tops) })
}

fn proposal(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const CONFIG: &str = "frcnn_proposal_param.config";
    let mut notices = Vec::new();
    let param = ctx.param.frcnn_proposal_param().unwrap_or_default();
    let config = FrcnnConfig::read(ctx, CONFIG, param.config(), &mut notices)?;
    Ok(Setup { notices, ..boxes_and_scores(ctx, Frcnn::Proposal(config))? })
}

fn proposal_target(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let classes = ctx.configured_classes;
    let targets = top([1, 4 * classes, 1, 1], "")?;
    let tops = [top([1, 5, 1, 1], "")?, top([1; 4], "")?, targets.clone(), targets.clone(), targets];
    Ok(Setup::new(ctx, Operator::Frcnn(Frcnn::ProposalTarget { classes }), tops))
}

fn boxes_obj(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.boxes_obj_param().unwrap_or_default();
    let (cls_thresh, nms, box_vote) = (param.cls_thresh(), param.nms(), param.box_vote());
    boxes_and_scores(ctx, Frcnn::BoxesObj { cls_thresh, nms, box_vote, classes: param.cls_indexes })
}

/// A layer whose tops are boxes and, if there is a second one, their scores.
fn boxes_and_scores(ctx: &SetupContext<'_>, operator: Frcnn) -> Result<Setup, Refusal> {
    let mut tops = vec![top([1, 5, 1, 1], "")?, top([1; 4], "")?];
    tops.truncate(ctx.top_count());
    Ok(Setup::new(ctx, Operator::Frcnn(operator), tops))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_second_top_has_the_scores() {
        let tops = |count: usize| {
            let made = Surroundings::of("soeaver").run("BoxesObj", "", &[&[4, 5], &[4, 8], &[4, 2]], count).unwrap();
            made.tops.iter().map(|top| top.dims().to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(tops(1), [[1, 5, 1, 1]]);
        assert_eq!(tops(2), [[1, 5, 1, 1], [1, 1, 1, 1]]);
    }

    #[test]
    fn without_a_configuration_there_are_no_classes() {
        let made = Surroundings::of("soeaver").run("FrcnnProposalTarget", "", &[&[4, 5], &[2, 5]], 5).unwrap();
        assert_eq!(made.tops[4].dims(), [1, 0, 1, 1]);
        let error = Surroundings::of("soeaver").run("FrcnnProposal", "", &[&[1], &[1], &[1]], 1).unwrap_err();
        assert!(error.starts_with("frcnn_proposal_param.config: cannot read the configuration \"\""), "{error}");
    }
}
