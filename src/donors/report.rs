//! What donors gave, what they had in excess, and what stayed as it was initialised.

use super::TakenBlob;
use super::fit::Fit;
use crate::Shape;
use crate::formats::StoredLayer;
use crate::plan::{BlobId, FittedFrom, Plan, PlannedLayer, SourceKind};
use crate::setting::Advice;

/// What became of donors and net.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MatchReport {
    /// The donors in order.
    pub donors: Vec<DonorReport>,
    /// The layers of the net with a blob that took no value from any donor.
    pub initialised: Vec<String>,
    /// What rules were of no use, in a line each.
    pub notes: Vec<String>,
}

/// What became of the layers of a donor, those without blobs aside.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DonorReport {
    /// The donor's name.
    pub donor: String,
    /// The layers that were taken.
    pub taken: Vec<Taken>,
    /// The layers that were passed over because they do not fit.
    pub skipped: Vec<Skipped>,
    /// The layers that were not to be taken, by the choice of the user.
    pub left: Vec<String>,
    /// The layers that the net has no place for.
    pub excess: Vec<String>,
    /// What was made of layers that was not asked for, in a line each.
    pub notes: Vec<String>,
    /// Why values of the last two could not have been taken, in a line for each layer that has a flaw.
    pub flaws: Vec<String>,
    /// What would have some layers taken where none was, if that can be told.
    pub lead: Option<Advice>,
}

/// Why nothing takes a layer's values, the stronger reason last.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Passed {
    /// The net has no place for them.
    Excess,
    /// The user does not want them.
    Left,
}

/// A layer that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Taken {
    /// Its name in the donor.
    pub layer: String,
    /// The name of the layer of the net that took it.
    pub target: String,
    /// How many blobs were taken as they are.
    pub whole: usize,
    /// How many were cut to their leading corner.
    pub sliced: usize,
    /// How many fill but the leading corner.
    pub padded: usize,
    /// Those that rules fitted, which the numbers above leave out.
    pub fitted: Vec<FittedBlob>,
}

/// A blob that a rule fitted to the net's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FittedBlob {
    /// Its index in its layer.
    pub index: usize,
    /// What was stored and how it was fitted.
    pub from: FittedFrom,
    /// The shape of the net's blob.
    pub shape: Shape,
}

/// A layer that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// Its name in the donor.
    pub layer: String,
    /// Why not.
    pub reason: String,
}

impl DonorReport {
    pub(super) fn new(donor: &str) -> DonorReport {
        let donor = donor.to_owned();
        let [left, excess, notes, flaws] = [const { Vec::new() }; 4];
        DonorReport { donor, taken: Vec::new(), skipped: Vec::new(), left, excess, notes, flaws, lead: None }
    }

    /// Enters a layer whose values nothing takes.
    pub(super) fn pass_over(&mut self, layer: &StoredLayer, reason: Passed) {
        if layer.blobs.is_empty() && layer.flaw.is_none() {
            return;
        }
        self.flaws.extend(layer.flaw.iter().map(|flaw| flaw.message.clone()));
        let names = match reason {
            Passed::Left => &mut self.left,
            Passed::Excess => &mut self.excess,
        };
        names.push(layer.name.clone());
    }

    /// Enters a blob of the net that takes the donor's shape.
    pub(super) fn reshape(&mut self, layer: &StoredLayer, id: BlobId, own: &Shape, new: &Shape) {
        if own != new {
            let (layer, blob) = (&layer.name, id.blob);
            self.notes
                .push(format!("layer {layer:?}: blob {blob} takes the shape {new} instead of {own}, as in this Caffe"));
        }
    }

    /// Enters a layer whose blobs fit like this.
    pub(super) fn take(&mut self, layer: &StoredLayer, target: &PlannedLayer, taken: &[TakenBlob]) {
        if taken.is_empty() {
            return;
        }
        let as_ever = || taken.iter().filter(|blob| blob.fitted.is_none()).map(|blob| &blob.fit);
        let count = |is: fn(&&Fit) -> bool| as_ever().filter(is).count();
        let fitted = layer.blobs.iter().zip(taken).filter_map(|(blob, taken)| {
            let (index, from) = (blob.index, taken.fitted.clone()?);
            Some(FittedBlob { index, from, shape: target.blobs[index].shape.clone() })
        });
        self.taken.push(Taken {
            layer: layer.name.clone(),
            target: target.param.name().to_owned(),
            whole: count(|fit| matches!(fit, Fit::Whole | Fit::Reshaped)),
            sliced: count(|fit| matches!(fit, Fit::Sliced { .. })),
            padded: count(|fit| matches!(fit, Fit::Padded { .. })),
            fitted: fitted.collect(),
        });
    }
}

/// The layers of the plan with a blob of their own that no donor gave any value.
pub(super) fn initialised(plan: &Plan) -> Vec<String> {
    let own = [SourceKind::Filler, SourceKind::Net, SourceKind::Zeros];
    let is_initialised = |layer: &&PlannedLayer| layer.blobs.iter().any(|blob| own.contains(&blob.source().kind()));
    plan.layers.iter().filter(is_initialised).map(|layer| layer.param.name().to_owned()).collect()
}
