//! A layer on its way from a fork to BVLC's Caffe.

use std::collections::HashSet;

use super::fields::ForkFields;
use crate::Shape;
use crate::dialect::Dialect;
use crate::error::{Refusal, Result, ensure};
use crate::formats::{StoredBlob, StoredLayer};
use crate::proto::caffe::{FillerParameter, LayerParameter, ParamSpec};
use crate::proto::schema::FieldType;

/// What a translation sees of the net around a layer.
#[derive(Debug)]
pub(super) struct DraftSurroundings<'n> {
    /// The dialect that the layer comes from.
    pub(super) dialect: &'static Dialect,
    /// The engine that the net names for all of its layers.
    pub(super) engine: &'n str,
    /// The shapes of the layer's bottoms, where they are known.
    pub(super) bottoms: Option<&'n [Shape]>,
    /// Those of its tops, likewise.
    pub(super) tops: Option<&'n [Shape]>,
    /// Why they are not known.
    pub(super) reason: Option<&'n str>,
    /// The first layer behind it that reads its first top.
    pub(super) reader: Option<&'n LayerParameter>,
    /// Whether the net comes with weights.
    pub(super) has_weights: bool,
}

/// A layer in work: what BVLC's schema has of it, and apart from that what it lacks.
#[derive(Debug)]
pub(super) struct LayerDraft<'n> {
    /// What BVLC's schema has, without blobs. The type may be the fork's.
    pub(super) param: LayerParameter,
    /// What it has not, and no translation has dealt with yet.
    pub(super) fields: ForkFields,
    pub(super) blobs: Vec<StoredBlob>,
    /// The layers that stand in front of it in the net for BVLC's Caffe.
    pub(super) before: Vec<StoredLayer>,
    /// Those that stand behind it.
    pub(super) after: Vec<StoredLayer>,
    /// Whether weights leave it out, as its filler gives the only values that it may have.
    pub(super) is_filled: bool,
    pub(super) net: &'n DraftSurroundings<'n>,
    names: &'n mut TakenNames,
}

/// The names of layers and of blobs of the net.
#[derive(Debug, Default)]
pub(super) struct TakenNames {
    pub(super) layers: HashSet<String>,
    pub(super) blobs: HashSet<String>,
}

/// The name, with underlines behind it as long as it is taken.
fn fresh(taken: &mut HashSet<String>, mut name: String) -> String {
    while !taken.insert(name.clone()) {
        name.push('_');
    }
    name
}

impl<'n> LayerDraft<'n> {
    pub(super) fn new(
        param: LayerParameter,
        fields: ForkFields,
        blobs: Vec<StoredBlob>,
        net: &'n DraftSurroundings<'n>,
        names: &'n mut TakenNames,
    ) -> LayerDraft<'n> {
        let (before, after) = (Vec::new(), Vec::new());
        LayerDraft { param, fields, blobs, before, after, is_filled: false, net, names }
    }

    pub(super) fn is(&self, layer_type: &str) -> bool {
        self.param.r#type() == layer_type
    }

    /// The only bottom and the only top.
    ///
    /// # Errors
    /// There are more or less.
    pub(super) fn single(&self) -> Result<(String, String), Refusal> {
        match (&self.param.bottom[..], &self.param.top[..]) {
            ([bottom], [top]) => Ok((bottom.clone(), top.clone())),
            (bottoms, tops) => {
                let message = format!("{} bottoms and {} tops, expected one of each", bottoms.len(), tops.len());
                Err(Refusal::at(if bottoms.len() == 1 { "top" } else { "bottom" }, message))
            }
        }
    }

    /// Refuses a layer that works in place, as several that stand for it cannot.
    pub(super) fn check_not_in_place(&self) -> Result<(), Refusal> {
        let in_place = self.param.top.iter().find(|top| self.param.bottom.contains(top));
        let message =
            |top: &String| format!("the layers that would stand for this one cannot work in place on {top:?}");
        match in_place {
            Some(top) => Err(Refusal::at("top", message(top)).help("give the top a name of its own")),
            None => Ok(()),
        }
    }

    /// Refuses a bottom that is known to have another number of axes.
    pub(super) fn check_axes(&self, axes: usize) -> Result<(), Refusal> {
        let bottom = self.net.bottoms.and_then(|bottoms| bottoms.first());
        if let Some(bottom) = bottom {
            let layer_type = self.param.r#type();
            ensure!(
                bottom.axes() == axes,
                "bottom",
                "{layer_type} treats the input {bottom} as {axes} axes, which BVLC's layers do not"
            );
        }
        Ok(())
    }

    /// The channels of the first bottom, where they are known.
    pub(super) fn channels(&self) -> Option<i32> {
        self.net.bottoms?.first()?.dim(1)
    }

    /// A layer of the same phases and stages whose name is that of this one with something behind it.
    pub(super) fn sibling(&mut self, suffix: &str, layer_type: &str) -> LayerParameter {
        let name = fresh(&mut self.names.layers, format!("{}_{suffix}", self.param.name()));
        LayerParameter {
            name: Some(name),
            r#type: Some(layer_type.to_owned()),
            phase: self.param.phase,
            include: self.param.include.clone(),
            exclude: self.param.exclude.clone(),
            ..Default::default()
        }
    }

    /// A name for a blob between two of the layers.
    pub(super) fn fresh_blob(&mut self, suffix: &str) -> String {
        let name = format!("{}_{suffix}", self.param.name());
        fresh(&mut self.names.blobs, name)
    }

    /// Puts a layer behind all that stand for this one so far, in place on its first top.
    pub(super) fn follow(&mut self, layer: LayerParameter, blobs: Vec<StoredBlob>) {
        let top: Vec<String> = self.param.top.first().cloned().into_iter().collect();
        self.after.push(stored(LayerParameter { bottom: top.clone(), top, ..layer }, blobs));
    }

    /// Puts a layer without weights in front of this one.
    pub(super) fn precede(&mut self, layer: LayerParameter, bottom: Vec<String>, top: Vec<String>) {
        self.before.push(stored(LayerParameter { bottom, top, ..layer }, Vec::new()));
    }

    /// Whether the dialect has this field in this message.
    pub(super) fn knows(&self, message: &str, field: &str) -> bool {
        self.field(message, field).is_some()
    }

    fn field(&self, message: &str, field: &str) -> Option<FieldType> {
        self.net.dialect.schema().message(message)?.field_named(field)
    }

    /// Takes a number of the fork's, or what its schema names as the default.
    pub(super) fn f32_or_default(&mut self, path: &str, message: &str) -> Option<f32> {
        let name = path.rsplit('.').next().unwrap_or(path);
        let default = self.field(message, name).and_then(|field| field.declared_default()?.parse().ok());
        self.fields.f32(path).or(default)
    }

    /// Takes a switch of the fork's, or what its schema names as the default.
    pub(super) fn bool_or_default(&mut self, path: &str, message: &str) -> bool {
        let name = path.rsplit('.').next().unwrap_or(path);
        let default = self.field(message, name).is_some_and(|field| field.declared_default() == Some("true"));
        self.fields.bool(path).unwrap_or(default)
    }

    /// Takes a filler; where the net has none, that of the fork, which leaves zeros.
    pub(super) fn filler_or_zeros(&mut self, path: &str) -> FillerParameter {
        self.fields.message(path).unwrap_or_else(|| constant(0.0))
    }
}

/// The layer as it is written.
pub(super) fn stored(param: LayerParameter, blobs: Vec<StoredBlob>) -> StoredLayer {
    StoredLayer { param: Some(Box::new(param.clone())), ..StoredLayer::new(param.name(), blobs) }
}

/// The filler for a single value.
pub(super) fn constant(value: f32) -> FillerParameter {
    FillerParameter { r#type: Some("constant".to_owned()), value: Some(value), ..Default::default() }
}

/// Parameters that do not learn.
pub(super) fn fixed(name: Option<String>) -> ParamSpec {
    ParamSpec { name, lr_mult: Some(0.0), decay_mult: Some(0.0), ..Default::default() }
}

/// The blob as a list of values, whatever its shape, under another number.
///
/// # Errors
/// It has more values than a shape may count.
pub(super) fn as_list(blob: &StoredBlob, index: usize) -> Result<StoredBlob, Refusal> {
    let shape = Shape::new([blob.shape.count() as i64]).map_err(|error| Refusal::at("blobs", error.to_string()))?;
    Ok(StoredBlob { index, shape, legacy: false, ..blob.clone() })
}

/// As [`as_list`], or without axes where all channels share the value.
///
/// # Errors
/// It has several values, but should have one.
pub(super) fn of_channels(blob: &StoredBlob, index: usize, is_shared: bool) -> Result<StoredBlob, Refusal> {
    if !is_shared {
        return as_list(blob, index);
    }
    ensure!(blob.shape.count() == 1, "blobs", "blob {index} has {} values, expected 1", blob.shape.count());
    Ok(StoredBlob { index, shape: Shape::scalar(), legacy: false, ..blob.clone() })
}

/// A blob of one value for each of so many channels.
///
/// # Errors
/// There are more than a shape may count.
pub(super) fn filled(index: usize, count: usize, value: f32) -> Result<StoredBlob, Refusal> {
    let shape = Shape::new([count as i64]).map_err(|error| Refusal::at("blobs", error.to_string()))?;
    Ok(StoredBlob::new(index, shape, vec![value; count]))
}
