//! The layer types and fillers that a net names, whatever message they stand in.

use std::collections::{BTreeSet, HashMap};

use super::locate::Origin;
use crate::dialect::{Dialect, Vocabulary};
use crate::proto::fields::Fields;
use crate::proto::schema::{Kind, MessageType};

/// What a net names.
#[derive(Debug, Default)]
pub(crate) struct Census {
    /// The types of its layers, those of older formats left out.
    pub(crate) layer_types: BTreeSet<String>,
    pub(crate) fillers: BTreeSet<String>,
    /// Whether it has `input` fields.
    pub(crate) has_inputs: bool,
    /// Whether several layers read one blob, those of the current format looked at.
    pub(crate) has_shared_blobs: bool,
    /// Whether it has layers of the V1 format or the V0 format.
    pub(crate) has_old_layers: bool,
    /// What a dialect does not know of it, each name once, in the order of the net.
    pub(crate) unknown: Vec<UnknownName>,
    /// How many of its layers have a number of bottoms or tops that their type does not take in the dialect.
    pub(crate) unconnected: usize,
}

/// A name that a dialect does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownName {
    pub(crate) what: &'static str,
    pub(crate) name: String,
    /// The layer that has it first.
    pub(crate) layer: Option<Origin>,
}

impl Census {
    /// Goes through an encoded message, by the numbers of the union, and looks its names up in a dialect.
    pub(crate) fn of(bytes: &[u8], message: MessageType, dialect: &Dialect, vocabulary: &dyn Vocabulary) -> Census {
        let mut walk = Walk {
            dialect,
            vocabulary,
            census: Census::default(),
            layer: None,
            readers: HashMap::new(),
            counts: [0; 2],
        };
        walk.message(bytes, message);
        walk.census.has_old_layers = walk.counts[1] > 0;
        walk.census
    }

    /// How much the dialect lacks: names first, then layers that it cannot connect.
    pub(crate) fn lacks(&self) -> [usize; 2] {
        [self.unknown.len(), self.unconnected]
    }
}

struct Walk<'a> {
    dialect: &'a Dialect,
    vocabulary: &'a dyn Vocabulary,
    census: Census,
    /// The layer at hand.
    layer: Option<Origin>,
    /// How many layers have read each blob since a layer made it.
    readers: HashMap<&'a [u8], usize>,
    /// How many layers of the current format and of the older ones there were.
    counts: [usize; 2],
}

impl<'a> Walk<'a> {
    fn message(&mut self, bytes: &'a [u8], message: MessageType) {
        for field in Fields::new(bytes, 0, message.name()).map_while(Result::ok) {
            let Some(known) = message.field(field.number) else { continue };
            match (known.kind(), message.name(), known.name()) {
                (Kind::Message(inner), ..) if inner.name() == "BlobProto" => {}
                (Kind::Message(inner), "NetParameter", name) => {
                    self.layer = self.origin(name);
                    if name == "layer" {
                        self.connections(field.body, inner);
                    }
                    self.message(field.body, inner);
                }
                (Kind::Message(inner), ..) => self.message(field.body, inner),
                (Kind::String, "LayerParameter", "type") => self.layer_type(&String::from_utf8_lossy(field.body)),
                (Kind::String, "FillerParameter", "type") => self.filler(&String::from_utf8_lossy(field.body)),
                (Kind::String, "NetParameter", "input") => self.census.has_inputs = true,
                _ => {}
            }
        }
    }

    /// Counts what a layer reads and makes.
    fn connections(&mut self, layer: &'a [u8], message: MessageType) {
        let (mut name, mut bottoms, mut tops) = (None, 0, Vec::new());
        for field in Fields::new(layer, 0, message.name()).map_while(Result::ok) {
            match message.field(field.number).map(|field| field.name()) {
                Some("type") => name = Some(String::from_utf8_lossy(field.body)),
                Some("bottom") => {
                    bottoms += 1;
                    let readers = self.readers.entry(field.body).or_default();
                    *readers += 1;
                    self.census.has_shared_blobs |= *readers > 1;
                }
                Some("top") => tops.push(field.body),
                _ => {}
            }
        }
        let name = name.unwrap_or_default();
        self.census.unconnected += usize::from(!self.vocabulary.connects(self.dialect, &name, bottoms, tops.len()));
        for top in tops {
            self.readers.insert(top, 0);
        }
    }

    fn origin(&mut self, name: &str) -> Option<Origin> {
        let place = ["layer", "layers"].into_iter().position(|field| field == name)?;
        let index = self.counts[place];
        self.counts[place] += 1;
        Some(Origin { field: ["layer", "layers"][place], index })
    }

    fn layer_type(&mut self, name: &str) {
        if self.census.layer_types.contains(name) {
            return;
        }
        self.census.layer_types.insert(name.to_owned());
        if !name.is_empty() && !self.vocabulary.knows_layer_type(self.dialect, name) {
            self.unknown("layer type", name);
        }
    }

    fn filler(&mut self, name: &str) {
        if self.census.fillers.contains(name) {
            return;
        }
        self.census.fillers.insert(name.to_owned());
        if !self.vocabulary.knows_filler(self.dialect, name) {
            self.unknown("filler", name);
        }
    }

    fn unknown(&mut self, what: &'static str, name: &str) {
        self.census.unknown.push(UnknownName { what, name: name.to_owned(), layer: self.layer });
    }
}
