//! Batch normalisation by stored statistics that say that the variance is 0.
//!
//! Caffe divides the stored sums of means and variances by the factor in the third blob, and by a factor of 0 they count
//! as 0. So each BatchNorm of a fresh net takes the mean as 0 and divides its input by √eps: with the usual eps that is
//! 316 times as much, and after a dozen such layers the signal overflows.

use super::{Warning, WarningKind, is_zero};
use crate::layer::Operator;
use crate::net::describe;
use crate::plan::{BlobId, Plan, PlannedLayer};
use crate::setting::{Advice, Setting};

/// The blobs of a BatchNorm.
const VARIANCE: usize = 1;
const FACTOR: usize = 2;

/// The other remedy.
const LOAD: &str = "; or load trained weights before use";

/// A warning for all layers whose variance is 0, and one for all whose factor is.
pub(super) fn zero(plan: &Plan) -> Vec<Warning> {
    let layers = plan.layers.iter().enumerate().filter(|(_, layer)| uses_stored_statistics(layer));
    let (mut variances, mut factors) = (Vec::new(), Vec::new());
    for (index, _) in layers {
        let [variance, factor] = [VARIANCE, FACTOR].map(|blob| BlobId { layer: index, blob });
        if is_zero(plan, variance) {
            variances.push(variance);
        } else if is_zero(plan, factor) {
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

/// Whether the layer is a BatchNorm with blobs of its own that reads them.
fn uses_stored_statistics(layer: &PlannedLayer) -> bool {
    matches!(&layer.operator, Operator::BatchNorm(norm) if norm.stored_statistics) && layer.blobs.len() > FACTOR
}

fn warning(plan: &Plan, blobs: Vec<BlobId>, what: &str, help: Advice) -> Option<Warning> {
    let first = describe(&plan.layers[blobs.first()?.layer].param);
    let message = match blobs.len() - 1 {
        0 => format!("{first} divides its input by sqrt(eps): its stored {what} is 0"),
        more => format!("{first} and {more} more divide their input by sqrt(eps): their stored {what} is 0"),
    };
    Some(Warning::new(WarningKind::ZeroVariance, plan, blobs, message, help))
}
