//! Fillers for weights that do not say how far their values spread.
//!
//! The defaults of the schema are for nobody: `gaussian` has the standard deviation 1 then, and `uniform` runs from 0
//! to 1. A unit sums up its inputs, hundreds of them mostly, and its variance is so many times as large. Weights that
//! are not summed up, such as those of an embedding, may well have the standard deviation 1.

use super::fan::rounded;
use super::finding::{Finding, Predicate, Wording, add, warning};
use super::weights::last;
use super::{Scope, Warning, WarningKind};
use crate::filler::Spread;
use crate::layer::{FillerSpec, Role};
use crate::plan::{BlobId, Plan, ValueSource};
use crate::proto::caffe::FillerParameter;

pub(super) const KIND: WarningKind = WarningKind::new(
    "default-spread",
    "A gaussian filler without std (it is 1), or uniform without min and max (0 to 1)",
    "With weights of standard deviation 1, each layer multiplies the variance of the signal by its inputs per unit, \
     up to a loss of 87.3. Give the spread of the values, or choose xavier or msra. No warning is given for weights \
     that are not summed up, \
     such as those of an embedding.",
    unsaid,
);

fn unsaid(kind: &'static WarningKind, scope: Scope<'_>) -> Option<Warning> {
    let plan = scope.plan;
    let found: Vec<(BlobId, &FillerSpec, Spread)> =
        scope.fillers_of_net().filter_map(|(id, spec)| Some((id, spec, doubtful(plan, id, spec)?))).collect();
    let mut findings: Vec<Finding> = Vec::new();
    found.iter().for_each(|(id, spec, spread)| add(&mut findings, finding(plan, *id, spec, *spread)));
    warning(kind, plan, &findings, |_| {
        let mut examples: Vec<&str> = found.iter().map(|(_, _, spread)| spread.example).collect();
        examples.sort_unstable();
        examples.dedup();
        let help = format!("give their spread, such as {}, or choose xavier or msra", examples.join(" or "));
        Wording { differing: "have fillers that do not give the spread of their values", help: help.into() }
    })
}

/// The fields that are missing, where the blob needs them.
fn doubtful(plan: &Plan, id: BlobId, spec: &FillerSpec) -> Option<Spread> {
    let matters = plan.blob(id).role == Role::Weight && plan.layers[id.layer].macs > 0;
    let spread = plan.fillers.get(spec.param.r#type())?.spread.filter(|_| matters)?;
    let is_said = spread.fields.iter().any(|field| is_given(&spec.param, field));
    (!is_said).then_some(spread)
}

/// Whether a filler has one of the fields that tell of a spread.
fn is_given(param: &FillerParameter, field: &str) -> bool {
    match field {
        "std" => param.std.is_some(),
        "min" => param.min.is_some(),
        "max" => param.max.is_some(),
        _ => true,
    }
}

fn finding(plan: &Plan, id: BlobId, spec: &FillerSpec, spread: Spread) -> Finding {
    let (field, filler) = (last(spec.field), spec.param.r#type());
    let missing = spread.fields.join(" and ");
    let moments = match plan.blob(id).source() {
        ValueSource::Filler { filler, .. } => filler.moments(),
        _ => None,
    };
    let effect = |whose: &str| {
        moments.map_or_else(String::new, |moments| {
            let [mean, std] = [moments.mean, moments.std].map(rounded);
            format!(": {whose} values have mean {mean} and standard deviation {std}")
        })
    };
    Finding {
        layer: id.layer,
        blobs: vec![id.blob],
        field: spec.field.to_owned(),
        cause: Predicate::new(
            format!("has a {filler} {field} without {missing}"),
            format!("have a {filler} {field} without {missing}"),
        ),
        effect: Predicate::new(effect("its"), effect("their")),
    }
}
