//! A whole net, layer by layer.

use std::collections::HashSet;

use prost::Message;
use serde::Serialize;

use super::draft::{DraftSurroundings, LayerDraft, TakenNames, stored};
use super::faults;
use super::fields::ForkFields;
use super::head::{self, TranslatedHead};
use super::registry::TRANSLATIONS;
use super::shapes::KnownShapes;
use crate::Shape;
use crate::convert::source::{Convertible, Encoded, ForkNet};
use crate::dialect::Dialect;
use crate::error::{Diagnostic, Error, Result};
use crate::formats::{StoredBlob, StoredLayer, StoredNet};
use crate::net::{CurrentNet, FileKind, NetLayer, Origin, current_shape, describe};
use crate::plan::PlanOptions;
use crate::proto::caffe::{LayerParameter, NetParameter};
use crate::proto::gate;
use crate::proto::schema::MessageType;
use crate::setting::{Advice, Setting};

/// How a net of a fork is translated.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct BvlcOptions {
    /// Leave out the layers that BVLC's Caffe cannot express, and those that read what they make, instead of refusing
    /// them.
    pub partial: bool,
    /// Make a net definition, even of a file that has weights.
    pub without_weights: bool,
    /// How the net is planned where its shapes have to be known.
    pub plan: PlanOptions,
}

/// What became of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TranslatedLayer {
    /// The layer's name.
    pub layer: String,
    /// Its type in the fork.
    pub layer_type: String,
    /// The layers that stand for it, by name.
    pub becomes: Vec<String>,
    /// What was done, each in a few words.
    pub changes: Vec<String>,
}

/// A net for BVLC's Caffe that was one of a fork.
///
/// ```
/// use caffemodel::convert::{BvlcOptions, Convertible, to_bvlc};
/// let net = "layer { name: 'c' type: 'DepthwiseConvolution' bottom: 'x' top: 'c'
///     convolution_param { num_output: 8 group: 8 kernel_size: 3 } }";
/// let source = Convertible::from_bytes("net.prototxt", net.into(), None)?;
/// let net = to_bvlc(&source, &BvlcOptions::default())?;
/// assert_eq!(net.layers[0].param.as_ref().unwrap().r#type(), "Convolution");
/// assert_eq!(net.report[0].changes, ["DepthwiseConvolution became Convolution with its group"]);
/// # Ok::<(), caffemodel::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct BvlcNet {
    /// The layers, with their blobs where the file has weights.
    pub layers: Vec<StoredLayer>,
    /// The layers of the file that were changed, in its order.
    pub report: Vec<TranslatedLayer>,
    /// Why layers were left out, if that was asked for.
    pub left_out: Vec<Diagnostic>,
    /// How the dialect was told, and what was changed beside the layers, in a line each.
    pub notices: Vec<String>,
    /// Layers that only a definition needs, by name: in weights they are left out.
    filled: HashSet<String>,
    /// Whether the net was in BVLC's dialect.
    is_bvlcs: bool,
    head: NetParameter,
}

/// Translates a net of a fork into one for BVLC's Caffe.
///
/// What it computes stays the same, but for rounding, in both phases unless the report says otherwise.
///
/// # Errors
/// The file is no net, or it is damaged; or BVLC's Caffe cannot express some of its layers, all of which are listed.
pub fn to_bvlc(source: &Convertible, options: &BvlcOptions) -> Result<BvlcNet> {
    let fork = source.fork_net()?;
    let file = source.name();
    let TranslatedHead { net: head, engine, dropped } = head::translated(&fork.net.head, fork.net.dialect, &file)?;
    let mut walk = NetTranslator::new(&fork, &file, engine, options);
    for (index, (layer, blobs)) in fork.net.layers.iter().zip(&fork.blobs).enumerate() {
        walk.layer(index, layer, blobs.clone());
    }
    let mut notices = fork.notices.clone();
    if !dropped.is_empty() {
        notices.push(format!("dropped, as it says how to compute, not what: {}", dropped.join(", ")));
    }
    if walk.has_weights && fork.net.dialect.traits.layers_have_types {
        notices.push("values in raw_data became data".to_owned());
    }
    walk.finish(head, notices, &file)
}

struct NetTranslator<'n> {
    fork: &'n ForkNet,
    message: MessageType,
    options: &'n BvlcOptions,
    engine: String,
    shapes: KnownShapes,
    names: TakenNames,
    has_weights: bool,
    layers: Vec<StoredLayer>,
    /// Which layer of the file each of them comes from.
    origins: Vec<Option<Origin>>,
    report: Vec<TranslatedLayer>,
    faults: Vec<Diagnostic>,
    filled: HashSet<String>,
    /// The blobs that layers make which are left out.
    missing: HashSet<String>,
}

impl<'n> NetTranslator<'n> {
    fn new(fork: &'n ForkNet, file: &str, engine: String, options: &'n BvlcOptions) -> NetTranslator<'n> {
        let params = || fork.net.layers.iter().map(|layer| &layer.param);
        let names = TakenNames {
            layers: params().map(|param| param.name().to_owned()).collect(),
            blobs: params().flat_map(|param| param.bottom.iter().chain(&param.top)).cloned().collect(),
        };
        let dialect = fork.net.dialect;
        let has_weights = !options.without_weights && fork.blobs.iter().any(|blobs| !blobs.is_empty());
        NetTranslator {
            fork,
            message: dialect.layer_message(),
            options,
            engine,
            shapes: KnownShapes::of(&fork.net, file, !has_weights, &options.plan),
            names,
            has_weights,
            layers: Vec::new(),
            origins: Vec::new(),
            report: Vec::new(),
            faults: Vec::new(),
            filled: HashSet::new(),
            missing: HashSet::new(),
        }
    }

    /// Translates a layer, or says why it cannot be.
    fn layer(&mut self, index: usize, layer: &NetLayer, blobs: Vec<StoredBlob>) {
        // Weights are of use by themselves, whatever makes the bottoms of their layers.
        let lost = layer.param.bottom.iter().find(|bottom| self.missing.contains(*bottom) && !self.has_weights);
        let faults = match lost {
            Some(bottom) => {
                let message =
                    format!("{}, bottom: {bottom:?} is made by a layer that is left out", describe(&layer.param));
                let location = self.fork.net.locator.locate(layer.origin, "bottom");
                vec![Diagnostic { location, ..Diagnostic::new(message) }]
            }
            None => match self.translated(index, layer, blobs) {
                Ok(()) => {
                    self.missing.retain(|blob| !layer.param.top.contains(blob));
                    return;
                }
                Err(faults) => faults,
            },
        };
        self.missing.extend(layer.param.top.iter().cloned());
        if lost.is_none() || self.options.partial {
            self.faults.extend(faults);
        }
    }

    fn translated(&mut self, index: usize, layer: &NetLayer, blobs: Vec<StoredBlob>) -> Result<(), Vec<Diagnostic>> {
        let locator = &self.fork.net.locator;
        let param = LayerParameter { blobs: Vec::new(), ..layer.param.clone() };
        let encoded = param.encode_to_vec();
        let (known, fields) = ForkFields::part(&gate::unfolded(&encoded, self.message), self.message);
        let bvlc = Dialect::bvlc().layer_message();
        let decoded = gate::decoded(&known, bvlc);
        let param: LayerParameter = decoded.map_err(|error| vec![Diagnostic::new(error.to_string())])?;
        let name = param.name().to_owned();
        let before = param.r#type().to_owned();
        let mut changes = Vec::new();
        let blobs = with_current_shapes(blobs, &param, &mut changes);
        let net = DraftSurroundings {
            dialect: self.fork.net.dialect,
            engine: &self.engine,
            bottoms: self.shapes.bottoms(&name),
            tops: self.shapes.tops(&name),
            reason: self.shapes.reason.as_deref(),
            reader: reader(&self.fork.net.layers, index),
            has_weights: self.has_weights,
        };
        let mut draft = LayerDraft::new(param, fields, blobs, &net, &mut self.names);
        for translation in TRANSLATIONS.iter().filter(|translation| translation.known.includes(net.dialect)) {
            if translation.is_for(draft.param.r#type()) {
                let done = (translation.run)(&mut draft);
                changes.extend(done.map_err(|refusal| vec![faults::diagnose(&refusal, layer, locator)])?);
            }
        }
        let is_made = layer.origin.is_some_and(|origin| !matches!(origin.field, "layer" | "layers"));
        let faults = faults::faults(&draft, &before, is_made);
        if !faults.is_empty() {
            return Err(faults.into_iter().map(|fault| fault.diagnose(layer, locator)).collect());
        }
        let LayerDraft { param, blobs, before: front, after: behind, is_filled, .. } = draft;
        if is_filled {
            self.filled.insert(name.clone());
        }
        let made: Vec<StoredLayer> = front.into_iter().chain([stored(param, blobs)]).chain(behind).collect();
        if !changes.is_empty() {
            let becomes = made.iter().map(|layer| layer.name.clone()).collect();
            self.report.push(TranslatedLayer { layer: name, layer_type: before, becomes, changes });
        }
        self.origins.extend(made.iter().map(|_| layer.origin));
        self.layers.extend(made);
        Ok(())
    }

    fn finish(self, head: NetParameter, notices: Vec<String>, file: &str) -> Result<BvlcNet> {
        let NetTranslator { layers, origins, report, mut faults, filled, options, fork, .. } = self;
        if !faults.is_empty() && (!options.partial || layers.is_empty()) {
            if let Some(last) = faults.last_mut().filter(|last| last.help.is_none() && !options.partial) {
                last.help = Some(Advice::naming("", Setting::Partial, " leaves out what cannot be expressed"));
            }
            return Err(Error::Input(faults));
        }
        if !self.has_weights {
            let params = layers.iter().filter_map(|layer| layer.param.as_deref().cloned());
            let net = CurrentNet {
                head: head.clone(),
                layers: params.zip(origins).map(|(param, origin)| NetLayer { param, origin }).collect(),
                dialect: Dialect::bvlc(),
                locator: fork.net.locator.clone(),
                changes: Vec::new(),
            };
            self.shapes.check(&net, file, &options.plan)?;
        }
        let is_bvlcs = fork.net.dialect.is_bvlc();
        Ok(BvlcNet { layers, report, left_out: faults, notices, is_bvlcs, filled, head })
    }
}

/// What is said where blobs were stored with four old sizes.
const SHAPED: &str = "blobs with num, channels, height and width were given shapes";

/// The first layer behind one that reads its first top.
fn reader(layers: &[NetLayer], index: usize) -> Option<&LayerParameter> {
    let top = layers[index].param.top.first()?;
    layers[index + 1..].iter().map(|layer| &layer.param).find(|param| param.bottom.contains(top))
}

/// Blobs stored with four old sizes, in the shapes of today where the layer's type tells them.
fn with_current_shapes(blobs: Vec<StoredBlob>, layer: &LayerParameter, changes: &mut Vec<String>) -> Vec<StoredBlob> {
    let mut has_any = false;
    let mut current = |blob: StoredBlob| {
        let sizes: Vec<i64> = blob.shape.dims().iter().map(|&dim| i64::from(dim)).collect();
        let dims = blob.legacy.then(|| current_shape(layer, blob.index, &sizes)).flatten();
        match dims.and_then(|dims| Shape::new(dims).ok()) {
            Some(shape) => {
                has_any |= shape.axes() != 4;
                StoredBlob { shape, legacy: false, ..blob }
            }
            None => blob,
        }
    };
    let blobs = blobs.into_iter().map(&mut current).collect();
    if has_any {
        changes.push(SHAPED.to_owned());
    }
    blobs
}

impl BvlcNet {
    /// Whether anything is otherwise than in the file but what any Caffe upgrades by itself.
    pub fn is_changed(&self) -> bool {
        let is_translated = |layer: &TranslatedLayer| layer.changes.iter().any(|change| change != SHAPED);
        !self.is_bvlcs || self.report.iter().any(is_translated) || !self.left_out.is_empty()
    }

    /// Whether there are weights in it.
    pub fn has_weights(&self) -> bool {
        self.layers.iter().any(|layer| !layer.blobs.is_empty())
    }

    /// The layers with their weights, to be [planned](super::super::plan()) and written; also the names of those that
    /// weights need not have, as the fillers of the definition give the only values that they may have.
    pub fn weights(self) -> (StoredNet, Vec<String>) {
        let BvlcNet { layers, filled, mut head, .. } = self;
        let (left, layers): (Vec<_>, Vec<_>) = layers.into_iter().partition(|layer| filled.contains(&layer.name));
        let name = head.name.take().unwrap_or_default();
        let stored = StoredNet { name, layers, dialect: Some(Dialect::bvlc()), ..StoredNet::default() };
        (stored, left.into_iter().map(|layer| layer.name).collect())
    }

    /// The definition, without weights.
    pub fn encoded(&self) -> Encoded<'static> {
        let layers = self.layers.iter().filter_map(|layer| layer.param.as_deref().cloned());
        let net = NetParameter { layer: layers.collect(), ..self.head.clone() };
        let message = FileKind::Net.message();
        let encoded = net.encode_to_vec();
        Encoded::bvlc(message, gate::unfolded(&encoded, message).into_owned())
    }
}
