//! Applies the caller's rules to the layers being planned, and keeps what they changed.

use std::sync::Arc;

use super::unmatched::Names;
use super::{BlobId, PlanOptions};
use crate::error::{Diagnostic, Error, Refusal, Result};
use crate::filler::FillerRegistry;
use crate::layer::{BlobSpec, BlobValues, Draw, FillerSpec, Setup};
use crate::net::{NetLayer, describe};
use crate::proto::caffe::{FillerParameter, LayerParameter};
use crate::proto::schema::MessageType;
use crate::rules::{BlobPlace, Damping, Rule, Rules, Selector, set_filler};

/// What a rule changed: a blob has another filler than the net would give it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RuleChange {
    /// The blob.
    pub blob: BlobId,
    /// The rule as it was given.
    pub rule: Arc<str>,
    /// Whether the rule names the blob by a pattern, whatever the net gives it.
    pub by_pattern: bool,
    /// What would make the blob's values without the rule.
    pub before: Before,
    /// The filler that makes them.
    pub after: Box<FillerParameter>,
    /// Where the saved layer tells of it.
    pub saved: Saved,
}

/// What would make a blob's values without a rule.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
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
#[non_exhaustive]
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
    fillers: &'a FillerRegistry,
    damping: Damping,
    /// The message of layers, by which they are saved.
    message: MessageType,
    /// For each rule whether it has matched a blob.
    used: Vec<bool>,
    changes: Vec<RuleChange>,
    names: Names,
}

/// For each blob of a layer the rule that decides it, if any.
pub(super) type Deciding<'a> = Vec<Option<&'a Rule>>;

impl<'a> Rulebook<'a> {
    /// The rules for a net with these layers.
    pub(super) fn new(options: &'a PlanOptions, layers: &[NetLayer], message: MessageType) -> Rulebook<'a> {
        let PlanOptions { rules, fillers, layers: types, .. } = options;
        let damping = rules.damping(layers.iter().map(|layer| &layer.param), types);
        let used = vec![false; rules.iter().len()];
        Rulebook { rules, fillers, damping, message, used, changes: Vec::new(), names: Names::default() }
    }

    /// Gives the blobs of the layer of index `index` their fillers: in what the layer's rule has answered and in the
    /// parameters that are saved.
    pub(super) fn apply(&mut self, index: usize, param: &mut LayerParameter, setup: &mut Setup) -> Deciding<'a> {
        if self.rules.iter().len() == 0 {
            return vec![None; setup.blobs.len()];
        }
        let roles = setup.blobs.iter().map(|blob| blob.role);
        self.names.push(param.name(), setup.blobs.len(), setup.operator.listed(roles));
        let damping = self.damping.factor(index);
        let first_change = self.changes.len();
        let mut deciding = Vec::with_capacity(setup.blobs.len());
        for (blob, spec) in setup.blobs.iter_mut().enumerate() {
            let place = BlobPlace { layer: param, operator: &setup.operator, index: blob, blob: spec, damping };
            let rule = self.decide(&place);
            deciding.push(rule);
            if let Some(rule) = rule {
                let after = rule.filler(&place, self.fillers);
                self.changes.extend(replace(spec, rule, after, BlobId { layer: index, blob }));
            }
        }
        add_draws(&mut setup.draws, &setup.blobs);
        save(&mut self.changes[first_change..], param, self.message, &setup.blobs);
        deciding
    }

    /// The last rule that matches a blob.
    fn decide(&mut self, place: &BlobPlace<'_>) -> Option<&'a Rule> {
        let mut last = None;
        for (rule, used) in self.rules.iter().zip(&mut self.used) {
            if rule.matches(place) {
                *used = true;
                last = Some(rule);
            }
        }
        last
    }

    /// What the rules changed, and a notice for each option that found nothing that it is for.
    ///
    /// # Errors
    /// A pattern matched nothing.
    pub(super) fn finish(self) -> Result<(Vec<RuleChange>, Vec<String>)> {
        let (mut unmatched, mut idle) = (Vec::new(), Vec::new());
        for (rule, _) in self.rules.iter().zip(&self.used).filter(|(_, used)| !**used) {
            match rule.selector() {
                Selector::Pattern(pattern) => unmatched.push(self.names.unmatched(rule, pattern)),
                Selector::Missing(field) => idle.push(format!("{rule} changes nothing: no layer lacks a {field}")),
                Selector::Preset(_) if self.has_used_part(rule) => {}
                Selector::Preset(_) => {
                    idle.push(format!("{rule} changes nothing: no layer that it knows lacks a filler"));
                }
            }
        }
        // The parts of a preset all say the same.
        idle.dedup();
        if unmatched.is_empty() { Ok((self.changes, idle)) } else { Err(Error::Input(unmatched)) }
    }

    /// Whether another rule of the same preset has matched a blob.
    fn has_used_part(&self, rule: &Rule) -> bool {
        let same_preset =
            |other: &Rule| matches!(other.selector(), Selector::Preset(_)) && rule.to_string() == other.to_string();
        self.rules.iter().zip(&self.used).any(|(other, used)| *used && same_preset(other))
    }
}

/// Gives a blob the filler that a rule has for it, and says what that changes.
fn replace(blob: &mut BlobSpec, rule: &Rule, after: FillerParameter, id: BlobId) -> Option<RuleChange> {
    let after = Box::new(after);
    let (before, field) = match &blob.values {
        BlobValues::Filled(spec) if spec.explicit && spec.param == after => return None,
        BlobValues::Filled(spec) if spec.explicit => (Before::Filler(spec.param.clone()), spec.field),
        BlobValues::Filled(spec) => (Before::Default(spec.param.clone()), spec.field),
        BlobValues::Given(_) | BlobValues::Fixed(_) => (Before::Given, ""),
        BlobValues::Zeros => (Before::Zeros, ""),
    };
    blob.values = BlobValues::Filled(FillerSpec { param: after.clone(), field, explicit: true });
    let by_pattern = matches!(rule.selector(), Selector::Pattern(_));
    Some(RuleChange { blob: id, rule: rule.to_string().into(), by_pattern, before, after, saved: Saved::NoField })
}

/// Adds the draws of blobs that were not filled before: each comes before the next blob that is drawn.
fn add_draws(draws: &mut Vec<Draw>, blobs: &[BlobSpec]) {
    for (index, blob) in blobs.iter().enumerate() {
        if !matches!(blob.values, BlobValues::Filled(_)) || draws.contains(&Draw::Blob(index)) {
            continue;
        }
        let later = |draw: &Draw| matches!(draw, Draw::Blob(other) if *other > index);
        draws.insert(draws.iter().position(later).unwrap_or(draws.len()), Draw::Blob(index));
    }
}

/// Writes the changed fillers into the layer, as far as its fields can tell of them.
fn save(changes: &mut [RuleChange], param: &mut LayerParameter, message: MessageType, blobs: &[BlobSpec]) {
    for change in changes {
        let BlobValues::Filled(FillerSpec { field, .. }) = blobs[change.blob.blob].values else { continue };
        let agrees = |blob: &BlobSpec| match &blob.values {
            BlobValues::Filled(spec) => spec.field != field || spec.param == change.after,
            BlobValues::Given(_) | BlobValues::Fixed(_) | BlobValues::Zeros => true,
        };
        change.saved = if field.is_empty() {
            Saved::NoField
        } else if !blobs.iter().all(agrees) {
            Saved::Shared(field)
        } else if set_filler(param, message, field, &change.after) {
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
