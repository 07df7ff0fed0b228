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
//! Blobs given in the net are ignored: Caffe replaces them by those of the unrolled net. Nothing may be empty.

use super::size::positive_size;
use super::{Arity, BlobSpec, Draw, LayerType, Operator, Role, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::RecurrentParameter;

const NUM_OUTPUT: &str = "recurrent_param.num_output";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    LayerType::new(
        "RNN",
        "Runs a simple recurrent network over the timesteps of its input",
        Arity::between(2, 4),
        Arity::between(1, 2),
        &rnn,
    )
    .params(&["recurrent_param"])
    .known(Known::WithField("recurrent_param")),
    LayerType::new(
        "LSTM",
        "Runs a long short-term memory over the timesteps of its input",
        Arity::between(2, 5),
        Arity::between(1, 3),
        &lstm,
    )
    .params(&["recurrent_param"])
    .known(Known::WithField("recurrent_param")),
];

/// The cell that a recurrent layer repeats for each timestep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cell {
    /// h = tanh(W_hh h + W_x x + W_static s + b), o = tanh(W_ho h + b_o).
    Rnn,
    /// A long short-term memory with input, forget and output gate.
    Lstm,
}

impl Cell {
    fn name(self) -> &'static str {
        match self {
            Cell::Rnn => "RNN",
            Cell::Lstm => "LSTM",
        }
    }

    /// How many states go from one timestep to the next.
    fn states(self) -> usize {
        match self {
            Cell::Rnn => 1,
            Cell::Lstm => 2,
        }
    }

    /// The rows of the gates, in multiples of `num_output`.
    fn gates(self) -> i64 {
        match self {
            Cell::Rnn => 1,
            Cell::Lstm => 4,
        }
    }

    /// Whether every timestep makes its output by a matrix and a bias of its own.
    fn has_output_matrix(self) -> bool {
        self == Cell::Rnn
    }
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
    /// Whether the first states are the last bottoms, and the last states tops; otherwise they start at 0.
    pub expose_hidden: bool,
}

fn rnn(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    setup(ctx, Cell::Rnn)
}

fn lstm(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    setup(ctx, Cell::Lstm)
}

impl Recurrent {
    /// Reads the sizes off the bottoms and checks that these fit together.
    fn new(ctx: &SetupContext<'_>, param: &RecurrentParameter, cell: Cell) -> Result<Recurrent, Refusal> {
        let exposed = if param.expose_hidden() { cell.states() } else { 0 };
        check_counts(ctx, cell.name(), exposed)?;

        let (input, continuation) = (ctx.bottom(0), ctx.bottom(1));
        let &[steps, streams, _, ..] = input.dims() else {
            let message = format!("the input needs 3 axes (timesteps, streams, features), its shape is {input}");
            return Err(Refusal::at("bottom", message));
        };
        ensure!(input.count() > 0, "bottom", "{} cannot take the empty input {input}", cell.name());
        ensure!(
            continuation.dims() == [steps, streams],
            "bottom",
            "the continuation indicators' shape is {continuation} instead of ({steps}, {streams})"
        );
        let num_output = positive_size(param.num_output(), NUM_OUTPUT)?;
        ensure!(
            i32::try_from(cell.gates() * num_output).is_ok(),
            NUM_OUTPUT,
            "{} times num_output {num_output} is more than 2147483647",
            cell.gates()
        );
        let has_static = ctx.bottoms.len() > 2 + exposed;
        let recurrent = Recurrent {
            cell,
            steps: steps.into(),
            streams: streams.into(),
            num_output,
            features: input.count_from(2),
            static_features: if has_static { Some(static_features(ctx.bottom(2), streams)?) } else { None },
            expose_hidden: param.expose_hidden(),
        };
        recurrent.check_states(&ctx.bottoms[ctx.bottoms.len() - exposed..], ctx.bottoms.len() - exposed)?;
        // The transformed input holds the gates of all timesteps.
        Shape::new([recurrent.steps, recurrent.streams, recurrent.gates()]).at(NUM_OUTPUT)?;
        Ok(recurrent)
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
        if self.expose_hidden {
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

    /// The matrix that the state is multiplied by at each timestep, W_hh or W_hc, and that for the output, W_ho.
    fn state_matrix(&self) -> [i64; 2] {
        [self.gates(), self.num_output]
    }

    fn output_matrix(&self) -> Option<[i64; 2]> {
        self.cell.has_output_matrix().then_some([self.num_output; 2])
    }

    /// The multiply-accumulates: the input's product once for all timesteps, the static input's once, the others at
    /// every timestep.
    pub(super) fn macs(&self) -> u64 {
        let product = |rows: i64, matrix: [i64; 2]| {
            matrix.iter().fold(rows.unsigned_abs(), |product, dim| product.saturating_mul(dim.unsigned_abs()))
        };
        let rows = self.steps * self.streams;
        let products = [
            product(rows, self.input_matrix()),
            self.static_matrix().map_or(0, |matrix| product(self.streams, matrix)),
            product(rows, self.state_matrix()),
            self.output_matrix().map_or(0, |matrix| product(rows, matrix)),
        ];
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

fn setup(ctx: &SetupContext<'_>, cell: Cell) -> Result<Setup, Refusal> {
    let param = ctx.param.recurrent_param.clone().unwrap_or_default();
    let net = Recurrent::new(ctx, &param, cell)?;
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
    setup.push_blob(weight(net.state_matrix())?);
    if let Some(matrix) = net.output_matrix() {
        setup.push_blob(weight(matrix)?);
        setup.push_blob(bias(net.num_output)?);
    }
    if net.steps > 1 {
        let times = (net.steps - 1).unsigned_abs();
        setup.draws.push(Draw::Discard { first, end: setup.blobs.len(), times });
    }
    Ok(setup)
}

/// Checks the numbers of bottoms and tops, which depend on how many states are exposed.
fn check_counts(ctx: &SetupContext<'_>, name: &str, exposed: usize) -> Result<(), Refusal> {
    let (bottoms, tops) = (Arity::between(2 + exposed, 3 + exposed), Arity::exactly(1 + exposed));
    let setting = if exposed > 0 { "with" } else { "without" };
    let (given_bottoms, given_tops) = (ctx.bottoms.len(), ctx.top_count());
    ensure!(
        bottoms.allows(given_bottoms),
        "bottom",
        "{name} {setting} expose_hidden takes {}, {given_bottoms} given",
        bottoms.of("bottom")
    );
    ensure!(
        tops.allows(given_tops),
        "top",
        "{name} {setting} expose_hidden makes {}, {given_tops} given",
        tops.of("top")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{BlobValues, testing};
    use super::*;
    use crate::proto::caffe::{BlobProto, BlobShape, LayerParameter};

    fn layer(num_output: u32, expose_hidden: bool) -> LayerParameter {
        let param = RecurrentParameter {
            num_output: Some(num_output),
            expose_hidden: Some(expose_hidden),
            ..Default::default()
        };
        LayerParameter { recurrent_param: Some(param.into()), ..Default::default() }
    }

    fn rnn(layer: &LayerParameter, bottoms: &[&[i32]], tops: usize) -> Result<Setup, Refusal> {
        testing::setup(&TYPES[0], layer, bottoms, tops)
    }

    fn lstm(layer: &LayerParameter, bottoms: &[&[i32]], tops: usize) -> Result<Setup, Refusal> {
        testing::setup(&TYPES[1], layer, bottoms, tops)
    }

    fn dims(shapes: impl IntoIterator<Item = Shape>) -> Vec<Vec<i32>> {
        shapes.into_iter().map(|shape| shape.dims().to_vec()).collect()
    }

    fn blobs(setup: &Setup) -> Vec<Vec<i32>> {
        dims(setup.blobs.iter().map(|blob| blob.shape.clone()))
    }

    #[test]
    fn rnn_draws_its_step_blobs_again_for_every_further_timestep() {
        let setup = rnn(&layer(2, false), &[&[5, 2, 3, 4], &[5, 2]], 1).unwrap();
        assert_eq!(dims(setup.tops.clone()), [[5, 2, 2]]);
        assert_eq!(blobs(&setup), [vec![2, 12], vec![2], vec![2, 2], vec![2, 2], vec![2]]);
        let mut draws: Vec<Draw> = (0..5).map(Draw::Blob).collect();
        draws.push(Draw::Discard { first: 2, end: 5, times: 4 });
        assert_eq!(setup.draws, draws);

        let single = rnn(&layer(2, false), &[&[1, 2, 3], &[1, 2]], 1).unwrap();
        assert_eq!(single.draws, (0..5).map(Draw::Blob).collect::<Vec<_>>());
    }

    #[test]
    fn lstm_has_four_gates_and_a_static_input() {
        let setup = lstm(&layer(2, false), &[&[3, 2, 3], &[3, 2], &[2, 2, 5]], 1).unwrap();
        assert_eq!(blobs(&setup), [vec![8, 3], vec![8], vec![8, 10], vec![8, 2]]);
        assert_eq!(setup.draws.last(), Some(&Draw::Discard { first: 3, end: 4, times: 2 }));
        let fields: Vec<_> = (setup.blobs.iter())
            .map(|blob| match &blob.values {
                BlobValues::Filled(filler) => (blob.role, filler.field),
                other => panic!("{other:?}"),
            })
            .collect();
        let weight = (Role::Weight, "recurrent_param.weight_filler");
        assert_eq!(fields, [weight, (Role::Bias, "recurrent_param.bias_filler"), weight, weight]);
    }

    #[test]
    fn exposed_states_are_bottoms_and_tops_of_one_timestep() {
        let state: &[i32] = &[1, 2, 4];
        let setup = lstm(&layer(4, true), &[&[3, 2, 3], &[3, 2], state, state], 3).unwrap();
        assert_eq!(dims(setup.tops.clone()), [[3, 2, 4], [1, 2, 4], [1, 2, 4]]);
        assert_eq!(setup.blobs.len(), 3);
        let setup = rnn(&layer(4, true), &[&[3, 2, 3], &[3, 2], &[2, 7], state], 2).unwrap();
        assert_eq!(blobs(&setup)[2], [4, 7]);
    }

    #[test]
    fn multiply_accumulates_are_those_of_every_timestep() {
        let setup = rnn(&layer(2, false), &[&[5, 3, 4, 7], &[5, 3]], 1).unwrap();
        assert_eq!(setup.macs, 5 * 3 * (2 * 28 + 2 * 2 + 2 * 2));
        let setup = lstm(&layer(2, false), &[&[5, 3, 7], &[5, 3], &[3, 11]], 1).unwrap();
        assert_eq!(setup.macs, 5 * 3 * (8 * 7 + 8 * 2) + 3 * 8 * 11);
    }

    #[test]
    fn given_blobs_are_replaced() {
        let given = BlobProto { shape: Some(BlobShape { dim: vec![9] }), ..Default::default() };
        let param = LayerParameter { blobs: vec![given], ..layer(2, false) };
        let setup = lstm(&param, &[&[1, 1, 3], &[1, 1]], 1).unwrap();
        assert_eq!(blobs(&setup), [vec![8, 3], vec![8], vec![8, 2]]);
        assert_eq!(setup.draws, [Draw::Blob(0), Draw::Blob(1), Draw::Blob(2)]);
    }

    #[test]
    fn refuses_bottoms_that_do_not_fit() {
        let refuse = |expose, bottoms: &[&[i32]]| {
            let refusal = rnn(&layer(2, expose), bottoms, 1 + usize::from(expose)).unwrap_err();
            assert_eq!(refusal.field, "bottom");
            refusal.message
        };
        assert_eq!(
            refuse(false, &[&[4, 1], &[4, 1]]),
            "the input needs 3 axes (timesteps, streams, features), its shape is (4, 1)"
        );
        assert_eq!(refuse(false, &[&[0, 2, 3], &[0, 2]]), "RNN cannot take the empty input (0, 2, 3)");
        assert_eq!(refuse(false, &[&[4, 0, 3], &[4, 0]]), "RNN cannot take the empty input (4, 0, 3)");
        assert_eq!(
            refuse(false, &[&[4, 2, 3], &[3, 2]]),
            "the continuation indicators' shape is (3, 2) instead of (4, 2)"
        );
        assert_eq!(
            refuse(false, &[&[4, 2, 3], &[4, 2], &[3, 5]]),
            "the static input's shape is (3, 5) instead of (2, features)"
        );
        assert_eq!(refuse(false, &[&[4, 2, 3], &[4, 2], &[2, 0]]), "the static input (2, 0) is empty");
        assert_eq!(
            refuse(true, &[&[4, 2, 3], &[4, 2], &[1, 3, 3]]),
            "the state in bottom 2 has the shape (1, 3, 3) instead of (1, 2, 2)"
        );
    }

    #[test]
    fn refuses_sizes_and_counts() {
        let bottoms: &[&[i32]] = &[&[3, 2, 3], &[3, 2]];
        let refuse = |result: Result<Setup, Refusal>| {
            let refusal = result.unwrap_err();
            (refusal.field, refusal.message)
        };
        let at = |field, message: &str| (field, message.to_string());
        assert_eq!(refuse(rnn(&layer(0, false), bottoms, 1)), at(NUM_OUTPUT, "num_output must be at least 1"));
        assert_eq!(
            refuse(lstm(&layer(1 << 29, false), bottoms, 1)),
            at(NUM_OUTPUT, "4 times num_output 536870912 is more than 2147483647")
        );
        assert_eq!(
            refuse(rnn(&layer(65536, false), bottoms, 1)),
            at(NUM_OUTPUT, "a blob holds at most 2147483647 elements, 65536 x 65536 are more")
        );
        assert_eq!(
            refuse(lstm(&layer(2, true), bottoms, 3)),
            at("bottom", "LSTM with expose_hidden takes 4 to 5 bottoms, 2 given")
        );
        assert_eq!(
            refuse(rnn(&layer(2, false), bottoms, 2)),
            at("top", "RNN without expose_hidden makes 1 top, 2 given")
        );
    }
}
