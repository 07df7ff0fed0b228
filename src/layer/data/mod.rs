//! data

use super::registry::LayerType;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[];
