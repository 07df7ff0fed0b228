//! Layer types: which shapes a layer makes, which blobs it owns, and what it draws while the net is built.
//!
//! One file a family of layers; [`LAYERS`] is the table that lookup, help and documentation read.
//! A layer's rule is a function from a [`SetupContext`] to a [`Setup`]. It mirrors what Caffe's `LayerSetUp` and
//! `Reshape` check and compute, but neither allocates nor draws. What it finds out of the computation is an
//! [`Operator`], from which the shapes of tops and blobs and the costs derive; whoever executes a plan reads that alone.

mod arity;
mod blob;
mod blob_file;
mod context;
mod document;
mod entry;
mod memory;
mod operator;
mod parts;
mod registry;
mod setup;
mod signal;
mod size;
mod span;

mod accuracy;
mod argmax;
mod axpy;
mod batch_norm;
mod batch_reindex;
mod bias;
mod concat;
mod convolution;
mod covariance;
mod crop;
mod data;
mod detection;
mod eltwise;
mod eltwise_affine;
mod embed;
mod filter;
mod flatten;
mod im2col;
mod inner_product;
mod input;
mod local;
mod loss;
mod lrn;
mod lstm_unit;
mod mvn;
mod neuron;
mod normalize;
mod output;
mod padded_pooling;
mod parameter;
mod permute;
mod pooling;
mod pooling_3d;
mod prelu;
mod python;
mod recurrent;
mod reduction;
mod reshape;
mod scale;
mod shuffle_channel;
mod slice;
mod softmax;
mod split;
mod spp;
mod squeeze_inner_product;
mod tensor;
mod tile;
mod transformer;
mod vocabulary;

#[cfg(test)]
mod testing;

pub use crate::data::Sources;
pub use accuracy::Accuracy;
pub use argmax::ArgMax;
pub use arity::Arity;
pub use batch_norm::BatchNorm;
pub use blob::{BlobSpec, BlobValues, FillerSpec, Role};
pub use context::SetupContext;
pub use convolution::{Convolution, Window};
pub use crop::Crop;
pub use data::DataSource;
pub use detection::{DetectionEvaluate, DetectionOutput, PriorBox};
pub use document::{LayerDocument, SettingsDocument};
pub use eltwise::Eltwise;
pub use embed::Embed;
pub use entry::{Layer, LayerType};
pub use im2col::Im2col;
pub use inner_product::InnerProduct;
pub use local::Local;
pub use loss::{Labels, Loss, MultiBoxLoss};
pub use lrn::Lrn;
pub use memory::TopMemory;
pub use mvn::Mvn;
pub use neuron::Neuron;
pub use normalize::Normalize;
pub use operator::Operator;
pub use parts::AxisParts;
pub use permute::Permute;
pub use pooling::Pooling;
pub use prelu::Prelu;
pub use recurrent::{Cell, Recurrent};
pub use reduction::Reduction;
pub use registry::{LAYERS, LayerRegistry};
pub use scale::Scale;
pub use setup::{Draw, Setup};
pub use signal::Signal;
pub use span::AxisSpan;
pub use spp::Spp;
pub use tile::Tile;
