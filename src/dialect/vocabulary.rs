//! The names that dialects know beyond their schemas.

use std::fmt;

use super::Dialect;

/// Says which layer types and fillers each dialect knows.
///
/// A schema takes any string for a layer's type. So where content has to tell the dialect of a file, these names are
/// asked for too. The tables of layer types and fillers, which are the vocabulary unless
/// [`ReadOptions`](crate::ReadOptions) have another, lie above what reads files.
pub trait Vocabulary: fmt::Debug + Sync {
    /// Whether the dialect knows the layer type of this name.
    fn knows_layer_type(&self, dialect: &Dialect, name: &str) -> bool;

    /// Whether a layer of this type may have so many bottoms and tops in the dialect, which knows the type.
    ///
    /// Of the dialects that know all names of a file, those come first in which its layers can be connected.
    fn connects(&self, _dialect: &Dialect, _layer_type: &str, _bottoms: usize, _tops: usize) -> bool {
        true
    }

    /// Whether the dialect knows the filler of this name.
    fn knows_filler(&self, dialect: &Dialect, name: &str) -> bool;
}
