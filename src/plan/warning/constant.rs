//! Layers all of whose units have the same weights.
//!
//! They compute the same, get the same gradient and stay the same for ever: a layer as wide as one unit. Fixed weights,
//! such as those of an average, are meant; so are those of layers with one output.

use super::finding::{Finding, Predicate, Wording, warning};
use super::weights::{is_frozen, last};
use super::{Scope, Warning, WarningKind};
use crate::layer::{FillerSpec, Operator, Role};
use crate::plan::{BlobId, Plan, ValueSource};

pub(super) const KIND: WarningKind = WarningKind::new(
    "equal-weights",
    "Learned weights that are all the same number, so all units of a layer are alike",
    "Units with the same weights compute the same, get the same gradient and stay alike forever. Choose a filler that \
     draws numbers. No warning is given for weights with `lr_mult: 0`, and for layers whose units differ otherwise: one \
     unit in a group, or biases that are drawn.",
    equal,
);

fn equal(kind: &'static WarningKind, scope: Scope<'_>) -> Option<Warning> {
    let plan = scope.plan;
    let findings: Vec<Finding> = scope.fillers_of_net().filter_map(|(id, spec)| finding(plan, id, spec)).collect();
    warning(kind, plan, &findings, |findings| {
        let field = last(&findings[0].field);
        let help = format!(
            "choose a filler that draws numbers, such as {field} {{ type: \"xavier\" }}, or set lr_mult: 0 if they are to stay"
        );
        Wording { differing: "have constant weights", help: help.into() }
    })
}

fn finding(plan: &Plan, id: BlobId, spec: &FillerSpec) -> Option<Finding> {
    let (layer, value) = (&plan.layers[id.layer], spec.param.value());
    let is_constant = plan.blob(id).role == Role::Weight && spec.param.r#type() == "constant" && value != 0.0;
    if !is_constant || !has_alike_units(plan, id.layer) || is_frozen(layer, id.blob) {
        return None;
    }
    let field = last(spec.field);
    Some(Finding {
        layer: id.layer,
        blobs: vec![id.blob],
        field: spec.field.to_owned(),
        cause: Predicate::new(format!("has a constant {field}"), format!("have a constant {field}")),
        effect: Predicate::new(
            ": its outputs are all the same, and stay so",
            ": the outputs of each are all the same, and stay so",
        ),
    })
}

/// Whether units of the layer differ in their weights alone.
fn has_alike_units(plan: &Plan, index: usize) -> bool {
    let layer = &plan.layers[index];
    let units = match &layer.operator {
        Operator::Convolution(convolution) => convolution.num_output / convolution.group,
        Operator::InnerProduct(product) => product.num_output,
        _ => return false,
    };
    let is_drawn = |blob: usize| match plan.source(BlobId { layer: index, blob }) {
        ValueSource::Filler { filler, .. } => filler.moments().is_none_or(|moments| moments.std > 0.0),
        source => !matches!(source, ValueSource::Zeros),
    };
    let has_drawn_bias = (0..layer.blobs.len()).any(|blob| layer.blobs[blob].role == Role::Bias && is_drawn(blob));
    units > 1 && !has_drawn_bias
}
