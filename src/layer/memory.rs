//! Where the values of a top are kept.

/// Where the values of a top are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopMemory {
    /// In memory of the top's own.
    Own,
    /// In place: the top is the bottom of this index, and replaces its values.
    InPlace(usize),
    /// In that of the bottom of this index, which the top shows in its own shape.
    Bottom(usize),
    /// In that of the layer's blob of this index.
    Blob(usize),
}
