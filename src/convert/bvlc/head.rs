//! What a net of a fork says beside its layers.

use prost::Message;

use super::fields::ForkFields;
use crate::dialect::Dialect;
use crate::error::{Diagnostic, Result};
use crate::net::FileKind;
use crate::proto::caffe::NetParameter;
use crate::proto::gate;

/// Fields that say how a net is computed or trained, and not what.
const OF_MACHINE: &[&str] = &[
    "engine",
    "compile_net_state",
    "bn_stats_batch_size",
    "multinode",
    "default_forward_type",
    "default_backward_type",
    "default_forward_math",
    "default_backward_math",
    "global_grad_scale",
    "global_grad_scale_adaptive",
    "default_conv_algos_override",
    "reduce_buckets",
    "default_cudnn_math_override",
    "eltwise_mem_sharing",
    "mem_param",
];

/// The head of a net for BVLC's Caffe, and what became of the fork's fields.
pub(super) struct TranslatedHead {
    pub(super) net: NetParameter,
    /// The engine that the net names for its layers.
    pub(super) engine: String,
    /// The fields that were dropped.
    pub(super) dropped: Vec<String>,
}

/// Translates what a net says beside its layers.
///
/// # Errors
/// BVLC's Caffe cannot express a field.
pub(super) fn translated(net: &NetParameter, dialect: &'static Dialect, file: &str) -> Result<TranslatedHead> {
    let message = FileKind::Net.message_of(dialect);
    let encoded = net.encode_to_vec();
    let (known, mut fields) = ForkFields::part(&gate::unfolded(&encoded, message), message);
    let is_of_machine = |path: &str| OF_MACHINE.contains(&path.split('.').next().unwrap_or(path));
    let has_engine = fields.has("engine");
    let engine = fields.name("engine").unwrap_or_default();
    let mut dropped = fields.drop_all(is_of_machine);
    if has_engine {
        dropped.insert(0, "engine".to_owned());
    }
    let lacked = |path: &str| {
        Diagnostic::new(format!("{file}: {path}: BVLC's Caffe has no such setting of a net, nor an equivalent"))
    };
    let faults: Vec<Diagnostic> = fields.paths().map(lacked).collect();
    if !faults.is_empty() {
        return Err(crate::Error::Input(faults));
    }
    let net =
        gate::decoded(&known, FileKind::Net.message()).map_err(|error| Diagnostic::new(format!("{file}: {error}")))?;
    Ok(TranslatedHead { net, engine, dropped })
}
