//! Which layers of two nets stand against each other.

use std::collections::{BTreeMap, HashMap};

use crate::formats::{StoredBlob, StoredLayer, StoredNet};

/// A layer with blobs and its counterpart; one of them may be missing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MatchedLayers<'a> {
    pub(super) a: Option<&'a StoredLayer>,
    pub(super) b: Option<&'a StoredLayer>,
    /// How many layers of this name come before it in its net.
    pub(super) occurrence: usize,
}

/// The blobs of one number.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MatchedBlobs<'a> {
    pub(super) a: Option<&'a StoredBlob>,
    pub(super) b: Option<&'a StoredBlob>,
}

impl<'a> MatchedLayers<'a> {
    /// The blobs of either layer by their numbers.
    pub(super) fn blobs(&self) -> BTreeMap<usize, MatchedBlobs<'a>> {
        let mut pairs: BTreeMap<usize, MatchedBlobs<'a>> = BTreeMap::new();
        for blob in self.a.iter().flat_map(|layer| &layer.blobs) {
            pairs.entry(blob.index).or_default().a = Some(blob);
        }
        for blob in self.b.iter().flat_map(|layer| &layer.blobs) {
            pairs.entry(blob.index).or_default().b = Some(blob);
        }
        pairs
    }
}

/// The layers that have blobs: only these are compared, as not every format stores the others.
fn with_blobs(net: &StoredNet) -> impl Iterator<Item = &StoredLayer> {
    net.layers.iter().filter(|layer| !layer.blobs.is_empty())
}

/// The first layer with blobs against the first, and so on.
pub(super) fn by_order<'a>(a: &'a StoredNet, b: &'a StoredNet) -> Vec<MatchedLayers<'a>> {
    let (mut a, mut b) = (with_blobs(a), with_blobs(b));
    let next = || Some(MatchedLayers { a: a.next(), b: b.next(), occurrence: 0 });
    std::iter::from_fn(next).take_while(|pair| pair.a.is_some() || pair.b.is_some()).collect()
}

/// Layers of one name against each other, the n-th of that name against the n-th: in the order of the first net, then
/// those of the second alone.
pub(super) fn by_name<'a>(a: &'a StoredNet, b: &'a StoredNet) -> Vec<MatchedLayers<'a>> {
    let mut pairs: Vec<MatchedLayers<'a>> = Vec::new();
    let mut places = HashMap::new();
    for (layer, occurrence) in counted(a) {
        places.insert((layer.name.as_str(), occurrence), pairs.len());
        pairs.push(MatchedLayers { a: Some(layer), b: None, occurrence });
    }
    for (layer, occurrence) in counted(b) {
        match places.get(&(layer.name.as_str(), occurrence)) {
            Some(&place) => pairs[place].b = Some(layer),
            None => pairs.push(MatchedLayers { a: None, b: Some(layer), occurrence }),
        }
    }
    pairs
}

/// The layers with blobs, each with the number of those before it that have its name.
fn counted(net: &StoredNet) -> impl Iterator<Item = (&StoredLayer, usize)> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    with_blobs(net).map(move |layer| {
        let count = seen.entry(&layer.name).or_default();
        *count += 1;
        (layer, *count - 1)
    })
}
