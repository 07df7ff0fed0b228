//! Rules: fillers that the caller chooses for the blobs of a net.
//!
//! A rule says which blobs ([`Selector`]) get which filler ([`Spec`]). Rules are tried in order and the last one that
//! matches a blob decides; the walk over the net applies them ([`Plan::changes`](crate::Plan::changes) is what came of
//! it), and the filler goes into the saved layer where that has a field for it.
//!
//! A rule applies to every blob it matches, also to one that shares another's values: such a blob draws by its own
//! filler first, as Caffe does, and then takes the values of its owner. A pattern that matches no blob is an error.

mod blob_place;
mod damping;
mod pattern;
mod preset;
mod save;
mod short;
mod spec;

use std::fmt;
use std::sync::Arc;

use crate::error::{Location, Result};
use crate::filler::FillerRegistry;
use crate::given::Given;
use crate::layer::{BlobValues, Convolution, LayerRegistry, Operator, Role};
use crate::proto::caffe::{FillerParameter, LayerParameter};
use crate::proto::text::{Source, Span};

pub use blob_place::BlobPlace;
pub use damping::Damping;
pub use pattern::{BlobSelector, Pattern};
pub(crate) use pattern::{escaped, split_rule};
pub use preset::{Preset, PresetError};
pub(crate) use save::set_filler;
pub use spec::Spec;

/// Which blobs a rule is for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Selector {
    /// Those whose layer has a field of this name for a filler, such as `weight_filler`, that the net does not give.
    Missing(&'static str),
    /// Those that a pattern matches, with or without a filler.
    Pattern(Pattern),
    /// Those that a preset names, as long as the net gives neither filler nor values.
    Preset(&'static preset::Part),
}

/// A filler for some blobs of the net.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Rule {
    selector: Selector,
    spec: Spec,
    option: Arc<str>,
    text: Arc<str>,
}

impl Rule {
    /// Reads a rule `GLOB[.BLOB]=SPEC`; `option` is what messages call it. See [`Pattern`] and [`Spec`] for the parts.
    ///
    /// ```
    /// use caffemodel::filler::FillerRegistry;
    /// use caffemodel::rules::Rule;
    /// let rule = Rule::parse("--rule", "conv*.weight=gaussian:std=0.01", &FillerRegistry::default())?;
    /// assert_eq!(rule.spec().param().std(), 0.01);
    /// # Ok::<(), caffemodel::Error>(())
    /// ```
    ///
    /// # Errors
    /// The text is no rule; the error shows where.
    pub fn parse(option: &str, text: &str, fillers: &FillerRegistry) -> Result<Rule> {
        let (pattern, spec) = Pattern::split(option, text)?;
        let spec = Spec::parse(option, spec, fillers)?;
        Ok(Rule { selector: Selector::Pattern(pattern), spec, option: option.into(), text: text.into() })
    }

    /// A filler for the blobs whose layer has a field `weight_filler` that the net does not give.
    ///
    /// # Errors
    /// The text is no [`Spec`]; the error shows where.
    pub fn missing_weights(option: &str, text: &str, fillers: &FillerRegistry) -> Result<Rule> {
        Rule::missing("weight_filler", option, text, fillers)
    }

    /// A filler for the blobs whose layer has a field `bias_filler` that the net does not give.
    ///
    /// # Errors
    /// The text is no [`Spec`]; the error shows where.
    pub fn missing_biases(option: &str, text: &str, fillers: &FillerRegistry) -> Result<Rule> {
        Rule::missing("bias_filler", option, text, fillers)
    }

    fn missing(field: &'static str, option: &str, text: &str, fillers: &FillerRegistry) -> Result<Rule> {
        let spec = Spec::parse(option, text, fillers)?;
        Ok(Rule { selector: Selector::Missing(field), spec, option: option.into(), text: text.into() })
    }

    /// Which blobs it is for.
    pub fn selector(&self) -> &Selector {
        &self.selector
    }

    /// The filler.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Whether it is for a blob.
    pub fn matches(&self, place: &BlobPlace<'_>) -> bool {
        match &self.selector {
            Selector::Missing(name) => {
                let of_name = |field: &str| field.rsplit('.').next() == Some(name);
                matches!(&place.blob.values, BlobValues::Filled(spec) if !spec.explicit && of_name(spec.field))
            }
            Selector::Pattern(pattern) => pattern.matches_layer(place.layer.name()) && pattern.blob().matches(place),
            Selector::Preset(part) => part.matches(place),
        }
    }

    /// The filler that it gives to a blob: that of its spec, with the layer's `group` where the filler reads `groups`
    /// and the spec gives none. That of a preset is damped where the layer is.
    pub fn filler(&self, place: &BlobPlace<'_>, fillers: &FillerRegistry) -> FillerParameter {
        let mut param = self.spec.param().clone();
        let reads_groups = fillers.get(param.r#type()).is_some_and(|entry| entry.fields.contains(&"groups"));
        if place.blob.role != Role::Weight {
            return param;
        }
        if let Operator::Convolution(Convolution { group: group @ 2.., .. }) = place.operator
            && reads_groups
            && param.groups.is_none()
        {
            param.groups = u32::try_from(*group).ok();
        }
        match (&self.selector, place.damping) {
            (Selector::Preset(_), Some(factor)) => damping::damp(param, factor, &place.blob.shape, fillers),
            _ => param,
        }
    }

    /// The whole rule as a place for errors.
    pub(crate) fn location(&self) -> Location {
        let source = Source::new(Arc::clone(&self.option), self.text.as_bytes());
        source.location(Span { start: 0, end: self.text.len() })
    }
}

/// The rule as it was given: the option and its text, in quotes where a shell needs them.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Given { option: &self.option, value: &self.text }.fmt(f)
    }
}

/// Rules in order: of those that match a blob, the last decides.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    rules: Vec<Rule>,
}

impl Rules {
    /// Adds a rule that wins over those before it.
    pub fn push(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// Adds the rules of a preset; `option` is what messages call it.
    pub fn push_preset(&mut self, option: &str, preset: Preset) {
        self.rules.extend(preset.rules(option));
    }

    /// The rules in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The layers that a preset among them damps, of a net with these layers in order.
    pub(crate) fn damping<'a>(
        &self,
        layers: impl Iterator<Item = &'a LayerParameter>,
        types: &'a LayerRegistry,
    ) -> Damping {
        let has_preset = self.rules.iter().any(|rule| matches!(rule.selector, Selector::Preset(_)));
        if has_preset { Damping::of(layers, types) } else { Damping::default() }
    }

    /// The options that make these rules, each once, in order.
    pub fn options(&self) -> Vec<String> {
        let mut options: Vec<String> = self.rules.iter().map(Rule::to_string).collect();
        options.dedup();
        options
    }
}
