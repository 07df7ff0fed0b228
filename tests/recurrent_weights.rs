//! `--from pytorch|keras` of recurrent modules: a step of the framework's cell and one of Caffe's, with the weights
//! that it has got, give the same.

#![cfg(feature = "cli")]

mod folder;

use std::collections::HashMap;

use caffemodel::formats;
use folder::{Folder, stderr};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

const INPUTS: usize = 3;
const UNITS: usize = 2;

/// An array: its dimensions and its values.
type Array = (Vec<usize>, Vec<f64>);

/// Arrays by their keys.
type Arrays = HashMap<String, Array>;

/// Arrays of values between -1 and 1, no two alike.
fn arrays(sizes: &[(&str, &[usize])]) -> Arrays {
    let mut state = 1u32;
    let mut value = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from((f64::from(state >> 8) / f64::from(1 << 23) - 1.0) as f32)
    };
    let array = |(key, dims): &(&str, &[usize])| {
        let values = (0..dims.iter().product::<usize>()).map(|_| value()).collect();
        ((*key).to_owned(), (dims.to_vec(), values))
    };
    sizes.iter().map(array).collect()
}

fn safetensors(arrays: &Arrays) -> Vec<u8> {
    let bytes =
        |(_, values): &Array| values.iter().flat_map(|&value| (value as f32).to_le_bytes()).collect::<Vec<u8>>();
    let contents: Vec<_> = arrays.iter().map(|(key, array)| (key, &array.0, bytes(array))).collect();
    let views = contents
        .iter()
        .map(|(key, dims, bytes)| (key.as_str(), TensorView::new(Dtype::F32, dims.to_vec(), bytes).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

/// A net with a recurrent layer of this type, in a folder with the arrays.
fn folder(layer_type: &str, settings: &str, arrays: &Arrays) -> Folder {
    let folder = Folder::new();
    let net = format!(
        "layer {{ name: 'x' type: 'Input' top: 'x' input_param {{ shape {{ dim: [4, 1, {INPUTS}] }} }} }}
         layer {{ name: 'cont' type: 'Input' top: 'cont' input_param {{ shape {{ dim: [4, 1] }} }} }}
         layer {{ name: 'cell' type: '{layer_type}' bottom: 'x' bottom: 'cont' top: 'y'
                  recurrent_param {{ num_output: {UNITS} weight_filler {{ type: 'constant' value: 7 }} {settings} }} }}"
    );
    folder.write("net", net);
    folder.write("w.safetensors", safetensors(arrays));
    folder
}

/// The blobs of the recurrent layer that has taken the arrays, and what was said.
fn taken(folder: &Folder, framework: &str) -> (Vec<Array>, String) {
    let run = folder.run(&format!("init net -o out.npz --force --seed 1 --weights w.safetensors --from {framework}"));
    let said = stderr(&run.success());
    let stored = formats::open(folder.path("out.npz")).unwrap();
    let layer = stored.layers.iter().find(|layer| layer.name == "cell").unwrap();
    let blob = |blob: &formats::StoredBlob| {
        let dims = blob.shape.dims().iter().map(|&dim| dim as usize).collect();
        (dims, blob.read().unwrap().into_iter().map(f64::from).collect())
    };
    (layer.blobs.iter().map(blob).collect(), said)
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// A matrix with its outputs first, times a vector.
fn product((dims, values): &Array, x: &[f64]) -> Vec<f64> {
    assert_eq!(dims[1], x.len());
    values.chunks(dims[1]).map(|row| row.iter().zip(x).map(|(weight, x)| weight * x).sum()).collect()
}

/// A vector times a matrix with its outputs last.
fn product_last((dims, values): &Array, x: &[f64]) -> Vec<f64> {
    (0..dims[1]).map(|column| (0..dims[0]).map(|row| x[row] * values[row * dims[1] + column]).sum()).collect()
}

fn sum(vectors: &[&[f64]]) -> Vec<f64> {
    (0..vectors[0].len()).map(|index| vectors.iter().map(|vector| vector[index]).sum()).collect()
}

/// The part of a vector that belongs to a gate.
fn gate(vector: &[f64], index: usize) -> &[f64] {
    &vector[index * UNITS..(index + 1) * UNITS]
}

/// The state and the cell after a step, of the sums of the gates input, forget, output and cell.
fn lstm([input, forget, output, new]: [&[f64]; 4], cell: &[f64]) -> [Vec<f64>; 2] {
    let unit = |index: usize| {
        let cell = sigmoid(forget[index]) * cell[index] + sigmoid(input[index]) * new[index].tanh();
        (sigmoid(output[index]) * cell.tanh(), cell)
    };
    let (state, cell) = (0..UNITS).map(unit).unzip();
    [state, cell]
}

/// The state after a step of a GRU, of the update gate and the new state.
fn gru(update: &[f64], new: &[f64], state: &[f64]) -> Vec<f64> {
    (0..UNITS).map(|index| (1.0 - update[index]) * new[index] + update[index] * state[index]).collect()
}

fn map(function: fn(f64) -> f64, vector: &[f64]) -> Vec<f64> {
    vector.iter().map(|&x| function(x)).collect()
}

fn times(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a * b).collect()
}

/// Three steps, each of which goes on from the state and the cell of the one before.
fn steps(step: impl Fn(&[f64], &[f64], &[f64]) -> [Vec<f64>; 2]) -> Vec<f64> {
    let [mut state, mut cell] = [vec![0.3, -0.2], vec![0.1, 0.4]];
    for time in 0..3 {
        let x: Vec<f64> = (0..INPUTS).map(|index| ((time * INPUTS + index) as f64).sin()).collect();
        [state, cell] = step(&x, &state, &cell);
    }
    [state, cell].concat()
}

fn assert_close(one: &[f64], other: &[f64]) {
    assert!(one.iter().zip(other).all(|(one, other)| (one - other).abs() < 1e-6), "{one:?} {other:?}");
}

/// Caffe's LSTM with these blobs.
fn caffe_lstm(blobs: &[Array]) -> Vec<f64> {
    steps(|x, state, cell| {
        let sums = sum(&[&product(&blobs[0], x), &blobs[1].1, &product(&blobs[2], state)]);
        lstm([0, 1, 2, 3].map(|index| gate(&sums, index)), cell)
    })
}

/// The GRU of Synopsys' Caffe with these blobs, in which the bias of the state is the last, if there is one.
fn synopsys_gru(blobs: &[Array]) -> Vec<f64> {
    steps(|x, state, _| {
        let sums = sum(&[&product(&blobs[0], x), &blobs[1].1]);
        let gated = |index: usize| sum(&[gate(&sums, index), &product(&blobs[2 + index], state)]);
        let [update, reset] = [0, 1].map(|index| map(sigmoid, &gated(index)));
        let of_state = match blobs.get(5) {
            Some((_, bias)) => times(&reset, &sum(&[&product(&blobs[4], state), bias])),
            None => product(&blobs[4], &times(&reset, state)),
        };
        let new = map(f64::tanh, &sum(&[gate(&sums, 2), &of_state]));
        [gru(&update, &new, state), vec![0.0; UNITS]]
    })
}

const LSTM_OF_PYTORCH: [(&str, &[usize]); 4] = [
    ("cell.weight_ih_l0", &[4 * UNITS, INPUTS]),
    ("cell.weight_hh_l0", &[4 * UNITS, UNITS]),
    ("cell.bias_ih_l0", &[4 * UNITS]),
    ("cell.bias_hh_l0", &[4 * UNITS]),
];

#[test]
fn an_lstm_of_pytorch_goes_on_as_caffe_s() {
    let arrays = arrays(&LSTM_OF_PYTORCH);
    let (blobs, said) = taken(&folder("LSTM", "", &arrays), "pytorch");
    let of = |name: &str| &arrays[&format!("cell.{name}_l0")];
    let expected = steps(|x, state, cell| {
        let sums =
            sum(&[&product(of("weight_ih"), x), &of("bias_ih").1, &product(of("weight_hh"), state), &of("bias_hh").1]);
        // The gates are input, forget, cell and output.
        lstm([0, 1, 3, 2].map(|index| gate(&sums, index)), cell)
    });
    assert_close(&caffe_lstm(&blobs), &expected);
    assert!(said.starts_with("weights: w.safetensors: 1 layer taken, 1 of them fitted\nwrote"), "{said}");
}

#[test]
fn an_lstm_of_keras_goes_on_as_caffe_s() {
    for prefix in ["cell", "cell/lstm_cell", "cell/cell/lstm_cell_3"] {
        let [kernel, state, bias] = ["kernel:0", "recurrent_kernel:0", "bias:0"].map(|name| format!("{prefix}/{name}"));
        let arrays = arrays(&[
            (kernel.as_str(), &[INPUTS, 4 * UNITS]),
            (state.as_str(), &[UNITS, 4 * UNITS]),
            (bias.as_str(), &[4 * UNITS]),
        ]);
        let (blobs, _) = taken(&folder("LSTM", "", &arrays), "keras");
        let expected = steps(|x, h, cell| {
            let sums = sum(&[&product_last(&arrays[&kernel], x), &product_last(&arrays[&state], h), &arrays[&bias].1]);
            lstm([0, 1, 3, 2].map(|index| gate(&sums, index)), cell)
        });
        assert_close(&caffe_lstm(&blobs), &expected);
    }
}

#[test]
fn an_rnn_goes_on_as_caffe_s_and_leaves_the_output_s_weights() {
    let arrays = arrays(&[
        ("cell.weight_ih_l0", &[UNITS, INPUTS]),
        ("cell.weight_hh_l0", &[UNITS, UNITS]),
        ("cell.bias_ih_l0", &[UNITS]),
        ("cell.bias_hh_l0", &[UNITS]),
    ]);
    let (blobs, said) = taken(&folder("RNN", "", &arrays), "pytorch");
    let of = |name: &str| &arrays[&format!("cell.{name}_l0")];
    let expected = steps(|x, state, _| {
        let sums =
            [&product(of("weight_ih"), x)[..], &of("bias_ih").1, &product(of("weight_hh"), state), &of("bias_hh").1];
        [map(f64::tanh, &sum(&sums)), vec![0.0; UNITS]]
    });
    let caffe = steps(|x, state, _| {
        let sums = [&product(&blobs[0], x)[..], &blobs[1].1, &product(&blobs[2], state)];
        [map(f64::tanh, &sum(&sums)), vec![0.0; UNITS]]
    });
    assert_close(&caffe, &expected);
    assert_eq!(blobs[3].1, vec![7.0; UNITS * UNITS]);
    let note =
        "note: w.safetensors: layer \"cell\": W_ho and b_o stay as they are: PyTorch gives the state itself out\n";
    assert!(said.contains(note), "{said}");
}

#[test]
fn a_gru_goes_on_as_that_of_synopsys() {
    let folder = |settings: &str, arrays: &Arrays| folder("GRU", settings, arrays);
    let pytorch = arrays(&[
        ("cell.weight_ih_l0", &[3 * UNITS, INPUTS]),
        ("cell.weight_hh_l0", &[3 * UNITS, UNITS]),
        ("cell.bias_ih_l0", &[3 * UNITS]),
        ("cell.bias_hh_l0", &[3 * UNITS]),
    ]);
    let (blobs, _) = taken(&folder("linear_before_reset: 1", &pytorch), "pytorch");
    let of = |name: &str| &pytorch[&format!("cell.{name}_l0")];
    let expected = steps(|x, state, _| {
        let of_input = sum(&[&product(of("weight_ih"), x), &of("bias_ih").1]);
        let of_state = sum(&[&product(of("weight_hh"), state), &of("bias_hh").1]);
        // The gates are reset, update and new state.
        let [reset, update] = [0, 1].map(|index| map(sigmoid, &sum(&[gate(&of_input, index), gate(&of_state, index)])));
        let new = map(f64::tanh, &sum(&[gate(&of_input, 2), &times(&reset, gate(&of_state, 2))]));
        [gru(&update, &new, state), vec![0.0; UNITS]]
    });
    assert_close(&synopsys_gru(&blobs), &expected);
    // In Keras there are two kinds, which the bias tells apart.
    for (bias, settings) in [(&[2, 3 * UNITS][..], "linear_before_reset: 1"), (&[3 * UNITS], "linear_before_reset: 0")]
    {
        let keras = arrays(&[
            ("cell/kernel:0", &[INPUTS, 3 * UNITS]),
            ("cell/recurrent_kernel:0", &[UNITS, 3 * UNITS]),
            ("cell/bias:0", bias),
        ]);
        let (blobs, _) = taken(&folder(settings, &keras), "keras");
        let (kernel, recurrent, bias) =
            (&keras["cell/kernel:0"], &keras["cell/recurrent_kernel:0"], &keras["cell/bias:0"].1);
        let is_behind = bias.len() > 3 * UNITS;
        let no_bias = vec![0.0; 3 * UNITS];
        let of_state = if is_behind { &bias[3 * UNITS..] } else { &no_bias };
        let expected = steps(|x, state, _| {
            let inputs = sum(&[&product_last(kernel, x), &bias[..3 * UNITS]]);
            let states = sum(&[&product_last(recurrent, state), of_state]);
            let [update, reset] = [0, 1].map(|index| map(sigmoid, &sum(&[gate(&inputs, index), gate(&states, index)])));
            let new = if is_behind {
                times(&reset, gate(&states, 2))
            } else {
                gate(&product_last(recurrent, &times(&reset, state)), 2).to_vec()
            };
            let new = map(f64::tanh, &sum(&[gate(&inputs, 2), &new]));
            [gru(&update, &new, state), vec![0.0; UNITS]]
        });
        assert_close(&synopsys_gru(&blobs), &expected);
    }
}

#[test]
fn what_has_no_place_is_told() {
    let init = "init net -o refused --seed 1 --weights w.safetensors --from pytorch";
    let refused = |layer_type: &str, settings: &str, arrays: &Arrays| {
        let text = stderr(&folder(layer_type, settings, arrays).run(init).code(2));
        text.lines().find(|line| line.starts_with("error")).unwrap().to_owned()
    };
    let mut lstm = arrays(&LSTM_OF_PYTORCH);
    let expected = "error: w.safetensors: layer \"cell\" does not fit layer \"cell\" (RNN): its weights for the state are \
                    (8, 2), which is not 1 gate of as many units";
    assert_eq!(refused("RNN", "", &lstm), expected);
    let gru = arrays(&[("cell.weight_ih_l0", &[3 * UNITS, INPUTS]), ("cell.weight_hh_l0", &[3 * UNITS, UNITS])]);
    let expected = "error: w.safetensors: layer \"cell\" does not fit layer \"cell\" (GRU): its reset gate comes behind the \
                    product, as with linear_before_reset: 1";
    assert_eq!(refused("GRU", "linear_before_reset: 0", &gru), expected);
    lstm.extend(arrays(&[("cell.weight_hr_l0", &[1, UNITS])]));
    let expected = "error: w.safetensors: layer \"cell\" does not fit layer \"cell\" (LSTM): \"cell.weight_hr_l0\" has no \
                    place: it has no such blob";
    assert_eq!(refused("LSTM", "", &lstm), expected);
    // Further layers, and those backwards, are modules of their own.
    let mut two = arrays(&LSTM_OF_PYTORCH);
    two.extend(arrays(&[
        ("cell.weight_ih_l1", &[4 * UNITS, UNITS]),
        ("cell.weight_hh_l0_reverse", &[4 * UNITS, UNITS]),
    ]));
    let (_, said) = taken(&folder("LSTM", "", &two), "pytorch");
    assert!(said.contains("the net has no place for "), "{said}");
    assert!(said.contains("cell_l1") && said.contains("cell_l0_reverse"), "{said}");
    // A net of BVLC's has no GRU.
    let text = stderr(&folder("Recurrent", "", &gru).run(init).code(2));
    assert!(text.contains("unknown layer type \"Recurrent\""), "{text}");
}
