//! The formats that hold a flat list of arrays: which keys they have, and which nets have none.

use std::collections::HashSet;

use crate::error::{Refusal, Result};
use crate::net::NetPlace;
use crate::plan::{Plan, PlannedBlob, PlannedLayer};

/// Every blob of the plan with its key `<layer><separator><index>`, in the plan's order.
pub(super) fn keyed(plan: &Plan, separator: char) -> impl Iterator<Item = (String, &PlannedBlob)> {
    plan.layers.iter().flat_map(move |layer| {
        let blobs = layer.blobs.iter().enumerate();
        blobs.map(move |(index, blob)| (key(layer, separator, index), blob))
    })
}

/// The key of a blob. The index is what follows the last separator, so a layer's name may have any.
pub(super) fn key(layer: &PlannedLayer, separator: char, blob: usize) -> String {
    format!("{}{separator}{blob}", layer.param.name())
}

/// Refuses a plan in which two layers with blobs have one name, or a name is not allowed by `fits`.
pub(super) fn check(plan: &Plan, fits: impl Fn(&str) -> Result<(), String>) -> Result<()> {
    let mut names = HashSet::new();
    for layer in plan.layers.iter().filter(|layer| !layer.blobs.is_empty()) {
        let name = layer.param.name();
        let clash = || Err("another layer of this name has blobs as well: their keys would clash".to_owned());
        let found = fits(name).and_then(|()| if names.insert(name) { Ok(()) } else { clash() });
        found.map_err(|message| {
            let refusal = Refusal::at("name", message).help("rename the layer, or write a caffemodel");
            let place = NetPlace { param: &layer.param, origin: layer.origin, prefix: "" };
            plan.locator.diagnose(&place, &refusal)
        })?;
    }
    Ok(())
}
