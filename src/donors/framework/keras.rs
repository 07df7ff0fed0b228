//! Keras, with the channels last: weights have the names `<layer>/<weight>`, with `:0` behind them in older releases.
//!
//! In the HDF5 of `save_weights`, and that of `save` below `model_weights`, they stand in a group of the layer's name:
//! `conv1/conv1/kernel:0`, or `conv1/model/conv1/kernel:0`. So the layer is what a path both begins and ends with. The
//! `.weights.h5` of Keras 3 numbers them, `conv1/vars/0`.

use std::borrow::Cow;

use super::{ArrayRole, Framework};

pub(super) const FRAMEWORK: Framework = Framework {
    name: "keras",
    title: "Keras",
    eps: 1e-3,
    statistics: ["moving_mean", "moving_variance"],
    lstm: [0, 1, 3, 2],
    gru: [0, 1, 2],
    resets_behind: false,
    split,
};

/// What the cells of recurrent layers are called, which later releases have in the paths of their weights.
const CELLS: [&str; 4] = ["lstm_cell", "gru_cell", "simple_rnn_cell", "cell"];

/// The group of the weights in a file of a whole model.
const MODEL_WEIGHTS: &str = "model_weights/";

/// The group of the weights of a layer in Keras 3, which numbers them.
const NUMBERED: &str = "/vars";

fn split(key: &str) -> Option<(Cow<'_, str>, ArrayRole)> {
    let path = key.strip_prefix(MODEL_WEIGHTS).unwrap_or(key);
    let (path, weight) = path.rsplit_once(['/', '.'])?;
    if let (Some(layer), Ok(number)) = (path.strip_suffix(NUMBERED), weight.parse()) {
        return Some((without_cell(layer).into(), ArrayRole::Numbered(number)));
    }
    let role = match weight.strip_suffix(":0").unwrap_or(weight) {
        "kernel" => ArrayRole::Kernel,
        "recurrent_kernel" => ArrayRole::StateKernel,
        "depthwise_kernel" => ArrayRole::DepthwiseKernel,
        "pointwise_kernel" => ArrayRole::PointwiseKernel,
        "gamma" | "alpha" | "embeddings" => ArrayRole::Weight,
        "bias" | "beta" => ArrayRole::Bias,
        "moving_mean" => ArrayRole::Mean,
        "moving_variance" => ArrayRole::Variance,
        _ => return None,
    };
    Some((layer(without_cell(path)).into(), role))
}

/// A path without the cell at its end, which may have a number.
fn without_cell(path: &str) -> &str {
    let is_cell = |name: &str| {
        let number = CELLS.iter().find_map(|cell| name.strip_prefix(cell));
        let number = number.map(|number| number.strip_prefix('_').unwrap_or(number));
        number.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
    };
    path.rsplit_once('/').filter(|(_, name)| is_cell(name)).map_or(path, |(path, _)| path)
}

/// The layer of a path: the longest name that it both begins and ends with, or all of it.
fn layer(path: &str) -> &str {
    let names = path.match_indices('/').map(|(end, _)| &path[..end]);
    let is_last = |name: &&str| {
        let rest = path[name.len()..].strip_suffix(name);
        rest.is_some_and(|between| between.ends_with('/'))
    };
    names.rev().find(is_last).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layer_is_what_a_path_begins_and_ends_with() {
        for (path, name) in [
            ("conv1/conv1", "conv1"),
            ("conv1/model/conv1", "conv1"),
            ("conv1/bn/conv1/bn", "conv1/bn"),
            ("a/a/a", "a"),
            ("a/a/a/a", "a/a"),
            ("conv1", "conv1"),
            ("resnet50/conv1", "resnet50/conv1"),
            ("v1/conv1", "v1/conv1"),
        ] {
            assert_eq!(layer(path), name, "{path}");
        }
    }

    #[test]
    fn names_of_all_releases_are_known() {
        let told = |key| split(key).map(|(layer, role)| (layer.into_owned(), role));
        for (key, name, role) in [
            ("model_weights/c/c/kernel:0", "c", ArrayRole::Kernel),
            ("c/depthwise_kernel", "c", ArrayRole::DepthwiseKernel),
            ("bn/gamma:0", "bn", ArrayRole::Weight),
            ("c/vars/1", "c", ArrayRole::Numbered(1)),
            ("l/lstm_cell/recurrent_kernel:0", "l", ArrayRole::StateKernel),
            ("l/l/lstm_cell_12/bias:0", "l", ArrayRole::Bias),
            ("l/l/kernel:0", "l", ArrayRole::Kernel),
            ("l/cell/vars/2", "l", ArrayRole::Numbered(2)),
            ("lstm_cells/kernel:0", "lstm_cells", ArrayRole::Kernel),
        ] {
            assert_eq!(told(key), Some((name.to_owned(), role)), "{key}");
        }
        for other in ["kernel:0", "c/0", "optimizer_weights/Adam/iter:0"] {
            assert_eq!(split(other), None, "{other}");
        }
    }
}
