//! Flat lists of arrays whose keys name a layer and a number.

use std::collections::{HashMap, HashSet};

use super::{SavedBlob, SavedLayer, SavedNet, StoredBlob, StoredLayer};
use crate::error::Refusal;

/// The layers of a list of blobs, in the order in which they first appear.
#[derive(Default)]
pub(super) struct Layers {
    layers: Vec<StoredLayer>,
    by_name: HashMap<String, usize>,
}

impl Layers {
    /// Enters a blob under its layer.
    ///
    /// # Errors
    /// The layer has a blob of this number already.
    pub(super) fn enter(&mut self, layer: &str, blob: StoredBlob) -> Result<(), String> {
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

    pub(super) fn into_layers(self) -> Vec<StoredLayer> {
        self.layers
    }
}

/// Splits `<layer><separator><index>` at the last separator.
///
/// # Errors
/// The key has another form.
pub(super) fn split(key: &str, separator: char) -> Result<(&str, usize), String> {
    let parts = key.rsplit_once(separator).and_then(|(layer, index)| Some((layer, number(index)?)));
    parts.ok_or_else(|| format!("the key {key:?} is not of the form <layer>{separator}<index>"))
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
        assert_eq!(split("conv1.0", '.'), Ok(("conv1", 0)));
        assert_eq!(split("a.b.12", '.'), Ok(("a.b", 12)));
        assert_eq!(split(".0", '.'), Ok(("", 0)));
        let error = "the key \"conv1.weight\" is not of the form <layer>.<index>";
        assert_eq!(split("conv1.weight", '.').unwrap_err(), error);
        for wrong in ["a.00", "a.+1", "a.", "7", "a.99999999999999999999"] {
            assert!(split(wrong, '.').is_err(), "{wrong}");
        }
    }
}
