//! Lstm: a long short-term memory in one layer, without a net inside (junhyukoh/caffe-lstm).
//!
//! With `H = num_output` and `I` the features of a timestep:
//!
//! ```text
//! caffe-lstm  input (T N, ..), the timesteps of N = batch_size sequences one after the other -> (T N, H)
//! CTPN        input (T, N, ..)                                                               -> (T, N, H)
//! the others  input (T, N, I, ..), of which axes behind the third are not looked at          -> (T, N, H)
//! blobs       weight (4 H, I), weight (4 H, H), bias (4 H)
//! ```
//!
//! Draws: the blobs in this order, both weights with `weight_filler`. They are zero where the net gives no filler.
//! Blobs given in the net are taken as they are. A second bottom, the continuation, is not looked at while the net is
//! built.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::positive_size;
use crate::layer::{Arity, BlobSpec, Layer, LayerType, Operator, Role, Setup, SetupContext, Signal};
use crate::proto::caffe::{LayerParameter, LstmParameter};

const NUM_OUTPUT: &str = "lstm_param.num_output";

/// That of the first tree, which lays timesteps and sequences along one axis.
pub(super) const ALONG_ONE_AXIS: LayerType = entry(&along_one_axis).known(Known::In(&["caffe-lstm"]));

/// That of CTPN, with an axis for each, and features of any number of axes.
pub(super) const ALONG_TWO_AXES: LayerType = entry(&along_two_axes).known(Known::In(&["ctpn"]));

/// That of trees with an axis for timesteps, sequences and features each.
pub(super) const ALONG_THREE_AXES: LayerType =
    entry(&along_three_axes).known(Known::WithFieldBut { field: "lstm_param", not: &["caffe-lstm", "ctpn"] });

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "Lstm",
        "Runs a long short-term memory over the timesteps of its input",
        Arity::at_least(1),
        Arity::exactly(1),
        rule,
    )
    .params(&["lstm_param"])
    .signal(signal)
}

fn signal(layer: &LayerParameter) -> Signal {
    let param = layer.lstm_param();
    Signal::through_weights(layer, param.is_some_and(|param| param.weight_filler.is_some()))
}

fn along_one_axis(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const BATCH: &str = "lstm_param.batch_size";
    let param = ctx.param.lstm_param().unwrap_or_default();
    let (items, input) = (i64::from(ctx.legacy_dim(0, 0)?), ctx.bottom(0));
    ensure!(input.count() > 0, "bottom", "Lstm cannot take the empty input {input}");
    let batch = positive_size(param.batch_size(), BATCH)?;
    ensure!(items % batch == 0, BATCH, "batch_size {batch} does not divide the {items} items of {input}");
    let outputs = positive_size(param.num_output(), NUM_OUTPUT)?;
    lstm(ctx, &param, &[items, outputs], input.count() as i64 / items)
}

fn along_two_axes(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let input = ctx.bottom(0);
    let &[steps, sequences, ..] = input.dims() else {
        let message = format!("the input needs 2 axes (timesteps, sequences), its shape is {input}");
        return Err(Refusal::at("bottom", message));
    };
    of_sequences(ctx, [steps, sequences], input.count_from(2))
}

fn along_three_axes(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let input = ctx.bottom(0);
    let &[steps, sequences, features, ..] = input.dims() else {
        let message = format!("the input needs 3 axes (timesteps, sequences, features), its shape is {input}");
        return Err(Refusal::at("bottom", message));
    };
    of_sequences(ctx, [steps, sequences], features.into())
}

/// The layer over so many timesteps of so many sequences.
fn of_sequences(ctx: &SetupContext<'_>, [steps, sequences]: [i32; 2], features: i64) -> Result<Setup, Refusal> {
    let param = ctx.param.lstm_param().unwrap_or_default();
    let input = ctx.bottom(0);
    ensure!(input.count() > 0, "bottom", "Lstm cannot take the empty input {input}");
    let outputs = positive_size(param.num_output(), NUM_OUTPUT)?;
    lstm(ctx, &param, &[steps.into(), sequences.into(), outputs], features)
}

/// The layer with a top of these dimensions, the last of which is `num_output`.
fn lstm(ctx: &SetupContext<'_>, param: &LstmParameter, top: &[i64], features: i64) -> Result<Setup, Refusal> {
    let (outputs, cells) = (top[top.len() - 1], top[..top.len() - 1].iter().product::<i64>());
    let gates = 4 * outputs;
    let top = Shape::new(top).at(NUM_OUTPUT)?;
    let mut setup = Setup::new(ctx, Operator::Opaque, [top]).given_roles(&[Role::Weight, Role::Weight, Role::Bias]);
    if ctx.given.is_empty() {
        let weight = ("lstm_param.weight_filler", param.weight_filler.as_ref());
        let bias = ("lstm_param.bias_filler", param.bias_filler.as_ref());
        for (role, dims, (field, filler)) in [
            (Role::Weight, &[gates, features][..], weight),
            (Role::Weight, &[gates, outputs], weight),
            (Role::Bias, &[gates], bias),
        ] {
            setup.push_blob(BlobSpec::filled(role, Shape::new(dims).at(NUM_OUTPUT)?, field, filler));
        }
    }
    let products = gates.saturating_mul(features.saturating_add(outputs)).unsigned_abs();
    Ok(setup.costs(cells.unsigned_abs().saturating_mul(products)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Draw;
    use crate::layer::testing::Surroundings;

    fn run(dialect: &str, fields: &str, bottom: &[i32]) -> Result<Setup, String> {
        Surroundings::of(dialect).run("Lstm", &format!("lstm_param {{ {fields} }}"), &[bottom], 1)
    }

    #[test]
    fn trees_differ_in_how_they_lay_out_timesteps() {
        let made = run("caffe-lstm", "num_output: 5 batch_size: 2", &[8, 3, 2]).unwrap();
        let blobs: Vec<_> = made.blobs.iter().map(|blob| blob.shape.dims()).collect();
        assert_eq!((made.tops[0].dims(), blobs), (&[8, 5][..], vec![&[20, 6][..], &[20, 5], &[20]]));
        assert_eq!(made.draws, [Draw::Blob(0), Draw::Blob(1), Draw::Blob(2)]);
        assert_eq!(made.macs, 8 * 20 * 11);
        for dialect in ["caffe-ocr", "ctpn", "seqface"] {
            let made = run(dialect, "num_output: 5 batch_size: 7", &[4, 2, 3]).unwrap();
            assert_eq!((made.tops[0].dims(), made.blobs[0].shape.dims()), (&[4, 2, 5][..], &[20, 3][..]));
        }
        let features = |dialect: &str| run(dialect, "num_output: 5", &[4, 2, 3, 6]).unwrap().blobs[0].shape.dims()[1];
        assert_eq!([features("ctpn"), features("seqface"), features("sophgo")], [18, 3, 3]);
    }

    #[test]
    fn refusals() {
        let error = |dialect: &str, fields: &str, bottom| run(dialect, fields, bottom).unwrap_err();
        let message = "lstm_param.batch_size: batch_size 3 does not divide the 8 items of (8, 6)";
        assert_eq!(error("caffe-lstm", "num_output: 5 batch_size: 3", &[8, 6]), message);
        let message = "lstm_param.num_output: num_output must be at least 1";
        assert_eq!(error("caffe-lstm", "", &[8, 6]), message);
        let message = "bottom: the input needs 3 axes (timesteps, sequences, features), its shape is (8, 6)";
        assert_eq!(error("caffe-ocr", "num_output: 5", &[8, 6]), message);
        let message = "bottom: the input needs 2 axes (timesteps, sequences), its shape is (8)";
        assert_eq!(error("ctpn", "num_output: 5", &[8]), message);
    }
}
