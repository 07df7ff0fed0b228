//! Scores so far apart that the loss of a softmax starts at its largest value.
//!
//! The loss is -log p, and Caffe takes no p below the smallest float above 0: the loss is 87.3 at most, and then there
//! is no gradient. Of K scores with standard deviation σ, the largest lies about σ √(2 log K) above the mean.

use super::finding::{Finding, Predicate, Wording, warning};
use super::signal::weights;
use super::{Scope, Warning, WarningKind};
use crate::layer::{Loss, Operator};
use crate::net::describe;
use crate::plan::signal::{LayerSignal, signals};
use crate::plan::{BlobId, Plan, PlannedLayer};

pub(super) const KIND: WarningKind = WarningKind::new(
    "saturated-softmax",
    "Scores so large that the loss starts at 87.3",
    "Where the scores of classes are dozens apart, the softmax is 0 or 1, the loss is at its largest, 87.3, and there is no \
     gradient. Fill the last layer with small values, and find out what makes the signal large before it. The spread of \
     the scores is an estimate, for inputs of variance 1; pixels from 0 to 255 make it 65 times as large.",
    saturated,
);

fn saturated(kind: &'static WarningKind, scope: Scope<'_>) -> Option<Warning> {
    let plan = scope.plan;
    let losses: Vec<usize> = (0..plan.layers.len()).filter(|&layer| classes(&plan.layers[layer]).is_some()).collect();
    if losses.is_empty() {
        return None;
    }
    let signals = signals(plan, 1.0);
    let findings: Vec<Finding> = losses.iter().filter_map(|&loss| finding(scope, &signals, loss)).collect();
    warning(kind, plan, &findings, |_| Wording {
        differing: "make scores whose loss starts near 87.3, the largest there is",
        help: "fill its weights with small values, such as weight_filler { type: \"gaussian\" std: 0.01 }, \
               and fix what makes the signal large before it"
            .into(),
    })
}

/// The number of classes whose scores a layer puts through a softmax for its loss.
fn classes(layer: &PlannedLayer) -> Option<f64> {
    let Operator::Loss(Loss::Softmax(labels) | Loss::Infogain { labels, .. }) = &layer.operator else { return None };
    Some(layer.bottoms.first()?.dim(labels.axis)?.into())
}

fn finding(Scope { plan, selected }: Scope<'_>, signals: &[LayerSignal], loss: usize) -> Option<Finding> {
    let std = signals[loss].bottoms.first()?.spread.sqrt();
    let largest = std * (2.0 * classes(&plan.layers[loss])?.ln()).sqrt();
    if largest < -f64::from(f32::MIN_POSITIVE).ln() {
        return None;
    }
    let layer = maker(plan, loss)?;
    let planned = &plan.layers[layer];
    let blobs: Vec<usize> = weights(planned).filter(|&blob| selected(BlobId { layer, blob })).collect();
    let field = planned.blobs.iter().find_map(|blob| blob.filler().map(|spec| spec.field)).unwrap_or_default();
    let loss = describe(&plan.layers[loss].param);
    (!blobs.is_empty()).then(|| Finding {
        layer,
        blobs,
        field: field.to_owned(),
        cause: Predicate::new(
            format!("makes scores of standard deviation {}", about(std)),
            "make scores that are dozens apart",
        ),
        effect: Predicate::new(
            format!(": {loss} starts near 87.3, the largest loss there is"),
            ": their losses start near 87.3, the largest there is",
        ),
    })
}

/// Two digits of a number.
fn about(number: f64) -> String {
    if number < 1e4 { format!("{number:.0}") } else { format!("{number:.0e}") }
}

/// The layer with weights that makes the scores of a loss.
fn maker(plan: &Plan, loss: usize) -> Option<usize> {
    let mut wanted = *plan.layers[loss].bottom_ids.first()?;
    for (index, layer) in plan.layers[..loss].iter().enumerate().rev() {
        if !layer.top_ids.contains(&wanted) {
            continue;
        }
        if layer.macs > 0 {
            return Some(index);
        }
        wanted = *layer.bottom_ids.first()?;
    }
    None
}
