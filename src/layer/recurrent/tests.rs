use super::*;
use crate::layer::{BlobValues, testing};
use crate::proto::caffe::{BlobProto, BlobShape, LayerParameter};

fn layer(num_output: u32, expose_hidden: bool) -> LayerParameter {
    let param =
        RecurrentParameter { num_output: Some(num_output), expose_hidden: Some(expose_hidden), ..Default::default() };
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
    assert_eq!(refuse(false, &[&[4, 2, 3], &[3, 2]]), "the continuation indicators' shape is (3, 2) instead of (4, 2)");
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
    assert_eq!(refuse(rnn(&layer(2, false), bottoms, 2)), at("top", "RNN without expose_hidden makes 1 top, 2 given"));
}

fn synopsys(name: &str, fields: &str, bottoms: &[&[i32]], tops: usize) -> Result<Setup, String> {
    let text = format!("recurrent_param {{ num_output: 3 {fields} }}");
    testing::Surroundings::of("synopsys").run(name, &text, bottoms, tops)
}

#[test]
fn the_cells_of_synopsys_have_their_blobs() {
    let of = |name: &str, fields: &str| blobs(&synopsys(name, fields, &[&[4, 2, 5], &[4, 2]], 1).unwrap());
    assert_eq!(of("SimpleRNN", ""), [vec![3, 5], vec![3], vec![3, 3]]);
    assert_eq!(of("RNN", "tf_rnn: true"), of("SimpleRNN", ""));
    assert_eq!(of("LSTMV2", ""), [vec![12, 5], vec![12], vec![12, 3]]);
    assert_eq!(of("PeepholeLSTM", ""), [vec![12, 5], vec![12], vec![12, 3], vec![3], vec![3], vec![3]]);
    assert_eq!(of("GRU", ""), [vec![9, 5], vec![9], vec![3, 3], vec![3, 3], vec![3, 3]]);
    assert_eq!(of("GRU", "linear_before_reset: 2").last(), Some(&vec![3]));
}

#[test]
fn continuation_can_be_left_out_and_last_states_shown() {
    let made = synopsys("GRU", "continue_recur: true", &[&[4, 2, 5], &[2, 7]], 1).unwrap();
    assert_eq!(blobs(&made)[2], [9, 7]);
    let made = synopsys("LSTM", "default_initial: true", &[&[4, 2, 5], &[4, 2]], 3).unwrap();
    assert_eq!(dims(made.tops), [[4, 2, 3], [1, 2, 3], [1, 2, 3]]);
    let error = synopsys("LSTM", "default_initial: true", &[&[4, 2, 5], &[4, 2]], 1).unwrap_err();
    assert_eq!(error, "top: LSTM with default_initial makes 3 tops, 1 given");
}

#[test]
fn activations_are_layer_types() {
    let run = |name: &str| {
        let fields = format!("activations: 'HardSigmoid' activations: '{name}'");
        synopsys("GRU", &fields, &[&[4, 2, 5], &[4, 2]], 1)
    };
    assert!(run("TanH").is_ok());
    assert_eq!(run("tanh").unwrap_err(), "recurrent_param.activations: there is no layer type \"tanh\"");
}

#[test]
fn the_states_of_lisa_caffe_cannot_be_exposed() {
    let own = testing::Surroundings::of("lisa-recurrent");
    let text = |exposes| format!("recurrent_param {{ num_output: 2 expose_hidden_state: {exposes} }}");
    assert_eq!(own.top("RNN", &text(false), &[&[3, 2, 4], &[3, 2]]), [3, 2, 2]);
    let message = "recurrent_param.expose_hidden_state: the tops of the last states have no memory yet when this Caffe looks \
                   for them";
    assert_eq!(own.refusal("LSTM", &text(true), &[&[3, 2, 4], &[3, 2]]), message);
}

#[test]
fn caffe_ocr_may_do_without_the_continuation() {
    let own = testing::Surroundings::of("caffe-ocr");
    let (plain, exposed) =
        ("recurrent_param { num_output: 3 }", "recurrent_param { num_output: 3 expose_hidden: true }");
    let bottoms: [&[i32]; 4] = [&[4, 2, 5], &[4, 2], &[1, 2, 3], &[1, 2, 3]];
    for count in [1, 2] {
        let made = own.run("LSTM", plain, &bottoms[..count], 1).unwrap();
        assert_eq!(made.tops[0].dims(), [4, 2, 3]);
        assert_eq!(blobs(&made), [vec![12, 5], vec![12], vec![12, 3]]);
    }
    assert_eq!(own.top("RNN", plain, &bottoms[..1]), [4, 2, 3]);
    let made = own.run("LSTM", exposed, &bottoms[..3], 3).unwrap();
    assert_eq!(dims(made.tops), [[4, 2, 3], [1, 2, 3], [1, 2, 3]]);
    let message = "bottom: LSTM without expose_hidden takes 1 to 2 bottoms, 3 given";
    assert_eq!(own.refusal("LSTM", plain, &bottoms[..3]), message);
    let error = own.run("LSTM", exposed, &bottoms[..2], 3).unwrap_err();
    assert_eq!(error, "bottom: LSTM with expose_hidden takes 3 to 4 bottoms, 2 given");
    let message = "bottom: the continuation indicators' shape is (2, 2) instead of (4, 2)";
    assert_eq!(own.refusal("RNN", plain, &[&[4, 2, 5], &[2, 2]]), message);
}
