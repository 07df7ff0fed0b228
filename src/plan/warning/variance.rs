//! Batch normalisation by stored statistics that say that the variance is 0.
//!
//! Caffe divides the stored sums of means and variances by the factor in the third blob, and by a factor of 0 they
//! count as 0. So each BatchNorm of a fresh net takes the mean as 0 and divides its input by √eps: with the usual eps
//! that is 316 times as much, and after a dozen such layers the signal overflows. A BN layer, of some forks, stores the
//! variance itself.
//!
//! A net that trains collects its statistics before anyone uses them. One without a loss does not train, whatever its
//! phase: its file goes to a tool for inference.

use super::finding::{Finding, Predicate, Wording, warning};
use super::{Scope, Warning, WarningKind, is_zero};
use crate::layer::{BnStatistics, Operator};
use crate::plan::{BlobId, Plan, PlannedLayer};
use crate::setting::{Advice, Setting};

pub(super) const KIND: WarningKind = WarningKind::new(
    "zero-variance",
    "Batch normalisation with a stored variance of 0",
    "A fresh BatchNorm stores mean, variance and factor 0. With these it multiplies its input by 316, and after a \
     dozen such layers the signal is infinite. No warning is given where training comes first: in phase TRAIN, if the \
     net has a loss.",
    zero,
);

/// The blobs that a layer reads its variance from.
struct StoredVariance {
    variance: usize,
    /// What it is divided by, if anything.
    factor: Option<usize>,
    /// Whether the layer uses them in the phase of the plan.
    in_use: bool,
}

/// The other remedy.
const LOAD: &str = "; or load trained weights before use";

fn zero(kind: &'static WarningKind, scope: Scope<'_>) -> Option<Warning> {
    let plan = scope.plan;
    let trains = plan.layers.iter().any(|layer| layer.param.loss_weight.iter().any(|&weight| weight != 0.0));
    let layers = plan.layers.iter().enumerate();
    let stored = layers.filter_map(|(index, layer)| Some((index, stored(layer)?)));
    let doubtful = stored.filter(|(_, stored)| stored.in_use || !trains);
    let findings: Vec<Finding> = doubtful.filter_map(|(layer, stored)| finding(scope, layer, &stored)).collect();
    warning(kind, plan, &findings, |findings| Wording {
        differing: "divide their input by sqrt(eps), now or in phase TEST: their stored variance is 0",
        help: help(plan, findings),
    })
}

fn finding(Scope { plan, selected }: Scope<'_>, layer: usize, stored: &StoredVariance) -> Option<Finding> {
    let id = |blob| BlobId { layer, blob };
    let is_zero = |blob: &usize| selected(id(*blob)) && is_zero(plan, id(*blob));
    let (blob, what) = match Some(stored.variance).filter(is_zero) {
        Some(variance) => (variance, "variance"),
        None => (stored.factor.filter(is_zero)?, "factor (blob 2), and with it the variance,"),
    };
    let cause = if stored.in_use {
        Predicate::new(
            format!("divides its input by sqrt(eps): its stored {what} is 0"),
            format!("divide their input by sqrt(eps): their stored {what} is 0"),
        )
    } else {
        Predicate::new(
            format!("will divide its input by sqrt(eps) in phase TEST: its stored {what} is 0"),
            format!("will divide their input by sqrt(eps) in phase TEST: their stored {what} is 0"),
        )
    };
    Some(Finding { layer, blobs: vec![blob], field: String::new(), cause, effect: Predicate::new("", "") })
}

/// Where the variance is that a layer reads from blobs of its own, if it does so in one of the phases.
fn stored(layer: &PlannedLayer) -> Option<StoredVariance> {
    let stored = match &layer.operator {
        Operator::BatchNorm(norm) => {
            let never =
                layer.param.batch_norm_param.as_ref().is_some_and(|param| param.use_global_stats == Some(false));
            if never {
                return None;
            }
            StoredVariance { variance: 1, factor: Some(2), in_use: norm.stored_statistics }
        }
        Operator::Bn(norm) => {
            StoredVariance { variance: 3, factor: None, in_use: norm.statistics == BnStatistics::Stored }
        }
        _ => return None,
    };
    let last = stored.factor.unwrap_or(stored.variance);
    (layer.blobs.len() > last).then_some(stored)
}

fn help(plan: &Plan, findings: &[Finding]) -> Advice {
    let is_factor = |finding: &Finding| {
        matches!(plan.layers[finding.layer].operator, Operator::BatchNorm(_)) && finding.blobs == [2]
    };
    if findings.iter().all(is_factor) {
        return format!("set the factors to 1 too{LOAD}").into();
    }
    Advice::naming("", Setting::BenchmarkPreset, format!(" sets the variances to 1{LOAD}"))
}
