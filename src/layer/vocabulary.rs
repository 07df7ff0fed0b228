//! The vocabulary of the dialects: the names in the tables of layer types and fillers, for what lies below the tables.

use super::LAYERS;
use crate::dialect::{DIALECTS, Dialect, DialectDocument, Known, Vocabulary, difference};
use crate::filler::FILLERS;
use crate::{Limits, ReadOptions};

/// The tables themselves.
#[derive(Debug)]
struct Registered;

impl Vocabulary for Registered {
    fn knows_layer_type(&self, dialect: &Dialect, name: &str) -> bool {
        LAYERS.iter().copied().flatten().any(|entry| entry.name == name && entry.is_known_in(dialect))
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
        ReadOptions { dialect: None, dialects: DIALECTS, vocabulary: &Registered, limits: Limits::default() }
    }
}

impl Dialect {
    /// What there is to say of the dialect.
    pub fn document(&'static self) -> DialectDocument {
        let &Dialect { name, about, source, traits, is_whole, .. } = self;
        let bvlc = Dialect::bvlc();
        let own = |known: &Known| known.includes(self) && !known.includes(bvlc);
        let layers = LAYERS.iter().copied().flatten().filter(|entry| own(&entry.known) && entry.is_known_in(self));
        let fillers = FILLERS.iter().filter(|entry| own(&entry.known));
        DialectDocument {
            name,
            about,
            source,
            is_whole,
            traits: traits.words(),
            adds: difference(self, bvlc),
            lacks: difference(bvlc, self),
            layer_types: sorted(layers.map(|entry| entry.name)),
            fillers: sorted(fillers.map(|entry| entry.name)),
        }
    }
}

fn sorted(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_knows_what_its_registries_have() {
        let knows = |dialect: &str, name: &str| Registered.knows_layer_type(Dialect::get(dialect).unwrap(), name);
        assert!(knows("bvlc", "Convolution") && knows("ssd", "Convolution"));
        assert!(!knows("bvlc", "Normalize") && knows("ssd", "Normalize"));
        assert!(!knows("ssd", "convolution") && !knows("ssd", ""));
        assert!(Registered.knows_filler(Dialect::bvlc(), "msra") && !Registered.knows_filler(Dialect::bvlc(), "mrsa"));
    }
}
