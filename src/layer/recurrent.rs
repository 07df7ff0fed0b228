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

use super::registry::{Arity, LayerType};
use super::size::positive_size;
use super::{BlobSpec, Draw, Role, Setup, SetupContext};
use crate::Shape;
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
    .params(&["recurrent_param"]),
    LayerType::new(
        "LSTM",
        "Runs a long short-term memory over the timesteps of its input",
        Arity::between(2, 5),
        Arity::between(1, 3),
        &lstm,
    )
    .params(&["recurrent_param"]),
];

fn rnn(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Unrolled::new(ctx, &Cell { name: "RNN", states: 1, gates: 1, output: true })?.setup()
}

fn lstm(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Unrolled::new(ctx, &Cell { name: "LSTM", states: 2, gates: 4, output: false })?.setup()
}

/// What tells the two types apart.
struct Cell {
    name: &'static str,
    /// How many states go from one timestep to the next.
    states: usize,
    /// The rows of the gates, in multiples of `num_output`.
    gates: i64,
    /// Whether every timestep makes its output by a matrix and a bias of its own.
    output: bool,
}

/// The sizes of the unrolled net.
struct Unrolled<'a> {
    ctx: &'a SetupContext<'a>,
    param: Box<RecurrentParameter>,
    /// How many states the layer takes and returns: none without `expose_hidden`.
    exposed: usize,
    steps: i32,
    streams: i32,
    hidden: i64,
    gates: i32,
    output: bool,
}

impl<'a> Unrolled<'a> {
    /// Reads the sizes off the bottoms and checks that these fit together.
    fn new(ctx: &'a SetupContext<'a>, cell: &Cell) -> Result<Unrolled<'a>, Refusal> {
        let param = ctx.param.recurrent_param.clone().unwrap_or_default();
        let exposed = if param.expose_hidden() { cell.states } else { 0 };
        check_counts(ctx, cell.name, exposed)?;

        let (input, continuation) = (ctx.bottom(0), ctx.bottom(1));
        let &[steps, streams, _, ..] = input.dims() else {
            let message = format!("the input needs 3 axes (timesteps, streams, features), its shape is {input}");
            return Err(Refusal::at("bottom", message));
        };
        ensure!(input.count() > 0, "bottom", "{} cannot take the empty input {input}", cell.name);
        ensure!(
            continuation.dims() == [steps, streams],
            "bottom",
            "the continuation indicators' shape is {continuation} instead of ({steps}, {streams})"
        );
        let hidden = positive_size(param.num_output(), NUM_OUTPUT)?;
        let gates = i32::try_from(cell.gates * hidden);
        let Ok(gates) = gates else {
            return Err(Refusal::at(
                NUM_OUTPUT,
                format!("{} times num_output {hidden} is more than 2147483647", cell.gates),
            ));
        };
        let net = Unrolled { ctx, param, exposed, steps, streams, hidden, gates, output: cell.output };
        net.check_static()?;
        net.check_states()?;
        // The transformed input holds the gates of all timesteps.
        Shape::new([steps, streams, gates]).at(NUM_OUTPUT)?;
        Ok(net)
    }

    fn static_input(&self) -> Option<&Shape> {
        if self.ctx.bottoms.len() > 2 + self.exposed { self.ctx.bottoms.get(2) } else { None }
    }

    fn check_static(&self) -> Result<(), Refusal> {
        let Some(shape) = self.static_input() else { return Ok(()) };
        ensure!(
            shape.axes() >= 2 && shape.dim(0) == Some(self.streams),
            "bottom",
            "the static input's shape is {shape} instead of ({}, features)",
            self.streams
        );
        ensure!(shape.count() > 0, "bottom", "the static input {shape} is empty");
        Ok(())
    }

    fn check_states(&self) -> Result<(), Refusal> {
        let expected = self.state_shape()?;
        let first = self.ctx.bottoms.len() - self.exposed;
        for (index, shape) in self.ctx.bottoms.iter().enumerate().skip(first) {
            ensure!(
                *shape == expected,
                "bottom",
                "the state in bottom {index} has the shape {shape} instead of {expected}"
            );
        }
        Ok(())
    }

    fn state_shape(&self) -> Result<Shape, Refusal> {
        Shape::new([1, i64::from(self.streams), self.hidden]).at(NUM_OUTPUT)
    }

    fn setup(&self) -> Result<Setup, Refusal> {
        let (hidden, gates) = (self.hidden, i64::from(self.gates));
        let mut tops = vec![Shape::new([i64::from(self.steps), i64::from(self.streams), self.hidden]).at(NUM_OUTPUT)?];
        tops.extend(vec![self.state_shape()?; self.exposed]);
        let mut setup = Setup::new(self.ctx, tops).costs(self.macs());
        setup.blobs.clear();

        setup.push_blob(self.weight([gates, self.ctx.bottom(0).count_from(2)])?);
        setup.push_blob(self.bias(gates)?);
        if let Some(shape) = self.static_input() {
            setup.push_blob(self.weight([gates, shape.count_from(1)])?);
        }
        let first = setup.blobs.len();
        setup.push_blob(self.weight([gates, hidden])?);
        if self.output {
            setup.push_blob(self.weight([hidden, hidden])?);
            setup.push_blob(self.bias(hidden)?);
        }
        if self.steps > 1 {
            let times = u64::from((self.steps - 1).unsigned_abs());
            setup.draws.push(Draw::Discard { first, end: setup.blobs.len(), times });
        }
        Ok(setup)
    }

    /// The multiply-accumulates: the input's product once for all timesteps, the static input's once, the others at
    /// every timestep.
    fn macs(&self) -> u64 {
        let product = |rows: i64, dims: [i64; 2]| {
            dims.iter().fold(rows.unsigned_abs(), |product, dim| product.saturating_mul(dim.unsigned_abs()))
        };
        let (gates, streams) = (i64::from(self.gates), i64::from(self.streams));
        let rows = i64::from(self.steps) * streams;
        let input = product(rows, [gates, self.ctx.bottom(0).count_from(2)]);
        let fixed = self.static_input().map_or(0, |shape| product(streams, [gates, shape.count_from(1)]));
        let state = product(rows, [gates, self.hidden]);
        let output = if self.output { product(rows, [self.hidden, self.hidden]) } else { 0 };
        [input, fixed, state, output].into_iter().fold(0, u64::saturating_add)
    }

    fn weight(&self, dims: [i64; 2]) -> Result<BlobSpec, Refusal> {
        let shape = Shape::new(dims).at(NUM_OUTPUT)?;
        let filler = self.param.weight_filler.as_ref();
        Ok(BlobSpec::filled(Role::Weight, shape, "recurrent_param.weight_filler", filler))
    }

    fn bias(&self, dim: i64) -> Result<BlobSpec, Refusal> {
        let shape = Shape::new([dim]).at(NUM_OUTPUT)?;
        let filler = self.param.bias_filler.as_ref();
        Ok(BlobSpec::filled(Role::Bias, shape, "recurrent_param.bias_filler", filler))
    }
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
    use super::super::{Values, testing};
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
                Values::Filled(filler) => (blob.role, filler.field),
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
