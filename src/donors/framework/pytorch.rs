//! PyTorch: the state dictionary of a module, whose keys are `<module>.<parameter>`.
//!
//! Convolutions (outputs, inputs / groups, height, width), transposed ones (inputs, outputs / groups, height, width),
//! linear layers (outputs, inputs) and embeddings are laid out as Caffe's. HDF5 has `/` where keys have a dot.
//!
//! A recurrent module has a layer for each of `_l0`, `_l1`, `_l0_reverse` and so on at the ends of its parameters. The
//! first has its name, the others have that with the end: `lstm_l1`.

use std::borrow::Cow;

use super::{ArrayRole, Framework};

pub(super) const FRAMEWORK: Framework = Framework {
    name: "pytorch",
    title: "PyTorch",
    eps: 1e-5,
    statistics: ["running_mean", "running_var"],
    lstm: [0, 1, 3, 2],
    gru: [1, 0, 2],
    resets_behind: true,
    split,
};

/// The ends of the parameters of a recurrent module's first layer, which has its name.
const FIRST_LAYER: [&str; 2] = ["", "_l0"];

fn split(key: &str) -> Option<(Cow<'_, str>, ArrayRole)> {
    let (module, parameter) = key.rsplit_once(['.', '/'])?;
    if let Some((role, layer)) = of_recurrent(parameter) {
        let is_first = FIRST_LAYER.contains(&layer);
        return Some((if is_first { module.into() } else { format!("{module}{layer}").into() }, role));
    }
    let role = match parameter {
        "weight" => ArrayRole::Weight,
        "bias" => ArrayRole::Bias,
        "running_mean" => ArrayRole::Mean,
        "running_var" => ArrayRole::Variance,
        "num_batches_tracked" => ArrayRole::Counter,
        _ => return None,
    };
    Some((module.into(), role))
}

/// What a parameter is in a recurrent module, and the end that tells its layer and its direction.
fn of_recurrent(parameter: &str) -> Option<(ArrayRole, &str)> {
    let roles = [
        ("weight_ih", ArrayRole::Weight),
        ("weight_hh", ArrayRole::StateWeight),
        ("weight_hr", ArrayRole::Projection),
        ("bias_ih", ArrayRole::Bias),
        ("bias_hh", ArrayRole::StateBias),
    ];
    let (role, layer) = roles.iter().find_map(|(name, role)| Some((*role, parameter.strip_prefix(name)?)))?;
    let number = layer.strip_suffix("_reverse").unwrap_or(layer).strip_prefix("_l");
    let is_layer = number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
    (layer.is_empty() || is_layer).then_some((role, layer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_parted_at_their_last_dot() {
        assert_eq!(split("layer1.0.bn1.running_var"), Some(("layer1.0.bn1".into(), ArrayRole::Variance)));
        assert_eq!(split("conv1/weight"), Some(("conv1".into(), ArrayRole::Weight)));
        for other in ["weight", "lstm.weight_ih_0", "lstm.weight_ih_l", "conv1.weight.0", "conv1/0"] {
            assert_eq!(split(other), None, "{other}");
        }
    }

    #[test]
    fn layers_of_recurrent_modules_have_names() {
        assert_eq!(split("lstm.weight_ih_l0"), Some(("lstm".into(), ArrayRole::Weight)));
        assert_eq!(split("cell.bias_hh"), Some(("cell".into(), ArrayRole::StateBias)));
        assert_eq!(split("lstm.weight_hh_l0_reverse"), Some(("lstm_l0_reverse".into(), ArrayRole::StateWeight)));
        assert_eq!(split("lstm.weight_hr_l1"), Some(("lstm_l1".into(), ArrayRole::Projection)));
    }
}
