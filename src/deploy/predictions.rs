//! What a net predicts, and which layers that depends on.

use super::graph::BlobGraph;
use crate::dialect::Dialect;
use crate::error::{Diagnostic, Error, Result};
use crate::layer::{Deployment, LayerRegistry};
use crate::net::{Definition, NetLayer};
use crate::proto::caffe::LayerParameter;
use crate::proto::schema::{FieldType, Kind};
use crate::proto::text::closest;

/// What stands in for a loss is called so.
const PROBABILITIES: &str = "prob";

/// The search for what a net predicts.
pub(super) struct Predictions<'a> {
    definition: &'a Definition,
    layers: &'a [NetLayer],
    graph: &'a BlobGraph,
    deployments: &'a [Deployment],
    /// The blobs that depend on weights: all others are data and labels, however they were cut and joined.
    learned: Vec<bool>,
    /// The blobs that depend on a loss or on a measure.
    judged: Vec<bool>,
    /// The predictions: blobs of layers that stay, and losses that something stands in for.
    found: Vec<Prediction>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prediction {
    Blob(usize),
    /// What stands in for the loss of this layer makes it.
    OfLoss(usize),
}

/// What predictions depend on.
pub(super) struct Live {
    /// Whether each layer is one of it.
    pub(super) layers: Vec<bool>,
    /// Whether each blob is.
    blobs: Vec<bool>,
    /// The first layer of it that reads a blob which no layer makes.
    pub(super) missing: Option<usize>,
}

impl Live {
    /// Which tops of a layer others need.
    pub(super) fn tops(&self, graph: &BlobGraph, layer: usize) -> Vec<bool> {
        graph.tops[layer].iter().map(|&blob| self.blobs[blob]).collect()
    }
}

impl<'a> Predictions<'a> {
    pub(super) fn new(
        definition: &'a Definition,
        layers: &'a [NetLayer],
        graph: &'a BlobGraph,
        deployments: &'a [Deployment],
        registry: &LayerRegistry,
    ) -> Predictions<'a> {
        let mut learned = vec![false; graph.makers.len()];
        let mut judged = learned.clone();
        for (index, layer) in layers.iter().enumerate() {
            let bottoms = || graph.bottoms[index].iter().flatten();
            let learns = deployments[index] != Deployment::Input
                && (learns(definition.dialect, registry, &layer.param) || bottoms().any(|&blob| learned[blob]));
            let is_kept = matches!(deployments[index], Deployment::Kept | Deployment::Input);
            let is_judged = !is_kept || bottoms().any(|&blob| judged[blob]);
            for (position, &top) in graph.tops[index].iter().enumerate() {
                // The second top of a loss is what it is the loss of.
                let is_loss_of = matches!(deployments[index], Deployment::LossOf(_)) && position == 1;
                (learned[top], judged[top]) = (learns, is_judged && !is_loss_of);
            }
        }
        Predictions { definition, layers, graph, deployments, learned, judged, found: Vec::new() }
    }

    /// Takes the blobs of these names for predictions.
    pub(super) fn take(&mut self, names: &[String]) -> Result<()> {
        for name in names {
            let Some(blob) = self.graph.named(self.layers, name) else {
                let tops = self.layers.iter().flat_map(|layer| layer.param.top.iter().map(String::as_str));
                let near = closest(name, tops).map(|near| format!(" (did you mean {near:?}?)")).unwrap_or_default();
                return Err(Error::Request(format!(
                    "no layer makes the blob {name:?} that the net is to end with{near}"
                )));
            };
            let maker = self.graph.makers[blob];
            self.found.push(match self.deployments[maker] {
                Deployment::LossOf(_) => Prediction::OfLoss(maker),
                _ if self.judged[blob] => {
                    let message =
                        format!("the blob {name:?} that the net is to end with is made by a loss or a measure");
                    return Err(Error::Request(message));
                }
                _ => Prediction::Blob(blob),
            });
        }
        Ok(())
    }

    /// Finds what the losses judge, and what no layer reads.
    pub(super) fn find(&mut self, notices: &mut Vec<String>) -> Result<()> {
        let auxiliary = self.auxiliary();
        if !auxiliary.is_empty() {
            let names: Vec<String> = auxiliary.iter().map(|&layer| format!("{:?}", self.name(layer))).collect();
            notices.push(format!(
                "{} left out with all that only they need: the net has a loss of more weight on the same labels",
                match names.as_slice() {
                    [one] => format!("the auxiliary loss {one} is"),
                    _ => format!("the auxiliary losses {} are", names.join(", ")),
                }
            ));
        }
        let made_here = |blob: usize| self.deployments[self.graph.makers[blob]] != Deployment::Input;
        let of_weights = self.candidates(|blob| self.learned[blob]);
        let of_any = self.candidates(made_here);
        self.find_all(&auxiliary, &of_weights);
        if self.found.is_empty() {
            self.find_measured(&of_weights);
        }
        if self.found.is_empty() {
            self.find_all(&auxiliary, &of_any);
        }
        if self.found.is_empty() {
            let message = format!("{}: no layer of the net makes a prediction", self.definition.file);
            return Err(Diagnostic::new(message).help(self.remedy()).into());
        }
        Ok(())
    }

    /// Which blobs may be predictions: of those that depend on no loss those that `may_be` says.
    fn candidates(&self, may_be: impl Fn(usize) -> bool) -> Vec<bool> {
        self.judged.iter().enumerate().map(|(blob, judged)| !judged && may_be(blob)).collect()
    }

    fn find_all(&mut self, auxiliary: &[usize], candidates: &[bool]) {
        for layer in (0..self.layers.len()).filter(|layer| !auxiliary.contains(layer)) {
            for found in self.found_of(layer, candidates) {
                self.add(found);
            }
        }
    }

    fn add(&mut self, found: Prediction) {
        if !self.found.contains(&found) {
            self.found.push(found);
        }
    }

    /// What a layer judges, or makes for no other layer.
    fn found_of(&self, layer: usize, candidates: &[bool]) -> Vec<Prediction> {
        let bottoms = &self.graph.bottoms[layer];
        let is_candidate = |blob: &usize| candidates[*blob];
        match self.deployments[layer] {
            Deployment::Loss { predictions } => {
                let judged = bottoms.iter().take(predictions).flatten().copied();
                judged.filter(is_candidate).map(Prediction::Blob).collect()
            }
            Deployment::LossOf(layer_type) => {
                let scores = bottoms.first().copied().flatten().filter(is_candidate);
                let own =
                    |blob: usize| self.made_of(blob, layer_type).map_or(Prediction::OfLoss(layer), Prediction::Blob);
                scores.map(own).into_iter().collect()
            }
            Deployment::Kept => {
                let unread = |blob: &usize| self.graph.readers[*blob].is_empty();
                let tops = self.graph.tops[layer].iter().copied();
                tops.filter(unread).filter(is_candidate).map(Prediction::Blob).collect()
            }
            Deployment::Input | Deployment::Measure | Deployment::Dropped => Vec::new(),
        }
    }

    /// Finds what is measured, in a net without a loss.
    fn find_measured(&mut self, candidates: &[bool]) {
        let measures = (0..self.layers.len()).filter(|&layer| self.deployments[layer] == Deployment::Measure);
        let measured = measures.filter_map(|layer| self.graph.bottoms[layer].first().copied().flatten());
        let measured: Vec<usize> = measured.filter(|&blob| candidates[blob]).collect();
        measured.into_iter().for_each(|blob| self.add(Prediction::Blob(blob)));
    }

    fn remedy(&self) -> String {
        let in_train = self.definition.layers.iter().any(|layer| !layer.param.include.is_empty());
        let states = if in_train { ", and whether its layers belong to another phase or stage" } else { "" };
        format!("check that it ends with a loss, or with a blob that no layer reads{states}")
    }

    /// The losses of the same labels as another of the same type and of more weight.
    fn auxiliary(&self) -> Vec<usize> {
        let weight = |layer: usize| self.layers[layer].param.loss_weight.first().copied().unwrap_or(1.0);
        let labels = |layer: usize| {
            let judged = match self.deployments[layer] {
                Deployment::Loss { predictions } => predictions,
                Deployment::LossOf(_) => 1,
                _ => return None,
            };
            self.graph.bottoms[layer]
                .get(judged..)
                .filter(|labels| !labels.is_empty() && labels.iter().all(Option::is_some))
        };
        let same = |a: usize, b: usize| {
            self.layers[a].param.r#type() == self.layers[b].param.r#type()
                && labels(a).is_some()
                && labels(a) == labels(b)
        };
        let losses = 0..self.layers.len();
        let is_outweighed =
            |&layer: &usize| losses.clone().any(|other| same(layer, other) && weight(layer) < weight(other));
        losses.clone().filter(is_outweighed).collect()
    }

    /// What a layer of this type makes of the blob, if there is such a layer.
    fn made_of(&self, blob: usize, layer_type: &str) -> Option<usize> {
        let reader =
            self.graph.readers[blob].iter().find(|&&reader| self.layers[reader].param.r#type() == layer_type)?;
        self.graph.tops[*reader].first().copied()
    }

    /// What the predictions depend on.
    pub(super) fn live(&self) -> Live {
        let mut live =
            Live { layers: vec![false; self.layers.len()], blobs: vec![false; self.graph.makers.len()], missing: None };
        let mut open: Vec<usize> = Vec::new();
        for found in &self.found {
            match *found {
                Prediction::Blob(blob) => open.push(blob),
                Prediction::OfLoss(layer) => {
                    live.layers[layer] = true;
                    open.extend(self.graph.bottoms[layer].first().copied().flatten());
                }
            }
        }
        while let Some(blob) = open.pop() {
            let maker = self.graph.makers[blob];
            if std::mem::replace(&mut live.blobs[blob], true) || std::mem::replace(&mut live.layers[maker], true) {
                continue;
            }
            let bottoms = self.graph.bottoms[maker].as_slice();
            let bottoms = match self.deployments[maker] {
                Deployment::LossOf(_) => &bottoms[..bottoms.len().min(1)],
                _ => bottoms,
            };
            if bottoms.contains(&None) {
                live.missing = Some(live.missing.map_or(maker, |first| first.min(maker)));
            }
            open.extend(bottoms.iter().flatten());
        }
        live
    }

    /// Makes a loss the layer that stands in for it.
    pub(super) fn stand_in(&self, layer: usize, layer_type: &str, param: &mut LayerParameter) {
        let names =
            self.layers.iter().flat_map(|layer| layer.param.top.iter().map(String::as_str).chain([layer.param.name()]));
        let is_only = self.found.iter().filter(|found| matches!(found, Prediction::OfLoss(_))).count() == 1;
        let is_free = is_only && !names.into_iter().any(|name| name == PROBABILITIES);
        let own = param.top.get(1).or(param.top.first()).filter(|_| !is_free || param.top.len() > 1).cloned();
        let top = own.unwrap_or_else(|| if is_free { PROBABILITIES.to_owned() } else { self.name(layer).to_owned() });
        if is_free {
            param.name = Some(PROBABILITIES.to_owned());
        }
        param.r#type = Some(layer_type.to_owned());
        param.top = vec![top];
        param.bottom.truncate(1);
    }

    fn name(&self, layer: usize) -> &str {
        self.layers[layer].param.name()
    }
}

/// Whether layers of a type learn: their settings have fillers, or nothing is known of them.
pub(super) fn learns(dialect: &Dialect, registry: &LayerRegistry, param: &LayerParameter) -> bool {
    let Some(entry) = registry.get(param.r#type()) else { return true };
    let layer = dialect.schema().message("LayerParameter");
    let settings = entry.params.iter().filter_map(|name| layer.and_then(|layer| layer.field_named(name)));
    let is_filler =
        |field: FieldType| matches!(field.kind(), Kind::Message(message) if message.name() == "FillerParameter");
    settings.into_iter().any(|field| match field.kind() {
        Kind::Message(settings) => settings.fields().any(is_filler),
        _ => false,
    })
}
