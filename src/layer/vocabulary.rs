//! The vocabulary of the dialects: the names in the tables of layer types and fillers.

use super::LAYERS;
use crate::dialect::{Dialect, Vocabulary};
use crate::filler::FILLERS;
use crate::{Limits, ReadOptions};

/// The tables themselves.
#[derive(Debug)]
struct Tables;

impl Vocabulary for Tables {
    fn knows_layer_type(&self, dialect: &Dialect, name: &str) -> bool {
        LAYERS.iter().copied().flatten().any(|entry| entry.name == name && entry.known.includes(dialect))
    }

    fn knows_filler(&self, dialect: &Dialect, name: &str) -> bool {
        FILLERS.iter().any(|entry| entry.name == name && entry.known.includes(dialect))
    }
}

/// Content tells the dialect, by its schema and by the names in the tables.
///
/// It stands here, not with the options, as files are read below the tables.
impl Default for ReadOptions {
    fn default() -> ReadOptions {
        ReadOptions { dialect: None, vocabulary: &Tables, limits: Limits::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_knows_what_its_registries_have() {
        let knows = |dialect: &str, name: &str| Tables.knows_layer_type(Dialect::get(dialect).unwrap(), name);
        assert!(knows("bvlc", "Convolution") && knows("ssd", "Convolution"));
        assert!(!knows("bvlc", "Normalize") && knows("ssd", "Normalize"));
        assert!(!knows("ssd", "convolution") && !knows("ssd", ""));
        assert!(Tables.knows_filler(Dialect::bvlc(), "msra") && !Tables.knows_filler(Dialect::bvlc(), "mrsa"));
    }
}
