//! The pictures that an inner product flattens.

use crate::layer::{Operator, TopMemory};
use crate::plan::{Plan, PlannedLayer};

/// The dimensions, channels first, of what an inner product flattens from its first axis on: those of its bottom, or of
/// what layers in front of it made flat. `None` if it takes no picture of so many values.
pub(super) fn flattened(plan: &Plan, layer: usize, inputs: i32) -> Option<Vec<i32>> {
    let planned = &plan.layers[layer];
    let Operator::InnerProduct(product) = &planned.operator else { return None };
    let (mut id, mut dims) = (*planned.bottom_ids.first()?, planned.bottoms.first()?.dims());
    for earlier in plan.layers[..layer].iter().rev() {
        if let [_, _, ..] = dims.get(product.axis..)? {
            break;
        }
        let Some(top) = earlier.top_ids.iter().position(|&top| top == id) else { continue };
        if !keeps_values(earlier, top) {
            return None;
        }
        (id, dims) = (*earlier.bottom_ids.first()?, earlier.bottoms.first()?.dims());
    }
    let picture = dims.get(product.axis..)?;
    let count = picture.iter().try_fold(1i32, |count, &dim| count.checked_mul(dim));
    (picture.len() > 1 && count == Some(inputs)).then(|| picture.to_vec())
}

/// Whether each value of a top is made of that of the same place in the layer's bottom.
fn keeps_values(layer: &PlannedLayer, top: usize) -> bool {
    match layer.operator {
        Operator::View => matches!(layer.memory[top], TopMemory::Bottom(0)),
        Operator::Neuron(_) => true,
        _ => false,
    }
}
