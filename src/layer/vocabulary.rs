//! The vocabulary of the dialects: the names in the tables of layer types and fillers, for what lies below the tables.

use super::{LAYERS, LayerType, by_name};
use crate::dialect::{DIALECTS, Dialect, DialectDocument, Known, Vocabulary, difference};
use crate::filler::FILLERS;
use crate::{Limits, ReadOptions};

/// The tables themselves.
#[derive(Debug)]
struct Registered;

impl Vocabulary for Registered {
    fn knows_layer_type(&self, dialect: &Dialect, name: &str) -> bool {
        by_name::named(name).any(|entry| entry.is_known_in(dialect))
    }

    fn connects(&self, dialect: &Dialect, layer_type: &str, bottoms: usize, tops: usize) -> bool {
        let entry = by_name::named(layer_type).find(|entry| entry.known.includes(dialect));
        let connects = |entry: &LayerType| {
            let tops = if entry.auto_tops { tops.max(entry.tops.min) } else { tops };
            entry.never_bottoms != Some(bottoms) && entry.check_counts(bottoms, tops).is_ok()
        };
        entry.is_none_or(connects)
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
        let &Dialect { name, about, source, traits, .. } = self;
        let bvlc = Dialect::bvlc();
        let own = |known: &Known| known.includes(self) && !known.includes(bvlc);
        let layers = LAYERS.iter().copied().flatten().filter(|entry| own(&entry.known) && entry.is_known_in(self));
        let fillers = FILLERS.iter().filter(|entry| own(&entry.known));
        DialectDocument {
            name,
            about,
            source,
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
        let connects = |dialect: &str, name: &str, bottoms, tops| {
            Registered.connects(Dialect::get(dialect).unwrap(), name, bottoms, tops)
        };
        assert!(connects("intel", "SoftmaxWithLoss", 2, 0) && !connects("intel", "SoftmaxWithLoss", 2, 3));
        assert!(connects("fast-rcnn", "SmoothL1Loss", 4, 1) && !connects("fast-rcnn", "SmoothL1Loss", 3, 1));
        assert!(connects("yjxiong", "SmoothL1Loss", 3, 1));
        assert!(connects("rfcn", "SoftmaxWithLoss", 2, 3) && connects("bvlc", "Normalize", 9, 9));
        assert!(Registered.knows_filler(Dialect::bvlc(), "msra") && !Registered.knows_filler(Dialect::bvlc(), "mrsa"));
    }
}
