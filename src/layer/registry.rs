//! The table of layer types.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{Setup, SetupContext};
use crate::error::{Refusal, ensure};

/// How many bottoms or tops a layer type takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Arity {
    /// The fewest.
    pub min: usize,
    /// The most, or `None` for any number.
    pub max: Option<usize>,
}

impl Arity {
    /// Exactly `n`.
    pub const fn exactly(n: usize) -> Arity {
        Arity { min: n, max: Some(n) }
    }

    /// `n` or more.
    pub const fn at_least(n: usize) -> Arity {
        Arity { min: n, max: None }
    }

    /// From `min` to `max`.
    pub const fn between(min: usize, max: usize) -> Arity {
        Arity { min, max: Some(max) }
    }

    /// The number with its noun: `1 top`, `2 to 3 bottoms`.
    pub(crate) fn of(self, noun: &str) -> String {
        let one = self.max.unwrap_or(self.min) == 1;
        format!("{self} {noun}{}", if one { "" } else { "s" })
    }

    /// Whether `n` will do.
    pub fn allows(self, n: usize) -> bool {
        n >= self.min && self.max.is_none_or(|max| n <= max)
    }
}

impl fmt::Display for Arity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.max {
            Some(max) if max == self.min => write!(f, "{max}"),
            Some(max) => write!(f, "{} to {max}", self.min),
            None => write!(f, "at least {}", self.min),
        }
    }
}

/// A layer's rule: from what it sees of the net to its shapes, blobs and draws.
///
/// Implemented by every matching function; implement it yourself for a layer type with state.
pub trait Layer: Send + Sync {
    /// Sets the layer up. The numbers of bottoms and tops have been checked against the [`LayerType`].
    ///
    /// # Errors
    /// Caffe would refuse the layer, or would do something undefined.
    fn setup(&self, ctx: &SetupContext<'_>) -> Result<Setup, Refusal>;
}

impl<F: Fn(&SetupContext<'_>) -> Result<Setup, Refusal> + Send + Sync> Layer for F {
    fn setup(&self, ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
        self(ctx)
    }
}

/// One entry of the table: a layer type with its documentation and its rule.
pub struct LayerType {
    /// The `type` of a layer.
    pub name: &'static str,
    /// Its name in the enum `V1LayerParameter.LayerType`, where the old format has it.
    pub v1_name: Option<&'static str>,
    /// What the layer does, in a line.
    pub summary: &'static str,
    /// The fields of `LayerParameter` that hold its settings.
    pub params: &'static [&'static str],
    /// How many bottoms it takes.
    pub bottoms: Arity,
    /// How many tops it makes.
    pub tops: Arity,
    /// Whether there must be as many tops as bottoms.
    pub tops_match_bottoms: bool,
    /// Whether tops missing from the net, up to the smallest number allowed, are added without a name.
    pub auto_tops: bool,
    /// The rule.
    pub layer: &'static dyn Layer,
}

impl fmt::Debug for LayerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayerType").field("name", &self.name).finish_non_exhaustive()
    }
}

impl LayerType {
    /// An entry for a type without a V1 name, whose tops are all named in the net.
    pub const fn new(
        name: &'static str,
        summary: &'static str,
        bottoms: Arity,
        tops: Arity,
        layer: &'static dyn Layer,
    ) -> LayerType {
        LayerType {
            name,
            v1_name: None,
            summary,
            params: &[],
            bottoms,
            tops,
            tops_match_bottoms: false,
            auto_tops: false,
            layer,
        }
    }

    /// Gives the entry its V1 name.
    #[must_use]
    pub const fn v1(mut self, name: &'static str) -> LayerType {
        self.v1_name = Some(name);
        self
    }

    /// Names the fields of `LayerParameter` that hold the settings.
    #[must_use]
    pub const fn params(mut self, params: &'static [&'static str]) -> LayerType {
        self.params = params;
        self
    }

    /// Asks for as many tops as bottoms.
    #[must_use]
    pub const fn matching_tops(mut self) -> LayerType {
        self.tops_match_bottoms = true;
        self
    }

    /// Has missing tops added without a name.
    #[must_use]
    pub const fn auto_tops(mut self) -> LayerType {
        self.auto_tops = true;
        self
    }

    /// Checks the numbers of bottoms and tops (automatic ones included).
    ///
    /// # Errors
    /// The type does not take that many.
    pub fn check_counts(&self, bottoms: usize, tops: usize) -> Result<(), Refusal> {
        let name = self.name;
        let (takes, makes) = (self.bottoms, self.tops);
        ensure!(takes.allows(bottoms), "bottom", "{name} takes {}, {bottoms} given", takes.of("bottom"));
        ensure!(makes.allows(tops), "top", "{name} makes {}, {tops} given", makes.of("top"));
        ensure!(
            !self.tops_match_bottoms || tops == bottoms,
            "top",
            "{name} makes one top for each bottom: {bottoms} bottoms, {tops} tops"
        );
        Ok(())
    }
}

/// Every layer type of BVLC Caffe, family by family.
pub static LAYERS: &[&[LayerType]] = &[
    super::accuracy::TYPES,
    super::argmax::TYPES,
    super::batch_norm::TYPES,
    super::batch_reindex::TYPES,
    super::bias::TYPES,
    super::concat::TYPES,
    super::convolution::TYPES,
    super::crop::TYPES,
    super::data::TYPES,
    super::eltwise::TYPES,
    super::embed::TYPES,
    super::filter::TYPES,
    super::flatten::TYPES,
    super::im2col::TYPES,
    super::inner_product::TYPES,
    super::input::TYPES,
    super::loss::TYPES,
    super::lrn::TYPES,
    super::lstm_unit::TYPES,
    super::mvn::TYPES,
    super::neuron::TYPES,
    super::output::TYPES,
    super::parameter::TYPES,
    super::pooling::TYPES,
    super::prelu::TYPES,
    super::python::TYPES,
    super::recurrent::TYPES,
    super::reduction::TYPES,
    super::reshape::TYPES,
    super::scale::TYPES,
    super::slice::TYPES,
    super::softmax::TYPES,
    super::split::TYPES,
    super::spp::TYPES,
    super::tile::TYPES,
];

/// The layer types that a net may use: Caffe's, and those that a user of the library adds.
#[derive(Debug, Clone)]
pub struct Registry {
    types: BTreeMap<&'static str, &'static LayerType>,
}

impl Default for Registry {
    fn default() -> Registry {
        Registry { types: LAYERS.iter().copied().flatten().map(|entry| (entry.name, entry)).collect() }
    }
}

impl Registry {
    /// The layer type of this name; names are case-sensitive.
    pub fn get(&self, name: &str) -> Option<&'static LayerType> {
        self.types.get(name).copied()
    }

    /// Adds a layer type, and returns the one of the same name that it replaces, if any.
    pub fn register(&mut self, entry: &'static LayerType) -> Option<&'static LayerType> {
        self.types.insert(entry.name, entry)
    }

    /// All layer types in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &'static LayerType> + '_ {
        self.types.values().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::proto::descriptor;

    fn entries() -> impl Iterator<Item = &'static LayerType> {
        LAYERS.iter().copied().flatten()
    }

    #[test]
    fn every_entry_is_unique_and_documented() {
        let mut names = HashSet::new();
        for entry in entries() {
            assert!(names.insert(entry.name), "{} is registered twice", entry.name);
            let starts_a_sentence = entry.summary.starts_with(|c: char| c.is_ascii_uppercase());
            assert!(starts_a_sentence && !entry.summary.ends_with('.'), "{}: {}", entry.name, entry.summary);
        }
    }

    #[test]
    fn every_setting_belongs_to_a_type() {
        let layer = descriptor("LayerParameter");
        let claimed: HashSet<&str> = entries().flat_map(|entry| entry.params).copied().collect();
        let settings: HashSet<String> = layer
            .fields()
            .filter(|field| field.name().ends_with("_param") && field.kind().message().is_some())
            .map(|field| field.name().to_owned())
            .collect();
        assert_eq!(claimed, settings.iter().map(String::as_str).collect());
    }
}
