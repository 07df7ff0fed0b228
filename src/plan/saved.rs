//! A plan as the formats see it.

use super::{Plan, PlannedLayer};
use crate::formats::{SavedBlob, SavedLayer, SavedNet};

impl Plan {
    /// The net to be saved.
    pub fn saved(&self) -> SavedNet<'_> {
        SavedNet {
            name: &self.name,
            layers: self.layers.iter().map(PlannedLayer::saved).collect(),
            dialect: self.dialect,
            locator: self.locator.clone(),
            ..SavedNet::default()
        }
    }
}

impl PlannedLayer {
    /// The layer to be saved.
    pub fn saved(&self) -> SavedLayer<'_> {
        let blobs = self.blobs.iter().map(|blob| SavedBlob { shape: &blob.shape, shared: blob.owner.is_some() });
        SavedLayer { param: &self.param, blobs: blobs.collect(), origin: self.origin }
    }
}
