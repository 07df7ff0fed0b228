//! Where the values of the blobs come from: decided here and nowhere else.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::{BlobId, Initial, Plan, PlannedBlob};
use crate::Shape;
use crate::filler::Filler;
use crate::formats::{NumberType, Patch, StoredBlob};
use crate::layer::{FillerSpec, Role};

/// Where the values of a blob come from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ValueSource<'a> {
    /// Its filler.
    Filler {
        /// The filler, built for the blob's shape.
        filler: &'a Arc<dyn Filler>,
        /// The filler as the net gives it.
        spec: &'a FillerSpec,
    },
    /// The net definition.
    Given(&'a Arc<[f32]>),
    /// The layer type, which has zeros there.
    Zeros,
    /// Another blob, whose values it shares.
    Shared(BlobId),
    /// Weights that were loaded.
    Weights(&'a StoredBlob),
    /// Weights that were loaded, for a leading corner.
    WeightsInPart {
        /// What lies in the corner, one after the other.
        patches: &'a [Patch],
        /// Where the rest comes from: anything but a part.
        rest: Box<ValueSource<'a>>,
    },
}

impl ValueSource<'_> {
    /// The source without what is in it.
    pub fn kind(&self) -> SourceKind {
        match self {
            ValueSource::Filler { .. } => SourceKind::Filler,
            ValueSource::Given(_) => SourceKind::Net,
            ValueSource::Zeros => SourceKind::Zeros,
            ValueSource::Shared(_) => SourceKind::Shared,
            ValueSource::Weights(_) => SourceKind::Weights,
            ValueSource::WeightsInPart { rest, .. } => match rest.kind() {
                SourceKind::Weights => SourceKind::Weights,
                _ => SourceKind::WeightsInPart,
            },
        }
    }
}

/// Where the values of a blob come from, as records and reports name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SourceKind {
    /// Its filler.
    Filler,
    /// The net definition.
    Net,
    /// The layer type, which has zeros there.
    Zeros,
    /// Another blob, whose values it shares.
    Shared,
    /// Weights that were loaded.
    Weights,
    /// Weights that were loaded, over the leading part of what it would have otherwise.
    #[serde(rename = "weights in part")]
    WeightsInPart,
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SourceKind::Filler => "filler",
            SourceKind::Net => "net",
            SourceKind::Zeros => "zeros",
            SourceKind::Shared => "shared",
            SourceKind::Weights => "weights",
            SourceKind::WeightsInPart => "weights in part",
        })
    }
}

/// Stored values of another shape, and how they were fitted to a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FittedFrom {
    /// The way, such as `reshape`.
    pub how: String,
    /// The shape that is stored.
    pub shape: Shape,
}

impl PlannedBlob {
    /// A blob that owns its values.
    pub(crate) fn new(shape: Shape, role: Role, initial: Initial) -> PlannedBlob {
        let number_type = NumberType::F32;
        PlannedBlob {
            shape,
            role,
            initial,
            number_type,
            owner: None,
            donor: None,
            patches: Vec::new(),
            fitted: Vec::new(),
        }
    }

    /// Where its values come from.
    pub fn source(&self) -> ValueSource<'_> {
        let own = match (self.owner, &self.donor, &self.initial) {
            (Some(owner), ..) => return ValueSource::Shared(owner),
            (_, Some(stored), _) => ValueSource::Weights(stored),
            (.., Initial::Filled { filler, spec }) => ValueSource::Filler { filler, spec },
            (.., Initial::Given(values)) => ValueSource::Given(values),
            (.., Initial::Zeros) => ValueSource::Zeros,
        };
        match self.patches.as_slice() {
            [] => own,
            patches => ValueSource::WeightsInPart { patches, rest: Box::new(own) },
        }
    }

    /// How the weights that it takes were fitted, where they had another shape and a rule said how.
    pub fn fitted(&self) -> &[FittedFrom] {
        &self.fitted
    }

    /// Its own filler, whether its values stay or not.
    pub fn filler(&self) -> Option<&FillerSpec> {
        match &self.initial {
            Initial::Filled { spec, .. } => Some(spec),
            Initial::Given(_) | Initial::Zeros => None,
        }
    }

    /// Takes all values from a stored blob, in the place of what it would have otherwise and of all that was taken.
    pub(crate) fn take(&mut self, stored: StoredBlob) {
        self.donor = Some(stored);
        self.patches.clear();
        self.fitted.clear();
    }

    /// Notes that what was taken last had been fitted.
    pub(crate) fn note_fitted(&mut self, from: FittedFrom) {
        self.fitted.push(from);
    }

    /// Takes the values of a leading corner, over what it has so far.
    pub(crate) fn take_corner(&mut self, patch: Patch) {
        self.patches.push(patch);
    }
}

impl Plan {
    /// The blob that owns the values of this one: its owner, or itself.
    pub fn owner(&self, id: BlobId) -> BlobId {
        self.blob(id).owner.unwrap_or(id)
    }

    /// Where the values of a blob come from, or those of the blob that owns them: never
    /// [`Shared`](ValueSource::Shared).
    pub fn source(&self, id: BlobId) -> ValueSource<'_> {
        self.blob(self.owner(id)).source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dims(dims: &[i64]) -> Shape {
        Shape::new(dims).unwrap()
    }

    fn stored(shape: &[i64]) -> StoredBlob {
        let shape = dims(shape);
        let values = Arc::new(vec![1.0; shape.count()]);
        StoredBlob { index: 0, shape, legacy: false, values }
    }

    fn corner() -> Patch {
        Patch::new(stored(&[1]), &[1], &dims(&[2]))
    }

    #[test]
    fn what_is_taken_last_decides() {
        let mut blob = PlannedBlob::new(dims(&[2]), Role::Weight, Initial::Zeros);
        assert_eq!(blob.source().kind(), SourceKind::Zeros);
        blob.take_corner(corner());
        assert_eq!(blob.source().kind(), SourceKind::WeightsInPart);
        blob.take(stored(&[2]));
        assert!(matches!(blob.source(), ValueSource::Weights(_)));
        blob.take_corner(corner());
        assert!(matches!(blob.source(), ValueSource::WeightsInPart { rest, .. } if rest.kind() == SourceKind::Weights));
        // Both parts are weights.
        assert_eq!(blob.source().kind(), SourceKind::Weights);
        blob.owner = Some(BlobId { layer: 0, blob: 0 });
        assert_eq!(blob.source().kind(), SourceKind::Shared);
    }
}
