//! The net that predicts, out of one that is trained: without data sets, losses, labels and what only training needs.
//!
//! ```text
//! Definition ──▶ layers of the ──▶ what predictions ──▶ data becomes inputs, ──▶ Deployed: a definition, its plan
//!                state (TEST)      depend on            losses what they judge    and its text, comments kept
//! ```
//!
//! What becomes of a layer follows from its type's [`Deployment`].

mod graph;
mod inputs;
mod predictions;
mod strip;
mod text;

use crate::dialect::NetInputs;
use crate::error::{Diagnostic, Result};
use crate::layer::{Deployment, LayerRegistry};
use crate::net::{Definition, Filtered, Net, NetLayer, Origin, filter, stages, unmade_inputs};
use crate::plan::{Plan, PlanOptions};
use crate::proto::caffe::{LayerParameter, NetState, Phase};
use crate::{Shape, StateOptions};

use graph::BlobGraph;
use predictions::Predictions;

/// The stage that nets name for being deployed.
const DEPLOY_STAGE: &str = "deploy";

/// What the caller says of the net that is to be deployed.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct DeployOptions {
    /// The state that the layers are taken from; the phase is TEST unless it says another.
    pub state: StateOptions,
    /// How the net is planned. The shape of a top that becomes an input is that of the input: nothing is cropped any more.
    /// Pictures may be given without the batch, which is 1 then.
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
///   # The scores.
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
    let state = state(definition, options, &mut notices);
    let layers = layers_of(definition, options, &state)?;
    let registry = options.plan.layers.of(definition.dialect);
    let graph = BlobGraph::new(&layers);
    let deployments: Vec<Deployment> = layers.iter().map(|layer| deployment(&registry, layer)).collect();
    let mut predictions = Predictions::new(definition, &layers, &graph, &deployments, &registry);
    if options.outputs.is_empty() {
        predictions.find(&mut notices)?;
    } else {
        predictions.take(&options.outputs)?;
    }
    let live = predictions.live();
    if let Some(layer) = live.missing {
        // What the whole net is refused for says which layer is missing, and in which state it is there.
        Net::resolve(definition.clone(), &state)?;
        let message = format!("layer {:?} reads a blob that no layer makes", layers[layer].param.name());
        return Err(Diagnostic::new(message).into());
    }
    let mut kept = Vec::new();
    let mut sources = Vec::new();
    for (index, layer) in layers.iter().enumerate().filter(|(index, _)| live.layers[*index]) {
        let mut layer = layer.clone();
        match deployments[index] {
            Deployment::Input => {
                let tops = live.tops(&graph, index);
                sources.push(inputs::InputSource { layer, tops });
                continue;
            }
            Deployment::LossOf(layer_type) => {
                let params = |name: &str| registry.get(name).map_or(&[][..], |entry| entry.params);
                let (own, read) = (params(layer.param.r#type()), params(layer_type));
                strip::settings(&mut layer.param, definition.dialect, own, read);
                predictions.stand_in(index, layer_type, &mut layer.param);
            }
            _ => {}
        }
        strip::strip(&mut layer.param, definition.dialect, options);
        kept.push(layer);
    }
    inputs::told(&sources, &mut notices);
    let inputs = inputs::Inputs::new(definition, sources, &options.plan, &registry)?;
    let made = |layers| Definition {
        layers,
        state: NetState::default(),
        unsized_inputs: Vec::new(),
        notices: Vec::new(),
        ..definition.clone()
    };
    let chosen = inputs.choose(&kept, made, &options.plan, &mut notices)?;
    let outputs = outputs(&chosen.definition.layers);
    Ok(Deployed {
        definition: chosen.definition,
        plan: chosen.plan,
        inputs: chosen.inputs,
        outputs,
        notices,
        source: definition.layers.clone(),
    })
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
        notices.push(format!("layers are taken from the stage {DEPLOY_STAGE:?}, which the net has"));
        state.stages.push(DEPLOY_STAGE.to_owned());
    }
    state
}

/// The layers of the state in order, without their rules and weights; with those of other states that bring data which
/// no layer of this one makes.
fn layers_of(definition: &Definition, options: &DeployOptions, state: &StateOptions) -> Result<Vec<NetLayer>> {
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
    let registry = options.plan.layers.of(definition.dialect);
    let missing = |layer: &NetLayer| {
        let is_missing = |top: &String| {
            let made = kept.iter().any(|kept| kept.param.top.contains(top));
            !made && kept.iter().any(|kept| kept.param.bottom.contains(top))
        };
        deployment(&registry, layer) == Deployment::Input && layer.param.top.iter().any(is_missing)
    };
    let brought: Vec<NetLayer> = left_out.into_iter().filter(missing).collect();
    let mut seen: Vec<String> = Vec::new();
    for layer in brought {
        if !layer.param.top.iter().any(|top| seen.contains(top)) {
            seen.extend(layer.param.top.iter().cloned());
            kept.push(layer);
        }
    }
    kept.sort_by_key(|layer| layer.origin.map_or(0, |origin| place(origin)));
    kept.iter_mut().for_each(|layer| strip::rules(&mut layer.param));
    Ok(kept)
}

/// Where a layer stands in the order of its file: the inputs of the net come first.
fn place(origin: Origin) -> usize {
    if matches!(origin.field, "layer" | "layers") { origin.index + 1 } else { 0 }
}

/// What becomes of a layer. One of an unknown type that has no bottoms can only bring data; one with a loss weight is a
/// loss, whatever its type.
fn deployment(registry: &LayerRegistry, layer: &NetLayer) -> Deployment {
    let param = &layer.param;
    let is_input = param.r#type() == "Input";
    let of_type = match registry.get(param.r#type()) {
        Some(entry) => (entry.deployment)(param),
        None if is_input || param.bottom.is_empty() => Deployment::Input,
        None => Deployment::Kept,
    };
    match of_type {
        Deployment::Kept if param.loss_weight.iter().any(|weight| *weight != 0.0) => {
            Deployment::Loss { predictions: param.bottom.len() }
        }
        other => other,
    }
}

/// Whether inputs are layers in this net, or fields of it.
fn has_input_layers(definition: &Definition, registry: &LayerRegistry) -> bool {
    definition.dialect.traits.net_inputs == NetInputs::Layer && registry.get("Input").is_some()
}
