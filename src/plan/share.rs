//! Parameters shared by name: the first blob of a name owns its values, later ones take them.

use std::collections::HashMap;

use super::{BlobId, PlannedBlob, PlannedLayer};
use crate::error::{Refusal, ensure};
use crate::proto::caffe::ParamSpec;
use crate::proto::caffe::param_spec::DimCheckMode;

/// The owners met so far, with the multipliers that their sharers have settled.
#[derive(Default)]
pub(super) struct Owners {
    by_name: HashMap<String, Owner>,
}

struct Owner {
    id: BlobId,
    lr_mult: Option<f32>,
    decay_mult: Option<f32>,
}

impl Owners {
    /// The blob that owns the values of blob `id` of the layer being planned, or `None` if it owns them itself.
    ///
    /// # Errors
    /// The blobs differ in shape (STRICT) or in number of values (PERMISSIVE), or the multipliers conflict.
    pub(super) fn enter(
        &mut self,
        planned: &[PlannedLayer],
        current: &[PlannedBlob],
        id: BlobId,
        spec: Option<&ParamSpec>,
    ) -> Result<Option<BlobId>, Refusal> {
        let Some(spec) = spec.filter(|spec| !spec.name().is_empty()) else { return Ok(None) };
        let Some(owner) = self.by_name.get_mut(spec.name()) else {
            let owner = Owner { id, lr_mult: spec.lr_mult, decay_mult: spec.decay_mult };
            self.by_name.insert(spec.name().to_owned(), owner);
            return Ok(None);
        };
        let owner_blob = match planned.get(owner.id.layer) {
            Some(layer) => &layer.blobs[owner.id.blob],
            None => &current[owner.id.blob],
        };
        let (name, own, shared) = (spec.name(), &current[id.blob].shape, &owner_blob.shape);
        match spec.share_mode() {
            DimCheckMode::Permissive => ensure!(
                own.count() == shared.count(),
                "param",
                "shared parameter {name:?} has {} values where it is owned, {} are needed here",
                shared.count(),
                own.count()
            ),
            DimCheckMode::Strict => ensure!(
                own == shared,
                "param",
                "shared parameter {name:?} has shape {shared} where it is owned, {own} is needed here"
            ),
        }
        agree(name, "lr_mult", &mut owner.lr_mult, spec.lr_mult)?;
        agree(name, "decay_mult", &mut owner.decay_mult, spec.decay_mult)?;
        Ok(Some(owner.id))
    }
}

/// Settles a multiplier: whoever sets it first decides, later ones must say the same.
fn agree(name: &str, field: &str, settled: &mut Option<f32>, given: Option<f32>) -> Result<(), Refusal> {
    match (*settled, given) {
        (Some(settled), Some(given)) => ensure!(
            settled == given,
            "param",
            "shared parameter {name:?} has {field} {given} here and {settled} elsewhere"
        ),
        (None, Some(_)) => *settled = given,
        (_, None) => {}
    }
    Ok(())
}
