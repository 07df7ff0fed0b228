//! What is not wrong, but hardly meant: starts that cannot train, and rules that decide nothing.
//!
//! [`WARNINGS`] is the table of the kinds. One file finds those of a kind, or of kinds that belong together; what it
//! finds becomes one message.

mod bilinear;
mod constant;
mod fan;
mod finding;
mod ignored;
mod kind;
mod overruled;
mod signal;
mod softmax;
mod spread;
mod variance;
mod weights;

use std::fmt;

use super::{BlobId, Plan, ValueSource};
use crate::error::Location;
use crate::layer::FillerSpec;
use crate::setting::Advice;

pub use kind::{WARNINGS, WarningKind};

/// Something about the net that is not wrong, but hardly meant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// What it is about.
    pub kind: &'static WarningKind,
    /// The blobs that it is about: at least one.
    pub blobs: Vec<BlobId>,
    /// What it says, without the place in the file.
    pub message: String,
    /// What it says of the blobs one by one, where it is about several and the message is not enough, in a line each.
    pub notes: Vec<String>,
    /// What the user can do.
    pub help: Advice,
    /// The place in the file of what is at fault, of the first blob: its filler or its layer, where it is known.
    pub location: Option<Location>,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// What is looked at: some blobs of a plan.
#[derive(Clone, Copy)]
struct Scope<'a> {
    plan: &'a Plan,
    selected: &'a dyn Fn(BlobId) -> bool,
}

impl<'a> Scope<'a> {
    /// The selected blobs in order.
    fn blobs(self) -> impl Iterator<Item = BlobId> + 'a {
        let Scope { plan, selected } = self;
        let layers = plan.layers.iter().enumerate();
        let blobs =
            layers.flat_map(|(layer, planned)| (0..planned.blobs.len()).map(move |blob| BlobId { layer, blob }));
        blobs.filter(move |&id| selected(id))
    }

    /// The selected blobs that fillers of the net make, each with its filler: not one that a rule of the caller has
    /// chosen.
    fn fillers_of_net(self) -> impl Iterator<Item = (BlobId, &'a FillerSpec)> {
        let mut chosen = self.plan.changes.iter().map(|change| change.blob).peekable();
        self.blobs().filter_map(move |id| {
            // Both are in the order of the blobs.
            while chosen.next_if(|blob| (blob.layer, blob.blob) < (id.layer, id.blob)).is_some() {}
            match self.plan.blob(id).source() {
                ValueSource::Filler { spec, .. } if spec.explicit && chosen.peek() != Some(&id) => Some((id, spec)),
                _ => None,
            }
        })
    }
}

/// All that there is to warn of.
pub(super) fn warnings(plan: &Plan, selected: &dyn Fn(BlobId) -> bool) -> Vec<Warning> {
    let scope = Scope { plan, selected };
    WARNINGS.iter().filter_map(|kind| kind.check(scope)).collect()
}

/// Whether all values of a blob will be zero. Those of weights are not looked at, and pass for others.
fn is_zero(plan: &Plan, id: BlobId) -> bool {
    match plan.source(id) {
        ValueSource::Zeros => true,
        ValueSource::Given(values) => values.iter().all(|&value| value == 0.0),
        ValueSource::Filler { spec, .. } => spec.param.r#type() == "constant" && spec.param.value() == 0.0,
        ValueSource::Weights(_) | ValueSource::WeightsInPart { .. } | ValueSource::Shared(_) => false,
    }
}

/// A blob as rules name it: `conv1.0`.
fn name(plan: &Plan, id: BlobId) -> String {
    format!("{}.{}", plan.layers[id.layer].param.name(), id.blob)
}
