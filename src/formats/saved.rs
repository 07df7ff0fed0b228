//! A net to be saved, as the writers see it: everything but the values.

use std::collections::BTreeMap;

use crate::Shape;
use crate::dialect::Dialect;
use crate::error::{Diagnostic, Refusal};
use crate::formats::NumberType;
use crate::net::{Locator, NetPlace, Origin};
use crate::proto::caffe::LayerParameter;

/// A net to be saved. Every length in its file follows from it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SavedNet<'a> {
    /// The net's name, empty if it has none.
    pub name: &'a str,
    /// The layers in the order in which their values come.
    pub layers: Vec<SavedLayer<'a>>,
    /// The dialect that the layers are written in, where a format stores their parameters.
    pub dialect: &'static Dialect,
    /// Its fields that a caffemodel has behind the layers, encoded by the numbers of the dialect.
    pub fields: &'a [u8],
    /// How the net came about, for formats that have a place for it.
    pub metadata: BTreeMap<&'static str, String>,
    /// Finds places in the file that the net comes from.
    pub locator: Locator,
}

/// A layer of a [`SavedNet`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SavedLayer<'a> {
    /// Its parameters, without blobs.
    pub param: &'a LayerParameter,
    /// Its blobs in the order of their numbers.
    pub blobs: Vec<SavedBlob<'a>>,
    /// The entry of the file that it comes from.
    pub origin: Option<Origin>,
}

/// A blob of a [`SavedLayer`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SavedBlob<'a> {
    /// Its shape.
    pub shape: &'a Shape,
    /// Whether it shares the values of an earlier blob. Its values come all the same.
    pub shared: bool,
    /// The type that Caffe keeps its values in: they are of that type, whatever a format stores them as.
    pub number_type: NumberType,
}

/// A net without layers, in BVLC's dialect.
impl Default for SavedNet<'_> {
    fn default() -> Self {
        SavedNet {
            name: "",
            layers: Vec::new(),
            dialect: Dialect::bvlc(),
            fields: &[],
            metadata: BTreeMap::new(),
            locator: Locator::default(),
        }
    }
}

impl<'a> SavedNet<'a> {
    /// The same net with these words on how it came about.
    #[must_use]
    pub fn with_metadata(self, metadata: BTreeMap<&'static str, String>) -> SavedNet<'a> {
        SavedNet { metadata, ..self }
    }

    /// All blobs in order.
    pub fn blobs(&self) -> impl Iterator<Item = SavedBlob<'a>> {
        self.layers.iter().flat_map(|layer| layer.blobs.iter().copied())
    }

    /// The error for a layer that a format cannot hold.
    pub(super) fn refuse(&self, layer: &SavedLayer<'_>, refusal: &Refusal) -> Diagnostic {
        self.locator.diagnose(&NetPlace { param: layer.param, origin: layer.origin, prefix: "" }, refusal)
    }
}

impl SavedLayer<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        self.param.name()
    }

    /// Whether it is no layer of the file but stands for the `input` fields of the net, in a dialect where they stay
    /// fields.
    pub fn is_net_inputs(&self) -> bool {
        self.param.r#type() == "Input" && self.origin.is_some_and(|origin| origin.is_net_inputs())
    }
}

impl SavedBlob<'_> {
    /// How many bytes its values take.
    pub(super) fn bytes(&self) -> u64 {
        self.shape.count() as u64 * 4
    }
}
