//! Brings the layers of a plan and those of weights together.

use std::collections::{HashMap, VecDeque};
use std::io;

use super::blob::BlobPair;
use super::measure::measure;
use super::report::{BlobName, BlobReport, Inspection, LayerReport, TopReport, WarningReport};
use super::totals::{VALUE_BYTES, totals};
use super::zeros;
use super::{InspectOptions, Subject};
use crate::Plan;
use crate::formats::{StoredLayer, StoredNet};
use crate::layer::{Role, TopMemory};
use crate::plan::{BlobId, PlannedLayer, Warning};

pub(super) fn inspect(subject: &Subject<'_>, options: &InspectOptions<'_>) -> io::Result<Inspection> {
    let selected = |pair: &LayerPair<'_>| options.selection.layer(pair.name());
    let pairs: Vec<LayerPair<'_>> = pairs(subject).into_iter().filter(selected).collect();
    let mut layers: Vec<LayerReport> = pairs.iter().map(|pair| pair.report(subject.plan, options)).collect();
    if options.values {
        measure_all(&pairs, subject.plan, &mut layers, options)?;
    }
    let weighed = pairs.iter().filter(|_| subject.weights.is_some());
    let mut notes: Vec<String> = weighed.flat_map(|pair| pair.differences(subject.plan)).collect();
    notes.extend(layers.iter().flat_map(non_finite));
    let warnings = match subject.weights {
        Some(_) => zeros::warnings(&pairs, &layers),
        None => warnings(subject, options),
    };
    Ok(Inspection {
        name: name(subject),
        phase: subject.plan.map(|plan| plan.phase.as_str_name()),
        totals: totals(&layers, subject.plan),
        layers,
        warnings,
        notes,
    })
}

fn name(subject: &Subject<'_>) -> String {
    let stored = subject.weights.map(|weights| weights.name.as_str()).filter(|name| !name.is_empty());
    stored.or(subject.plan.map(|plan| plan.name.as_str())).unwrap_or_default().to_owned()
}

/// The warnings about the selected blobs of a net that has no weights yet.
fn warnings(subject: &Subject<'_>, options: &InspectOptions<'_>) -> Vec<WarningReport> {
    let Some(plan) = subject.plan else { return Vec::new() };
    let report = |Warning { kind, blobs, message, notes, help, location, .. }: Warning| WarningReport {
        kind: kind.name,
        blobs: blobs.into_iter().map(|blob| blob_name(plan, blob)).collect(),
        message,
        notes,
        help,
        location: location.as_ref().map(ToString::to_string),
    };
    options.selection.warnings(plan).into_iter().map(report).collect()
}

/// Adds the statistics of all values that there are.
fn measure_all(
    pairs: &[LayerPair<'_>],
    plan: Option<&Plan>,
    layers: &mut [LayerReport],
    options: &InspectOptions<'_>,
) -> io::Result<()> {
    let mut places = Vec::new();
    let mut blobs = Vec::new();
    for (pair, layer) in pairs.iter().zip(layers) {
        for blob in &mut layer.blobs {
            if let Some(values) = pair.blob(plan, blob.index).values() {
                blobs.push((blob.shape.count(), values));
                places.push((&layer.name, blob));
            }
        }
    }
    let found = measure(&blobs, options.progress).map_err(|(index, error)| {
        let (layer, blob) = &places[index];
        io::Error::new(error.kind(), format!("layer {layer:?}, blob {}: {error}", blob.index))
    })?;
    for ((_, blob), statistics) in places.into_iter().zip(found) {
        blob.actual = Some(statistics);
    }
    Ok(())
}

/// Says which blobs of a layer have values that are not numbers.
fn non_finite(layer: &LayerReport) -> impl Iterator<Item = String> + '_ {
    layer.blobs.iter().filter_map(|blob| {
        let found = blob.actual.as_ref().map_or(0, |actual| actual.non_finite);
        let (name, index, count) = (&layer.name, blob.index, blob.count);
        (found > 0).then(|| format!("layer {name:?}, blob {index}: {found} of {count} values are infinite or NaN"))
    })
}

pub(super) fn blob_name(plan: &Plan, id: BlobId) -> BlobName {
    BlobName { layer: plan.layers[id.layer].param.name().to_owned(), index: id.blob }
}

/// A layer as the plan and the weights have it; at least one of them does.
pub(super) struct LayerPair<'a> {
    planned: Option<(usize, &'a PlannedLayer)>,
    stored: Option<&'a StoredLayer>,
}

/// The layers of the plan, each with its weights by name, and then the weights that no planned layer takes.
pub(super) fn pairs<'a>(subject: &Subject<'a>) -> Vec<LayerPair<'a>> {
    let mut by_name = by_name(subject.weights);
    let mut pairs = Vec::new();
    for (index, layer) in subject.plan.iter().flat_map(|plan| &plan.layers).enumerate() {
        let stored = by_name.get_mut(layer.param.name()).and_then(VecDeque::pop_front);
        pairs.push(LayerPair { planned: Some((index, layer)), stored });
    }
    for layer in subject.weights.iter().flat_map(|weights| &weights.layers) {
        if let Some(left) = by_name.get_mut(layer.name.as_str())
            && left.front().is_some_and(|next| std::ptr::eq(*next, layer))
        {
            left.pop_front();
            pairs.push(LayerPair { planned: None, stored: Some(layer) });
        }
    }
    pairs
}

fn by_name(weights: Option<&StoredNet>) -> HashMap<&str, VecDeque<&StoredLayer>> {
    let mut by_name: HashMap<&str, VecDeque<&StoredLayer>> = HashMap::new();
    for layer in weights.iter().flat_map(|weights| &weights.layers) {
        by_name.entry(&layer.name).or_default().push_back(layer);
    }
    by_name
}

impl<'a> LayerPair<'a> {
    pub(super) fn name(&self) -> &'a str {
        match (self.planned, self.stored) {
            (Some((_, planned)), _) => planned.param.name(),
            (None, Some(stored)) => &stored.name,
            (None, None) => "",
        }
    }

    pub(super) fn planned_layer(&self) -> Option<&'a PlannedLayer> {
        self.planned.map(|(_, planned)| planned)
    }

    fn layer_type(&self) -> Option<&'a str> {
        let planned = self.planned.map(|(_, planned)| planned.param.r#type());
        planned.or_else(|| self.stored.and_then(|stored| stored.param.as_deref()).map(|param| param.r#type()))
    }

    fn report(&self, plan: Option<&Plan>, options: &InspectOptions<'_>) -> LayerReport {
        let name = self.name();
        let selected =
            self.blobs(plan).filter(|(index, pair)| options.selection.blob(name, *index, pair.role(), pair.operator()));
        let blobs: Vec<BlobReport> = selected.map(|(index, pair)| pair.report(index)).collect();
        let own = |blob: &&BlobReport| blob.shared_with.is_none() && blob.role != Some(Role::Statistic);
        LayerReport {
            name: name.to_owned(),
            layer_type: self.layer_type().map(str::to_owned),
            bottoms: self.planned.map_or_else(Vec::new, |(_, planned)| planned.param.bottom.clone()),
            tops: self.planned.map_or_else(Vec::new, |(_, planned)| tops(planned)),
            macs: self.planned.map(|(_, planned)| planned.macs),
            parameters: blobs.iter().filter(own).map(|blob| blob.count).sum(),
            blobs,
        }
    }

    /// The blobs' numbers, in order. Those of weights may have gaps.
    fn indices(&self) -> impl Iterator<Item = usize> {
        let planned = self.planned.map_or(0, |(_, planned)| planned.blobs.len());
        let stored = self.stored.map_or(&[][..], |stored| &stored.blobs).iter().map(|blob| blob.index);
        (0..planned).chain(stored.filter(move |&index| index >= planned))
    }

    /// The blobs by their numbers, in order.
    pub(super) fn blobs(&self, plan: Option<&'a Plan>) -> impl Iterator<Item = (usize, BlobPair<'a>)> {
        self.indices().map(move |index| (index, self.blob(plan, index)))
    }

    fn blob(&self, plan: Option<&'a Plan>, index: usize) -> BlobPair<'a> {
        let id = self.planned.filter(|(_, planned)| index < planned.blobs.len());
        BlobPair {
            planned: plan.zip(id.map(|(layer, _)| BlobId { layer, blob: index })),
            stored: self.stored.and_then(|stored| stored.blobs.iter().find(|blob| blob.index == index)),
        }
    }

    /// Where the plan and the weights do not fit together. A format may leave out what is shared.
    fn differences(&self, plan: Option<&Plan>) -> Vec<String> {
        let name = self.name();
        let found = self.blobs(plan).filter_map(|(index, pair)| match (pair.planned_blob(), pair.stored) {
            (Some(planned), Some(stored)) if planned.shape.count() != stored.shape.count() => {
                let (net, weights) = (&planned.shape, &stored.shape);
                Some(format!("layer {name:?}, blob {index} has shape {net} in the net, {weights} in the weights"))
            }
            (Some(planned), None) if planned.owner.is_none() => {
                Some(format!("layer {name:?}, blob {index} is in the net, but not in the weights"))
            }
            (None, Some(_)) if plan.is_some() => {
                Some(format!("layer {name:?}, blob {index} is in the weights, but not in the net"))
            }
            _ => None,
        });
        found.collect()
    }
}

/// The tops of a planned layer.
fn tops(layer: &PlannedLayer) -> Vec<TopReport> {
    let report = |(position, (shape, memory)): (usize, (&crate::Shape, &TopMemory))| {
        let bytes = if *memory == TopMemory::Own { shape.count() as u64 * VALUE_BYTES } else { 0 };
        TopReport { name: layer.param.top.get(position).cloned(), shape: shape.clone(), bytes }
    };
    layer.tops.iter().zip(&layer.memory).enumerate().map(report).collect()
}
