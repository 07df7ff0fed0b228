//! The net that predicts, out of one that is trained: without data sets, losses, labels and what only training needs.
//!
//! ```text
//! Definition ──▶ layers of the ──▶ what predictions ──▶ data becomes inputs, ──▶ Deployed: a definition, its plan
//!                state (TEST)      depend on            losses what they judge    and its text, comments kept
//! ```
//!
//! What becomes of a layer follows from its type's [`Deployment`].

mod detections;
mod graph;
mod inputs;
mod predictions;
mod strip;
mod text;

use std::collections::{HashMap, HashSet};

use crate::dialect::{Dialect, NetInputs};
use crate::error::{Diagnostic, Result};
use crate::layer::{Deployment, LayerRegistry};
use crate::net::{Definition, Filtered, Net, NetLayer, Origin, filter, stages, unmade_inputs};
use crate::plan::{Plan, PlanOptions};
use crate::proto::caffe::{LayerParameter, NetState, Phase};
use crate::{Shape, StateOptions};

use graph::BlobGraph;
use inputs::{Chosen, InputSource, Inputs};
use predictions::{Predictions, learns};

/// The stage that nets name for being deployed.
const DEPLOY_STAGE: &str = "deploy";

/// What the caller says of the net that is to be deployed.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct DeployOptions {
    /// The state that the layers are taken from; the phase is TEST unless it says another.
    pub state: StateOptions,
    /// How the net is planned. The shape of a top that becomes an input is that of the input: nothing is cropped any
    /// more. Pictures may be given without the batch, which is 1 then.
    pub plan: PlanOptions,
    /// The blobs that the net is to make; where there are none, what its losses judge and what no layer reads.
    pub outputs: Vec<String>,
    /// Whether fillers are left out.
    pub without_fillers: bool,
    /// Whether the multipliers of learning rates and of weight decay are left out.
    pub without_learning_rates: bool,
}

/// A net that predicts.
///
/// ```
/// use caffemodel::Definition;
/// use caffemodel::deploy::{DeployOptions, deploy};
///
/// let net = r#"
///   layer { name: "data" type: "Input" top: "data" top: "label"
///           input_param { shape { dim: 64 dim: 10 } shape { dim: 64 } } }
///   ## The scores.
///   layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }
///   layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
/// "#;
/// let deployed = deploy(&Definition::from_bytes("net.prototxt", net)?, &DeployOptions::default())?;
/// assert_eq!((deployed.inputs[0].name.as_str(), deployed.outputs.as_slice()), ("data", &["prob".to_owned()][..]));
/// let text = deployed.text();
/// assert!(text.contains("# The scores.") && text.contains(r#"name: "prob" type: "Softmax" bottom: "ip" top: "prob""#));
/// # Ok::<(), caffemodel::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Deployed {
    /// The net.
    pub definition: Definition,
    /// The same, planned in the phase TEST.
    pub plan: Plan,
    /// What it takes, in order.
    pub inputs: Vec<DeployInput>,
    /// The blobs that it makes.
    pub outputs: Vec<String>,
    /// What the user should know, in a line each.
    pub notices: Vec<String>,
    /// The layers of the net that it comes from.
    source: Vec<NetLayer>,
}

/// What a net takes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeployInput {
    /// The blob.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
}

impl Deployed {
    /// The net in the text format. Of a net that was read from a text, what stays keeps its order and its comments.
    #[must_use]
    pub fn text(&self) -> String {
        text::text(self)
    }
}

/// Makes the net that predicts out of one that is trained.
///
/// # Errors
/// The net makes no prediction, its inputs have no known shape, or Caffe would refuse what becomes of it.
pub fn deploy(definition: &Definition, options: &DeployOptions) -> Result<Deployed> {
    let mut notices = Vec::new();
    let registry = options.plan.layers.of(definition.dialect);
    let state = state(definition, options, &mut notices);
    let layers = layers_of(definition, &registry, &state)?;
    let (sources, kept) =
        Deploying { definition, options, registry: &registry, state: &state, layers: &layers }.parted(&mut notices)?;
    inputs::told(&sources, &mut notices);
    let inputs = Inputs::new(definition, sources, &options.plan, &registry, &mut notices)?;
    let made = |layers| Definition {
        layers,
        state: NetState::default(),
        unsized_inputs: Vec::new(),
        notices: Vec::new(),
        ..definition.clone()
    };
    let Chosen { definition: net, plan, inputs } =
        inputs.choose(&kept, made, &left(&options.plan, &definition.layers, &kept), &mut notices)?;
    let (outputs, source) = (outputs(&net.layers), definition.layers.clone());
    Ok(Deployed { definition: net, plan, inputs, outputs, notices, source })
}

/// The layers of a net in a state, to be parted.
struct Deploying<'a> {
    definition: &'a Definition,
    options: &'a DeployOptions,
    registry: &'a LayerRegistry,
    state: &'a StateOptions,
    layers: &'a [NetLayer],
}

impl Deploying<'_> {
    /// The layers without those that only training needs in the middle of the net, and what becomes of each.
    fn without_bypassed(&self) -> (Vec<NetLayer>, Vec<Deployment>) {
        let mut layers = Vec::with_capacity(self.layers.len());
        let mut deployments = Vec::with_capacity(self.layers.len());
        // What reads a blob of the first name reads that of the second.
        let mut instead: HashMap<String, String> = HashMap::new();
        for layer in self.layers {
            let mut layer = layer.clone();
            for bottom in &mut layer.param.bottom {
                if let Some(other) = instead.get(bottom) {
                    bottom.clone_from(other);
                }
            }
            let deployment = deployment(self.definition.dialect, self.registry, &layer);
            layer.param.top.iter().for_each(|top| drop(instead.remove(top)));
            if let (Deployment::Bypassed, Some(bottom), Some(top)) =
                (deployment, layer.param.bottom.first(), layer.param.top.first())
            {
                instead.insert(top.clone(), bottom.clone());
                continue;
            }
            layers.push(layer);
            deployments.push(deployment);
        }
        (layers, deployments)
    }

    /// The layers that bring what predictions depend on, and those that make the predictions of it.
    fn parted(&self, notices: &mut Vec<String>) -> Result<(Vec<InputSource>, Vec<NetLayer>)> {
        let (layers, deployments) = self.without_bypassed();
        let graph = BlobGraph::new(&layers);
        let mut predictions = Predictions::new(self.definition, &layers, &graph, &deployments, self.registry);
        match self.options.outputs.as_slice() {
            [] => predictions.find(notices)?,
            outputs => predictions.take(outputs)?,
        }
        let live = predictions.live();
        if let Some(layer) = live.missing {
            // What the whole net is refused for says in which state the layer is that makes the blob.
            Net::resolve(self.definition.clone(), self.state)?;
            let message = format!("layer {:?} reads a blob that no layer makes", layers[layer].param.name());
            return Err(Diagnostic::new(message).into());
        }
        let name = predictions.name_of_stand_in();
        let (mut sources, mut kept) = (Vec::new(), Vec::new());
        for index in (0..layers.len()).filter(|&index| live.layers[index]) {
            let mut layer = layers[index].clone();
            match deployments[index] {
                Deployment::Input => {
                    sources.push(InputSource { layer, tops: live.tops(&graph, index) });
                    continue;
                }
                Deployment::LossOf(layer_type) => {
                    let params = |name: &str| self.registry.get(name).map_or(&[][..], |entry| entry.params);
                    let (own, read) = (params(layer.param.r#type()), params(layer_type));
                    strip::settings(&mut layer.param, self.definition.dialect, own, read);
                    predictions::stand_in(layer_type, name, &mut layer.param);
                }
                Deployment::Detections { output, .. } => {
                    let name = name.unwrap_or_else(|| layer.param.name());
                    notices.push(detections::notice(layer.param.name(), name));
                    let read = deployments[index].read(layer.param.bottom.len());
                    let is_taken = |name: &str| predictions::is_taken(&layers, name);
                    kept.extend(detections::stand_ins(&layer, (output, name), &read, is_taken));
                    continue;
                }
                _ => {}
            }
            strip::strip(&mut layer.param, self.definition.dialect, self.options);
            kept.push(layer);
        }
        Ok((sources, kept))
    }
}

/// What the caller says for planning, without what is about layers that are gone.
fn left(options: &PlanOptions, layers: &[NetLayer], kept: &[NetLayer]) -> PlanOptions {
    let mut options = options.clone();
    let is_gone = |is_it: &dyn Fn(&LayerParameter) -> bool| {
        layers.iter().any(|layer| is_it(&layer.param)) && !kept.iter().any(|layer| is_it(&layer.param))
    };
    options.opaque.retain(|layer_type| !is_gone(&|param| param.r#type() == layer_type));
    options.blobs.retain(|(name, _), _| !is_gone(&|param| param.name() == name));
    options
}

/// The blobs that no layer reads, but for those that bring data.
fn outputs(layers: &[NetLayer]) -> Vec<String> {
    let graph = BlobGraph::new(layers);
    let tops = layers.iter().zip(&graph.tops).filter(|(layer, _)| layer.param.r#type() != "Input");
    let tops = tops.flat_map(|(layer, tops)| layer.param.top.iter().zip(tops));
    tops.filter(|(_, blob)| graph.readers[**blob].is_empty()).map(|(top, _)| top.clone()).collect()
}

/// The state to take the layers from: the stage for deploying is chosen where the net has one and the caller says none.
fn state(definition: &Definition, options: &DeployOptions, notices: &mut Vec<String>) -> StateOptions {
    let mut state = options.state.clone();
    state.phase.get_or_insert(Phase::Test);
    if state.stages.is_empty() && stages(&definition.layers).contains(DEPLOY_STAGE) {
        notices.push(format!("layers are taken from the net's stage {DEPLOY_STAGE:?}"));
        state.stages.push(DEPLOY_STAGE.to_owned());
    }
    state
}

/// The layers of the state in order, without their rules and weights; with those of other states that bring data which
/// no layer of this one makes.
fn layers_of(definition: &Definition, registry: &LayerRegistry, state: &StateOptions) -> Result<Vec<NetLayer>> {
    let without_weights = |layer: &NetLayer| {
        let param = LayerParameter { blobs: Vec::new(), ..layer.param.clone() };
        NetLayer { param, origin: layer.origin }
    };
    let all = definition.layers.iter().map(without_weights).collect();
    let Ok(Filtered { mut kept, left_out }) = filter(all, &state.of(&definition.state)) else {
        // The same error, with its place.
        Net::resolve(definition.clone(), state)?;
        return Ok(Vec::new());
    };
    if let Some(inputs) = unmade_inputs(definition.unsized_inputs.clone(), &kept) {
        kept.insert(0, inputs);
    }
    let read: HashSet<String> = kept.iter().flat_map(|layer| layer.param.bottom.iter().cloned()).collect();
    let mut made: HashSet<String> = kept.iter().flat_map(|layer| layer.param.top.iter().cloned()).collect();
    for layer in left_out {
        let tops = &layer.param.top;
        let is_missing = tops.iter().any(|top| read.contains(top)) && !tops.iter().any(|top| made.contains(top));
        if is_missing && deployment(definition.dialect, registry, &layer) == Deployment::Input {
            made.extend(tops.iter().cloned());
            kept.push(layer);
        }
    }
    kept.sort_by_cached_key(|layer| layer.origin.map_or(0, place));
    kept.iter_mut().for_each(|layer| strip::rules(&mut layer.param));
    Ok(kept)
}

/// Where a layer stands in the order of its file: the inputs of the net come first.
fn place(origin: Origin) -> usize {
    if matches!(origin.field, "layer" | "layers") { origin.index + 1 } else { 0 }
}

/// What becomes of a layer. One of an unknown type that has no bottoms can only bring data; one with a loss weight and
/// without weights is a loss, whatever its type.
fn deployment(dialect: &Dialect, registry: &LayerRegistry, layer: &NetLayer) -> Deployment {
    let param = &layer.param;
    let is_input = param.r#type() == "Input";
    let of_type = match registry.get(param.r#type()) {
        Some(entry) => (entry.deployment)(param),
        None if is_input || param.bottom.is_empty() => Deployment::Input,
        None => Deployment::Kept,
    };
    match of_type {
        Deployment::Kept
            if param.loss_weight.iter().any(|weight| *weight != 0.0) && !learns(dialect, registry, param) =>
        {
            Deployment::Loss { predictions: param.bottom.len() }
        }
        other => other,
    }
}

/// Whether inputs are layers in this net, or fields of it.
fn has_input_layers(definition: &Definition, registry: &LayerRegistry) -> bool {
    definition.dialect.traits.net_inputs == NetInputs::Layer && registry.get("Input").is_some()
}
