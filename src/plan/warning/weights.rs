//! Learnable weights that start as zeros, however that comes about.
//!
//! A layer between two others whose weights are zero passes nothing on, forwards or backwards, and stays as it is.
//! Zeros are meant where the net says so and the layer starts well with them: a factor at the end of a residual branch
//! (Goyal et al. 2017, *Accurate, large minibatch SGD*), a convolution whose output is added to another (Zhang et al.
//! 2019, *Fixup*; the scores of Long et al. 2015), offsets of a deformable convolution (Dai et al. 2017), or weights
//! that are never to be learned.

use std::collections::{BTreeMap, HashSet};

use super::finding::{Finding, Predicate, Wording, warning};
use super::{Scope, Warning, WarningKind, is_zero};
use crate::layer::{FillerSpec, Operator, Role, Signal, ZeroStart};
use crate::plan::{BlobId, Plan, PlannedLayer, ValueSource};
use crate::proto::caffe::FillerParameter;
use crate::setting::{Advice, Setting};

pub(super) const KIND: WarningKind = WarningKind::new(
    "zero-weights",
    "Weights that are all zero, for example for lack of a filler",
    "A filler that is missing, empty or without a type is constant 0. Between two others a layer of such weights passes nothing \
     on, forwards or backwards, and never learns. Give it a filler, or load trained weights. No warning is given where a \
     rule of the caller chooses the zeros, for slopes of PReLU, and where the net says `value: 0` for a factor of each \
     channel (Scale), before a sum with another branch, for offsets of a deformable convolution or for weights with \
     `lr_mult: 0`.",
    zeros,
);

/// The fillers that are constant 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// The net gives none.
    Missing,
    /// It has no field.
    Empty,
    /// It has fields, but no type.
    Typeless,
    /// It is constant, without a value.
    Valueless,
    /// It is constant with the value 0.
    Said,
    /// The net gives the values.
    Given,
    /// The layer type has zeros there.
    OfType,
}

/// The weights of a layer that are zero, by cause and by the field with their filler.
type ZerosOfLayer = BTreeMap<(Cause, &'static str), Vec<usize>>;

fn zeros(kind: &'static WarningKind, scope: Scope<'_>) -> Option<Warning> {
    let plan = scope.plan;
    // Rules are the caller's own words.
    let by_rule: HashSet<BlobId> = plan.changes.iter().map(|change| change.blob).collect();
    let mut by_layer: BTreeMap<usize, ZerosOfLayer> = BTreeMap::new();
    for id in scope.blobs().filter(|id| !by_rule.contains(id)) {
        if let Some(cause) = cause(plan, id) {
            by_layer.entry(id.layer).or_default().entry(cause).or_default().push(id.blob);
        }
    }
    let mut findings = Vec::new();
    for (layer, found) in by_layer {
        let of_layer = found.into_iter();
        findings
            .extend(of_layer.map(|((cause, field), blobs)| finding(&plan.layers[layer], layer, cause, field, blobs)));
    }
    warning(kind, plan, &findings, |findings| Wording {
        differing: "have weights that are all zero",
        help: help(plan, findings),
    })
}

/// Why the weights in a blob are all zero and hardly meant to be, and the field with their filler.
fn cause(plan: &Plan, id: BlobId) -> Option<(Cause, &'static str)> {
    let (layer, blob) = (&plan.layers[id.layer], plan.blob(id));
    let may_be = layer.nature.zero_start == ZeroStart::Harmless;
    if blob.role != Role::Weight || may_be || blob.owner.is_some() || !is_zero(plan, id) {
        return None;
    }
    match blob.source() {
        ValueSource::Filler { spec, .. } => {
            let cause = of_filler(spec);
            (!is_meant(plan, id, cause)).then_some((cause, spec.field))
        }
        ValueSource::Given(_) => Some((Cause::Given, "blobs")),
        _ => Some((Cause::OfType, "")),
    }
}

/// Why a filler makes zeros.
fn of_filler(spec: &FillerSpec) -> Cause {
    let param = &*spec.param;
    if !spec.explicit {
        return Cause::Missing;
    }
    match (&param.r#type, param.value) {
        (_, Some(_)) => Cause::Said,
        (Some(_), None) => Cause::Valueless,
        (None, None) if *param == FillerParameter::default() => Cause::Empty,
        (None, None) => Cause::Typeless,
    }
}

/// Whether zeros of this cause are meant: the net asks for them, and the layer starts well with them.
fn is_meant(plan: &Plan, id: BlobId, cause: Cause) -> bool {
    let layer = &plan.layers[id.layer];
    match (cause, layer.nature.zero_start) {
        (Cause::Said, ZeroStart::WhereSaid) => true,
        (Cause::Said | Cause::Valueless, ZeroStart::Dead) => {
            is_frozen(layer, id.blob) || makes_offsets(plan, id.layer) || is_added(plan, id.layer)
        }
        _ => false,
    }
}

/// Whether a blob is never learned.
pub(super) fn is_frozen(layer: &PlannedLayer, blob: usize) -> bool {
    layer.param.param.get(blob).is_some_and(|spec| spec.lr_mult() == 0.0)
}

/// Whether what the layer makes is read as offsets, directly or behind layers without weights.
fn makes_offsets(plan: &Plan, layer: usize) -> bool {
    reaches(
        plan,
        layer,
        |reader, bottom| reader.nature.offset_bottoms.contains(&bottom),
        |reader| reader.blobs.is_empty(),
    )
}

/// Whether what the layer makes is added to something else, directly or behind layers that learn nothing and let a
/// gradient pass where their input is 0.
fn is_added(plan: &Plan, layer: usize) -> bool {
    let is_sum =
        |reader: &PlannedLayer, _| matches!(reader.nature.signal, Signal::Summed(_)) && reader.bottoms.len() > 1;
    reaches(plan, layer, is_sum, |reader| {
        let learns = reader.macs > 0 && !(0..reader.blobs.len()).all(|blob| is_frozen(reader, blob));
        !learns && !matches!(reader.operator, Operator::Neuron(_) | Operator::Prelu(_))
    })
}

/// Whether a layer that passes the test reads what the layer of this index makes, directly or behind others that let it
/// pass.
fn reaches(
    plan: &Plan,
    layer: usize,
    test: impl Fn(&PlannedLayer, usize) -> bool,
    passes: impl Fn(&PlannedLayer) -> bool,
) -> bool {
    let mut made: HashSet<usize> = plan.layers[layer].top_ids.iter().copied().collect();
    for reader in &plan.layers[layer + 1..] {
        let mut read = reader.bottom_ids.iter().enumerate().filter(|(_, id)| made.contains(id)).peekable();
        if read.peek().is_none() {
            continue;
        }
        if read.any(|(bottom, _)| test(reader, bottom)) {
            return true;
        }
        match passes(reader) {
            true => made.extend(&reader.top_ids),
            // What works in place ends here.
            false => reader.top_ids.iter().for_each(|id| {
                made.remove(id);
            }),
        }
    }
    false
}

fn finding(planned: &PlannedLayer, layer: usize, cause: Cause, field: &'static str, blobs: Vec<usize>) -> Finding {
    let weights = planned.blobs.iter().filter(|blob| blob.role == Role::Weight).count();
    let learns = planned.nature.zero_start == ZeroStart::WhereSaid;
    let effect = match (blobs.len() == weights, learns) {
        (true, false) => Predicate::new(
            ": its weights are all zero and the layer cannot learn",
            ": their weights are all zero and the layers cannot learn",
        ),
        (true, true) => Predicate::new(
            ": its weights are all zero and it passes nothing on",
            ": their weights are all zero and they pass nothing on",
        ),
        _ => Predicate::new(
            format!(": the weights in {} are all zero", numbered(&blobs)),
            ": some of their weights are all zero",
        ),
    };
    let at_fault = if cause == Cause::Missing { "" } else { field };
    Finding { layer, blobs, field: at_fault.to_owned(), cause: told(cause, field), effect }
}

/// What is said of a cause.
fn told(cause: Cause, field: &str) -> Predicate {
    let last = last(field);
    match cause {
        Cause::Missing => Predicate::new(format!("has no {field}"), format!("have no {last}")),
        Cause::Empty => Predicate::new(
            format!("has an empty {field}, which is constant 0"),
            format!("have an empty {last}, which is constant 0"),
        ),
        Cause::Typeless => Predicate::new(
            format!("gives {field} no type, which makes it constant 0"),
            format!("give {last} no type, which makes it constant 0"),
        ),
        Cause::Valueless => Predicate::new(
            format!("has a constant {field} without a value, which is 0"),
            format!("have a constant {last} without a value, which is 0"),
        ),
        Cause::Said => Predicate::new(format!("has a constant {field} of 0"), format!("have a constant {last} of 0")),
        Cause::Given => Predicate::new("is given zeros in the net", "are given zeros in the net"),
        Cause::OfType => Predicate::new("is of a type that starts with zeros", "are of types that start with zeros"),
    }
}

/// What to do: where fillers are missing for several layers, options fill them all at once.
fn help(plan: &Plan, findings: &[Finding]) -> Advice {
    const LOAD: &str = ", or load trained weights before use";
    let of_layer = |finding: &Finding| plan.layers[finding.layer].nature.zero_start;
    let field = |finding: &Finding| {
        let blob = &plan.layers[finding.layer].blobs[finding.blobs[0]];
        blob.filler().map(|spec| (spec.field, spec.explicit))
    };
    if let [only] = findings {
        return match (field(only), of_layer(only)) {
            (None, _) => "load trained weights before use".into(),
            (Some((field, _)), ZeroStart::WhereSaid) => {
                format!("give it a filler of 1, such as {} {{ value: 1 }}{LOAD}", last(field)).into()
            }
            (Some((field, _)), _) => {
                format!("give it a filler, such as {} {{ type: \"xavier\" }}{LOAD}", last(field)).into()
            }
        };
    }
    let missing = findings.iter().any(|finding| field(finding).is_some_and(|(_, explicit)| !explicit));
    match missing {
        true => Advice::naming("give them fillers in the net, or with ", Setting::WeightFiller, " or ")
            .and_naming(Setting::BenchmarkPreset, LOAD),
        false => format!("give them fillers whose values are not zero{LOAD}").into(),
    }
}

/// The field itself, without the messages around it.
pub(super) fn last(field: &str) -> &str {
    field.rsplit('.').next().unwrap_or(field)
}

/// `blob 2`, `blobs 0, 2`.
fn numbered(blobs: &[usize]) -> String {
    let numbers: Vec<String> = blobs.iter().map(usize::to_string).collect();
    format!("{} {}", if blobs.len() == 1 { "blob" } else { "blobs" }, numbers.join(", "))
}
