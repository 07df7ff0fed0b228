//! What there is to say of a filler.

use serde::Serialize;

use super::{FILLERS, FillerType};
use crate::dialect::known_names;
use crate::proto::document::{self, FieldDocument};

/// A filler with its documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FillerDocument {
    /// The `type` of a `FillerParameter`.
    pub name: &'static str,
    /// Whether Caffe does not have it.
    pub extension: bool,
    /// What it does, in a line.
    pub summary: &'static str,
    /// The distribution of its values as a formula.
    pub formula: &'static str,
    /// The dialects that know it; nothing if all do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dialects: Vec<&'static str>,
    /// The fields that it reads, beside `type`.
    pub fields: Vec<FieldDocument>,
}

impl FillerType {
    /// What there is to say of the filler. Fields that the schema does not have are left out.
    pub fn document(&self) -> FillerDocument {
        let &FillerType { name, extension, summary, formula, .. } = self;
        let message = self.known.first().schema().message("FillerParameter").expect("every schema has fillers");
        let fields = self.fields.iter().filter_map(|field| message.field_named(field));
        let fields = fields.map(document::field).collect();
        let namesakes = FILLERS.iter().filter(|entry| entry.name == name).map(|entry| &entry.known);
        FillerDocument { name, extension, summary, formula, dialects: known_names(namesakes), fields }
    }
}
