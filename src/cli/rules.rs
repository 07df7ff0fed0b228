//! The arguments that choose fillers for the net's blobs, and what came of them.

use clap::Args;

use super::report;
use crate::filler::{FillerRegistry, text};
use crate::plan::{Before, RuleChange, Saved};
use crate::rules::{Preset, Rule, Rules};
use crate::{Error, Plan};

/// How many blobs a note names.
const NAMED: usize = 6;

#[derive(Debug, Args)]
#[command(next_help_heading = "Fillers")]
pub(super) struct RuleArguments {
    /// Filler for weights that have none in the net
    ///
    /// It is for layers with a weight_filler field that the net leaves out. SPEC is a filler as in a net, such as
    /// 'type: "gaussian" std: 0.01', or in short form, such as gaussian:std=0.01. A filler with a single field takes
    /// the value alone, such as constant:1.
    #[arg(long, value_name = "SPEC")]
    weight_filler: Option<String>,

    /// Filler for biases that have none in the net
    ///
    /// It is for layers with a bias_filler field that the net leaves out.
    #[arg(long, value_name = "SPEC", hide_short_help = true)]
    bias_filler: Option<String>,

    /// Filler for matching blobs; may be repeated
    ///
    /// It replaces the filler that the net gives. Of several rules that match a blob, the last one wins.
    ///
    /// GLOB is matched against layer names: * matches any characters, ? any one character, [ab] one of these characters
    /// and {a,b} one of these words. BLOB is an index, weight or bias, or a name as inspect prints it, such as
    /// mean or W_hc; without it, the rule is for all blobs of the layers, biases included.
    ///
    /// What may be a BLOB after the last dot is always taken as one, and the first = ends the pattern. A backslash
    /// makes a dot or a = part of the name: 'features\.0=msra' is for the layer features.0.
    #[arg(long = "rule", value_name = "GLOB[.BLOB]=SPEC")]
    rules: Vec<String>,

    /// Fillers for benchmarks, where the net has none
    ///
    /// The only preset is benchmark, whose random weights make for a plausible forward pass. Weights are filled by
    /// msra, a BatchNorm has mean 0 and variance 1, biases stay 0 and scales 1. The last weights of each branch before
    /// a sum are smaller, so that the activations of residual nets do not explode. The other filler options take
    /// precedence.
    #[arg(long, value_name = "NAME")]
    preset: Option<Preset>,
}

impl RuleArguments {
    /// The rules asked for; later ones win.
    ///
    /// # Errors
    /// Everything that is wrong with their texts.
    pub(super) fn rules(&self, fillers: &FillerRegistry) -> crate::Result<Rules> {
        let weight = self.weight_filler.iter().map(|text| Rule::missing_weights("--weight-filler", text, fillers));
        let bias = self.bias_filler.iter().map(|text| Rule::missing_biases("--bias-filler", text, fillers));
        let given = self.rules.iter().map(|text| Rule::parse("--rule", text, fillers));
        let mut rules = Rules::default();
        if let Some(preset) = self.preset {
            rules.push_preset("--preset", preset);
        }
        let mut found = Vec::new();
        for rule in weight.chain(bias).chain(given) {
            match rule {
                Ok(rule) => rules.push(rule),
                Err(Error::Input(diagnostics)) => found.extend(diagnostics),
                Err(error) => return Err(error),
            }
        }
        if found.is_empty() { Ok(rules) } else { Err(Error::Input(found)) }
    }
}

/// Prints what the rules changed: a line for each kind of change. A blob that takes another's values is left out.
pub(super) fn print_changes(plan: &Plan) {
    let mut kinds: Vec<([String; 2], Vec<String>)> = Vec::new();
    for change in plan.changes.iter().filter(|change| plan.decides(change)) {
        let RuleChange { blob, rule, before, after, saved, .. } = change;
        let what = format!("with {} instead of {}{}", text(after), describe(before), unsaved(*saved));
        let kind = [rule.to_string(), what];
        let blob = format!("{}.{}", plan.layers[blob.layer].param.name(), blob.blob);
        match kinds.iter_mut().find(|(other, _)| *other == kind) {
            Some((_, blobs)) => blobs.push(blob),
            None => kinds.push((kind, vec![blob])),
        }
    }
    for ([rule, what], blobs) in kinds {
        report::note(&format!("{rule} fills {} {what}", list(&blobs)));
    }
}

fn describe(before: &Before) -> String {
    match before {
        Before::Filler(filler) => text(filler),
        Before::Default(_) => "no filler".to_owned(),
        Before::Given => "values of the net".to_owned(),
        Before::Zeros => "zeros".to_owned(),
    }
}

/// What the saved net does not tell.
fn unsaved(saved: Saved) -> String {
    match saved {
        Saved::Field(_) => String::new(),
        Saved::Shared(field) => format!(" (values only, {field} has other blobs too)"),
        Saved::NoField => " (values only, the layer has no field for it)".to_owned(),
    }
}

/// The first few blobs, and how many more; all if verbose.
fn list(blobs: &[String]) -> String {
    match blobs.len().checked_sub(NAMED) {
        Some(more) if more > 0 && !report::is_verbose() => format!("{} and {more} more", blobs[..NAMED].join(", ")),
        _ => blobs.join(", "),
    }
}
