//! Signals that grow or shrink beyond all measure on their way through the net.
//!
//! Inputs may be normalised, or pixels from 0 to 255: a signal counts as too small where it is for pixels, and as too
//! large where it is for inputs of variance 1.

use std::collections::HashSet;

use super::finding::{Finding, Predicate, Wording, warning};
use super::{Scope, Warning, WarningKind};
use crate::layer::Role;
use crate::plan::signal::{LayerSignal, signals};
use crate::plan::{BlobId, Plan, PlannedLayer};

pub(super) const KIND: WarningKind = WarningKind::new(
    "signal-range",
    "A signal whose variance leaves the range from 10^-6 to 10^6 on its way through the net",
    "By the fillers alone, each layer multiplies the variance of its input by a number; over many layers this makes a \
     signal, or a gradient, of 0 or infinity. Choose fillers that keep the variance, such as msra before ReLU, or \
     normalise. The variance is an estimate, for inputs of variance 1 (explodes) or pixels from 0 to 255 (vanishes), and \
     starts anew after what is not known. No warning is given for small scores: these are the last layer's.",
    out_of_range,
);

/// The variance of pixels from 0 to 255 about their mean, roughly.
const PIXELS: f64 = 65.0 * 65.0;

const LEAST: f64 = 1e-6;
const MOST: f64 = 1e6;

/// The part of the limit from which on a signal is well within the range.
const WELL_WITHIN: f64 = 1e-3;

fn out_of_range(kind: &'static WarningKind, scope: Scope<'_>) -> Option<Warning> {
    let plan = scope.plan;
    let (small, large) = (signals(plan, 1.0), signals(plan, PIXELS));
    // Scores may well be small: the loss is that of a guess then, and its gradient is not.
    let passed_on = passed_on(plan);
    let mut vanishing = leaving(plan, &large, |size| if size > 0.0 { LEAST / size } else { 0.0 });
    vanishing.retain(|(layer, _)| passed_on[*layer]);
    let exploding = leaving(plan, &small, |size| size / MOST);
    let mut findings: Vec<Finding> = Vec::new();
    let vanishes = ["from pixels: it vanishes", "that vanish"];
    let explodes = ["from inputs of variance 1: it explodes", "that explode"];
    findings.extend(vanishing.iter().filter_map(|&(layer, size)| finding(scope, layer, size, vanishes)));
    findings.extend(exploding.iter().filter_map(|&(layer, size)| finding(scope, layer, size, explodes)));
    findings.sort_by_cached_key(|finding| finding.layer);
    warning(kind, plan, &findings, |_| Wording {
        differing: "make signals that vanish or explode",
        help:
            "choose fillers that keep the variance, such as weight_filler { type: \"msra\" } before ReLU, or normalise"
                .into(),
    })
}

/// For each layer whether others behind it multiply what it makes by weights.
fn passed_on(plan: &Plan) -> Vec<bool> {
    let mut multiplied: HashSet<usize> = HashSet::new();
    let mut found: Vec<bool> = Vec::with_capacity(plan.layers.len());
    for layer in plan.layers.iter().rev() {
        let is_passed_on = layer.top_ids.iter().any(|id| multiplied.contains(id));
        if is_passed_on || layer.macs > 0 {
            multiplied.extend(&layer.bottom_ids);
        }
        found.push(is_passed_on);
    }
    found.reverse();
    found
}

/// The layers with weights at which signals leave the range, and their mean squares; `beyond` says how many times a
/// mean square is beyond the limit. What is told of holds for the layers behind, too, until the signal is back well
/// within.
fn leaving(plan: &Plan, signals: &[LayerSignal], beyond: impl Fn(f64) -> f64) -> Vec<(usize, f64)> {
    let mut told: HashSet<usize> = HashSet::new();
    let mut found = Vec::new();
    for (index, (layer, signal)) in plan.layers.iter().zip(signals).enumerate() {
        let was_told = layer.bottom_ids.iter().any(|id| told.contains(id));
        let size = signal.tops.first().map_or(0.0, |top| top.mean_square());
        let leaves = beyond(size) > 1.0 && layer.macs > 0 && !was_told;
        if leaves {
            found.push((index, size));
        }
        for (id, top) in layer.top_ids.iter().zip(&signal.tops) {
            if beyond(top.mean_square()) > WELL_WITHIN && (was_told || leaves) {
                told.insert(*id);
            } else {
                told.remove(id);
            }
        }
    }
    found
}

fn finding(Scope { plan, selected }: Scope<'_>, layer: usize, size: f64, becomes: [&str; 2]) -> Option<Finding> {
    let planned = &plan.layers[layer];
    let blobs = weights(planned).filter(|&blob| selected(BlobId { layer, blob })).collect::<Vec<_>>();
    let field = planned.blobs.iter().find_map(|blob| blob.filler().map(|spec| spec.field)).unwrap_or_default();
    let [one, many] = becomes;
    (!blobs.is_empty()).then(|| Finding {
        layer,
        blobs,
        field: field.to_owned(),
        cause: Predicate::new(format!("makes a signal of variance {size:.1e} {one}"), format!("make signals {many}")),
        effect: Predicate::new("", ""),
    })
}

/// The blobs with the layer's weights.
pub(super) fn weights(layer: &PlannedLayer) -> impl Iterator<Item = usize> {
    layer.blobs.iter().enumerate().filter(|(_, blob)| blob.role == Role::Weight).map(|(index, _)| index)
}
