//! From what was found of single layers to one message about all of them.

use std::collections::BTreeSet;

use super::{BlobId, Plan, Warning, WarningKind};
use crate::net::describe;
use crate::setting::Advice;

/// How many layers a note names.
const NAMED: usize = 6;

/// A part of a sentence behind its subject: for one layer, and for several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Predicate {
    pub(super) one: String,
    pub(super) many: String,
}

impl Predicate {
    pub(super) fn new(one: impl Into<String>, many: impl Into<String>) -> Predicate {
        Predicate { one: one.into(), many: many.into() }
    }

    fn of(&self, layers: usize) -> &str {
        if layers == 1 { &self.one } else { &self.many }
    }
}

/// What was found of a layer.
pub(super) struct Finding {
    /// The index of the layer.
    pub(super) layer: usize,
    /// The blobs that are meant: at least one.
    pub(super) blobs: Vec<usize>,
    /// The field of the layer at fault; empty for the layer.
    pub(super) field: String,
    /// What is the case.
    pub(super) cause: Predicate,
    /// What follows. Findings of the same cause and effect, as they are said of several layers, are told together.
    pub(super) effect: Predicate,
}

/// What to say of findings.
pub(super) struct Wording<'a> {
    /// What is the case where the causes differ: it is said of several layers.
    pub(super) differing: &'a str,
    /// What the user can do.
    pub(super) help: Advice,
}

/// Adds what was found, to what was found of the same field before.
pub(super) fn add(findings: &mut Vec<Finding>, found: Finding) {
    let of_layer = findings.iter_mut().rev().take_while(|other| other.layer == found.layer);
    match of_layer.into_iter().find(|other| other.field == found.field) {
        Some(other) => other.blobs.extend(found.blobs),
        None => findings.push(found),
    }
}

/// One warning about all findings; none if there are none.
pub(super) fn warning(
    kind: &'static WarningKind,
    plan: &Plan,
    findings: &[Finding],
    told: impl FnOnce(&[Finding]) -> Wording<'static>,
) -> Option<Warning> {
    let first = findings.first()?;
    let Wording { differing, help } = told(findings);
    let (message, notes) = message(plan, findings, differing);
    let blob =
        |finding: &Finding| finding.blobs.iter().map(|&blob| BlobId { layer: finding.layer, blob }).collect::<Vec<_>>();
    let location = plan.locator.locate(plan.layers[first.layer].origin, &first.field);
    Some(Warning { kind, blobs: findings.iter().flat_map(blob).collect(), message, notes, help, location })
}

/// The message, and what it leaves to notes.
fn message(plan: &Plan, findings: &[Finding], differing: &str) -> (String, Vec<String>) {
    let first = &findings[0];
    let described = describe(&plan.layers[first.layer].param);
    let groups = groups(findings);
    let layers: BTreeSet<usize> = findings.iter().map(|finding| finding.layer).collect();
    match (layers.len() - 1, groups.as_slice()) {
        (0, _) => {
            let said = findings.iter().map(|Finding { cause, effect, .. }| cause.one.clone() + &effect.one);
            (format!("{described} {}", said.collect::<Vec<_>>().join(", and ")), Vec::new())
        }
        (more, [only]) => {
            let message = format!("{described} and {more} more {}{}", first.cause.many, first.effect.many);
            (message, vec![format!("the layers are {}", names(plan, only))])
        }
        (more, groups) => (format!("{described} and {more} more {differing}"), notes(plan, groups)),
    }
}

/// The findings by their causes, in the order of the first of each.
fn groups(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let alike = |group: &&mut Vec<&Finding>| {
            (&group[0].cause.many, &group[0].effect.many) == (&finding.cause.many, &finding.effect.many)
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

/// A line for each cause.
fn notes(plan: &Plan, groups: &[Vec<&Finding>]) -> Vec<String> {
    groups.iter().map(|group| format!("{} {}", names(plan, group), group[0].cause.of(group.len()))).collect()
}

/// The first few layers by their names, and how many more.
fn names(plan: &Plan, findings: &[&Finding]) -> String {
    let name = |finding: &&Finding| plan.layers[finding.layer].param.name().to_owned();
    let mut names: Vec<String> = findings.iter().map(name).collect();
    names.dedup();
    match names.len().checked_sub(NAMED) {
        Some(more @ 1..) => format!("{} and {more} more", names[..NAMED].join(", ")),
        _ => names.join(", "),
    }
}
