//! DataCasia: strokes of handwriting from a database of sequences, drawn as pictures (Curve-Text-Detector).
//!
//! ```text
//! tops = pictures (batch_size, C, new_height, new_width) of transform_param,
//!        labels (seq_length, batch_size), and with use_multi_label a second set of them
//! ```
//!
//! C is 2^(1 + `n_iterated_integrals`) - 1, and one more with `using_online`. So the shapes follow from the settings,
//! and the database is not looked at. Draws: those of a layer that reads a database, see
//! [`transform`](super::transform).

use super::DataSource;
use super::database::{checked_batch_size, reader};
use super::tops::check_prefetched;
use super::transform::Transform;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::positive_size;
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::{DataParameter, TransformationParameter};

pub(super) const TYPE: LayerType = LayerType::new(
    "DataCasia",
    "Reads strokes of handwriting from an LMDB or LevelDB database, and draws them",
    Arity::exactly(0),
    Arity::at_least(1),
    &setup,
)
.params(&["data_param", "transform_param"])
.brings_data()
.known(Known::In(&["curve-text"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = DataParameter::default();
    let param = ctx.param.data_param.as_deref().unwrap_or(&default);
    let batch = checked_batch_size(ctx, param)?;
    let (mut notices, locks) = (Vec::new(), reader(ctx, "DatumSeq")?);
    let transform = Transform::new(ctx, &mut notices)?;
    let mut tops = ctx.first_top(pictures(ctx, batch)?);
    if tops.len() > 1 {
        let steps = positive_size(param.seq_length(), "data_param.seq_length")?;
        tops[1] = Shape::new([steps, batch.into()]).at("data_param.seq_length")?;
        if param.use_multi_label() {
            ensure!(tops.len() > 2, "top", "with use_multi_label DataCasia makes 3 tops, 2 given");
            tops[2] = tops[1].clone();
        }
    }
    check_prefetched(ctx, &tops[..1])?;
    let operator = Operator::Data(DataSource::Dataset);
    Ok(Setup { draws: transform.reading_draws(ctx)?, locks, notices, ..Setup::new(ctx, operator, tops) })
}

/// The shape of the pictures: the sums over a stroke up to some order, and a channel for its time, each a picture.
fn pictures(ctx: &SetupContext<'_>, batch: u32) -> Result<Shape, Refusal> {
    const ORDER: &str = "transform_param.n_iterated_integrals";
    const HEIGHT: &str = "transform_param.new_height";
    let default = TransformationParameter::default();
    let param = ctx.param.transform_param.as_deref().unwrap_or(&default);
    let order = param.n_iterated_integrals();
    let sums = 2_i64.checked_shl(order).filter(|&sums| order < 62 && sums <= i64::from(i32::MAX));
    let sums = sums.ok_or_else(|| {
        let message = format!("{order} iterated integrals make more channels than an array can have");
        Refusal::at(ORDER, message)
    })?;
    let height = positive_size(param.new_height(), HEIGHT)?;
    let width = positive_size(param.new_width(), "transform_param.new_width")?;
    Shape::new([batch.into(), sums - i64::from(!param.using_online()), height, width]).at(HEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Draw;
    use crate::layer::testing::Surroundings;
    use crate::proto::caffe::Phase;

    const SIZE: &str = "new_height: 60 new_width: 300";

    fn run(data: &str, transform: &str, tops: usize) -> Result<Setup, String> {
        let text = format!("data_param {{ batch_size: 2 {data} }} transform_param {{ {transform} }}");
        Surroundings { phase: Phase::Test, ..Surroundings::of("curve-text") }.run("DataCasia", &text, &[], tops)
    }

    fn tops(data: &str, transform: &str, tops: usize) -> Vec<Shape> {
        run(data, transform, tops).unwrap().tops
    }

    #[test]
    fn channels_follow_from_the_order_of_the_sums() {
        let made = |fields: &str| tops("", &format!("{SIZE} {fields}"), 1)[0].dims().to_vec();
        assert_eq!(made(""), [2, 1, 60, 300]);
        assert_eq!(made("n_iterated_integrals: 2"), [2, 7, 60, 300]);
        assert_eq!(made("n_iterated_integrals: 2 using_online: true"), [2, 8, 60, 300]);
    }

    #[test]
    fn labels_run_over_time() {
        let labels = Shape::new([30, 2]).unwrap();
        assert_eq!(tops("seq_length: 30", SIZE, 3)[1..], [labels.clone(), Shape::unshaped()]);
        assert_eq!(tops("seq_length: 30 use_multi_label: true", SIZE, 3)[1..], [labels.clone(), labels]);
    }

    #[test]
    fn a_seed_is_taken_in_test_too() {
        assert_eq!(run("", SIZE, 1).unwrap().draws, [Draw::Skip(4)]);
    }

    #[test]
    fn refusals() {
        let error = |data, transform, tops| run(data, transform, tops).unwrap_err();
        assert_eq!(error("", "", 1), "transform_param.new_height: new_height must be at least 1");
        let message =
            "transform_param.n_iterated_integrals: 30 iterated integrals make more channels than an array can have";
        assert_eq!(error("", "n_iterated_integrals: 30", 1), message);
        assert_eq!(error("", SIZE, 2), "data_param.seq_length: seq_length must be at least 1");
        let message = "top: with use_multi_label DataCasia makes 3 tops, 2 given";
        assert_eq!(error("seq_length: 1 use_multi_label: true", SIZE, 2), message);
    }
}
