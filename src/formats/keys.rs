//! Flat lists of arrays whose keys name a layer and a number.

use std::collections::{HashMap, HashSet};

use super::{SavedBlob, SavedLayer, SavedNet, StoredBlob, StoredLayer, StoredNet};
use crate::error::Refusal;

/// The layers of a list of arrays, in the order in which they first appear.
///
/// An array whose key has no number is blob 0 of the layer that the key names, unless that has blobs by number. Arrays
/// that are no blobs are passed over.
pub(super) struct KeyedLayers {
    separator: char,
    layers: Vec<StoredLayer>,
    by_name: HashMap<String, usize>,
    /// The layers that have blobs by number.
    numbered: HashSet<String>,
    /// Why arrays are passed over, with the keys of those that are.
    passed: Vec<(String, Vec<String>)>,
}

impl KeyedLayers {
    /// The layers of arrays with these keys.
    pub(super) fn new<'k>(keys: impl IntoIterator<Item = &'k str>, separator: char) -> KeyedLayers {
        let numbered = keys.into_iter().filter_map(|key| Some(split(key, separator)?.0.to_owned()));
        KeyedLayers {
            separator,
            layers: Vec::new(),
            by_name: HashMap::new(),
            numbered: numbered.collect(),
            passed: Vec::new(),
        }
    }

    /// Enters the array of this key; `make` makes it the blob of some number.
    ///
    /// # Errors
    /// The array has the key of a blob, but is none, or is another one of that key.
    pub(super) fn enter(
        &mut self,
        key: &str,
        make: impl FnOnce(usize) -> Result<StoredBlob, String>,
    ) -> Result<(), String> {
        if let Some((layer, index)) = split(key, self.separator) {
            return self.insert(layer, make(index)?);
        }
        if self.numbered.contains(key) || self.by_name.contains_key(key) {
            self.pass_over(key, "its layer has other blobs by number".to_owned());
        } else {
            match make(0) {
                Ok(blob) => self.insert(key, blob)?,
                Err(reason) => self.pass_over(key, reason),
            }
        }
        Ok(())
    }

    /// Enters an array that is no blob, for this reason.
    pub(super) fn pass_over(&mut self, key: &str, reason: String) {
        match self.passed.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, keys)) => keys.push(key.to_owned()),
            None => self.passed.push((reason, vec![key.to_owned()])),
        }
    }

    fn insert(&mut self, layer: &str, blob: StoredBlob) -> Result<(), String> {
        let index = *self.by_name.entry(layer.to_owned()).or_insert_with(|| {
            self.layers.push(StoredLayer { name: layer.to_owned(), ..StoredLayer::default() });
            self.layers.len() - 1
        });
        let blobs = &mut self.layers[index].blobs;
        match blobs.binary_search_by_key(&blob.index, |blob| blob.index) {
            Ok(_) => Err(format!("layer {layer:?} has two blobs {}", blob.index)),
            Err(place) => {
                blobs.insert(place, blob);
                Ok(())
            }
        }
    }

    /// The net of these layers, with a notice for each reason why arrays have been passed over.
    ///
    /// # Errors
    /// All have been.
    pub(super) fn into_net(self) -> Result<StoredNet, String> {
        let notices: Vec<String> = self.passed.iter().map(|(reason, keys)| notice(reason, keys)).collect();
        match notices.first() {
            Some(first) if self.layers.is_empty() => Err(format!("it has no blobs; {first}")),
            _ => Ok(StoredNet { layers: self.layers, notices, ..StoredNet::default() }),
        }
    }
}

fn notice(reason: &str, keys: &[String]) -> String {
    const FEW: usize = 4;
    let shown: Vec<String> = keys.iter().take(FEW).map(|key| format!("{key:?}")).collect();
    let more = match keys.len().saturating_sub(FEW) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("skipped: {}{more}: {reason}", shown.join(", "))
}

/// Splits `<layer><separator><index>` at the last separator; `None` for a key of another form.
fn split(key: &str, separator: char) -> Option<(&str, usize)> {
    let (layer, index) = key.rsplit_once(separator)?;
    Some((layer, number(index)?))
}

/// A number in decimal digits, without superfluous zeros.
pub(super) fn number(text: &str) -> Option<usize> {
    text.parse().ok().filter(|number: &usize| number.to_string() == text)
}

/// Every blob of a net with its key `<layer><separator><index>`, in the net's order.
pub(super) fn keyed<'a>(net: &'a SavedNet<'_>, separator: char) -> impl Iterator<Item = (String, SavedBlob<'a>)> {
    net.layers.iter().flat_map(move |layer| {
        let blobs = layer.blobs.iter().copied().enumerate();
        blobs.map(move |(index, blob)| (key(layer, separator, index), blob))
    })
}

/// The key of a blob. The index is what follows the last separator, so a layer's name may have any.
pub(super) fn key(layer: &SavedLayer<'_>, separator: char, blob: usize) -> String {
    format!("{}{separator}{blob}", layer.name())
}

/// Refuses a net in which two layers with blobs have one name, or a name is not allowed by `fits`.
pub(super) fn check(net: &SavedNet<'_>, fits: impl Fn(&str) -> Result<(), String>) -> crate::Result<()> {
    let mut names = HashSet::new();
    for layer in net.layers.iter().filter(|layer| !layer.blobs.is_empty()) {
        let name = layer.name();
        let clash = || Err("another layer of this name has blobs as well: their keys would clash".to_owned());
        let found = fits(name).and_then(|()| if names.insert(name) { Ok(()) } else { clash() });
        found.map_err(|message| {
            let refusal = Refusal::at("name", message).help("rename the layer, or write a caffemodel");
            net.refuse(layer, &refusal)
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_split_at_the_last_separator() {
        assert_eq!(split("conv1.0", '.'), Some(("conv1", 0)));
        assert_eq!(split("a.b.12", '.'), Some(("a.b", 12)));
        assert_eq!(split(".0", '.'), Some(("", 0)));
        for wrong in ["conv1.weight", "a.00", "a.+1", "a.", "7", "a.99999999999999999999"] {
            assert_eq!(split(wrong, '.'), None, "{wrong}");
        }
    }
}
