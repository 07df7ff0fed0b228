//! Learnable weights that stay zero because the net gives them no filler.

use std::collections::BTreeMap;

use super::{Warning, WarningKind};
use crate::layer::Role;
use crate::net::describe;
use crate::plan::{BlobId, Plan, PlannedLayer, ValueSource};

/// A warning for each layer with such weights.
pub(super) fn unfilled(plan: &Plan) -> Vec<Warning> {
    let layers = plan.layers.iter().enumerate();
    layers
        .flat_map(|(index, layer)| of_layer(layer).into_iter().map(move |found| (index, layer, found)))
        .map(|(index, layer, (field, found))| {
            let weights = layer.blobs.iter().filter(|blob| blob.role == Role::Weight).count();
            let start = format!("{} has no {field}", describe(&layer.param));
            let message = if found.len() == weights {
                format!("{start}: its weights are all zero and the layer cannot learn")
            } else {
                format!("{start}: the weights in {} are all zero", numbered(&found))
            };
            let last = field.rsplit('.').next().unwrap_or(field);
            let help =
                format!("give it a filler, such as {last} {{ type: \"xavier\" }}, or load trained weights before use");
            let blobs = found.into_iter().map(|blob| BlobId { layer: index, blob }).collect();
            Warning::new(WarningKind::ZeroWeights, plan, blobs, message, help)
        })
        .collect()
}

/// The blobs of a layer with zero weights, by the field that would hold their filler.
fn of_layer(layer: &PlannedLayer) -> BTreeMap<&'static str, Vec<usize>> {
    let mut found: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
    for (index, blob) in layer.blobs.iter().enumerate() {
        let ValueSource::Filler { spec, .. } = blob.source() else { continue };
        if blob.role == Role::Weight && !spec.explicit && spec.param.value() == 0.0 {
            found.entry(spec.field).or_default().push(index);
        }
    }
    found
}

/// `blob 2`, `blobs 0, 2`.
fn numbered(blobs: &[usize]) -> String {
    let numbers: Vec<String> = blobs.iter().map(usize::to_string).collect();
    format!("{} {}", if blobs.len() == 1 { "blob" } else { "blobs" }, numbers.join(", "))
}
