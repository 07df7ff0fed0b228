//! Accuracy: the share of items whose label is among the highest scores.
//!
//! Bottoms: scores and labels, one label for each place outside `accuracy_param.axis`. Tops: a scalar and, where the
//! net names a second one, the accuracy of each class, (scores.shape\[axis\]). Caffes of the spring of 2015 and before
//! have no second one, those until 2016 let further tops be, without axes; CTPN's third one is a scalar, the F-measure.
//! In C3D 1.0 the first top has a second number. BinaryAccuracy, EltwiseAccuracy and RedAccuracy of DeconvNet take
//! bottoms of one height and width. SegmentationAccuracy of Texas Instruments' Caffe makes (1, 1, K, K) for K classes.
//! In happynear's, Accuracy takes a weight for each place as a third bottom, and FCNAccuracy compares as many scores
//! and labels, and perhaps weights. `denominator` of lisa-caffe is 0 or more. No blobs, no draws.

use super::{Arity, Layer, LayerType, Operator, Setup, SetupContext, loss};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::AccuracyParameter;

const BOUNDED: Known = Known::Where(|traits| {
    traits.accuracy_tells_classes && traits.accuracy_counts_tops && !traits.accuracy_takes_weights
});
const WEIGHED: Known = Known::Where(|traits| traits.accuracy_takes_weights);
const UNBOUNDED: Known = Known::Where(|traits| traits.accuracy_tells_classes && !traits.accuracy_counts_tops);

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    accuracy("Accuracy", Arity::exactly(1)).known(Known::Where(|traits| !traits.accuracy_tells_classes)),
    accuracy("Accuracy", Arity::between(1, 2)).known(BOUNDED),
    of_bottoms("Accuracy", Arity::between(2, 3), Arity::between(1, 2)).known(WEIGHED),
    accuracy("Accuracy", Arity::at_least(1)).known(UNBOUNDED),
    accuracy("Recall", Arity::at_least(1)).known(Known::In(&["xilinx"])),
    dense("BinaryAccuracy", "Tells how well yes and no are told apart", &binary).params(&["binary_accuracy_param"]),
    dense("EltwiseAccuracy", "Tells the share of places whose label is among the highest scores", &eltwise)
        .params(&["eltwise_accuracy_param"]),
    dense(
        "RedAccuracy",
        "Tells the share of places whose label is among the highest scores, of fewer classes",
        &eltwise,
    )
    .params(&["red_accuracy_param"]),
    LayerType::new(
        "SegmentationAccuracy",
        "Counts how often each class is taken for each other class",
        Arity::exactly(2),
        Arity::between(1, 3),
        &confusion,
    )
    .params(&["accuracy_param"])
    .weightless()
    .known(Known::In(&["jacinto"])),
    LayerType::new(
        "FCNAccuracy",
        "Tells the share of positions that are told right, of two classes",
        Arity::between(2, 3),
        Arity::at_least(1),
        &of_positions,
    )
    .params(&["accuracy_param"])
    .weightless()
    .measures()
    .known(Known::In(&["happynear"])),
];

/// An accuracy of DeconvNet, for each place.
const fn dense(name: &'static str, summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(2), Arity::exactly(1), rule)
        .weightless()
        .measures()
        .known(Known::In(&["deconvnet"]))
}

const fn accuracy(name: &'static str, tops: Arity) -> LayerType {
    of_bottoms(name, Arity::exactly(2), tops)
}

const fn of_bottoms(name: &'static str, bottoms: Arity, tops: Arity) -> LayerType {
    LayerType::new(name, "Computes the share of items whose label is among the highest scores", bottoms, tops, &setup)
        .params(&["accuracy_param"])
        .weightless()
        .measures()
}

/// The share of items whose label is among the highest scores.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accuracy {
    /// The axis of the scores that runs over the classes.
    pub axis: usize,
    /// How many of the highest scores count.
    pub top_k: usize,
    /// The label of items that count for nothing.
    pub ignore_label: Option<i32>,
}

impl Accuracy {
    /// That of the settings, for the scores and labels that the layer has.
    fn new(ctx: &SetupContext<'_>) -> Result<Accuracy, Refusal> {
        let default = AccuracyParameter::default();
        let param = ctx.param.accuracy_param.as_ref().unwrap_or(&default);
        let (scores, labels) = (ctx.bottom(0), ctx.bottom(1));
        ensure!(labels.count() > 0, "bottom", "there are no labels: their shape is {labels}");
        let classes = scores.count() / labels.count();
        let top_k = param.top_k() as usize;
        ensure!(
            top_k <= classes,
            "accuracy_param.top_k",
            "top_k {top_k} is more than the {classes} scores for each label"
        );
        let denominator = param.denominator();
        let is_valid = denominator >= 0.0;
        ensure!(is_valid, "accuracy_param.denominator", "denominator {denominator} is not at least 0");
        let axis = ctx.bottom_axis(0, param.axis(), "accuracy_param.axis")?;
        loss::check_label_count(ctx, axis)?;
        loss::check_weights(ctx)?;
        Ok(Accuracy { axis, top_k, ignore_label: param.ignore_label })
    }
}

fn binary(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    agreeing(ctx, &[0, 1, 2, 3])
}

fn eltwise(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let labels = ctx.bottom(1);
    ensure!(ctx.legacy_dim(1, 1)? == 1, "bottom", "the labels {labels} must have one channel");
    agreeing(ctx, &[0, 2, 3])
}

/// A number for bottoms that agree in these axes.
fn agreeing(ctx: &SetupContext<'_>, axes: &[usize]) -> Result<Setup, Refusal> {
    for &axis in axes {
        let (a, b) = (ctx.bottom(0), ctx.bottom(1));
        let agree = ctx.legacy_dim(0, axis)? == ctx.legacy_dim(1, axis)?;
        ensure!(agree, "bottom", "the bottoms {a} and {b} differ at axis {axis}");
    }
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::scalar()]))
}

/// The numbers of the items of each class that each class is given to; further tops are left without axes.
fn confusion(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let classes = ctx.bottom(0).dims()[Accuracy::new(ctx)?.axis];
    let mut tops = vec![Shape::new([1, 1, classes, classes]).at("top")?];
    tops.resize(ctx.top_count(), Shape::unshaped());
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

/// As many scores, labels and, of three bottoms, weights. Caffe takes the number of classes for a second top from an
/// axis that nobody sets.
fn of_positions(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ensure!(ctx.top_count() == 1, "top", "FCNAccuracy can set up 1 top, {} given", ctx.top_count());
    let first = ctx.bottom(0);
    for (bottom, shape) in ctx.bottoms.iter().enumerate() {
        let (own, needed) = (shape.count(), first.count());
        ensure!(own == needed, "bottom", "bottom {bottom} {shape} has {own} numbers, the scores {first} have {needed}");
    }
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::scalar()]))
}

/// The accuracy, and behind it that of each class.
pub(super) fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let operator = Accuracy::new(ctx)?;
    // C3D 1.0 also tells the loss.
    let first = if ctx.dialect.traits.blobs_have_length { Shape::new([1, 2]).at("top")? } else { Shape::scalar() };
    let mut tops = vec![first];
    if ctx.top_count() > 1 {
        let classes = ctx.bottom(0).dims()[operator.axis];
        let of_classes = if ctx.dialect.traits.class_accuracies_have_four_axes {
            Shape::new([classes, 1, 1, 1])
        } else {
            Shape::new([classes])
        };
        tops.push(of_classes.at("top")?);
        if ctx.top_count() > 2 && ctx.dialect.traits.accuracy_tells_f_measure {
            tops.push(Shape::scalar());
        }
        tops.resize(ctx.top_count(), Shape::unshaped());
    }
    Ok(Setup::new(ctx, Operator::Accuracy(operator), tops))
}

#[cfg(test)]
mod tests {
    use super::TYPES;
    use crate::Shape;
    use crate::layer::testing::{layer, setup};

    fn tops(text: &str, bottoms: &[&[i32]], count: usize) -> Result<Vec<Shape>, String> {
        setup(&TYPES[1], &layer(text), bottoms, count)
            .map(|s| s.tops)
            .map_err(|r| format!("{}: {}", r.field, r.message))
    }

    #[test]
    fn the_second_top_has_one_number_a_class() {
        let made = tops("accuracy_param { axis: -3 top_k: 5 }", &[&[2, 5, 3, 4], &[2, 12]], 2).unwrap();
        assert_eq!(made, [Shape::scalar(), Shape::new([5]).unwrap()]);
        assert_eq!(tops("", &[&[2, 5], &[2]], 1).unwrap(), [Shape::scalar()]);
    }

    #[test]
    fn further_tops_have_no_shape_but_for_an_f_measure() {
        let third = |dialect: &str| {
            let made = crate::layer::testing::Surroundings::of(dialect).run("Accuracy", "", &[&[2, 5], &[2]], 3);
            made.unwrap().tops[2].clone()
        };
        assert_eq!((third("ctpn"), third("bvlc-rc3")), (Shape::scalar(), Shape::unshaped()));
    }

    #[test]
    fn refusals_name_the_field() {
        let error = |text, bottoms: &[&[i32]]| tops(text, bottoms, 1).unwrap_err();
        let top_k = "accuracy_param { top_k: 4 }";
        let message = "accuracy_param.top_k: top_k 4 is more than the 3 scores for each label";
        assert_eq!(error(top_k, &[&[2, 3], &[2]]), message);
        let message = "accuracy_param.top_k: top_k 4294967295 is more than the 3 scores for each label";
        assert_eq!(error("accuracy_param { top_k: 4294967295 }", &[&[2, 3], &[2]]), message);
        assert_eq!(error("", &[&[2, 3], &[0]]), "bottom: there are no labels: their shape is (0)");
        let message =
            "bottom: 3 labels of shape (3) given, scores of shape (2, 3) need 2: one for each place outside axis 1";
        assert_eq!(error("", &[&[2, 3], &[3]]), message);
        let message = "accuracy_param.axis: axis 1 is out of range for the 1-axis shape (2)";
        assert_eq!(error("", &[&[2], &[2]]), message);
        let message = "top: Accuracy makes 1 to 2 tops, 3 given";
        assert_eq!(tops("", &[&[2, 3], &[2]], 3).unwrap_err(), message);
    }

    #[test]
    fn weights_and_denominators_of_forks_are_checked() {
        let of = crate::layer::testing::Surroundings::of;
        let bottoms: [&[i32]; 3] = [&[2, 5, 3], &[2, 3], &[6]];
        assert_eq!(of("happynear").top("Accuracy", "accuracy_param { min_is_better: true }", &bottoms), [0; 0]);
        let message = "bottom: 2 weights of shape (2) given for the 6 labels of shape (2, 3)";
        assert_eq!(of("happynear").refusal("Accuracy", "", &[bottoms[0], bottoms[1], &[2]]), message);
        let message = "accuracy_param.denominator: denominator -1 is not at least 0";
        for dialect in ["lisa", "lisa-recurrent"] {
            assert_eq!(of(dialect).refusal("Accuracy", "accuracy_param { denominator: -1 }", &bottoms[..2]), message);
        }
    }

    #[test]
    fn a_matrix_of_classes() {
        let jacinto = crate::layer::testing::Surroundings::of("jacinto");
        assert_eq!(jacinto.top("SegmentationAccuracy", "", &[&[2, 5, 3, 4], &[2, 1, 3, 4]]), [1, 1, 5, 5]);
        let message = "bottom: 2 labels of shape (2) given, scores of shape (2, 5, 3, 4) need 24: one for each place outside axis 1";
        assert_eq!(jacinto.refusal("SegmentationAccuracy", "", &[&[2, 5, 3, 4], &[2]]), message);
    }

    #[test]
    fn recall_looks_at_what_accuracy_does() {
        let xilinx = crate::layer::testing::Surroundings::of("xilinx");
        assert_eq!(xilinx.top("Recall", "accuracy_param { top_k: 3 }", &[&[2, 5, 3, 4], &[2, 1, 3, 4]]), [0; 0]);
        let message = "accuracy_param.top_k: top_k 6 is more than the 5 scores for each label";
        assert_eq!(xilinx.refusal("Recall", "accuracy_param { top_k: 6 }", &[&[2, 5], &[2]]), message);
    }

    #[test]
    fn positions_are_as_many_as_labels() {
        let happynear = crate::layer::testing::Surroundings::of("happynear");
        let scores: &[i32] = &[2, 1, 3, 4];
        assert_eq!(happynear.top("FCNAccuracy", "", &[scores, &[24], scores]), [0; 0]);
        let message = "bottom: bottom 2 (2) has 2 numbers, the scores (2, 1, 3, 4) have 24";
        assert_eq!(happynear.refusal("FCNAccuracy", "", &[scores, scores, &[2]]), message);
        let error = happynear.run("FCNAccuracy", "", &[scores, scores], 2).unwrap_err();
        assert_eq!(error, "top: FCNAccuracy can set up 1 top, 2 given");
    }
}
