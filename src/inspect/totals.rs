//! What the layers of an inspection add up to.

use super::report::{LayerReport, Totals};
use crate::Plan;
use crate::layer::Role;

/// The bytes of a value.
pub(super) const VALUE_BYTES: u64 = size_of::<f32>() as u64;

/// The totals of these layers of the plan; without one, nothing is known of tops and of work.
pub(super) fn totals(layers: &[LayerReport], plan: Option<&Plan>) -> Totals {
    let mut totals = Totals { layers: layers.len() as u64, ..Default::default() };
    for layer in layers {
        totals.parameters += layer.parameters;
        for blob in &layer.blobs {
            match (&blob.shared_with, blob.role) {
                (Some(_), _) => totals.shared += blob.count,
                (None, Some(Role::Statistic)) => totals.statistics += blob.count,
                (None, _) => {}
            }
        }
    }
    totals.bytes = (totals.parameters + totals.statistics) * VALUE_BYTES;
    if let Some(plan) = plan {
        let tops = || layers.iter().flat_map(|layer| &layer.tops);
        let macs = layers.iter().filter_map(|layer| layer.macs).fold(0, u64::saturating_add);
        totals.batch = batch(plan);
        totals.activation_bytes = Some(tops().map(|top| top.bytes).sum());
        totals.caffe_data_bytes = Some(tops().map(|top| top.shape.count() as u64 * VALUE_BYTES).sum());
        totals.macs = Some(macs);
        let items = totals.batch.map(|batch| u64::from(batch.unsigned_abs()));
        totals.macs_per_item = items.filter(|&items| items > 0 && macs % items == 0).map(|items| macs / items);
    }
    totals
}

/// The first dimension of the net's first top that has one.
fn batch(plan: &Plan) -> Option<i32> {
    plan.layers.iter().flat_map(|layer| &layer.tops).find_map(|top| top.dim(0))
}
