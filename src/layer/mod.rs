//! Layer types: which shapes a layer makes, which blobs it owns, and what it draws while the net is built.
//!
//! One file a family of layers; [`registry::LAYERS`] is the table that lookup, help and documentation read.
//! A layer's rule is a function from a [`SetupContext`] to a [`Setup`]. It mirrors what Caffe's `LayerSetUp` and
//! `Reshape` check and compute, but neither allocates nor draws.

pub mod registry;

mod blob;
mod blob_file;
mod context;
mod setup;
mod size;

mod accuracy;
mod argmax;
mod batch_norm;
mod batch_reindex;
mod bias;
mod concat;
mod convolution;
mod crop;
mod data;
mod document;
mod eltwise;
mod embed;
mod filter;
mod flatten;
mod im2col;
mod inner_product;
mod input;
mod loss;
mod lrn;
mod lstm_unit;
mod mvn;
mod neuron;
mod output;
mod parameter;
mod pooling;
mod prelu;
mod python;
mod recurrent;
mod reduction;
mod reshape;
mod scale;
mod slice;
mod softmax;
mod split;
mod spp;
mod tile;

#[cfg(test)]
mod testing;

pub use blob::{BlobSpec, FillerSpec, Role, Values};
pub use context::{Outlook, SetupContext};
pub use document::{LayerDocument, SettingsDocument};
pub use registry::{Arity, LayerType, Registry};
pub use setup::{Draw, Setup};
