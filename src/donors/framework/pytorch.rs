//! PyTorch: the state dictionary of a module, whose keys are `<module>.<parameter>`.
//!
//! Convolutions (outputs, inputs / groups, height, width), transposed ones (inputs, outputs / groups, height, width), linear
//! layers (outputs, inputs) and embeddings are laid out as Caffe's. HDF5 has `/` where keys have a dot.

use super::{ArrayRole, Framework};

pub(super) const FRAMEWORK: Framework =
    Framework { name: "pytorch", title: "PyTorch", eps: 1e-5, statistics: ["running_mean", "running_var"], split };

fn split(key: &str) -> Option<(&str, ArrayRole)> {
    let (module, parameter) = key.rsplit_once(['.', '/'])?;
    let role = match parameter {
        "weight" => ArrayRole::Weight,
        "bias" => ArrayRole::Bias,
        "running_mean" => ArrayRole::Mean,
        "running_var" => ArrayRole::Variance,
        "num_batches_tracked" => ArrayRole::Counter,
        _ => return None,
    };
    Some((module, role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_parted_at_their_last_dot() {
        assert_eq!(split("layer1.0.bn1.running_var"), Some(("layer1.0.bn1", ArrayRole::Variance)));
        assert_eq!(split("conv1/weight"), Some(("conv1", ArrayRole::Weight)));
        for other in ["weight", "lstm.weight_ih_l0", "conv1.weight.0", "conv1/0"] {
            assert_eq!(split(other), None, "{other}");
        }
    }
}
