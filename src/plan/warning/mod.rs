//! What is not wrong, but hardly meant.

mod overruled;
mod variance;
mod weights;

use std::fmt;

use super::{BlobId, Plan, ValueSource};
use crate::error::Location;
use crate::setting::Advice;

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WarningKind {
    /// Learnable weights that stay zero, as the net gives them no filler.
    ZeroWeights,
    /// Batch normalisation by a stored variance of 0.
    ZeroVariance,
    /// A rule for a blob that takes the values of another.
    OverruledRule,
}

/// Something about the net that is not wrong, but hardly meant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// The blobs that it is about: at least one.
    pub blobs: Vec<BlobId>,
    /// What it says, without the place in the file.
    pub message: String,
    /// What the user can do.
    pub help: Advice,
    /// The place of the first blob's layer in the file, where it is known.
    pub location: Option<Location>,
}

impl Warning {
    fn new(kind: WarningKind, plan: &Plan, blobs: Vec<BlobId>, message: String, help: impl Into<Advice>) -> Warning {
        let first = blobs.first().map(|id| &plan.layers[id.layer]);
        let location = first.and_then(|layer| plan.locator.locate(layer.origin, ""));
        Warning { kind, blobs, message, help: help.into(), location }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// All that there is to warn of.
pub(super) fn warnings(plan: &Plan) -> Vec<Warning> {
    let checks = [weights::unfilled, variance::zero, overruled::rules];
    checks.iter().flat_map(|check| check(plan)).collect()
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
