//! Applies the caller's rules to the layers being planned, and keeps what they changed.

use std::sync::Arc;

use super::BlobId;
use crate::error::{Diagnostic, Error, Refusal, Result};
use crate::layer::{BlobSpec, Draw, FillerSpec, Setup, Values};
use crate::net::describe;
use crate::proto::caffe::{FillerParameter, LayerParameter};
use crate::proto::text::closest;
use crate::rules::{BlobSelector, Pattern, Rule, Rules, Selector, set_filler};

/// What a rule changed: a blob has another filler than the net would give it.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleChange {
    /// The blob.
    pub blob: BlobId,
    /// The rule as it was given.
    pub rule: Arc<str>,
    /// What would make the blob's values without the rule.
    pub before: Before,
    /// The filler that makes them.
    pub after: Box<FillerParameter>,
    /// Where the saved layer tells of it.
    pub saved: Saved,
}

/// What would make a blob's values without a rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Before {
    /// A filler that the net gives.
    Filler(Box<FillerParameter>),
    /// The layer type's default, since the net gives no filler.
    Default(Box<FillerParameter>),
    /// Values that the net gives.
    Given,
    /// Zeros, since the layer type has no filler there.
    Zeros,
}

/// Where a saved layer tells of a rule's filler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// In this field.
    Field(&'static str),
    /// Nowhere: this field is also for other blobs of the layer, which have another filler. It stays as it was.
    Shared(&'static str),
    /// Nowhere: the layer type has no field for a filler of this blob.
    NoField,
}

/// The rules, and what has come of them so far.
pub(super) struct Rulebook<'a> {
    rules: &'a Rules,
    /// For each rule whether it has matched a blob.
    used: Vec<bool>,
    changes: Vec<RuleChange>,
    /// The layers with blobs: their names, and how many blobs they have.
    layers: Vec<(String, usize)>,
}

/// For each blob of a layer the rule that decides it, if any.
pub(super) type Deciding<'a> = Vec<Option<&'a Rule>>;

impl<'a> Rulebook<'a> {
    pub(super) fn new(rules: &'a Rules) -> Rulebook<'a> {
        Rulebook { rules, used: vec![false; rules.iter().len()], changes: Vec::new(), layers: Vec::new() }
    }

    /// Gives the blobs of the layer of index `index` their fillers: in what the layer's rule has answered and in the
    /// parameters that are saved.
    pub(super) fn apply(&mut self, index: usize, param: &mut LayerParameter, setup: &mut Setup) -> Deciding<'a> {
        if self.rules.iter().len() == 0 {
            return vec![None; setup.blobs.len()];
        }
        self.layers.push((param.name().to_owned(), setup.blobs.len()));
        let deciding: Deciding<'a> =
            setup.blobs.iter().enumerate().map(|(blob, spec)| self.decide(param, blob, spec)).collect();
        let first_change = self.changes.len();
        for (blob, rule) in deciding.iter().enumerate() {
            let Some(rule) = rule else { continue };
            let id = BlobId { layer: index, blob };
            self.changes.extend(replace(&mut setup.blobs[blob], rule, id));
        }
        add_draws(&mut setup.draws, &setup.blobs);
        save(&mut self.changes[first_change..], param, &setup.blobs);
        deciding
    }

    /// The last rule that matches a blob.
    fn decide(&mut self, layer: &LayerParameter, index: usize, blob: &BlobSpec) -> Option<&'a Rule> {
        let mut last = None;
        for (rule, used) in self.rules.iter().zip(&mut self.used) {
            if rule.matches(layer, index, blob) {
                *used = true;
                last = Some(rule);
            }
        }
        last
    }

    /// What the rules changed.
    ///
    /// # Errors
    /// A rule, or all rules of a preset, matched nothing.
    pub(super) fn finish(self) -> Result<Vec<RuleChange>> {
        let mut unused: Vec<Diagnostic> = (self.rules.iter().zip(&self.used))
            .filter(|(rule, used)| !**used && !self.has_used_part(rule))
            .map(|(rule, _)| self.unused(rule))
            .collect();
        // The parts of a preset all say the same.
        unused.dedup();
        if unused.is_empty() { Ok(self.changes) } else { Err(Error::Input(unused)) }
    }

    /// Whether another rule of the same preset has matched a blob.
    fn has_used_part(&self, rule: &Rule) -> bool {
        let same_preset = |other: &Rule| {
            matches!((rule.selector(), other.selector()), (Selector::Preset(_), Selector::Preset(_)))
                && rule.to_string() == other.to_string()
        };
        self.rules.iter().zip(&self.used).any(|(other, used)| *used && same_preset(other))
    }

    fn unused(&self, rule: &Rule) -> Diagnostic {
        let (message, help) = match rule.selector() {
            Selector::Missing(field) => {
                let help = "--rule replaces the fillers that a net has";
                (format!("no layer of the net lacks a {field}"), Some(help.to_owned()))
            }
            Selector::Preset(_) => {
                let message = "the preset changes nothing: no layer that it knows lacks a filler";
                (message.to_owned(), None)
            }
            Selector::Pattern(pattern) => self.unmatched(pattern),
        };
        Diagnostic { message, location: Some(rule.location()), help }
    }

    /// Why a pattern matches no blob, and what was meant.
    fn unmatched(&self, pattern: &Pattern) -> (String, Option<String>) {
        let glob = pattern.glob();
        let matched = self.layers.iter().filter(|(name, _)| pattern.matches_layer(name)).map(|&(_, blobs)| blobs);
        if let Some(most) = matched.max() {
            return no_blob(glob, pattern.blob(), most);
        }
        let mut names = self.layers.iter().filter(|(_, blobs)| *blobs > 0).map(|(name, _)| name.as_str());
        let help = if names.clone().any(|name| name == pattern.text()) {
            let (layer, blob) = pattern.text().rsplit_once('.').unwrap_or((glob, ""));
            Some(format!("the layer {:?} is written {layer}\\.{blob}", pattern.text()))
        } else {
            closest(glob, &mut names).map(|near| format!("did you mean {near:?}?"))
        };
        (format!("no layer's name matches {glob:?}"), help)
    }
}

/// What to say where the layers that a glob matches, of at most `most` blobs, have not the blob.
fn no_blob(glob: &str, blob: BlobSelector, most: usize) -> (String, Option<String>) {
    let start = format!("no layer whose name matches {glob:?} has");
    match blob {
        _ if most == 0 => (format!("{start} blobs"), None),
        BlobSelector::All => (format!("{start} blobs"), None),
        BlobSelector::Index(index) => {
            (format!("{start} a blob {index}"), Some(format!("the last one is blob {}", most - 1)))
        }
        BlobSelector::Role(role) => {
            (format!("{start} a {}", format!("{role:?}").to_lowercase()), Some("name the blob by its index".to_owned()))
        }
    }
}

/// Gives a blob the rule's filler, and says what that changes.
fn replace(blob: &mut BlobSpec, rule: &Rule, id: BlobId) -> Option<RuleChange> {
    let after = Box::new(rule.spec().param().clone());
    let (before, field) = match &blob.values {
        Values::Filled(spec) if spec.explicit && spec.param == after => return None,
        Values::Filled(spec) if spec.explicit => (Before::Filler(spec.param.clone()), spec.field),
        Values::Filled(spec) => (Before::Default(spec.param.clone()), spec.field),
        Values::Given(_) => (Before::Given, ""),
        Values::Zeros => (Before::Zeros, ""),
    };
    blob.values = Values::Filled(FillerSpec { param: after.clone(), field, explicit: true });
    Some(RuleChange { blob: id, rule: rule.to_string().into(), before, after, saved: Saved::NoField })
}

/// Adds the draws of blobs that were not filled before: each comes before the next blob that is drawn.
fn add_draws(draws: &mut Vec<Draw>, blobs: &[BlobSpec]) {
    for (index, blob) in blobs.iter().enumerate() {
        if !matches!(blob.values, Values::Filled(_)) || draws.contains(&Draw::Blob(index)) {
            continue;
        }
        let later = |draw: &Draw| matches!(draw, Draw::Blob(other) if *other > index);
        draws.insert(draws.iter().position(later).unwrap_or(draws.len()), Draw::Blob(index));
    }
}

/// Writes the changed fillers into the layer, as far as its fields can tell of them.
fn save(changes: &mut [RuleChange], param: &mut LayerParameter, blobs: &[BlobSpec]) {
    for change in changes {
        let Values::Filled(FillerSpec { field, .. }) = blobs[change.blob.blob].values else { continue };
        let agrees = |blob: &BlobSpec| match &blob.values {
            Values::Filled(spec) => spec.field != field || spec.param == change.after,
            Values::Given(_) | Values::Zeros => true,
        };
        change.saved = if field.is_empty() {
            Saved::NoField
        } else if !blobs.iter().all(agrees) {
            Saved::Shared(field)
        } else if set_filler(param, field, &change.after) {
            Saved::Field(field)
        } else {
            Saved::NoField
        };
    }
}

/// What to say where the filler of a rule does not suit a blob.
pub(super) fn refused(rule: &Rule, layer: &LayerParameter, index: usize, refusal: Refusal) -> Diagnostic {
    let Refusal { message, field, help } = refusal;
    let layer = describe(layer);
    Diagnostic {
        message: format!("{rule} does not suit {layer}, blob {index}: {message}"),
        location: Some(rule.spec().location(field)),
        help,
    }
}
