//! Which layers and blobs are looked at.

use super::Subject;
use super::subject::pairs;
use crate::Plan;
use crate::layer::{Operator, Role};
use crate::plan::{BlobId, Warning};
use crate::rules::{BlobSelector, Pattern};

/// The layers and blobs that some patterns name and others do not.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct BlobSelection {
    /// What is selected; everything, where there are no patterns.
    pub only: Vec<Pattern>,
    /// What is not selected all the same.
    pub except: Vec<Pattern>,
}

impl BlobSelection {
    /// Whether the layer of this name is selected, or some of its blobs may be.
    pub fn layer(&self, name: &str) -> bool {
        let only = self.only.is_empty() || self.only.iter().any(|pattern| pattern.matches_layer(name));
        let whole = |pattern: &Pattern| pattern.matches_layer(name) && pattern.blob() == BlobSelector::All;
        only && !self.except.iter().any(whole)
    }

    /// Whether the blob of this index is selected in the layer of this name; role and operator are known of a planned
    /// one.
    pub fn blob(&self, layer: &str, index: usize, role: Option<Role>, operator: Option<&Operator>) -> bool {
        let names = |pattern: &Pattern| names(pattern, layer, index, role, operator);
        (self.only.is_empty() || self.only.iter().any(names)) && !self.except.iter().any(names)
    }

    /// The first pattern that names no layer and no blob of the subject, which can only be a mistake.
    pub fn idle(&self, subject: &Subject<'_>) -> Option<&Pattern> {
        let pairs = pairs(subject);
        let meant = |pattern: &Pattern| {
            pairs.iter().any(|pair| match pattern.blob() {
                BlobSelector::All => pattern.matches_layer(pair.name()),
                _ => pair
                    .blobs(subject.plan)
                    .any(|(index, blob)| names(pattern, pair.name(), index, blob.role(), blob.operator())),
            })
        };
        self.only.iter().chain(&self.except).find(|pattern| !meant(pattern))
    }

    /// The plan's warnings about the selected blobs.
    pub fn warnings(&self, plan: &Plan) -> Vec<Warning> {
        plan.warnings_among(&|id: BlobId| {
            let layer = &plan.layers[id.layer];
            self.blob(layer.param.name(), id.blob, Some(plan.blob(id).role), Some(&layer.operator))
        })
    }
}

/// Whether the pattern names the blob of this index and role in the layer of this name.
fn names(pattern: &Pattern, layer: &str, index: usize, role: Option<Role>, operator: Option<&Operator>) -> bool {
    pattern.blob().selects(index, role, operator) && pattern.matches_layer(layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(only: &[&str], except: &[&str]) -> BlobSelection {
        let patterns = |texts: &[&str]| texts.iter().map(|text| Pattern::parse("test", text).unwrap()).collect();
        BlobSelection { only: patterns(only), except: patterns(except) }
    }

    #[test]
    fn everything_is_selected_by_default() {
        assert!(BlobSelection::default().layer("conv1") && BlobSelection::default().blob("conv1", 0, None, None));
    }

    #[test]
    fn layers_by_name() {
        let convolutions = selection(&["conv*"], &["conv2"]);
        let selected: Vec<bool> = ["conv1", "conv2", "ip1"].iter().map(|name| convolutions.layer(name)).collect();
        assert_eq!(selected, [true, false, false]);
        assert!(convolutions.blob("conv1", 1, None, None));
    }

    #[test]
    fn blobs_by_role_or_index() {
        let weights = selection(&["*.weight"], &["ip*.0"]);
        assert!(weights.layer("conv1") && weights.layer("ip1"));
        assert!(weights.blob("conv1", 0, Some(Role::Weight), None));
        assert!(!weights.blob("conv1", 1, Some(Role::Bias), None));
        assert!(!weights.blob("conv1", 0, None, None));
        assert!(!weights.blob("ip1", 0, Some(Role::Weight), None));
    }
}
