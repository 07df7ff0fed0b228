//! Whether a layer of a donor has the blobs that the net's layer needs.

use crate::formats::StoredLayer;
use crate::layer::Restoring;
use crate::plan::PlannedLayer;

/// Whether a donor's layer has the blobs that the net's layer has.
pub(super) fn check_layer(layer: &StoredLayer, planned: &PlannedLayer) -> Result<(), String> {
    let (stored, needed) = (layer.blobs.len(), planned.blobs.len());
    let may_be_fewer = planned.restoring == Restoring::First;
    if stored != needed && !(may_be_fewer && stored < needed) {
        return Err(format!("{}, not {needed}", blobs(stored)));
    }
    check_gaps(layer)
}

/// Whether the numbers of a layer's blobs have no gaps, so that each blob stands in the place of its number.
pub(super) fn check_gaps(layer: &StoredLayer) -> Result<(), String> {
    match layer.blobs.iter().zip(0..).find(|(blob, index)| blob.index != *index) {
        Some((_, missing)) => Err(format!("blob {missing} is missing")),
        None => Ok(()),
    }
}

/// Whether the group of a layer has those blobs that the net's layer does not share, and no more links, to `groups` and
/// to blobs, than that layer has blobs.
pub(super) fn check_group(layer: &StoredLayer, groups: usize, planned: &PlannedLayer) -> Result<(), String> {
    let needed = planned.blobs.len();
    if layer.blobs.len() + groups > needed {
        let within = if groups > 0 { format!(" and {groups} groups") } else { String::new() };
        return Err(format!("{}{within}, not {needed}", blobs(layer.blobs.len())));
    }
    let is_stored = |index: usize| layer.blobs.iter().any(|blob| blob.index == index);
    match planned.blobs.iter().enumerate().find(|(index, blob)| blob.owner.is_none() && !is_stored(*index)) {
        Some((missing, _)) => Err(format!("blob {missing} is missing")),
        None => match layer.blobs.last().filter(|blob| blob.index >= needed) {
            Some(beyond) => Err(format!("there is a blob {}, and {needed} are needed", beyond.index)),
            None => Ok(()),
        },
    }
}

fn blobs(count: usize) -> String {
    if count == 1 { "1 blob".to_owned() } else { format!("{count} blobs") }
}
