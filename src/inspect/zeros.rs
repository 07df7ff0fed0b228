//! Stored values by which a net does not work: weights that are all zero, and variances of 0.

use super::report::{BlobName, BlobReport, LayerReport, WarningReport};
use super::subject::LayerPair;
use crate::layer::{Role, ZeroStart};
use crate::net::describe;
use crate::plan::PlannedLayer;
use crate::setting::Advice;

/// How many layers a note names.
const NAMED: usize = 6;

/// A kind of warning as it is given of stored values.
struct Doubt {
    kind: &'static str,
    /// The blobs at fault of a layer.
    find: fn(&PlannedLayer, &LayerReport) -> Vec<usize>,
    /// What is said of one layer, and of several.
    said: [&'static str; 2],
    help: &'static str,
}

const DOUBTS: [Doubt; 2] = [
    Doubt {
        kind: "zero-weights",
        find: zero_weights,
        said: ["holds weights that are all zero", "hold weights that are all zero"],
        help: "load trained weights, or initialise the net with fillers",
    },
    Doubt {
        kind: "zero-variance",
        find: zero_variance,
        said: [
            "holds a variance of 0, by which it divides its input in phase TEST",
            "hold variances of 0, by which they divide their input in phase TEST",
        ],
        help: "train the net before it is used for inference, or load trained weights",
    },
];

/// What there is to warn of in the values of these layers, as far as they were read.
pub(super) fn warnings(pairs: &[LayerPair<'_>], layers: &[LayerReport]) -> Vec<WarningReport> {
    DOUBTS.iter().filter_map(|doubt| warning(doubt, pairs, layers)).collect()
}

fn warning(doubt: &Doubt, pairs: &[LayerPair<'_>], layers: &[LayerReport]) -> Option<WarningReport> {
    let mut found: Vec<(&PlannedLayer, BlobName)> = Vec::new();
    for (pair, layer) in pairs.iter().zip(layers) {
        let Some(planned) = pair.planned_layer() else { continue };
        let blobs = (doubt.find)(planned, layer).into_iter();
        found.extend(blobs.map(|index| (planned, BlobName { layer: layer.name.clone(), index })));
    }
    let first = describe(&found.first()?.0.param);
    let mut names: Vec<&str> = found.iter().map(|(_, blob)| blob.layer.as_str()).collect();
    names.dedup();
    let [one, many] = doubt.said;
    let (message, notes) = match names.len() {
        1 => (format!("{first} {one}"), Vec::new()),
        count => (format!("{first} and {} more {many}", count - 1), vec![format!("the layers are {}", list(&names))]),
    };
    Some(WarningReport {
        kind: doubt.kind,
        message,
        notes,
        help: Advice::from(doubt.help),
        location: None,
        blobs: found.into_iter().map(|(_, blob)| blob).collect(),
    })
}

fn list(names: &[&str]) -> String {
    match names.len().checked_sub(NAMED) {
        Some(more @ 1..) => format!("{} and {more} more", names[..NAMED].join(", ")),
        _ => names.join(", "),
    }
}

fn is_zero(blob: &BlobReport) -> bool {
    blob.shared_with.is_none() && blob.actual.as_ref().is_some_and(|actual| actual.zeros == blob.count)
}

fn zero_weights(planned: &PlannedLayer, layer: &LayerReport) -> Vec<usize> {
    let is_dead = planned.nature.zero_start == ZeroStart::Dead;
    let weights = layer.blobs.iter().filter(|blob| is_dead && blob.role == Some(Role::Weight) && is_zero(blob));
    weights.map(|blob| blob.index).collect()
}

/// The variance, or else the factor that it is divided by.
fn zero_variance(_: &PlannedLayer, layer: &LayerReport) -> Vec<usize> {
    let named = |name: &str| layer.blobs.iter().find(|blob| blob.name == Some(name) && is_zero(blob));
    named("variance").or_else(|| named("factor")).map(|blob| blob.index).into_iter().collect()
}
