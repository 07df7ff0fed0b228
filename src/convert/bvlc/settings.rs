//! Settings that say how something is computed, or what would be so without them.

use super::draft::LayerDraft;
use crate::error::{Refusal, Result};

/// Fields that change nothing that a layer computes, but how: on which engine, in which numbers, over how many
/// machines.
const OF_MACHINE: &[&str] = &[
    "engine",
    "forward_type",
    "backward_type",
    "forward_math",
    "backward_math",
    "debug",
    "cudnn_math_override",
    "reshape_every_iter",
    "convolution_param.cudnn_convolution_algo_seeker",
    "convolution_param.conv_algos_override",
    "convolution_param.conv_algorithm",
    "concat_param.per_fla_fuse",
    "relu_param.fuse",
    "dropout_param.random_seed",
    "data_param.threads",
    "data_param.parser_threads",
    "data_param.cache",
    "transform_param.random_seed",
    "transform_param.use_gpu_transform",
];

/// Engines that BVLC's Caffe lacks, types of numbers and the like are dropped.
pub(super) fn of_machine(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    let is_engine = |path: &str| path.ends_with("_param.engine");
    let is_of_nodes = |path: &str| path.starts_with("multinode.") || path.starts_with("mn_");
    let mut dropped = draft.fields.drop_all(|path| OF_MACHINE.contains(&path) || is_engine(path) || is_of_nodes(path));
    dropped.sort();
    Ok((!dropped.is_empty()).then(|| format!("dropped, as it says how to compute, not what: {}", dropped.join(", "))))
}

/// Values that are the fork's defaults, with which its layers do as BVLC's, are dropped.
pub(super) fn of_default(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    let schema = draft.net.dialect.schema();
    let dropped = draft.fields.drop_defaults(schema);
    Ok((!dropped.is_empty()).then(|| format!("dropped, as it makes no difference: {}", dropped.join(", "))))
}
