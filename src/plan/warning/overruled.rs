//! Rules for blobs that take the values of others.

use super::{Scope, Warning, WarningKind, name};
use crate::plan::{Plan, RuleChange};

pub(super) const KIND: WarningKind = WarningKind::new(
    "overruled-rule",
    "A rule for a blob that takes the values of another",
    "A blob that shares the values of another draws by its own filler, as in Caffe, but does not keep them. Give the \
     rule to the blob that owns them.",
    rules,
);

impl Plan {
    /// Whether a rule's filler makes a blob's values: not where the blob shares those of another that has another
    /// filler. It draws by the rule's filler all the same.
    pub fn decides(&self, change: &RuleChange) -> bool {
        let Some(owner) = self.blob(change.blob).owner else { return true };
        self.blob(owner).filler().is_some_and(|spec| spec.param == change.after)
    }
}

fn rules(kind: &'static WarningKind, Scope { plan, selected }: Scope<'_>) -> Option<Warning> {
    let is_idle = |change: &&RuleChange| change.by_pattern && selected(change.blob) && !plan.decides(change);
    let idle: Vec<&RuleChange> = plan.changes.iter().filter(is_idle).collect();
    let mut by_rule: Vec<Vec<&RuleChange>> = Vec::new();
    for change in idle {
        match by_rule.iter_mut().find(|found| found[0].rule == change.rule) {
            Some(found) => found.push(change),
            None => by_rule.push(vec![change]),
        }
    }
    let first = by_rule.first()?.first()?;
    let owner = name(plan, plan.owner(first.blob));
    let sentences: Vec<String> = by_rule.iter().map(|changes| sentence(plan, changes)).collect();
    Some(Warning {
        kind,
        blobs: by_rule.iter().flatten().map(|change| change.blob).collect(),
        message: sentences[0].clone(),
        notes: sentences[1..].to_vec(),
        help: format!("name {owner}: what a blob that shares values draws is not kept, as in Caffe").into(),
        location: plan.locator.locate(plan.layers[first.blob.layer].origin, ""),
    })
}

/// What there is to say of a rule.
fn sentence(plan: &Plan, changes: &[&RuleChange]) -> String {
    let (blob, rule) = (changes[0].blob, &changes[0].rule);
    let [blob, owner] = [blob, plan.owner(blob)].map(|id| name(plan, id));
    let others = match changes.len() - 1 {
        0 => String::new(),
        more => format!(", nor those of {more} more"),
    };
    format!("{rule} does not decide the values of {blob}, which shares those of {owner}{others}")
}
