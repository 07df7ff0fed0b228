//! The limits that `--limit` sets, for all that a run reads and plans.

use std::sync::OnceLock;

use crate::limits::{LimitChange, Limits};

static LIMITS: OnceLock<Limits> = OnceLock::new();

/// Changes the limits of the run, once and before it reads anything.
pub(super) fn change(changes: &[LimitChange]) {
    let mut limits = Limits::default();
    changes.iter().for_each(|change| limits.change(*change));
    let _ = LIMITS.set(limits);
}

/// The limits of the run.
pub(super) fn current() -> Limits {
    *LIMITS.get_or_init(Limits::default)
}
