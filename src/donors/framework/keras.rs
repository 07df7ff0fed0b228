//! Keras, with the channels last: weights have the names `<layer>/<weight>`, with `:0` behind them in older releases.
//!
//! In the HDF5 of `save_weights`, and that of `save` below `model_weights`, they stand in a group of the layer's name:
//! `conv1/conv1/kernel:0`, or `conv1/model/conv1/kernel:0`. So the layer is what a path both begins and ends with. The
//! `.weights.h5` of Keras 3 numbers them, `conv1/vars/0`.

use super::{ArrayRole, Framework};

pub(super) const FRAMEWORK: Framework =
    Framework { name: "keras", title: "Keras", eps: 1e-3, statistics: ["moving_mean", "moving_variance"], split };

/// The group of the weights in a file of a whole model.
const MODEL_WEIGHTS: &str = "model_weights/";

/// The group of the weights of a layer in Keras 3, which numbers them.
const NUMBERED: &str = "/vars";

fn split(key: &str) -> Option<(&str, ArrayRole)> {
    let path = key.strip_prefix(MODEL_WEIGHTS).unwrap_or(key);
    let (path, weight) = path.rsplit_once(['/', '.'])?;
    if let (Some(layer), Ok(number)) = (path.strip_suffix(NUMBERED), weight.parse()) {
        return Some((layer, ArrayRole::Numbered(number)));
    }
    let role = match weight.strip_suffix(":0").unwrap_or(weight) {
        "kernel" => ArrayRole::Kernel,
        "depthwise_kernel" => ArrayRole::DepthwiseKernel,
        "pointwise_kernel" => ArrayRole::PointwiseKernel,
        "gamma" | "alpha" | "embeddings" => ArrayRole::Weight,
        "bias" | "beta" => ArrayRole::Bias,
        "moving_mean" => ArrayRole::Mean,
        "moving_variance" => ArrayRole::Variance,
        _ => return None,
    };
    Some((layer(path), role))
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
        assert_eq!(split("model_weights/c/c/kernel:0"), Some(("c", ArrayRole::Kernel)));
        assert_eq!(split("c/depthwise_kernel"), Some(("c", ArrayRole::DepthwiseKernel)));
        assert_eq!(split("bn/gamma:0"), Some(("bn", ArrayRole::Weight)));
        assert_eq!(split("c/vars/1"), Some(("c", ArrayRole::Numbered(1))));
        for other in ["kernel:0", "lstm/lstm_cell/recurrent_kernel:0", "c/0", "optimizer_weights/Adam/iter:0"] {
            assert_eq!(split(other), None, "{other}");
        }
    }
}
