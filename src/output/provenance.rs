//! The provenance of a net: its recipe, and for each blob where its values come from and what they are.

use std::io;

use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, Value};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::recipe::hex;
use super::{Output, Recipe, le_bytes};
use crate::filler::Sink;
use crate::plan::{Initial, PlannedBlob, PlannedLayer};
use crate::proto::caffe::FillerParameter;
use crate::proto::descriptor;

/// What a provenance file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// How the net came about.
    #[serde(flatten)]
    pub recipe: Recipe,
    /// The blobs in the net's order.
    pub blobs: Vec<BlobRecord>,
}

/// Where the values of a blob come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BlobSource {
    /// Its filler.
    Filler,
    /// The net definition.
    Net,
    /// The layer type, which has zeros there.
    Zeros,
    /// Another blob, whose values it shares.
    Shared,
    /// Weights that were loaded.
    Weights,
}

/// A blob: where its values come from and what they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlobRecord {
    /// The layer's name.
    pub layer: String,
    /// The blob's index in the layer.
    pub index: usize,
    /// Its dimensions.
    pub shape: Vec<i32>,
    /// Where the values come from.
    pub source: BlobSource,
    /// Its own filler in protobuf's text form, where it has one.
    pub filler: Option<String>,
    /// The SHA-256 of the values as little-endian bytes, in hexadecimal.
    pub sha256: String,
}

/// Records the provenance of what passes through to another output.
pub struct Recorder<'a> {
    output: Box<dyn Output + 'a>,
    hash: Sha256,
    blobs: Vec<BlobRecord>,
}

impl<'a> Recorder<'a> {
    /// Passes everything on to `output`.
    pub fn new(output: Box<dyn Output + 'a>) -> Recorder<'a> {
        Recorder { output, hash: Sha256::new(), blobs: Vec::new() }
    }

    /// The provenance of what has passed.
    pub fn into_provenance(self, recipe: Recipe) -> Provenance {
        Provenance { recipe, blobs: self.blobs }
    }
}

impl Sink for Recorder<'_> {
    fn write(&mut self, values: &[f32]) -> io::Result<()> {
        self.hash.update(le_bytes(values));
        self.output.write(values)
    }
}

impl Output for Recorder<'_> {
    fn begin_layer(&mut self, layer: &PlannedLayer) -> io::Result<()> {
        self.output.begin_layer(layer)
    }

    fn begin_blob(&mut self, layer: &PlannedLayer, blob: usize) -> io::Result<()> {
        self.hash = Sha256::new();
        self.blobs.push(record(layer, blob));
        self.output.begin_blob(layer, blob)
    }

    fn end_blob(&mut self) -> io::Result<()> {
        if let Some(record) = self.blobs.last_mut() {
            record.sha256 = hex(&self.hash.finalize_reset());
        }
        self.output.end_blob()
    }

    fn end_layer(&mut self) -> io::Result<()> {
        self.output.end_layer()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.output.finish()
    }
}

fn record(layer: &PlannedLayer, index: usize) -> BlobRecord {
    let blob = &layer.blobs[index];
    let filler = match &blob.initial {
        Initial::Filled { spec, .. } => Some(filler_text(&spec.param)),
        Initial::Given(_) | Initial::Zeros => None,
    };
    BlobRecord {
        layer: layer.param.name().to_owned(),
        index,
        shape: blob.shape.dims().to_vec(),
        source: source(blob),
        filler,
        sha256: String::new(),
    }
}

fn source(blob: &PlannedBlob) -> BlobSource {
    match &blob.initial {
        _ if blob.owner.is_some() => BlobSource::Shared,
        _ if blob.donor.is_some() => BlobSource::Weights,
        Initial::Filled { .. } => BlobSource::Filler,
        Initial::Given(_) => BlobSource::Net,
        Initial::Zeros => BlobSource::Zeros,
    }
}

/// A filler in protobuf's text form, on one line; the type is there even where it is the default.
fn filler_text(param: &FillerParameter) -> String {
    let param = FillerParameter { r#type: Some(param.r#type().to_owned()), ..param.clone() };
    let Ok(message) = DynamicMessage::decode(descriptor("FillerParameter"), param.encode_to_vec().as_slice()) else {
        return String::new();
    };
    let fields = message.fields().map(|(field, value)| format!("{}: {}", field.name(), scalar_text(&field, value)));
    fields.collect::<Vec<_>>().join(" ")
}

fn scalar_text(field: &FieldDescriptor, value: &Value) -> String {
    match (value, field.kind()) {
        (Value::EnumNumber(number), Kind::Enum(kind)) => {
            kind.get_value(*number).map_or_else(|| number.to_string(), |value| value.name().to_owned())
        }
        (Value::F32(number), _) => format!("{number:?}"),
        (Value::I32(number), _) => number.to_string(),
        (Value::String(text), _) => format!("{text:?}"),
        (other, _) => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::caffe::filler_parameter::VarianceNorm;

    #[test]
    fn a_filler_reads_as_in_the_net() {
        let param = FillerParameter {
            r#type: Some("msra".into()),
            std: Some(0.01),
            sparse: Some(3),
            variance_norm: Some(VarianceNorm::Average as i32),
            ..Default::default()
        };
        assert_eq!(filler_text(&param), "type: \"msra\" std: 0.01 sparse: 3 variance_norm: AVERAGE");
        assert_eq!(filler_text(&FillerParameter::default()), "type: \"constant\"");
    }
}
