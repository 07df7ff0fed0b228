//! What a net predicts, and which layers that depends on.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::detections::DETECTIONS;
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
    /// The same, to be looked up.
    seen: HashSet<Prediction>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Prediction {
    Blob(usize),
    /// What stands in for the loss of this layer makes it.
    OfLoss(usize),
}

/// The type of a loss, and the labels that it judges by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct JudgedBy<'a> {
    loss: &'a str,
    labels: &'a [Option<usize>],
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
        Predictions { definition, layers, graph, deployments, learned, judged, found: Vec::new(), seen: HashSet::new() }
    }

    /// Takes the blobs of these names for predictions.
    pub(super) fn take(&mut self, names: &[String]) -> Result<()> {
        for name in names {
            let Some(blob) = self.graph.named(self.layers, name) else {
                let tops = self.layers.iter().flat_map(|layer| layer.param.top.iter().map(String::as_str));
                let near = closest(name, tops).map(|near| format!(" (did you mean {near:?}?)")).unwrap_or_default();
                return Err(Error::Request(format!("no layer makes the blob {name:?} to end the net with{near}")));
            };
            let maker = self.graph.makers[blob];
            let found = match self.deployments[maker] {
                deployment if deployment.stand_in().is_some() => Prediction::OfLoss(maker),
                _ if self.judged[blob] => {
                    let message = format!("the blob {name:?} to end the net with is made by a loss or a metric");
                    return Err(Error::Request(message));
                }
                _ => Prediction::Blob(blob),
            };
            self.add(found);
        }
        Ok(())
    }

    /// Finds what the losses judge, and what no layer reads.
    pub(super) fn find(&mut self, notices: &mut Vec<String>) -> Result<()> {
        let auxiliary = self.auxiliary();
        if !auxiliary.is_empty() {
            let names: Vec<String> = auxiliary.iter().map(|&layer| format!("{:?}", self.name(layer))).collect();
            notices.push(format!(
                "{} left out with all that only they need: the net has a loss with more weight on the same labels",
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

    fn find_all(&mut self, auxiliary: &BTreeSet<usize>, candidates: &[bool]) {
        for layer in (0..self.layers.len()).filter(|layer| !auxiliary.contains(layer)) {
            for found in self.found_of(layer, candidates) {
                self.add(found);
            }
        }
    }

    fn add(&mut self, found: Prediction) {
        if self.seen.insert(found) {
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
            Deployment::Detections { .. } if self.is_first_step(layer) => Vec::new(),
            Deployment::LossOf(layer_type) | Deployment::Detections { output: layer_type, .. } => {
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
            Deployment::Input | Deployment::Measure | Deployment::Dropped | Deployment::Bypassed => Vec::new(),
        }
    }

    /// Whether a loss of boxes judges what another one goes on from.
    fn is_first_step(&self, layer: usize) -> bool {
        let Some(locations) = self.graph.bottoms[layer].first().copied().flatten() else { return false };
        (0..self.layers.len()).any(|other| match self.deployments[other] {
            Deployment::Detections { rest, .. } if other != layer => {
                let bottoms = &self.graph.bottoms[other];
                rest.iter().any(|&index| bottoms.get(index).copied().flatten() == Some(locations))
            }
            _ => false,
        })
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
    fn auxiliary(&self) -> BTreeSet<usize> {
        let weight = |layer: usize| self.layers[layer].param.loss_weight.first().copied().unwrap_or(1.0);
        let losses = (0..self.layers.len()).filter_map(|layer| Some((layer, self.judged_by(layer)?)));
        let losses: Vec<(usize, JudgedBy<'_>)> = losses.collect();
        let mut greatest: HashMap<JudgedBy<'_>, f32> = HashMap::new();
        for &(layer, labels) in &losses {
            let most = greatest.entry(labels).or_insert(f32::NEG_INFINITY);
            *most = most.max(weight(layer));
        }
        losses
            .into_iter()
            .filter(|&(layer, labels)| weight(layer) < greatest[&labels])
            .map(|(layer, _)| layer)
            .collect()
    }

    /// The type and the labels of a loss that has some.
    fn judged_by(&self, layer: usize) -> Option<JudgedBy<'_>> {
        let deployment = self.deployments[layer];
        let bottoms = &self.graph.bottoms[layer];
        // Behind the labels a loss of boxes may have further predictions.
        let end =
            if matches!(deployment, Deployment::Detections { .. }) { bottoms.len().min(4) } else { bottoms.len() };
        let labels = bottoms.get(deployment.judges()?..end)?;
        let are_known = !labels.is_empty() && labels.iter().all(Option::is_some);
        are_known.then(|| JudgedBy { loss: self.layers[layer].param.r#type(), labels })
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
                    open.extend(self.read_by_stand_in(layer));
                }
            }
        }
        while let Some(blob) = open.pop() {
            let maker = self.graph.makers[blob];
            if std::mem::replace(&mut live.blobs[blob], true) || std::mem::replace(&mut live.layers[maker], true) {
                continue;
            }
            if self.deployments[maker].stand_in().is_some() {
                open.extend(self.read_by_stand_in(maker));
                continue;
            }
            let bottoms = self.graph.bottoms[maker].as_slice();
            if bottoms.contains(&None) {
                live.missing = Some(live.missing.map_or(maker, |first| first.min(maker)));
            }
            open.extend(bottoms.iter().flatten());
        }
        live
    }

    /// The blobs that what stands in for a loss reads.
    fn read_by_stand_in(&self, layer: usize) -> impl Iterator<Item = usize> + '_ {
        let bottoms = &self.graph.bottoms[layer];
        self.deployments[layer].read(bottoms.len()).into_iter().filter_map(|index| bottoms[index])
    }

    /// What to call what stands in for a loss, if there is one alone and the name is free.
    pub(super) fn name_of_stand_in(&self) -> Option<&'static str> {
        let mut losses = self.found.iter().filter_map(|found| match found {
            Prediction::OfLoss(layer) => Some(*layer),
            Prediction::Blob(_) => None,
        });
        let (Some(loss), None) = (losses.next(), losses.next()) else { return None };
        let is_of_boxes = matches!(self.deployments[loss], Deployment::Detections { .. });
        let name = if is_of_boxes { DETECTIONS } else { PROBABILITIES };
        (!is_taken(self.layers, name)).then_some(name)
    }

    fn name(&self, layer: usize) -> &str {
        self.layers[layer].param.name()
    }
}

/// Whether a layer or a blob of the net has this name.
pub(super) fn is_taken(layers: &[NetLayer], name: &str) -> bool {
    layers.iter().any(|layer| layer.param.name() == name || layer.param.top.iter().any(|top| top == name))
}

/// Makes a loss the layer of another type that stands in for it. A second top, which is what it is the loss of, keeps
/// its name.
pub(super) fn stand_in(layer_type: &str, name: Option<&str>, param: &mut LayerParameter) {
    if let Some(name) = name {
        param.name = Some(name.to_owned());
    }
    let own = param.top.get(1).or(param.top.first().filter(|_| name.is_none())).cloned();
    param.top = vec![own.unwrap_or_else(|| param.name().to_owned())];
    param.r#type = Some(layer_type.to_owned());
    param.bottom.truncate(1);
}

/// Whether layers of a type learn: their settings have fillers, or nothing is known of them.
pub(super) fn learns(dialect: &Dialect, registry: &LayerRegistry, param: &LayerParameter) -> bool {
    let Some(entry) = registry.get(param.r#type()) else { return true };
    let layer = dialect.layer_message();
    let settings = entry.params.iter().filter_map(|name| layer.field_named(name));
    let is_filler =
        |field: FieldType| matches!(field.kind(), Kind::Message(message) if message.name() == "FillerParameter");
    settings.into_iter().any(|field| match field.kind() {
        Kind::Message(settings) => settings.fields().any(is_filler),
        _ => false,
    })
}
