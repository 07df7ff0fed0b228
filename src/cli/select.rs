//! The arguments that say which blobs of stored nets are meant.

use anyhow::bail;
use clap::Args;

use crate::rules::{BlobSelector, Pattern};
use crate::weights::{StoredLayer, StoredNet};

#[derive(Debug, Args)]
pub(super) struct SelectArguments {
    /// Take these layers or blobs only; may be repeated. In GLOB * stands for any characters, ? for one, [ab] for one of
    /// these and {a,b} for either; BLOB is a number
    #[arg(long, value_name = "GLOB[.BLOB]")]
    only: Vec<String>,

    /// Leave these layers or blobs out; may be repeated
    #[arg(long, value_name = "GLOB[.BLOB]")]
    except: Vec<String>,
}

/// Which blobs of stored nets are meant.
pub(super) struct Selection {
    only: Vec<Pattern>,
    except: Vec<Pattern>,
}

impl SelectArguments {
    /// Reads the patterns. One that nothing in `nets` matches is a mistake.
    pub(super) fn selection(&self, nets: &[&StoredNet]) -> anyhow::Result<Selection> {
        let read = |option: &str, texts: &[String]| {
            texts.iter().map(|text| read(option, text, nets)).collect::<anyhow::Result<Vec<_>>>()
        };
        Ok(Selection { only: read("--only", &self.only)?, except: read("--except", &self.except)? })
    }
}

fn read(option: &str, text: &str, nets: &[&StoredNet]) -> anyhow::Result<Pattern> {
    let pattern = Pattern::parse(option, text)?;
    let found = |layer: &StoredLayer| match pattern.blob() {
        BlobSelector::Index(_) => layer.blobs.iter().any(|blob| matches(&pattern, layer, blob.index)),
        _ => pattern.matches_layer(&layer.name),
    };
    if let BlobSelector::Role(_) = pattern.blob() {
        bail!("{option} {text}: files do not tell weights from biases; give the number of the blob, such as .0");
    }
    if !nets.iter().flat_map(|net| &net.layers).any(found) {
        bail!("{option} {text}: no layer or blob is called that");
    }
    Ok(pattern)
}

fn matches(pattern: &Pattern, layer: &StoredLayer, blob: usize) -> bool {
    let number = match pattern.blob() {
        BlobSelector::All => true,
        BlobSelector::Index(wanted) => wanted == blob,
        BlobSelector::Role(_) => false,
    };
    number && pattern.matches_layer(&layer.name)
}

impl Selection {
    /// Takes the blobs that are not meant out of a net.
    pub(super) fn apply(&self, net: &mut StoredNet) {
        for layer in &mut net.layers {
            let mut blobs = std::mem::take(&mut layer.blobs);
            blobs.retain(|blob| self.takes(layer, blob.index));
            layer.blobs = blobs;
        }
    }

    fn takes(&self, layer: &StoredLayer, blob: usize) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| matches(pattern, layer, blob));
        (self.only.is_empty() || any(&self.only)) && !any(&self.except)
    }
}
