//! The provenance of a net: its recipe, and for each blob where its values come from and what they are.

mod recipe;

use std::io;

use serde::Serialize;
use sha2::{Digest, Sha256};

use self::recipe::hex;
use crate::filler;
use crate::formats::{Output, SavedLayer, le_bytes};
use crate::plan::{FittedFrom, Plan, PlannedLayer, SourceKind};
use crate::sink::Sink;

pub use self::recipe::{DonorRecord, Recipe};

/// What a provenance file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Provenance {
    /// How the net came about.
    #[serde(flatten)]
    pub recipe: Recipe,
    /// The blobs in the net's order.
    pub blobs: Vec<BlobRecord>,
}

/// A blob: where its values come from and what they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BlobRecord {
    /// The layer's name.
    pub layer: String,
    /// The blob's index in the layer.
    pub index: usize,
    /// Its dimensions.
    pub shape: Vec<i32>,
    /// Where the values come from.
    pub source: SourceKind,
    /// How weights of another shape were fitted, in the order in which they were taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fitted: Vec<FittedFrom>,
    /// Its own filler in protobuf's text form, where it has one.
    pub filler: Option<String>,
    /// The SHA-256 of the values as little-endian bytes, in hexadecimal.
    pub sha256: String,
}

/// Records the provenance of the values of a plan, which pass through to another output.
pub struct Recorder<'a> {
    plan: &'a Plan,
    /// How many layers have begun.
    layers: usize,
    output: Box<dyn Output + 'a>,
    hash: Sha256,
    blobs: Vec<BlobRecord>,
}

impl<'a> Recorder<'a> {
    /// Passes everything on to `output`.
    pub fn new(plan: &'a Plan, output: Box<dyn Output + 'a>) -> Recorder<'a> {
        Recorder { plan, layers: 0, output, hash: Sha256::new(), blobs: Vec::new() }
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
    fn begin_layer(&mut self, layer: &SavedLayer<'_>) -> io::Result<()> {
        self.layers += 1;
        self.output.begin_layer(layer)
    }

    fn begin_blob(&mut self, layer: &SavedLayer<'_>, blob: usize) -> io::Result<()> {
        self.hash = Sha256::new();
        let planned = self.layers.checked_sub(1).and_then(|index| self.plan.layers.get(index));
        let planned = planned.filter(|planned| blob < planned.blobs.len());
        self.blobs.push(record(planned.ok_or_else(|| io::Error::other("the plan has no such blob"))?, blob));
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
    BlobRecord {
        layer: layer.param.name().to_owned(),
        index,
        shape: blob.shape.dims().to_vec(),
        source: blob.source().kind(),
        fitted: blob.fitted().to_vec(),
        filler: blob.filler().map(|spec| filler::text(&spec.param)),
        sha256: String::new(),
    }
}
