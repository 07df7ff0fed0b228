//! Fields that a filler does not read.
//!
//! Caffe has one message for all fillers and looks at the fields of the one that is chosen: `gaussian value: 0.01`
//! draws with the standard deviation 1. A field with its default value changes nothing in any filler, and is passed
//! over.

use super::finding::{Finding, Predicate, Wording, add, warning};
use super::weights::last;
use super::{Scope, Warning, WarningKind, is_zero};
use crate::filler::FillerType;
use crate::layer::{FillerSpec, Operator, Role};
use crate::plan::BlobId;

pub(super) const KIND: WarningKind = WarningKind::new(
    "ignored-field",
    "A field that the filler does not read, such as the std of xavier",
    "Each filler reads its own fields and ignores the others: `gaussian value: 0.01` draws with standard deviation 1, \
     and xavier has no std. Remove the field, or choose the filler that reads it. The same goes for the filler of a \
     bias that \
     the layer does not have. No warning is given for a field that has its default value.",
    ignored,
);

fn ignored(kind: &'static WarningKind, scope: Scope<'_>) -> Option<Warning> {
    let plan = scope.plan;
    // Weights of zeros, such as for want of a type, have a warning of their own.
    let told = |id: BlobId| plan.blob(id).role == Role::Weight && is_zero(plan, id);
    let mut findings: Vec<Finding> = Vec::new();
    let mut types: Vec<&FillerType> = Vec::new();
    for (id, spec) in scope.fillers_of_net().filter(|(id, _)| !told(*id)) {
        let Some(entry) = plan.fillers.get(spec.param.r#type()) else { continue };
        let unread = plan.fillers.unread(&spec.param);
        if !unread.is_empty() && !types.iter().any(|other| other.name == entry.name) {
            types.push(entry);
        }
        unread.iter().for_each(|name| add(&mut findings, finding(id, spec, entry, name)));
    }
    findings.extend((0..plan.layers.len()).filter_map(|layer| without_bias(scope, layer)));
    findings.sort_by_cached_key(|finding| finding.layer);
    let reads: Vec<String> = types.into_iter().map(reads).collect();
    let help = match reads.as_slice() {
        [] => "remove it".to_owned(),
        reads => format!("remove it or choose another filler: {}", reads.join("; ")),
    };
    warning(kind, plan, &findings, |_| Wording {
        differing: "set fields of fillers that nothing reads",
        help: help.into(),
    })
}

/// A filler for a bias that a layer does not have, unless it is one of zeros.
fn without_bias(Scope { plan, selected }: Scope<'_>, layer: usize) -> Option<Finding> {
    let planned = &plan.layers[layer];
    let (filler, field) = match &planned.operator {
        Operator::Convolution(convolution) if !convolution.bias => {
            (planned.param.convolution_param.as_ref()?.bias_filler.as_ref()?, "convolution_param.bias_filler")
        }
        Operator::InnerProduct(product) if !product.bias => {
            (planned.param.inner_product_param.as_ref()?.bias_filler.as_ref()?, "inner_product_param.bias_filler")
        }
        _ => return None,
    };
    let is_zero = filler.r#type() == "constant" && filler.value() == 0.0;
    (!is_zero && selected(BlobId { layer, blob: 0 })).then(|| Finding {
        layer,
        blobs: vec![0],
        field: field.to_owned(),
        cause: Predicate::new(
            "sets a bias_filler, but has no bias (bias_term: false)",
            "set a bias_filler, but have no bias (bias_term: false)",
        ),
        effect: Predicate::new("", ""),
    })
}

fn finding(id: BlobId, spec: &FillerSpec, entry: &FillerType, name: &str) -> Finding {
    let field = last(spec.field);
    let reads = format!("which {} does not read", entry.name);
    Finding {
        layer: id.layer,
        blobs: vec![id.blob],
        field: format!("{}.{name}", spec.field),
        cause: Predicate::new(
            format!("sets {name} in its {field}, {reads}"),
            format!("set {name} in their {field}, {reads}"),
        ),
        effect: Predicate::new("", ""),
    }
}

/// Which fields a filler reads: `gaussian reads mean, std, sparse`.
fn reads(entry: &FillerType) -> String {
    match entry.fields {
        [] => format!("{} reads no field", entry.name),
        fields => format!("{} reads {}", entry.name, fields.join(", ")),
    }
}
