//! Biases filled by the number of their inputs.
//!
//! A bias has one input a unit, as Caffe counts: the standard deviation of `xavier` is 1 there, that of `msra` √2, as
//! large as all that the weights make or larger. Where the fan is another one, as by `variance_norm` or in blobs of
//! four axes, the values are small, and there is nothing to tell.

use super::finding::{Finding, Predicate, Wording, add, warning};
use super::weights::last;
use super::{Scope, Warning, WarningKind};
use crate::layer::{FillerSpec, Role};
use crate::plan::{BlobId, Plan, ValueSource};

pub(super) const KIND: WarningKind = WarningKind::new(
    "bias-by-fan",
    "A bias filled by xavier or msra, whose fan-in is 1 there",
    "A bias has one input per unit, so its values are as large as what the weights make of the signal, or larger. \
     Leave out the filler of the bias, for zeros, or make it constant.",
    biases,
);

/// The least standard deviation that is told of, of values whose fan is 1.
const LEAST: f64 = 0.99;

fn biases(kind: &'static WarningKind, scope: Scope<'_>) -> Option<Warning> {
    let plan = scope.plan;
    let mut findings: Vec<Finding> = Vec::new();
    let found = scope.fillers_of_net().filter_map(|(id, spec)| finding(plan, id, spec));
    found.for_each(|found| add(&mut findings, found));
    warning(kind, plan, &findings, |findings| {
        let field = last(&findings[0].field);
        let help = format!("leave {field} out, for zeros, or write {field} {{ type: \"constant\" value: 0 }}").into();
        Wording { differing: "have biases that are filled by their fan-in, which is 1", help }
    })
}

fn finding(plan: &Plan, id: BlobId, spec: &FillerSpec) -> Option<Finding> {
    let blob = plan.blob(id);
    let by_fan = plan.fillers.get(spec.param.r#type())?.by_fan;
    let ValueSource::Filler { filler, .. } = blob.source() else { return None };
    let std = filler.moments()?.std;
    if blob.role != Role::Bias || !by_fan || std < LEAST {
        return None;
    }
    let name = spec.param.r#type();
    let effect = format!(": a bias has one input per unit, and the standard deviation is {}", rounded(std));
    Some(Finding {
        layer: id.layer,
        blobs: vec![id.blob],
        field: spec.field.to_owned(),
        cause: Predicate::new(format!("fills its bias with {name}"), format!("fill their biases with {name}")),
        effect: Predicate::new(effect.clone(), effect),
    })
}

/// A number with three decimals at most: `1`, `1.414`.
pub(super) fn rounded(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
