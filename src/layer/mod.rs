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
pub(crate) mod engine;
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
mod batch_reduction;
mod batch_reindex;
mod bias;
mod bn;
mod concat;
mod convolution;
mod crop;
mod data;
mod detection;
mod eltwise;
mod embed;
mod filter;
mod flatten;
mod gather;
mod grid_pooling;
mod im2col;
mod inner_product;
mod inner_product_blob;
mod input;
mod interp;
mod loss;
mod lrn;
mod lstm_unit;
mod margin_inner_product;
mod mvn;
mod neuron;
mod normalize;
mod opaque;
mod output;
mod parameter;
mod permute;
mod pooling;
mod prelu;
mod python;
mod recurrent;
mod reduction;
mod region;
mod reorg;
mod reshape;
mod scale;
mod segmentation;
mod shuffle_channel;
mod slice;
mod softmax;
mod split;
mod spp;
mod tile;
mod upsample;
mod vocabulary;
mod volume_pooling;

#[cfg(test)]
mod testing;

pub use crate::data::Sources;
pub use accuracy::Accuracy;
pub use argmax::ArgMax;
pub use arity::Arity;
pub use batch_norm::BatchNorm;
pub use batch_reduction::BatchReduction;
pub use blob::{BlobSpec, BlobValues, FillerSpec, Role};
pub use bn::{Bn, BnStatistics};
pub use context::SetupContext;
pub use convolution::{Convolution, DeformableConvolution, Window};
pub use crop::Crop;
pub use data::DataSource;
pub use detection::{DetectionEvaluate, DetectionOutput, EvalDetection, PriorBox};
pub use document::{LayerDocument, PythonLayerDocument, SettingsDocument};
pub use eltwise::Eltwise;
pub use embed::Embed;
pub use entry::{Layer, LayerType, Shapeless};
pub use grid_pooling::GridPooling;
pub use im2col::Im2col;
pub use inner_product::InnerProduct;
pub use interp::Interp;
pub use loss::{FocalLoss, Labels, Loss, MultiBoxLoss};
pub use lrn::Lrn;
pub use margin_inner_product::MarginInnerProduct;
pub use memory::TopMemory;
pub use mvn::Mvn;
pub use neuron::Neuron;
pub use normalize::Normalize;
pub use opaque::OpaqueLayer;
pub(crate) use opaque::setup_without_shapes;
pub use operator::Operator;
pub use parts::AxisParts;
pub use permute::Permute;
pub use pooling::Pooling;
pub use prelu::Prelu;
pub use python::{PYTHON_LAYERS, PythonLayer};
pub use recurrent::{Cell, Recurrent};
pub use reduction::Reduction;
pub use region::{
    BoxAnnotator, Frcnn, FrcnnConfig, MovedParts, PositionPooling, Proposal, RoiMask, RoiMethod, RoiPooling,
};
pub use registry::{LAYERS, LayerRegistry};
pub use reorg::Reorg;
pub use scale::Scale;
pub use segmentation::Segmentation;
pub use setup::{Draw, Setup};
pub use signal::Signal;
pub use span::AxisSpan;
pub use spp::Spp;
pub use tile::Tile;
pub use volume_pooling::VolumePooling;
