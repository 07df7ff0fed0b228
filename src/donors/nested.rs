//! Groups within the groups of layers, in formats that have groups: a layer `conv1/bn` is a group in that of `conv1`.

use std::collections::{HashMap, HashSet};

use crate::formats::{StoredLayer, StoredNet};

/// What groups within the groups of layers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nested {
    /// What they are for Caffe, which passes over them, unless it refuses a layer that has blobs because of them: then
    /// they are layers.
    AsCaffe,
    /// Layers.
    Layers,
}

/// Which groups of a donor are layers. Its layers are looked at one by one, those that hold others before these.
pub(super) struct Groups<'d> {
    nested: Nested,
    /// How many groups each layer's group holds.
    within: HashMap<&'d str, usize>,
    /// The layers looked at whose groups hold layers.
    holders: HashSet<&'d str>,
}

impl<'d> Groups<'d> {
    pub(super) fn new(donor: &'d StoredNet, nested: Nested) -> Groups<'d> {
        let mut within = HashMap::new();
        for (above, _) in donor.layers.iter().filter_map(|layer| layer.name.rsplit_once('/')) {
            *within.entry(above).or_default() += 1;
        }
        Groups { nested, within, holders: HashSet::new() }
    }

    /// How many groups count as blobs of this layer, for which the net's layer needs so many if it has one; `None` if
    /// its own group is not taken for a layer.
    pub(super) fn beside_blobs(&mut self, layer: &'d StoredLayer, needed: Option<usize>) -> Option<usize> {
        let count = self.within.get(&*layer.name).copied().unwrap_or(0);
        let too_many = !layer.blobs.is_empty() && needed.is_some_and(|needed| layer.blobs.len() + count > needed);
        let holds_layers = match layer.name.rsplit_once('/') {
            Some((above, _)) if self.holders.contains(above) => true,
            Some(_) => return None,
            None => self.nested == Nested::Layers || too_many,
        };
        if !holds_layers {
            return Some(count);
        }
        self.holders.insert(&layer.name);
        Some(0)
    }
}
