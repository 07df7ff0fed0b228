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

    /// Whether the dialect knows the filler of this name.
    fn knows_filler(&self, dialect: &Dialect, name: &str) -> bool;
}
