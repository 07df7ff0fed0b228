//! Rules for blobs that take the values of others.

use super::{Warning, WarningKind, name};
use crate::plan::{Plan, RuleChange};

impl Plan {
    /// Whether a rule's filler makes a blob's values: not where the blob shares those of another that has another
    /// filler. It draws by the rule's filler all the same.
    pub fn decides(&self, change: &RuleChange) -> bool {
        let Some(owner) = self.blob(change.blob).owner else { return true };
        self.blob(owner).filler().is_some_and(|spec| spec.param == change.after)
    }
}

/// A warning for each rule that names blobs which share the values of others.
pub(super) fn rules(plan: &Plan) -> Vec<Warning> {
    let idle = plan.changes.iter().filter(|change| change.by_pattern && !plan.decides(change));
    let mut by_rule: Vec<Vec<&RuleChange>> = Vec::new();
    for change in idle {
        match by_rule.iter_mut().find(|found| found[0].rule == change.rule) {
            Some(found) => found.push(change),
            None => by_rule.push(vec![change]),
        }
    }
    by_rule.iter().map(|changes| warning(plan, changes)).collect()
}

fn warning(plan: &Plan, changes: &[&RuleChange]) -> Warning {
    let (blob, rule) = (changes[0].blob, &changes[0].rule);
    let [blob, owner] = [blob, plan.owner(blob)].map(|id| name(plan, id));
    let others = match changes.len() - 1 {
        0 => String::new(),
        more => format!(", nor those of {more} more"),
    };
    let message = format!("{rule} does not decide the values of {blob}, which shares those of {owner}{others}");
    let help = format!("name {owner}: a blob that shares values only draws by its own filler, as in Caffe");
    Warning::new(WarningKind::OverruledRule, plan, changes.iter().map(|change| change.blob).collect(), message, help)
}
