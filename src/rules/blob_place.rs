//! A blob as rules see it.

use crate::layer::{BlobSpec, Operator};
use crate::proto::caffe::LayerParameter;

/// A blob that rules are tried on, with what they look at.
#[derive(Debug, Clone, Copy)]
pub struct BlobPlace<'a> {
    /// The layer.
    pub layer: &'a LayerParameter,
    /// What the layer computes.
    pub operator: &'a Operator,
    /// The blob's index in the layer.
    pub index: usize,
    /// The blob as the net has it.
    pub blob: &'a BlobSpec,
    /// What a preset multiplies the layer's weights by; see [`Damping`](super::Damping).
    pub damping: Option<f64>,
}
