//! The arguments that say what becomes of warnings.

use anyhow::bail;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::report;
use super::table::counted;
use crate::inspect::WarningReport;
use crate::plan::{WARNINGS, Warning, WarningKind};

#[derive(Debug, Args)]
#[command(next_help_heading = "Warnings")]
pub(super) struct WarningArguments {
    /// Treat warnings as errors
    ///
    /// With a warning, the exit code is 2 and no file is written.
    #[arg(long)]
    deny_warnings: bool,

    /// Silence a kind of warning; may be repeated
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kinds(), hide_short_help = true)]
    allow: Vec<&'static WarningKind>,
}

/// Reads the name of a kind.
fn kinds() -> impl TypedValueParser<Value = &'static WarningKind> {
    let names = WARNINGS.iter().map(|kind| PossibleValue::new(kind.name).help(kind.summary));
    PossibleValuesParser::new(names).try_map(|name| WarningKind::get(&name).ok_or("no such kind"))
}

impl WarningArguments {
    /// Settles how warnings are told: before the first of them.
    pub(super) fn apply(&self) {
        if self.deny_warnings {
            report::deny_warnings();
        }
    }

    /// Whether a kind of this name is not silenced.
    pub(super) fn lets(&self, kind: &str) -> bool {
        !self.allow.iter().any(|allowed| allowed.name == kind)
    }

    /// Prints the warnings that are not silenced, and how to silence them.
    pub(super) fn print(&self, warnings: impl Iterator<Item = Warning>) {
        let mut kinds = Vec::new();
        for warning in warnings.filter(|warning| self.lets(warning.kind.name)) {
            report::warning(&warning);
            kinds.push(warning.kind.name);
        }
        advise(&kinds);
    }

    /// The same of an inspection's, which have no places in a file.
    pub(super) fn print_reports(&self, warnings: &[WarningReport]) {
        for WarningReport { message, notes, help, .. } in warnings {
            report::warn(message, notes, help.clone());
        }
        advise(&warnings.iter().map(|warning| warning.kind).collect::<Vec<_>>());
    }

    /// Checks that nothing has been warned of, where that is denied.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        match report::warned() {
            found @ 1.. if self.deny_warnings => {
                bail!("--deny-warnings: {}", counted(found, "warning"));
            }
            _ => Ok(()),
        }
    }
}

/// Says how to silence warnings of these kinds.
fn advise(kinds: &[&str]) {
    if !kinds.is_empty() {
        report::note(&format!("--allow {} silences {}", kinds.join(","), if kinds.len() == 1 { "it" } else { "them" }));
    }
}
