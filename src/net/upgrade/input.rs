//! Inputs of the time before Input layers: `input` with `input_shape`, or with four `input_dim` each.

use super::Problem;
use crate::dialect::Dialect;
use crate::error::Refusal;
use crate::net::locate::NET_INPUTS;
use crate::net::{NetLayer, Origin};
use crate::proto::caffe::{BlobShape, InputParameter, LayerParameter, NetParameter};

/// What is said of inputs that became a layer.
pub(super) const UPGRADED: &str = "old input fields became an Input layer named \"input\"";
/// What is said of inputs that no layer reads.
pub(super) const DROPPED: &str = "input fields without sizes were dropped, as in Caffe: give each its input_shape";

/// Takes the old inputs out of the net and returns the Input layer that belongs in front of all others.
///
/// `input_shape` wins over `input_dim`; what is beyond the number of inputs is dropped, and so are inputs without any
/// sizes, which old weight files carry.
///
/// # Errors
/// There are fewer sizes than inputs (Caffe reads out of bounds).
pub(super) fn upgrade(net: &mut NetParameter) -> Result<Option<NetLayer>, Problem> {
    let inputs = std::mem::take(&mut net.input);
    let shapes = std::mem::take(&mut net.input_shape);
    let dims = std::mem::take(&mut net.input_dim);
    if shapes.is_empty() && dims.is_empty() {
        return Ok(None);
    }
    let (field, given) = if shapes.is_empty() { ("input_dim", dims.len() / 4) } else { ("input_shape", shapes.len()) };
    if given < inputs.len() {
        let refusal = Refusal::new(format!("{} inputs, but sizes for {given} only", inputs.len()))
            .help("give each input its input_shape, or four input_dim");
        return Err(Problem { origin: Origin { field: "input", index: given }, refusal });
    }
    let shape = if shapes.is_empty() {
        dims.chunks_exact(4).map(|four| BlobShape { dim: four.iter().map(|&dim| dim.into()).collect() }).collect()
    } else {
        shapes
    };
    let shape = shape.into_iter().take(inputs.len()).collect();
    let mut param = unsized_layer(inputs);
    param.input_param = Some(InputParameter { shape }.into());
    Ok(Some(NetLayer { param, origin: Some(Origin { field, index: 0 }) }))
}

/// The Input layer of inputs without sizes.
pub(in crate::net) fn unsized_layer(inputs: Vec<String>) -> LayerParameter {
    let (name, layer_type) = (Some("input".to_owned()), Some("Input".to_owned()));
    LayerParameter { name, r#type: layer_type, top: inputs, ..Default::default() }
}

/// Takes the inputs out of the net and returns an Input layer that stands for them: in dialects where they stay fields
/// of the net, whatever they are planned as. Without any sizes the user has to give them.
///
/// # Errors
/// Their sizes are given in both ways, or there are more or fewer of them than inputs.
pub(super) fn stand_in(net: &mut NetParameter, dialect: &Dialect) -> Result<NetLayer, Problem> {
    let has_length = dialect.traits.blobs_have_length;
    let problem = |field: &'static str, message: String| {
        let help = if has_length {
            "give each input five input_dim"
        } else {
            "give each input its input_shape, or four input_dim"
        };
        Problem { origin: Origin { field, index: 0 }, refusal: Refusal::new(message).help(help) }
    };
    if !net.input_shape.is_empty() && !net.input_dim.is_empty() {
        return Err(problem("input_dim", "input_shape is given as well".to_owned()));
    }
    let (field, given, needed) = match net.input_shape.len() {
        0 => ("input_dim", net.input_dim.len(), if has_length { 5 } else { 4 } * net.input.len()),
        shapes => ("input_shape", shapes, net.input.len()),
    };
    let origin = Some(Origin { field: NET_INPUTS, index: 0 });
    if given == 0 {
        return Ok(NetLayer { param: unsized_layer(std::mem::take(&mut net.input)), origin });
    }
    if given != needed {
        let inputs = net.input.len();
        return Err(problem(field, format!("{inputs} inputs, which takes {needed} {field}, but there are {given}")));
    }
    if has_length {
        take_five_axes(net);
    }
    let layer = upgrade(net)?.ok_or_else(|| problem("input", "there are no inputs".to_owned()))?;
    Ok(NetLayer { origin, ..layer })
}

/// Turns five sizes for each input into shapes. Caffe's quirk: an input takes five numbers from four times its index
/// on, so that those of the second begin with the last one of the first.
pub(super) fn take_five_axes(net: &mut NetParameter) {
    let dims = std::mem::take(&mut net.input_dim);
    let shape = |index: usize| dims.iter().skip(4 * index).take(5).map(|&dim| i64::from(dim)).collect();
    let given = dims.len().saturating_sub(1) / 4;
    net.input_shape = (0..net.input.len().min(given)).map(|index| BlobShape { dim: shape(index) }).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(inputs: &[&str], shapes: &[&[i64]], dims: &[i32]) -> NetParameter {
        NetParameter {
            input: inputs.iter().map(ToString::to_string).collect(),
            input_shape: shapes.iter().map(|dim| BlobShape { dim: dim.to_vec() }).collect(),
            input_dim: dims.to_vec(),
            ..Default::default()
        }
    }

    #[test]
    fn shapes_win_over_dims_and_the_surplus_is_dropped() {
        let mut net = net(&["x"], &[&[2, 5], &[1]], &[1, 1, 1, 9]);
        let layer = upgrade(&mut net).ok().flatten().unwrap();
        assert_eq!(layer.param.input_param.unwrap().shape, [BlobShape { dim: vec![2, 5] }]);
        assert!(net.input.is_empty() && net.input_dim.is_empty() && net.input_shape.is_empty());
    }

    #[test]
    fn where_blobs_have_a_length_inputs_have_five_sizes() {
        let c3d = Dialect::get("c3d-1.0").unwrap();
        let mut two = net(&["x", "y"], &[], &[1, 3, 16, 8, 9, 2, 4, 5, 6, 7]);
        let layer = stand_in(&mut two, c3d).ok().unwrap();
        let shapes = layer.param.input_param.unwrap().shape;
        assert_eq!(
            shapes.iter().map(|shape| shape.dim.clone()).collect::<Vec<_>>(),
            [[1, 3, 16, 8, 9], [9, 2, 4, 5, 6]]
        );
        let problem = stand_in(&mut net(&["x"], &[], &[1, 3, 8, 8]), c3d).err().unwrap();
        assert_eq!(problem.refusal.message, "1 inputs, which takes 5 input_dim, but there are 4");
    }

    #[test]
    fn inputs_without_any_sizes_are_dropped_and_too_few_are_refused() {
        assert!(upgrade(&mut net(&["x"], &[], &[])).ok().unwrap().is_none());
        let problem = upgrade(&mut net(&["x", "y"], &[], &[1, 2, 3, 4, 5])).err().unwrap();
        assert_eq!(problem.refusal.message, "2 inputs, but sizes for 1 only");
        assert_eq!((problem.origin.field, problem.origin.index), ("input", 1));
    }
}
