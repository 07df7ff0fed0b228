//! Bilinear kernels in convolutions without groups.
//!
//! The filler puts the same kernel between every input and every output channel. With as many groups as channels each
//! is enlarged by itself; without, each output is the sum of all inputs, and all outputs are the same.

use super::finding::{Finding, Predicate, Wording, warning};
use super::{Scope, Warning, WarningKind};
use crate::layer::{Convolution, FillerSpec, Operator, Role};
use crate::plan::{BlobId, Plan};

pub(super) const KIND: WarningKind = WarningKind::new(
    "mixed-channels",
    "The bilinear filler without a group for each channel",
    "The filler puts its kernel between every input and every output channel, so without groups each output is the \
     sum of all inputs. To enlarge each channel by itself, give the layer as many groups and outputs as inputs.",
    mixed,
);

fn mixed(kind: &'static WarningKind, scope: Scope<'_>) -> Option<Warning> {
    let plan = scope.plan;
    let findings: Vec<Finding> = scope.fillers_of_net().filter_map(|(id, spec)| finding(plan, id, spec)).collect();
    warning(kind, plan, &findings, |findings| {
        let help = match findings.first().filter(|_| findings.len() == 1).and_then(|only| convolution(plan, only.layer))
        {
            Some(Convolution { channels, .. }) => {
                format!("to enlarge each channel by itself, write num_output: {channels} group: {channels}")
            }
            None => "to enlarge each channel by itself, give them as many outputs and groups as inputs".to_owned(),
        };
        Wording { differing: "mix channels by a bilinear weight_filler", help: help.into() }
    })
}

fn convolution(plan: &Plan, layer: usize) -> Option<&Convolution> {
    match &plan.layers[layer].operator {
        Operator::Convolution(convolution) => Some(convolution),
        _ => None,
    }
}

fn finding(plan: &Plan, id: BlobId, spec: &FillerSpec) -> Option<Finding> {
    let Convolution { channels, group, .. } = convolution(plan, id.layer)?;
    let (name, inputs) = (spec.param.r#type(), channels / group);
    let same_kernels = plan.fillers.get(name)?.same_kernels;
    if plan.blob(id).role != Role::Weight || !same_kernels || inputs < 2 {
        return None;
    }
    let groups = if *group == 1 { "without groups".to_owned() } else { format!("in {group} groups") };
    Some(Finding {
        layer: id.layer,
        blobs: vec![id.blob],
        field: spec.field.to_owned(),
        cause: Predicate::new(
            format!("has a {name} weight_filler {groups}"),
            format!("have a {name} weight_filler {groups}"),
        ),
        effect: Predicate::new(
            format!(": each output is the sum of {inputs} enlarged inputs"),
            ": each output is the sum of several enlarged inputs",
        ),
    })
}
