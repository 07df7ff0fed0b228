//! Layers for sequences of labels: what beside the losses and the recurrent layers is there for them. No blobs, no
//! draws.

use super::LayerType;

mod accuracy;
mod continuation;
mod convert;
mod decoder;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    accuracy::OF_SOFTMAX,
    accuracy::TYPE,
    continuation::OF_SOPHGO,
    continuation::TYPE,
    convert::TYPE,
    decoder::ACCURACY,
    decoder::OF_CAFFE_OCR,
    decoder::OF_TEXTBOXES,
];
