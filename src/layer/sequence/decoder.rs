//! CTCGreedyDecoder: the labels that scores (T, N, C) of T timesteps and N sequences make most likely, timestep by
//! timestep; and LabelsequenceAccuracy, the share of sequences that are told right.
//!
//! ```text
//! labels = (N, T, 1, 1); scores of the labels (N, 1, 1, 1)
//! ```
//!
//! caffe-ocr's makes the labels, or, of two bottoms, the accuracy (1, 2, 1, 1) in their place. TextBoxes++' makes the
//! labels and, of two bottoms, their scores; of three bottoms the accuracy (1, 1, 1, 1), with the scores before it
//! where there are three tops. Further tops get no shape.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};

pub(super) const OF_CAFFE_OCR: LayerType = entry(Arity::between(1, 3), &of_caffe_ocr).known(Known::In(&["caffe-ocr"]));
pub(super) const OF_TEXTBOXES: LayerType =
    entry(Arity::between(2, 3), &of_textboxes).known(Known::In(&["textboxes-pp"]));

pub(super) const ACCURACY: LayerType = LayerType::new(
    "LabelsequenceAccuracy",
    "Computes the share of label sequences that are predicted correctly",
    Arity::exactly(2),
    Arity::exactly(1),
    &accuracy,
)
.params(&["labelsequence_accuracy_param"])
.weightless()
.known(Known::WithField("labelsequence_accuracy_param"));

const fn entry(bottoms: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "CTCGreedyDecoder",
        "Takes the most likely label of each timestep",
        bottoms,
        Arity::between(1, 3),
        rule,
    )
    .params(&["ctc_decoder_param"])
    .weightless()
}

/// What a top holds.
#[derive(Clone, Copy)]
enum DecodedTop {
    Labels,
    Scores,
    /// So many numbers.
    Accuracy(i32),
}

fn of_caffe_ocr(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    match (ctx.bottoms.len(), ctx.top_count()) {
        (2, 1) => decoded(ctx, &[DecodedTop::Accuracy(2)]),
        _ => decoded(ctx, &[DecodedTop::Labels]),
    }
}

fn of_textboxes(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let tops = ctx.top_count();
    match (ctx.bottoms.len(), tops) {
        (2, 2) => decoded(ctx, &[DecodedTop::Labels, DecodedTop::Scores]),
        (2, 3) => Err(Refusal::at("top", format!("CTCGreedyDecoder of 2 bottoms makes 1 to 2 tops, {tops} given"))),
        (3, 2) => decoded(ctx, &[DecodedTop::Labels, DecodedTop::Accuracy(1)]),
        (3, 3) => decoded(ctx, &[DecodedTop::Labels, DecodedTop::Scores, DecodedTop::Accuracy(1)]),
        _ => decoded(ctx, &[DecodedTop::Labels]),
    }
}

fn decoded(ctx: &SetupContext<'_>, holds: &[DecodedTop]) -> Result<Setup, Refusal> {
    let scores = ctx.bottom(0);
    ensure!(scores.axes() >= 3, "bottom", "the scores need 3 axes (timesteps, sequences, classes), they are {scores}");
    let (steps, sequences) = (scores.dims()[0], scores.dims()[1]);
    let mut tops = vec![Shape::unshaped(); ctx.top_count()];
    for (top, held) in tops.iter_mut().zip(holds) {
        let dims = match *held {
            DecodedTop::Labels => [sequences, steps, 1, 1],
            DecodedTop::Scores => [sequences, 1, 1, 1],
            DecodedTop::Accuracy(numbers) => [1, numbers, 1, 1],
        };
        *top = Shape::new(dims).at("bottom")?;
    }
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

fn accuracy(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::scalar()]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn tops(dialect: &str, bottoms: usize, tops: usize) -> Result<Vec<Vec<i32>>, String> {
        let bottoms: Vec<&[i32]> = std::iter::once(&[7, 2, 11][..]).chain([&[2, 5][..]; 2]).take(bottoms).collect();
        let made = Surroundings::of(dialect).run("CTCGreedyDecoder", "", &bottoms, tops)?;
        Ok(made.tops.iter().map(|top| top.dims().to_vec()).collect())
    }

    #[test]
    fn bottoms_and_tops_say_what_is_made() {
        let labels = vec![2, 7, 1, 1];
        assert_eq!(tops("caffe-ocr", 1, 1), Ok(vec![labels.clone()]));
        assert_eq!(tops("caffe-ocr", 2, 1), Ok(vec![vec![1, 2, 1, 1]]));
        assert_eq!(tops("caffe-ocr", 1, 2), Ok(vec![labels.clone(), vec![]]));
        let (scores, accuracy) = (vec![2, 1, 1, 1], vec![1, 1, 1, 1]);
        assert_eq!(tops("textboxes-pp", 2, 2), Ok(vec![labels.clone(), scores.clone()]));
        assert_eq!(tops("textboxes-pp", 3, 2), Ok(vec![labels.clone(), accuracy.clone()]));
        assert_eq!(tops("textboxes-pp", 3, 3), Ok(vec![labels, scores, accuracy]));
        let message = "top: CTCGreedyDecoder of 2 bottoms makes 1 to 2 tops, 3 given";
        assert_eq!(tops("textboxes-pp", 2, 3), Err(message.to_owned()));
        let message = "bottom: CTCGreedyDecoder takes 2 to 3 bottoms, 1 given";
        assert_eq!(tops("textboxes-pp", 1, 1), Err(message.to_owned()));
    }

    #[test]
    fn the_accuracy_is_a_number() {
        for dialect in ["warpctc", "seqface"] {
            assert!(Surroundings::of(dialect).top("LabelsequenceAccuracy", "", &[&[7, 2, 11], &[2, 5]]).is_empty());
        }
        let message = "bottom: the scores need 3 axes (timesteps, sequences, classes), they are (7, 2)";
        assert_eq!(Surroundings::of("caffe-ocr").refusal("CTCGreedyDecoder", "", &[&[7, 2]]), message);
    }
}
