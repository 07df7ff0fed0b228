//! What is not wrong, but hardly meant.

use std::fmt;

use super::{BlobId, Initial, Plan};
use crate::error::Location;
use crate::layer::Role;
use crate::net::describe;

/// A learnable weight that stays zero because the net gives it no filler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The blob.
    pub blob: BlobId,
    /// The layer, as errors name it.
    pub layer: String,
    /// The field that would hold the filler.
    pub field: &'static str,
    /// The layer's place in the file, where it is known.
    pub location: Option<Location>,
}

impl Warning {
    /// What it says, without the place in the file.
    pub fn message(&self) -> String {
        let Warning { layer, field, .. } = self;
        format!("{layer} has no {field}: its weights are all zero and the layer cannot learn")
    }

    /// What the user can do.
    pub fn help(&self) -> String {
        let field = self.field.rsplit('.').next().unwrap_or(self.field);
        format!("give it a filler, such as {field} {{ type: \"xavier\" }}, or load trained weights before use")
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message())
    }
}

pub(super) fn warnings(plan: &Plan) -> Vec<Warning> {
    let mut found = Vec::new();
    for (layer_index, layer) in plan.layers.iter().enumerate() {
        for (blob_index, blob) in layer.blobs.iter().enumerate() {
            let Initial::Filled { spec, .. } = &blob.initial else { continue };
            let zero = !spec.explicit && spec.param.value() == 0.0;
            if blob.role == Role::Weight && zero && blob.owner.is_none() && blob.donor.is_none() {
                found.push(Warning {
                    blob: BlobId { layer: layer_index, blob: blob_index },
                    layer: describe(&layer.param),
                    field: spec.field,
                    location: plan.locator.locate(layer.origin, ""),
                });
            }
        }
    }
    found
}
