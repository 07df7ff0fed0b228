//! Loss layers: they compare a prediction with a target and make one number.
//!
//! The first top is a scalar; where the net names none, it is added without a name. A loss layer without `loss_weight`
//! is saved with the weight 1, but for some of forks. No blobs, no draws.

use super::{LayerType, Operator, Setup, SetupContext};
use std::path::PathBuf;

use crate::Shape;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::LossParameter;
use crate::proto::caffe::hinge_loss_parameter::Norm as HingeNorm;
use crate::proto::caffe::loss_parameter::NormalizationMode;

mod center;
mod contrastive;
mod ctc;
pub(super) mod detection;
mod dsa;
mod embedding;
mod euclidean;
mod euclidean_with_index;
mod flow;
mod focal;
mod gan;
mod hinge;
mod infogain;
mod l1;
mod localisation;
mod metric;
mod multi_box;
mod multinomial_logistic;
mod of_softmax;
mod region;
mod sigmoid_cross_entropy;
mod smooth_l1;
mod softmax;
mod triplet;
mod yolo;
mod yolov3;

pub use focal::FocalLoss;
pub use multi_box::MultiBoxLoss;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    center::TYPE,
    contrastive::TYPE,
    contrastive::OF_LABELS,
    ctc::OF_LABELS,
    ctc::TYPE,
    ctc::WARP,
    detection::YOLO,
    detection::MSCNN,
    detection::CASCADE,
    dsa::TYPE,
    embedding::LIFTED,
    embedding::MOMENTS,
    embedding::RANK_HARD,
    euclidean::TYPE,
    euclidean::OF_HAPPYNEAR,
    euclidean::WEIGHED,
    euclidean_with_index::TYPE,
    flow::L1,
    flow::L1_SPREAD,
    flow::LPQ,
    flow::LPQ_SPREAD,
    focal::SOEAVER,
    focal::HAPPYNEAR,
    focal::OF_SIGMOID,
    gan::BEGAN,
    gan::GAN,
    hinge::TYPE,
    infogain::TYPE,
    infogain::OF_PROBABILITIES,
    l1::ABSDIST,
    l1::TYPE,
    localisation::LOCATION,
    localisation::MAP,
    metric::BATCH,
    metric::CONFIDENCE,
    metric::CORRELATION,
    metric::GENERAL_CONTRASTIVE,
    metric::GENERAL_TRIPLET,
    metric::NCA,
    metric::SOFT_CONTRASTIVE,
    metric::TRIPLET,
    multi_box::SSD,
    multi_box::OF_XILINX,
    multi_box::OF_XILINX_REFINED,
    multi_box::REFINEDET,
    multi_box::EARLY,
    multi_box::ORIENTED,
    multi_box::TEXTBOXES_PP,
    multinomial_logistic::TYPE,
    of_softmax::LSRO,
    of_softmax::MULTI_LABEL,
    of_softmax::PER_INSTANCE,
    of_softmax::WEIGHED,
    of_softmax::WITH_WEIGHTS,
    region::TYPE,
    region::COUNTED,
    sigmoid_cross_entropy::TYPE,
    sigmoid_cross_entropy::WEIGHED,
    smooth_l1::SSD,
    smooth_l1::WEIGHTED,
    smooth_l1::FAST_RCNN,
    smooth_l1::CASCADE,
    smooth_l1::RFCN,
    smooth_l1::OHEM,
    smooth_l1::SYNOPSYS,
    smooth_l1::OF_VOLUMES,
    smooth_l1::TURNED,
    softmax::TYPE,
    softmax::OF_HAPPYNEAR,
    triplet::TYPE,
    triplet::LABELLED,
    triplet::WHOLE,
    yolo::V2,
    yolo::V3,
    yolov3::TYPE,
    yolov3::SQUARE,
    yolov3::GAUSSIAN,
    yolov3::SEGMENTS,
    softmax::RFCN,
    softmax::OHEM,
    softmax::RED,
];

/// A loss by its formula.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Loss {
    /// The contrastive loss of pairs of vectors.
    Contrastive {
        /// How far apart dissimilar vectors should be.
        margin: f32,
        /// Whether dissimilar pairs count by max(margin - d^2, 0) instead of max(margin - d, 0)^2.
        legacy: bool,
    },
    /// Half the mean squared distance.
    Euclidean,
    /// The same over the items that an index names.
    EuclideanWithIndex,
    /// The negative log-likelihood of the labels under a softmax, weighted by how unlikely they are.
    Focal(FocalLoss),
    /// The cross entropy of independent targets under a sigmoid, weighted by how unlikely they are.
    FocalOfSigmoid {
        /// The exponent of 1 - p.
        gamma: f32,
        /// The factor of the targets' part, beside 1 - alpha for the rest.
        alpha: f32,
    },
    /// The one-versus-all hinge loss.
    Hinge {
        /// L1 or L2.
        norm: HingeNorm,
    },
    /// The negative log-likelihood under a softmax, weighted by a matrix over pairs of classes.
    Infogain {
        /// The labels.
        labels: Labels,
        /// The file of the matrix; none where the third bottom is it.
        matrix: Option<PathBuf>,
    },
    /// The negative log-likelihood of the labels, from probabilities, weighted by a matrix over pairs of classes.
    InfogainOfProbabilities {
        /// The file of the matrix; none where the third bottom is it.
        matrix: Option<PathBuf>,
    },
    /// The mean distance.
    L1,
    /// The loss of boxes and their classes.
    MultiBox(MultiBoxLoss),
    /// The negative log-likelihood of the labels, from probabilities.
    MultinomialLogistic,
    /// The loss of the boxes that a grid predicts.
    Region {
        /// How many classes there are.
        classes: u32,
        /// How many boxes there are in a cell.
        boxes: u32,
    },
    /// The cross entropy of independent targets under a sigmoid.
    SigmoidCrossEntropy {
        /// The target that counts for nothing.
        ignore_label: Option<i32>,
        /// The divisor of the sum.
        normalization: NormalizationMode,
    },
    /// The distance, squared where it is below 1 / sigma^2.
    SmoothL1 {
        /// The larger it is, the smaller the distances that are squared.
        sigma: f32,
        /// The divisor of the sum.
        normalization: NormalizationMode,
    },
    /// Half the squared distance up to a point, from which on it grows by 1 for each unit; divided by the number of
    /// items.
    SmoothL1Turned {
        /// The point.
        turn_point: f32,
    },
    /// The negative log-likelihood of the labels under a softmax.
    Softmax(Labels),
    /// The loss of anchors, vectors of their kind and others.
    Triplet {
        /// How much further away the others have to be.
        margin: f32,
    },
}

/// How labels go with scores.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Labels {
    /// The axis of the scores that runs over the classes.
    pub axis: usize,
    /// The label of items that count for nothing.
    pub ignore_label: Option<i32>,
    /// The divisor of the sum.
    pub normalization: NormalizationMode,
}

impl Labels {
    fn new(ctx: &SetupContext<'_>, axis: usize) -> Labels {
        let normalization = normalization(ctx, NormalizationMode::Valid);
        Labels { axis, ignore_label: ignore_label(ctx), normalization }
    }
}

/// The label that counts for nothing, if there is one.
fn ignore_label(ctx: &SetupContext<'_>) -> Option<i32> {
    ctx.param.loss_param.as_deref()?.ignore_label
}

/// The divisor of the sum: `normalization`, or else the old switch `normalize`, or else `default`.
fn normalization(ctx: &SetupContext<'_>, default: NormalizationMode) -> NormalizationMode {
    let absent = LossParameter::default();
    let param = ctx.param.loss_param.as_deref().unwrap_or(&absent);
    match (param.normalization, param.normalize) {
        (Some(_), _) => param.normalization(),
        (None, Some(true)) => NormalizationMode::Valid,
        (None, Some(false)) => NormalizationMode::BatchSize,
        (None, None) => default,
    }
}

/// A loss layer whose only top is its loss.
fn scalar_loss(ctx: &SetupContext<'_>, operator: Loss) -> Setup {
    loss(ctx, operator, vec![Shape::scalar()])
}

/// A loss layer with these tops.
fn loss(ctx: &SetupContext<'_>, operator: Loss, tops: Vec<Shape>) -> Setup {
    Setup { default_loss_weight: Some(1.0), ..Setup::new(ctx, Operator::Loss(operator), tops) }
}

/// A loss layer with one top whose formula is not told.
fn opaque_loss(ctx: &SetupContext<'_>, top: Shape) -> Setup {
    Setup { default_loss_weight: Some(1.0), ..Setup::new(ctx, Operator::Opaque, [top]) }
}

/// Checks that prediction and target have the same batch, where the dialect asks for that.
fn check_batches(ctx: &SetupContext<'_>) -> Result<(), Refusal> {
    if !ctx.dialect.traits.losses_compare_batches {
        return Ok(());
    }
    let (prediction, target) = (ctx.bottom(0), ctx.bottom(1));
    if !ctx.dialect.traits.losses_take_any_axes {
        let (a, b) = (ctx.legacy_dim(0, 0)?, ctx.legacy_dim(1, 0)?);
        ensure!(a == b, "bottom", "the bottoms differ in their first dimension: {prediction} and {target}");
        return Ok(());
    }
    match (prediction.dim(0), target.dim(0)) {
        (Some(a), Some(b)) => {
            ensure!(a == b, "bottom", "the bottoms differ in their first dimension: {prediction} and {target}");
            Ok(())
        }
        _ => Err(Refusal::at("bottom", format!("both bottoms need an axis: {prediction} and {target} given"))),
    }
}

/// Checks that bottom 1 holds one label for each place of bottom 0 outside `axis`.
pub(super) fn check_label_count(ctx: &SetupContext<'_>, axis: usize) -> Result<(), Refusal> {
    let (scores, labels) = (ctx.bottom(0), ctx.bottom(1));
    let needed = scores.count_range(0, axis).saturating_mul(scores.count_from(axis.saturating_add(1)));
    let given = labels.count();
    ensure!(
        given as i64 == needed,
        "bottom",
        "{given} labels of shape {labels} given, scores of shape {scores} need {needed}: \
         one for each place outside axis {axis}"
    );
    Ok(())
}

/// Checks that a third bottom, where there is one, has a weight for each label.
pub(super) fn check_weights(ctx: &SetupContext<'_>) -> Result<(), Refusal> {
    let (labels, Some(weights)) = (ctx.bottom(1), ctx.bottoms.get(2)) else { return Ok(()) };
    let (given, needed) = (weights.count(), labels.count());
    ensure!(
        given == needed,
        "bottom",
        "{given} weights of shape {weights} given for the {needed} labels of shape {labels}"
    );
    Ok(())
}

/// Checks that bottom `bottom` has the legacy dimensions `axes` all equal to 1.
fn check_single(ctx: &SetupContext<'_>, bottom: usize, axes: std::ops::RangeInclusive<usize>) -> Result<(), Refusal> {
    let shape = ctx.bottom(bottom);
    for axis in axes {
        let dim = ctx.legacy_dim(bottom, axis)?;
        ensure!(dim == 1, "bottom", "bottom {bottom} must have dimension 1 at axis {axis}, its shape is {shape}");
    }
    Ok(())
}

/// Checks that the layer inside a loss layer, which holds a copy of bottom 0, can take the loss weight: Caffe writes
/// a weight but 0 to the copy and so refuses one without elements.
fn check_inner_weight(ctx: &SetupContext<'_>, weight: f32, inner: &str) -> Result<(), Refusal> {
    let shape = ctx.bottom(0);
    ensure!(
        weight == 0.0 || shape.count() > 0,
        "bottom",
        "the {inner} inside the layer cannot take a loss weight: bottom 0 of shape {shape} is empty"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::TYPES;
    use crate::dialect::Dialect;
    use crate::layer::Setup;
    use crate::layer::testing::{Surroundings, layer, setup};

    /// Runs the rule of the type `name`; a refusal comes as "field: message".
    pub(super) fn run(name: &str, text: &str, bottoms: &[&[i32]], tops: usize) -> Result<Setup, String> {
        let entry = TYPES.iter().find(|entry| entry.name == name).unwrap();
        setup(entry, &layer(text), bottoms, tops).map_err(|refusal| format!("{}: {}", refusal.field, refusal.message))
    }

    #[test]
    fn every_loss_is_a_scalar_of_weight_one() {
        for entry in TYPES.iter().filter(|entry| entry.known.includes(Dialect::bvlc())) {
            let bottoms: &[&[i32]] = match entry.name {
                "ContrastiveLoss" => &[&[2, 3], &[2, 3], &[2]],
                "InfogainLoss" => &[&[2, 3], &[2], &[3, 3]],
                "EuclideanLoss" | "SigmoidCrossEntropyLoss" => &[&[2, 3], &[2, 3]],
                _ => &[&[2, 3], &[2]],
            };
            let made = run(entry.name, "", bottoms, 1).unwrap();
            assert_eq!(made.tops, [crate::Shape::scalar()], "{}", entry.name);
            assert_eq!(made.default_loss_weight, Some(1.0), "{}", entry.name);
            assert!(made.blobs.is_empty() && made.draws.is_empty(), "{}", entry.name);
            assert!(entry.auto_tops, "{}", entry.name);
        }
    }

    #[test]
    fn the_batches_must_agree() {
        let message = "bottom: the bottoms differ in their first dimension: (2, 3) and (3)";
        for name in ["HingeLoss", "SoftmaxWithLoss", "MultinomialLogisticLoss", "EuclideanLoss"] {
            assert_eq!(run(name, "", &[&[2, 3], &[3]], 1).unwrap_err(), message);
        }
        let message = "bottom: both bottoms need an axis: (2, 3) and () given";
        assert_eq!(run("SoftmaxWithLoss", "", &[&[2, 3], &[]], 1).unwrap_err(), message);
    }

    #[test]
    fn some_dialects_count_no_targets() {
        let run = |dialect: &str, name: &str, targets: &[i32]| {
            Surroundings::of(dialect).run(name, "", &[&[2, 3], targets], 1).map(|made| made.tops)
        };
        let scalar = Ok(vec![crate::Shape::scalar()]);
        for dialect in ["warpctc", "deformable"] {
            assert_eq!(run(dialect, "HingeLoss", &[3]), scalar, "{dialect}");
        }
        for dialect in ["bottom-up-attention", "deformable"] {
            assert_eq!(run(dialect, "SoftmaxWithLoss", &[2, 16]), scalar, "{dialect}");
        }
        let message = "bottom: 32 labels of shape (2, 16) given, scores of shape (2, 3) need 2: \
                       one for each place outside axis 1";
        assert_eq!(run("warpctc", "SoftmaxWithLoss", &[2, 16]), Err(message.into()));
    }
}
