//! The table of the kinds of warnings.

use std::fmt;

use super::{Scope, Warning, bilinear, constant, fan, ignored, overruled, signal, softmax, spread, variance, weights};

/// A kind of warnings: its name, its documentation and the function that finds what there is of it.
#[non_exhaustive]
pub struct WarningKind {
    /// What users call it, such as `zero-weights`.
    pub name: &'static str,
    /// What it is about, in a line.
    pub summary: &'static str,
    /// Why that is hardly meant, what is done about it and what is not warned about, in a few sentences.
    pub about: &'static str,
    find: fn(&'static WarningKind, Scope<'_>) -> Option<Warning>,
}

/// Every kind, in the order in which warnings are given.
pub static WARNINGS: &[WarningKind] = &[
    weights::KIND,
    ignored::KIND,
    spread::KIND,
    constant::KIND,
    bilinear::KIND,
    fan::KIND,
    variance::KIND,
    signal::KIND,
    softmax::KIND,
    overruled::KIND,
];

impl WarningKind {
    pub(super) const fn new(
        name: &'static str,
        summary: &'static str,
        about: &'static str,
        find: fn(&'static WarningKind, Scope<'_>) -> Option<Warning>,
    ) -> WarningKind {
        WarningKind { name, summary, about, find }
    }

    /// The kind of this name.
    pub fn get(name: &str) -> Option<&'static WarningKind> {
        WARNINGS.iter().find(|kind| kind.name == name)
    }

    /// The warning of this kind, if there is cause for one.
    pub(super) fn check(&'static self, scope: Scope<'_>) -> Option<Warning> {
        (self.find)(self, scope)
    }
}

impl fmt::Debug for WarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WarningKind").field(&self.name).finish()
    }
}

/// Kinds are told apart by their names.
impl PartialEq for WarningKind {
    fn eq(&self, other: &WarningKind) -> bool {
        self.name == other.name
    }
}

impl Eq for WarningKind {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_kind_is_unique_and_documented() {
        let names: HashSet<&str> = WARNINGS.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), WARNINGS.len());
        for kind in WARNINGS {
            assert!(kind.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{kind:?}");
            assert!(!kind.summary.is_empty() && !kind.summary.ends_with('.'), "{kind:?}");
            assert!(kind.about.ends_with('.'), "{kind:?}");
            assert_eq!(WarningKind::get(kind.name), Some(kind));
        }
    }
}
