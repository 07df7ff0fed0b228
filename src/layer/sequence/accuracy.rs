//! SequenceAccuracy and SequenceAccuracySoftmaxbased: the share of sequences whose labels are told right
//! (Curve-Text-Detector).
//!
//! Bottoms and tops are those of [Accuracy](crate::layer::accuracy), for scores of at least two axes. The second one
//! takes the softmax of the scores along `softmax_param.axis` first, along which there must be as many labels, too; its
//! second top has the shape of the scores. No blobs, no draws.

use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext, accuracy, loss};

pub(super) const TYPE: LayerType =
    entry("SequenceAccuracy", "Tells the share of sequences that are told right", &of_scores)
        .params(&["accuracy_param"]);

pub(super) const OF_SOFTMAX: LayerType = entry(
    "SequenceAccuracySoftmaxbased",
    "Takes the softmax of scores and tells the share of sequences that are told right",
    &of_softmax,
)
.params(&["accuracy_param", "softmax_param", "loss_param"]);

const fn entry(name: &'static str, summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(2), Arity::at_least(1), rule)
        .weightless()
        .measures()
        .known(Known::In(&["curve-text"]))
}

fn of_scores(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let scores = ctx.bottom(0);
    ensure!(scores.axes() >= 2, "bottom", "the scores need at least 2 axes, their shape is {scores}");
    Ok(Setup { operator: Operator::Opaque, ..accuracy::setup(ctx)? })
}

fn of_softmax(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let mut setup = of_scores(ctx)?;
    let axis = ctx.param.softmax_param.as_ref().map_or(1, |param| param.axis());
    loss::check_label_count(ctx, ctx.bottom_axis(0, axis, "softmax_param.axis")?)?;
    if let [_, second, ..] = &mut setup.tops[..] {
        *second = ctx.bottom(0).copied();
    }
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use crate::Shape;
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_second_top_has_a_number_a_class_or_all_scores() {
        let own = Surroundings::of("curve-text");
        let tops = |name: &str| {
            own.run(name, "accuracy_param { axis: 2 } softmax_param { axis: 2 }", &[&[7, 2, 5], &[7, 2]], 3)
        };
        let made = tops("SequenceAccuracy").unwrap().tops;
        assert_eq!(made, [Shape::scalar(), Shape::new([5]).unwrap(), Shape::unshaped()]);
        let made = tops("SequenceAccuracySoftmaxbased").unwrap().tops;
        assert_eq!(made, [Shape::scalar(), Shape::new([7, 2, 5]).unwrap(), Shape::unshaped()]);
    }

    #[test]
    fn refusals() {
        let own = Surroundings::of("curve-text");
        let error = own.refusal("SequenceAccuracy", "accuracy_param { axis: 0 }", &[&[5], &[1]]);
        assert_eq!(error, "bottom: the scores need at least 2 axes, their shape is (5)");
        let error = own.refusal("SequenceAccuracySoftmaxbased", "accuracy_param { axis: 2 }", &[&[7, 2, 5], &[7, 2]]);
        let message =
            "14 labels of shape (7, 2) given, scores of shape (7, 2, 5) need 35: one for each place outside axis 1";
        assert_eq!(error, format!("bottom: {message}"));
    }
}
