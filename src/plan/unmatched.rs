//! Why a rule matches no blob, and what was meant.

use crate::error::Diagnostic;
use crate::proto::text::closest;
use crate::rules::{BlobSelector, Pattern, Rule};

/// What may stand behind the last dot of a pattern.
const BLOBS: &str = "after the last dot comes weight, bias or the index of a blob";

/// The layers met so far.
#[derive(Default)]
pub(super) struct Names {
    layers: Vec<MetLayer>,
}

/// A layer: its name, how many blobs it has, and what they are.
struct MetLayer {
    name: String,
    blobs: usize,
    listed: String,
}

impl Names {
    pub(super) fn push(&mut self, layer: &str, blobs: usize, listed: String) {
        self.layers.push(MetLayer { name: layer.to_owned(), blobs, listed });
    }

    /// What to say of a rule whose pattern matches no blob.
    pub(super) fn unmatched(&self, rule: &Rule, pattern: &Pattern) -> Diagnostic {
        let glob = pattern.glob();
        let (message, help) = match self.most_blobs(pattern) {
            Some(most) => no_blob(glob, pattern.blob(), most),
            None => (format!("no layer's name matches {glob:?}"), self.meant(pattern)),
        };
        Diagnostic { message, location: Some(rule.location()), help: help.map(Into::into) }
    }

    /// The layer with the most blobs of those that the pattern matches; none if it matches no layer.
    fn most_blobs(&self, pattern: &Pattern) -> Option<&MetLayer> {
        // The first of those with the most.
        self.layers.iter().rev().filter(|layer| pattern.matches_layer(&layer.name)).max_by_key(|layer| layer.blobs)
    }

    /// What was meant by a pattern that matches no layer.
    fn meant(&self, pattern: &Pattern) -> Option<String> {
        let text = pattern.text();
        let (layer, last) = text.rsplit_once('.').unwrap_or((text, ""));
        let mut names = self.layers.iter().filter(|layer| layer.blobs > 0).map(|layer| layer.name.as_str());
        if names.clone().any(|name| name == text) {
            return Some(format!("the layer {text:?} is written {layer}\\.{last}"));
        }
        if pattern.blob() == BlobSelector::All && text.contains('.') {
            // Would it match with a blob in the place of what stands behind the dot?
            let near = closest(last, ["weight", "bias"].into_iter());
            let with_blob = format!("{layer}.{}", near.unwrap_or("weight"));
            if Pattern::parse("", &with_blob).is_ok_and(|pattern| self.most_blobs(&pattern).is_some()) {
                return Some(near.map_or_else(|| BLOBS.to_owned(), |_| format!("did you mean {with_blob:?}? {BLOBS}")));
            }
        }
        closest(pattern.glob(), &mut names).map(|near| format!("did you mean {near:?}?"))
    }
}

/// What to say where the layers that a glob matches, among which `most` has the most blobs, have not the blob.
fn no_blob(glob: &str, blob: BlobSelector, most: &MetLayer) -> (String, Option<String>) {
    let start = format!("no layer whose name matches {glob:?} has");
    let names = || Some(format!("the blobs of layer {:?} are {}", most.name, most.listed));
    match blob {
        _ if most.blobs == 0 => (format!("{start} blobs"), None),
        BlobSelector::All => (format!("{start} blobs"), None),
        BlobSelector::Index(index) => {
            (format!("{start} a blob {index}"), Some(format!("the last one is blob {}", most.blobs - 1)))
        }
        BlobSelector::Role(role) => (format!("{start} a {role}"), names()),
        BlobSelector::Name(name) => (format!("{start} a {name}"), names()),
    }
}
