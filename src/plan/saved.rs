//! A plan as the formats see it.

use super::{Plan, PlannedBlob, PlannedLayer};
use crate::formats::{SavedBlob, SavedLayer, SavedNet};

impl Plan {
    /// The net to be saved.
    pub fn saved(&self) -> SavedNet<'_> {
        SavedNet {
            name: &self.name,
            layers: self.layers.iter().map(PlannedLayer::saved).collect(),
            dialect: self.dialect,
            fields: &self.saved_fields,
            locator: self.locator.clone(),
            ..SavedNet::default()
        }
    }
}

impl PlannedLayer {
    /// The layer to be saved.
    pub fn saved(&self) -> SavedLayer<'_> {
        SavedLayer {
            param: &self.param,
            blobs: self.blobs.iter().map(PlannedBlob::saved).collect(),
            origin: self.origin,
        }
    }
}

impl PlannedBlob {
    fn saved(&self) -> SavedBlob<'_> {
        SavedBlob { shape: &self.shape, shared: self.owner.is_some(), number_type: self.number_type }
    }
}
