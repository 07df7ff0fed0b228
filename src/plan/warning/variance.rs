//! Batch normalisation by stored statistics that say that the variance is 0.
//!
//! Caffe divides the stored sums of means and variances by the factor in the third blob, and by a factor of 0 they count
//! as 0. So each BatchNorm of a fresh net takes the mean as 0 and divides its input by √eps: with the usual eps that is
//! 316 times as much, and after a dozen such layers the signal overflows. A BN layer, of some forks, stores the variance
//! itself.

use super::{Warning, WarningKind, is_zero};
use crate::layer::{BnStatistics, Operator};
use crate::net::describe;
use crate::plan::{BlobId, Plan, PlannedLayer};
use crate::setting::{Advice, Setting};

/// The blobs that a layer reads its variance from.
struct StoredVariance {
    variance: usize,
    /// What it is divided by, if anything.
    factor: Option<usize>,
}

/// The other remedy.
const LOAD: &str = "; or load trained weights before use";

/// A warning for all layers whose variance is 0, and one for all whose factor is.
pub(super) fn zero(plan: &Plan) -> Vec<Warning> {
    let layers = plan.layers.iter().enumerate().filter_map(|(index, layer)| Some((index, stored(layer)?)));
    let (mut variances, mut factors) = (Vec::new(), Vec::new());
    for (index, stored) in layers {
        let id = |blob| BlobId { layer: index, blob };
        if is_zero(plan, id(stored.variance)) {
            variances.push(id(stored.variance));
        } else if let Some(factor) = stored.factor.map(id).filter(|&factor| is_zero(plan, factor)) {
            factors.push(factor);
        }
    }
    let advice = Advice::naming("", Setting::BenchmarkPreset, format!(" sets the variances to 1{LOAD}"));
    let variances = warning(plan, variances, "variance", advice);
    let factors = warning(
        plan,
        factors,
        "factor (blob 2), and with it the variance,",
        format!("set the factors to 1 too{LOAD}").into(),
    );
    variances.into_iter().chain(factors).collect()
}

/// Where the variance is that a layer reads from blobs of its own, if it does.
fn stored(layer: &PlannedLayer) -> Option<StoredVariance> {
    let stored = match &layer.operator {
        Operator::BatchNorm(norm) if norm.stored_statistics => StoredVariance { variance: 1, factor: Some(2) },
        Operator::Bn(norm) if norm.statistics == BnStatistics::Stored => StoredVariance { variance: 3, factor: None },
        _ => return None,
    };
    let last = stored.factor.unwrap_or(stored.variance);
    (layer.blobs.len() > last).then_some(stored)
}

fn warning(plan: &Plan, blobs: Vec<BlobId>, what: &str, help: Advice) -> Option<Warning> {
    let first = describe(&plan.layers[blobs.first()?.layer].param);
    let message = match blobs.len() - 1 {
        0 => format!("{first} divides its input by sqrt(eps): its stored {what} is 0"),
        more => format!("{first} and {more} more divide their input by sqrt(eps): their stored {what} is 0"),
    };
    Some(Warning::new(WarningKind::ZeroVariance, plan, blobs, message, help))
}
