//! What becomes of a signal on its way through a layer.

use crate::proto::caffe::LayerParameter;

/// What becomes of the size of a signal on its way through a layer, as far as a preset that keeps residual nets in
/// range has to know.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Signal {
    /// The top is no longer the signal, or nothing is known of it.
    Lost,
    /// The top is the first bottom, as large or in proportion.
    Kept,
    /// The top holds all bottoms side by side.
    Joined,
    /// The layer multiplies the first bottom by weights for which the net gives neither values nor a filler.
    Weighted,
    /// The top is the sum of the bottoms, each multiplied by its coefficient; by 1 where there is none.
    Summed(Vec<f32>),
}

impl Signal {
    /// What a layer with weights does; `has_filler` says that the net gives them one.
    pub fn through_weights(layer: &LayerParameter, has_filler: bool) -> Signal {
        if has_filler || !layer.blobs.is_empty() { Signal::Kept } else { Signal::Weighted }
    }
}
