//! Older ways to write a net, brought to the current form.
//!
//! The steps and their order are Caffe's: V0 becomes V1, old transformation fields move to `transform_param`, V1
//! becomes the current format, old inputs become an Input layer, and BatchNorm layers with the three parameters of the
//! old definition have their multipliers set to zero. Where a file of weights is rewritten, blobs of four sizes get
//! shapes.

mod batch_norm;
mod blobs;
mod file;
mod input;
mod mixed;
mod nearly;
mod padding;
pub(super) mod solver;
mod transform;
mod v0;
mod v1;
mod v1_types;

use std::collections::HashSet;

use super::NetLayer;
use super::locate::{Locator, Origin};
use crate::dialect::{Dialect, NetInputs};
use crate::error::{Diagnostic, Error, Refusal, Result};
use crate::proto::caffe::{NetParameter, V1LayerParameter};

pub(crate) use batch_norm::is_notice as is_batch_norm_notice;
pub(crate) use blobs::current_shape;
pub use file::UpgradedFile;
pub(super) use input::unsized_layer;

pub(crate) use v1::v1_layer;
pub(crate) use v1_types::{can_name, v1_name};

/// A finding about a field of the net or the solver itself.
struct Problem {
    origin: Origin,
    refusal: Refusal,
}

/// An upgraded net.
pub(super) struct Upgraded {
    pub(super) layers: Vec<NetLayer>,
    /// The inputs without sizes that layers read.
    pub(super) unsized_inputs: Vec<String>,
    /// What was changed, in a line each.
    pub(super) notices: Vec<String>,
}

/// Upgrades the net in place, takes its layers out of it, and says what was changed, in a line each.
pub(super) fn upgrade(net: &mut NetParameter, dialect: &Dialect, locator: &Locator) -> Result<Upgraded> {
    let mut notices = Vec::new();
    let (mut layers, dropped) =
        upgrade_all(net, dialect, &mut notices).map_err(|problem| diagnose(&problem, locator))?;
    if dialect.traits.has_v1_layers() {
        // They are saved in that format again.
        notices.retain(|notice| *notice != upgraded_from("V1"));
    }
    if dialect.traits.net_inputs == NetInputs::Fields && !net.input.is_empty() {
        layers.insert(0, input::stand_in(net, dialect).map_err(|problem| diagnose(&problem, locator))?);
    }
    let read: HashSet<&String> = layers.iter().flat_map(|layer| &layer.param.bottom).collect();
    let unsized_inputs: Vec<String> = dropped.iter().filter(|input| read.contains(input)).cloned().collect();
    if !dropped.is_empty() && unsized_inputs.is_empty() {
        notices.push(input::DROPPED.to_owned());
    }
    Ok(Upgraded { layers, unsized_inputs, notices })
}

/// Upgrades the net in place, takes its layers out of it, and says what was changed. Inputs with sizes become a layer,
/// whatever the dialect does with them, and others are dropped.
pub(super) fn upgrade_with_inputs(
    net: &mut NetParameter,
    dialect: &Dialect,
    locator: &Locator,
) -> Result<(Vec<NetLayer>, Vec<String>)> {
    let mut notices = Vec::new();
    let mut upgrade = || {
        let (mut layers, mut dropped) = upgrade_all(net, dialect, &mut notices)?;
        dropped.extend(upgrade_inputs(net, dialect, &mut layers, &mut notices)?);
        if !dropped.is_empty() {
            notices.push(input::DROPPED.to_owned());
        }
        Ok(layers)
    };
    let layers = upgrade().map_err(|problem| diagnose(&problem, locator))?;
    Ok((layers, notices))
}

/// Upgrades the net and leaves its layers in it; says what was changed, in a line each.
fn upgrade_in_place(net: &mut NetParameter, dialect: &'static Dialect, locator: &Locator) -> Result<Vec<String>> {
    let mut changes = Vec::new();
    let written = dialect.current();
    // A text tells the order of layers in both formats, which Caffe refuses.
    let is_mixed = !net.layers.is_empty() && !net.layer.is_empty() && !dialect.traits.drops_mixed_layers;
    let current = if is_mixed && locator.has_text() { current_layers(net) } else { Vec::new() };
    let upgraded = upgrade_all(net, dialect, &mut changes).map_err(|problem| diagnose(&problem, locator))?;
    let (mut layers, mut dropped) = upgraded;
    if written != dialect && written.traits.net_inputs == NetInputs::Layer {
        let inputs = upgrade_inputs(net, dialect, &mut layers, &mut changes);
        dropped.extend(inputs.map_err(|problem| diagnose(&problem, locator))?);
    }
    if !dropped.is_empty() {
        changes.push(input::DROPPED.to_owned());
    }
    if written != dialect {
        for layer in &mut layers {
            v1::carry(layer, dialect, written).map_err(|problem| diagnose(&problem, locator))?;
        }
        changes.push(format!("written for {} ({}), whose nets are in the current format", written.name, written.about));
    }
    if !current.is_empty() {
        layers = mixed::merged(layers, current, locator);
        changes.push(mixed::NOTICE.to_owned());
    }
    net.layer = layers.into_iter().map(|layer| layer.param).collect();
    Ok(changes)
}

/// The layers of the net, and those of its inputs that have no sizes, which Caffe drops.
fn upgrade_all(
    net: &mut NetParameter,
    dialect: &Dialect,
    notices: &mut Vec<String>,
) -> Result<(Vec<NetLayer>, Vec<String>), Problem> {
    let mut layers = if net.layers.is_empty() { current_layers(net) } else { old_layers(net, dialect, notices)? };
    let dropped = match dialect.traits.net_inputs {
        NetInputs::Layer => upgrade_inputs(net, dialect, &mut layers, notices)?,
        _ => Vec::new(),
    };
    if batch_norm::upgrade(&mut layers, dialect.traits.batch_norm_params) > 0 {
        notices.push(batch_norm::notice(dialect.traits.batch_norm_params).to_owned());
    }
    Ok((layers, dropped))
}

/// Makes a layer of the net's inputs, before the others; returns those that it drops as they have no sizes.
fn upgrade_inputs(
    net: &mut NetParameter,
    dialect: &Dialect,
    layers: &mut Vec<NetLayer>,
    notices: &mut Vec<String>,
) -> Result<Vec<String>, Problem> {
    if net.input.is_empty() {
        return Ok(Vec::new());
    }
    let inputs = net.input.clone();
    if dialect.traits.blobs_have_length {
        input::take_five_axes(net);
    }
    let Some(input) = input::upgrade(net)? else { return Ok(inputs) };
    notices.push(input::UPGRADED.to_owned());
    layers.insert(0, input);
    Ok(Vec::new())
}

/// Takes the layers out of a net in the current format.
pub(super) fn current_layers(net: &mut NetParameter) -> Vec<NetLayer> {
    let layer = |(index, param)| NetLayer { param, origin: Some(Origin { field: "layer", index }) };
    std::mem::take(&mut net.layer).into_iter().enumerate().map(layer).collect()
}

/// The layers of a net in the V1 or V0 format.
fn old_layers(net: &mut NetParameter, dialect: &Dialect, notices: &mut Vec<String>) -> Result<Vec<NetLayer>, Problem> {
    let v0 = v0::is_v0(net);
    notices.push(upgraded_from(if v0 { "V0" } else { "V1" }));
    let layers =
        if v0 { v0::upgrade(net, notices)? } else { std::mem::take(&mut net.layers).into_iter().enumerate().collect() };
    let (indices, mut layers): (Vec<usize>, Vec<V1LayerParameter>) = layers.into_iter().unzip();
    if !v1::lacks_transformations(dialect) && transform::upgrade(&mut layers) {
        notices.push("old transformation fields of data layers were moved to transform_param".to_owned());
    }
    if dialect.traits.drops_mixed_layers && !net.layer.is_empty() {
        let count = std::mem::take(&mut net.layer).len();
        notices
            .push(format!("{count} layers in the current format were dropped, as the net has some in the V1 format"));
    }
    if !net.layer.is_empty() {
        let refusal =
            Refusal::new("the net has layers in the V1 format (layers { ... }) as well as in the current one")
                .help("write all layers in the current format");
        return Err(Problem { origin: Origin { field: "layer", index: 0 }, refusal });
    }
    let upgrade = |(layer, index)| v1::upgrade(layer, Origin { field: "layers", index }, dialect);
    layers.into_iter().zip(indices).map(upgrade).collect()
}

fn upgraded_from(format: &str) -> String {
    format!("the net was upgraded from the {format} format")
}

fn diagnose(problem: &Problem, locator: &Locator) -> Error {
    let Problem { origin, refusal } = problem;
    Diagnostic {
        message: format!("{}: {}", origin.field, refusal.message),
        location: locator.locate(Some(*origin), ""),
        help: refusal.help.clone(),
    }
    .into()
}
