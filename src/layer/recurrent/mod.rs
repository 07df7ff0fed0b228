//! RNN and LSTM: recurrent layers that Caffe builds as a net unrolled in time.
//!
//! With `T` timesteps, `N` streams, `H = num_output`, `K` the features of a timestep of the input, `S` those of the
//! static input and `G` the rows of the gates (`H` for RNN, `4 H` for LSTM):
//!
//! ```text
//! bottoms = input (T, N, ...K), continuation (T, N), [static (N, ...S)], and if expose_hidden the first hidden state
//!           (1, N, H), for LSTM also the first cell state (1, N, H)
//! tops    = output (T, N, H), and if expose_hidden the last hidden state (1, N, H), for LSTM also the last cell state
//! blobs   = W_x (G, K), b (G), [W_static (G, S)], then
//!           RNN: W_hh (H, H), W_ho (H, H), b_o (H); LSTM: W_hc (4 H, H)
//! ```
//!
//! A third bottom beyond those that the layer needs is the static input. The blobs of the second line belong to one
//! timestep and are shared by all: each timestep fills a copy, the first one is kept. Draws, in order:
//!
//! ```text
//! W_x, b, [W_static], then T times: W_hh, W_ho, b_o (LSTM: W_hc)
//! ```
//!
//! Multiply-accumulates are those of the products with the W; Caffe multiplies the first state, too.
//!
//! Synopsys' Caffe has more cells and settings. There `continue_recur` leaves the continuation out of the bottoms, and
//! `default_initial` shows the last states as tops, though the first ones are no bottoms. With `tf_rnn` RNN is
//! SimpleRNN: the hidden state is the output. LSTMV2 has LSTM's blobs. `activations` name layer types. Blobs of a
//! timestep:
//!
//! ```text
//! SimpleRNN: W_hh (H, H); PeepholeLSTM: W_hc (4 H, H) and three of ones (H), for which nothing is drawn;
//! GRU: W_z, W_r, W_h (H, H), and with linear_before_reset b_h (H)
//! ```
//!
//! In caffe-ocr the least number of bottoms and the largest are one less: there is no static input, and the
//! continuation may be missing or, with `expose_hidden`, the last of the first states.
//!
//! The `expose_hidden_state` of lisa-caffe's branch of these layers is refused: that Caffe looks for the last states in
//! tops that have no memory yet, and ends there.
//!
//! Blobs given in the net are ignored: Caffe replaces them by those of the unrolled net. Nothing may be empty.

mod both_ways;
mod cell;
mod in_one;
mod rnn_v2;

pub use cell::Cell;

use self::cell::StepBlob;
use super::size::positive_size;
use super::{Arity, BlobSpec, Draw, LAYERS, Layer, LayerType, Operator, Role, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::RecurrentParameter;

const NUM_OUTPUT: &str = "recurrent_param.num_output";

const RNN: &str = "Runs a simple recurrent network over the timesteps of its input";
const LSTM: &str = "Runs a long short-term memory over the timesteps of its input";

const fn of_bvlc(
    name: &'static str,
    summary: &'static str,
    bottoms: Arity,
    tops: Arity,
    rule: &'static dyn Layer,
) -> LayerType {
    LayerType::new(name, summary, bottoms, tops, rule)
        .params(&["recurrent_param"])
        .known(Known::WithFieldBut { field: "recurrent_param", not: &["synopsys", "caffe-ocr"] })
}

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    of_bvlc("RNN", RNN, Arity::between(2, 4), Arity::between(1, 2), &rnn),
    of_bvlc("LSTM", LSTM, Arity::between(2, 5), Arity::between(1, 3), &lstm)
        .known(Known::WithFieldBut { field: "recurrent_param", not: &["synopsys", "cambricon", "caffe-ocr"] }),
    of_bvlc("RNN", RNN, Arity::between(1, 3), Arity::between(1, 2), &rnn).known(Known::In(&["caffe-ocr"])),
    of_bvlc("LSTM", LSTM, Arity::between(1, 4), Arity::between(1, 3), &lstm).known(Known::In(&["caffe-ocr"])),
    LayerType::new("RNN", RNN, Arity::between(1, 4), Arity::between(1, 2), &rnn)
        .params(&["recurrent_param"])
        .known(Known::In(&["synopsys"])),
    LayerType::new("LSTM", LSTM, Arity::between(1, 5), Arity::between(1, 3), &lstm)
        .params(&["recurrent_param"])
        .known(Known::In(&["synopsys"])),
    of_synopsys("GRU", "Runs a gated recurrent unit over the timesteps of its input", 3, &gru),
    of_synopsys("LSTMV2", "Runs a long short-term memory, with activations of choice, over the timesteps", 4, &lstm_v2),
    of_synopsys(
        "PeepholeLSTM",
        "Runs a long short-term memory whose gates see its state over the timesteps",
        4,
        &peephole_lstm,
    ),
    of_synopsys(
        "SimpleRNN",
        "Runs a recurrent network without a matrix for its output over the timesteps",
        3,
        &simple_rnn,
    ),
    both_ways::TYPE,
    in_one::ALONG_ONE_AXIS,
    in_one::ALONG_THREE_AXES,
    in_one::ALONG_TWO_AXES,
    rnn_v2::TYPE,
];

/// An entry for a cell of Synopsys', with so many bottoms at most beside the static input.
const fn of_synopsys(name: &'static str, summary: &'static str, most: usize, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::between(1, most + 1), Arity::between(1, most - 1), rule)
        .params(&["recurrent_param"])
        .known(Known::In(&["synopsys"]))
}

/// A recurrent net over all timesteps of its input.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recurrent {
    /// What is done at each timestep.
    pub cell: Cell,
    /// The timesteps, T.
    pub steps: i64,
    /// The independent streams, N.
    pub streams: i64,
    /// The units of the hidden state, H.
    pub num_output: i64,
    /// The features of a timestep, K.
    pub features: i64,
    /// Those of the static input, the third bottom, if there is one: S.
    pub static_features: Option<i64>,
    /// Whether the first states are the last bottoms; otherwise they start at 0.
    pub expose_hidden: bool,
    /// Whether the last states are tops.
    pub shows_states: bool,
    /// Whether every timestep continues the one before; otherwise the second bottom says which do.
    pub continues: bool,
}

fn rnn(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let is_simple = ctx.param.recurrent_param.as_ref().is_some_and(|param| param.tf_rnn());
    setup(ctx, "RNN", if is_simple { Cell::SimpleRnn } else { Cell::Rnn })
}

fn lstm(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    setup(ctx, "LSTM", Cell::Lstm)
}

fn simple_rnn(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    with_activations(ctx, "SimpleRNN", Cell::SimpleRnn)
}

fn lstm_v2(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    with_activations(ctx, "LSTMV2", Cell::Lstm)
}

fn peephole_lstm(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    with_activations(ctx, "PeepholeLSTM", Cell::PeepholeLstm)
}

fn gru(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let linear = ctx.param.recurrent_param.as_ref().is_some_and(|param| param.linear_before_reset() != 0);
    with_activations(ctx, "GRU", Cell::Gru { linear_before_reset: linear })
}

fn with_activations(ctx: &SetupContext<'_>, name: &str, cell: Cell) -> Result<Setup, Refusal> {
    if let Some(param) = ctx.param.recurrent_param.as_ref() {
        check_activations(ctx, &param.activations, cell.activations())?;
    }
    setup(ctx, name, cell)
}

/// Checks that the first so many activations are types of layers.
fn check_activations(ctx: &SetupContext<'_>, activations: &[String], used: usize) -> Result<(), Refusal> {
    for name in activations.iter().take(used) {
        let is_known =
            LAYERS.iter().copied().flatten().any(|entry| entry.name == name && entry.known.includes(ctx.dialect));
        ensure!(is_known, "recurrent_param.activations", "there is no layer type {name:?}");
    }
    Ok(())
}

/// Checks the second bottom, which tells of each timestep whether it continues a sequence.
fn check_continuation(continuation: &Shape, steps: i32, streams: i32) -> Result<(), Refusal> {
    ensure!(
        continuation.dims() == [steps, streams],
        "bottom",
        "the continuation indicators' shape is {continuation} instead of ({steps}, {streams})"
    );
    Ok(())
}

impl Recurrent {
    /// Reads the sizes off the bottoms and checks that these fit together.
    fn new(ctx: &SetupContext<'_>, param: &RecurrentParameter, name: &str, cell: Cell) -> Result<Recurrent, Refusal> {
        ensure!(
            !param.expose_hidden_state(),
            "recurrent_param.expose_hidden_state",
            "the tops of the last states have no memory yet when this Caffe looks for them"
        );
        let exposed = if param.expose_hidden() { cell.states() } else { 0 };
        check_counts(ctx, param, name, cell)?;

        // The bottoms that every timestep has.
        let is_alone = ctx.dialect.traits.continuation_is_optional && ctx.bottoms.len() == 1;
        let continues = param.continue_recur() || is_alone;
        let own = 1 + usize::from(!continues);
        let input = ctx.bottom(0);
        let &[steps, streams, _, ..] = input.dims() else {
            let message = format!("the input needs 3 axes (timesteps, streams, features), its shape is {input}");
            return Err(Refusal::at("bottom", message));
        };
        ensure!(input.count() > 0, "bottom", "{name} cannot take the empty input {input}");
        if !continues {
            check_continuation(ctx.bottom(1), steps, streams)?;
        }
        let num_output = positive_size(param.num_output(), NUM_OUTPUT)?;
        ensure!(
            i32::try_from(cell.gates() * num_output).is_ok(),
            NUM_OUTPUT,
            "{} times num_output {num_output} is more than 2147483647",
            cell.gates()
        );
        let has_static = ctx.bottoms.len() > own + exposed;
        let recurrent = Recurrent {
            cell,
            steps: steps.into(),
            streams: streams.into(),
            num_output,
            features: input.count_from(2),
            static_features: if has_static { Some(static_features(ctx.bottom(own), streams)?) } else { None },
            expose_hidden: param.expose_hidden(),
            shows_states: param.expose_hidden() || param.default_initial(),
            continues,
        };
        // Where the continuation is optional, the last state may be missing.
        let first = ctx.bottoms.len() - exposed.min(ctx.bottoms.len() - own);
        recurrent.check_states(&ctx.bottoms[first..], first)?;
        // The transformed input holds the gates of all timesteps.
        Shape::new([recurrent.steps, recurrent.streams, recurrent.gates()]).at(NUM_OUTPUT)?;
        Ok(recurrent)
    }

    /// What a blob is called.
    pub(super) fn blob_name(&self, index: usize) -> Option<&'static str> {
        let (of_input, of_step) = self.cell.blob_names();
        let inputs = if self.static_features.is_some() { 3 } else { 2 };
        let of_input = of_input.get(index).filter(|_| index < inputs);
        of_input.or_else(|| of_step.get(index.checked_sub(inputs)?)).copied()
    }

    /// The rows of the gates, G.
    fn gates(&self) -> i64 {
        self.cell.gates() * self.num_output
    }

    fn check_states(&self, states: &[Shape], first: usize) -> Result<(), Refusal> {
        let expected = self.state_shape()?;
        for (index, shape) in states.iter().enumerate() {
            ensure!(
                *shape == expected,
                "bottom",
                "the state in bottom {} has the shape {shape} instead of {expected}",
                first + index
            );
        }
        Ok(())
    }

    fn state_shape(&self) -> Result<Shape, Refusal> {
        Shape::new([1, self.streams, self.num_output]).at(NUM_OUTPUT)
    }

    fn tops(&self) -> Result<Vec<Shape>, Refusal> {
        let mut tops = vec![Shape::new([self.steps, self.streams, self.num_output]).at(NUM_OUTPUT)?];
        if self.shows_states {
            tops.extend(vec![self.state_shape()?; self.cell.states()]);
        }
        Ok(tops)
    }

    /// The matrices that the input and the static input are multiplied by: W_x and W_static.
    fn input_matrix(&self) -> [i64; 2] {
        [self.gates(), self.features]
    }

    fn static_matrix(&self) -> Option<[i64; 2]> {
        Some([self.gates(), self.static_features?])
    }

    /// The multiply-accumulates: the input's product once for all timesteps, the static input's once, the others at
    /// every timestep.
    pub(super) fn macs(&self) -> u64 {
        let product = |rows: i64, matrix: [i64; 2]| {
            matrix.iter().fold(rows.unsigned_abs(), |product, dim| product.saturating_mul(dim.unsigned_abs()))
        };
        let rows = self.steps * self.streams;
        let mut products = vec![
            product(rows, self.input_matrix()),
            self.static_matrix().map_or(0, |matrix| product(self.streams, matrix)),
        ];
        for blob in self.cell.step_blobs() {
            if let StepBlob::Matrix(gates) = blob {
                products.push(product(rows, [gates * self.num_output, self.num_output]));
            }
        }
        products.into_iter().fold(0, u64::saturating_add)
    }
}

/// The features of the static input.
fn static_features(shape: &Shape, streams: i32) -> Result<i64, Refusal> {
    ensure!(
        shape.axes() >= 2 && shape.dim(0) == Some(streams),
        "bottom",
        "the static input's shape is {shape} instead of ({streams}, features)"
    );
    ensure!(shape.count() > 0, "bottom", "the static input {shape} is empty");
    Ok(shape.count_from(1))
}

/// Checks the share of its input that an LSTM drops in Curve-Text-Detector, which alone has a field for it.
fn check_dropout(param: &RecurrentParameter, cell: Cell) -> Result<(), Refusal> {
    let ratio = param.dropout_ratio();
    ensure!(
        cell != Cell::Lstm || (ratio > 0.0 && ratio < 1.0),
        "recurrent_param.dropout_ratio",
        "dropout_ratio {ratio} is not between 0 and 1"
    );
    Ok(())
}

fn setup(ctx: &SetupContext<'_>, name: &str, cell: Cell) -> Result<Setup, Refusal> {
    let param = ctx.param.recurrent_param.clone().unwrap_or_default();
    check_dropout(&param, cell)?;
    let net = Recurrent::new(ctx, &param, name, cell)?;
    let tops = net.tops()?;
    let weight = |dims: [i64; 2]| -> Result<BlobSpec, Refusal> {
        let shape = Shape::new(dims).at(NUM_OUTPUT)?;
        let filler = param.weight_filler.as_ref();
        Ok(BlobSpec::filled(Role::Weight, shape, "recurrent_param.weight_filler", filler))
    };
    let bias = |dim: i64| -> Result<BlobSpec, Refusal> {
        let shape = Shape::new([dim]).at(NUM_OUTPUT)?;
        Ok(BlobSpec::filled(Role::Bias, shape, "recurrent_param.bias_filler", param.bias_filler.as_ref()))
    };
    let mut setup = Setup::new(ctx, Operator::Recurrent(net.clone()), tops);
    setup.blobs.clear();
    setup.push_blob(weight(net.input_matrix())?);
    setup.push_blob(bias(net.gates())?);
    if let Some(matrix) = net.static_matrix() {
        setup.push_blob(weight(matrix)?);
    }
    let first = setup.blobs.len();
    for blob in cell.step_blobs() {
        setup.push_blob(match *blob {
            StepBlob::Matrix(gates) => weight([gates * net.num_output, net.num_output])?,
            StepBlob::Bias => bias(net.num_output)?,
            StepBlob::Ones => {
                let shape = Shape::new([net.num_output]).at(NUM_OUTPUT)?;
                BlobSpec::constant(Role::Weight, shape, "recurrent_param", 1.0)
            }
        });
    }
    if net.steps > 1 {
        let times = (net.steps - 1).unsigned_abs();
        setup.draws.push(Draw::Discard { first, end: setup.blobs.len(), times });
    }
    Ok(setup)
}

/// Checks the numbers of bottoms and tops, which depend on how many states are exposed.
fn check_counts(ctx: &SetupContext<'_>, param: &RecurrentParameter, name: &str, cell: Cell) -> Result<(), Refusal> {
    let states = |shown: bool| if shown { cell.states() } else { 0 };
    let continues = param.continue_recur() || ctx.dialect.traits.continuation_is_optional;
    let least = 1 + usize::from(!continues) + states(param.expose_hidden());
    let bottoms = Arity::between(least, least + 1);
    let tops = Arity::exactly(1 + states(param.expose_hidden() || param.default_initial()));
    let setting = match (param.expose_hidden(), param.default_initial()) {
        (true, _) => "with expose_hidden",
        (false, true) => "with default_initial",
        (false, false) => "without expose_hidden",
    };
    let (given_bottoms, given_tops) = (ctx.bottoms.len(), ctx.top_count());
    ensure!(
        bottoms.allows(given_bottoms),
        "bottom",
        "{name} {setting} takes {}, {given_bottoms} given",
        bottoms.of("bottom")
    );
    ensure!(tops.allows(given_tops), "top", "{name} {setting} makes {}, {given_tops} given", tops.of("top"));
    Ok(())
}

#[cfg(test)]
mod tests;
