//! Layers of types that nobody here knows: which of them the caller speaks of, and what to ask for where nothing is
//! said.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::PlanOptions;
use crate::dialect::{Dialect, known_names};
use crate::error::{Error, Refusal, Result};
use crate::layer::{LAYERS, LayerRegistry, OpaqueLayer, Shapeless};
use crate::net::NetLayer;
use crate::proto::caffe::LayerParameter;
use crate::proto::text::closest;
use crate::setting::{Advice, Setting};

impl PlanOptions {
    /// What the caller says of a layer whose type is not known: that its tops are like its bottoms, or the shape of a
    /// top or of a blob.
    pub(super) fn opaque_layer(&self, param: &LayerParameter) -> Option<OpaqueLayer> {
        if self.layers.get(param.r#type()).is_some() || param.r#type().is_empty() {
            return None;
        }
        let like_bottoms = self.opaque.contains(param.r#type());
        let first = (param.name().to_owned(), 0);
        let own = self.blobs.range(first..).take_while(|((layer, _), _)| layer == param.name());
        let blobs: BTreeMap<_, _> = own.map(|((_, index), shape)| (*index, shape.clone())).collect();
        let is_told = like_bottoms || !blobs.is_empty() || param.top.iter().any(|top| self.shapes.contains_key(top));
        let mut layer = OpaqueLayer::default();
        (layer.like_bottoms, layer.blobs) = (like_bottoms, blobs);
        is_told.then_some(layer)
    }

    /// Checks that the net has the layers that the caller takes for opaque, and that their types are not known.
    pub(super) fn check_opaque(&self, layers: &[NetLayer]) -> Result<()> {
        for name in &self.opaque {
            if self.layers.get(name).is_some() {
                let message = format!("the layer type {name:?} is known here: it cannot be opaque");
                return Err(Error::Request(message));
            }
            let types = layers.iter().map(|layer| layer.param.r#type());
            if !types.clone().any(|other| other == name) {
                let near = did_you_mean(name, types);
                return Err(Error::Request(format!("no layer of the net is of the type {name:?}{near}")));
            }
        }
        for (name, index) in self.blobs.keys() {
            let Some(layer) = layers.iter().find(|layer| layer.param.name() == name) else {
                let near = did_you_mean(name, layers.iter().map(|layer| layer.param.name()));
                return Err(Error::Request(format!(
                    "a shape is given for blob {index} of {name:?}: no such layer{near}"
                )));
            };
            let layer_type = layer.param.r#type();
            if self.layers.get(layer_type).is_some() {
                let message = format!(
                    "a shape is given for blob {index} of {name:?}: the layer type {layer_type:?} is known here, and makes \
                     its own"
                );
                return Err(Error::Request(message));
            }
        }
        Ok(())
    }
}

fn did_you_mean<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    closest(name, names).map_or_else(String::new, |near| format!(" (did you mean {near:?}?)"))
}

/// The layers of a type that nobody knows.
struct UnknownType<'a> {
    name: &'a str,
    /// The first of them.
    first: &'a NetLayer,
    count: usize,
    /// Their tops whose shapes matter, since layers behind them have weights.
    needed: Vec<&'a str>,
    /// Whether each has a bottom for each such top.
    has_bottoms: bool,
}

/// What is wrong with layers of unknown types of which the caller says nothing: of each type once, with its first
/// layer.
pub(super) fn unknown_types<'a>(
    layers: &'a [NetLayer],
    options: &PlanOptions,
    dialect: &Dialect,
) -> Vec<(&'a NetLayer, Refusal)> {
    let registry = &options.layers;
    let is_unknown = |layer: &&NetLayer| {
        let inputs = layer.origin.is_some_and(|origin| origin.is_net_inputs());
        !inputs && registry.get(layer.param.r#type()).is_none() && options.opaque_layer(&layer.param).is_none()
    };
    if !layers.iter().any(|layer| is_unknown(&layer)) {
        return Vec::new();
    }
    let needed = needed_blobs(layers, registry);
    let mut found: Vec<UnknownType<'a>> = Vec::new();
    for layer in layers.iter().filter(is_unknown) {
        let name = layer.param.r#type();
        let place = found.iter().position(|other| other.name == name).unwrap_or_else(|| {
            found.push(UnknownType { name, first: layer, count: 0, needed: Vec::new(), has_bottoms: true });
            found.len() - 1
        });
        let own = &mut found[place];
        own.count += 1;
        own.has_bottoms &= layer.param.top.len() <= layer.param.bottom.len();
        let tops = layer.param.top.iter().map(String::as_str).filter(|top| needed.contains(top));
        own.needed.extend(tops.filter(|top| !options.shapes.contains_key(*top)));
    }
    found.into_iter().map(|unknown| (unknown.first, unknown.refusal(registry, dialect))).collect()
}

/// The blobs whose shapes matter: those that layers with weights read, themselves or by way of layers without.
fn needed_blobs<'a>(layers: &'a [NetLayer], registry: &LayerRegistry) -> BTreeSet<&'a str> {
    let mut needed: HashSet<&str> = HashSet::new();
    let mut ever = BTreeSet::new();
    for NetLayer { param, .. } in layers.iter().rev() {
        let passes = registry.get(param.r#type()).is_none_or(|entry| entry.shapeless != Shapeless::Refused);
        let tops = param.top.iter().filter(|top| needed.remove(top.as_str())).count();
        if !passes || tops > 0 {
            needed.extend(param.bottom.iter().map(String::as_str));
            ever.extend(param.bottom.iter().map(String::as_str));
        }
    }
    ever
}

impl UnknownType<'_> {
    fn refusal(&self, registry: &LayerRegistry, dialect: &Dialect) -> Refusal {
        let name = self.name;
        if name.is_empty() {
            return Refusal::new("the layer has no type");
        }
        let more = match self.count {
            1 => String::new(),
            2 => ", which another layer has too".to_owned(),
            count => format!(", which {} other layers have too", count - 1),
        };
        let refusal = Refusal::at("type", format!("unknown layer type {name:?}{more}"));
        let elsewhere = LAYERS.iter().copied().flatten().filter(|entry| entry.name == name);
        let elsewhere = known_names(elsewhere.map(|entry| &entry.known));
        let known = match closest(name, registry.iter().map(|entry| entry.name)) {
            _ if !elsewhere.is_empty() => {
                format!("the dialect {} does not have it, but these do: {}; else ", dialect.name, elsewhere.join(", "))
            }
            Some(near) => format!("did you mean {near:?}? else "),
            None => "no dialect known here has it: ".to_owned(),
        };
        refusal.help(self.options(known))
    }

    /// The settings that would do, behind `before`.
    fn options(&self, before: String) -> Advice {
        let advice = Advice::from(before + "`");
        let opaque = || Setting::Opaque { layer_type: self.name.to_owned() };
        let advice = match self.needed.as_slice() {
            [] => advice.and_naming(opaque(), "` takes it as it is: no weights after it need its shape"),
            _ if self.has_bottoms => {
                let alike = advice.and_naming(opaque(), "` says that its tops are like its bottoms, or `");
                self.with_shapes(alike).followed_by("` what they are like")
            }
            _ => self.with_shapes(advice).followed_by("` says what its tops are like"),
        };
        let first = Setting::Blob { layer: self.first.param.name().to_owned(), index: 0 };
        let advice = advice.followed_by("; if it has weights, add `").and_naming(first, "` and so on");
        let weights = Setting::InitWithWeights { file: "FILE".to_owned() };
        advice.followed_by(", or take them from a file: `").and_naming(weights, "`")
    }

    /// The advice with the settings for the shapes of all tops that need one.
    fn with_shapes(&self, mut advice: Advice) -> Advice {
        for (index, top) in self.needed.iter().enumerate() {
            if index > 0 {
                advice = advice.followed_by(" ");
            }
            advice = advice.and_naming(Setting::Shape { top: (*top).to_owned(), pattern: "N,C,H,W".into() }, "");
        }
        advice
    }
}
