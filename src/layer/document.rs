//! What there is to say of a layer type.

use serde::Serialize;

use super::{Arity, LAYERS, LayerType, PYTHON_LAYERS, PythonLayer};
use crate::dialect::known_names;
use crate::net::v1_name;
use crate::proto::document::{self, FieldDocument};
use crate::proto::schema::MessageType;

/// A layer type with its documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LayerDocument {
    /// The `type` of a layer.
    pub name: &'static str,
    /// Its name in the old format V1, where that has it.
    pub v1_name: Option<&'static str>,
    /// What the layer does, in a line.
    pub summary: &'static str,
    /// How many bottoms it takes.
    pub bottoms: Arity,
    /// How many tops it makes.
    pub tops: Arity,
    /// Whether there must be as many tops as bottoms.
    pub tops_match_bottoms: bool,
    /// The dialects that know it; nothing if all do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dialects: Vec<&'static str>,
    /// Its settings.
    pub settings: Vec<SettingsDocument>,
    /// The well-known layers written in Python, for the type that runs such layers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub python_layers: Vec<PythonLayerDocument>,
}

/// A well-known layer written in Python, the shapes of whose tops need not be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PythonLayerDocument {
    /// The module.
    pub module: &'static str,
    /// The class in it.
    pub layer: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// The dialects that have it in this meaning; nothing if all do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dialects: Vec<&'static str>,
}

/// A message with settings of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SettingsDocument {
    /// The field of `LayerParameter`.
    pub field: String,
    /// The message that it holds.
    pub message: &'static str,
    /// What the schema's comment says of it.
    pub about: &'static str,
    /// The message's fields.
    pub fields: Vec<FieldDocument>,
}

impl LayerType {
    /// What there is to say of the layer type. Settings that the schema does not have are left out.
    pub fn document(&self) -> LayerDocument {
        let &LayerType { name, summary, bottoms, tops, tops_match_bottoms, .. } = self;
        let message = self.known.first().layer_message();
        let settings = self.params.iter().filter_map(|param| settings(message, param)).collect();
        let namesakes = LAYERS.iter().copied().flatten().filter(|entry| entry.name == name);
        let (v1_name, dialects) = (v1_name(name), known_names(namesakes.map(|entry| &entry.known)));
        let python_layers = if self.params.contains(&"python_param") { python_layers() } else { Vec::new() };
        LayerDocument { name, v1_name, summary, bottoms, tops, tops_match_bottoms, dialects, settings, python_layers }
    }
}

fn python_layers() -> Vec<PythonLayerDocument> {
    let document = |entry: &PythonLayer| {
        let &PythonLayer { module, layer, summary, .. } = entry;
        PythonLayerDocument { module, layer, summary, dialects: known_names(std::iter::once(&entry.known)) }
    };
    PYTHON_LAYERS.iter().map(document).collect()
}

fn settings(layer: MessageType, param: &str) -> Option<SettingsDocument> {
    let kind = layer.field_named(param)?.kind();
    let message = kind.message()?;
    Some(SettingsDocument {
        field: param.to_owned(),
        message: message.name(),
        about: message.about(),
        fields: document::fields(message),
    })
}
