//! Flat lists of arrays whose keys name a layer and a number.

use std::collections::HashMap;

use super::{StoredBlob, StoredLayer};

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
