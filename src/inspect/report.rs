//! What an inspection finds, as data: the fields of its JSON form have the same names, and stay as they are.

use std::fmt;

use serde::Serialize;

use crate::Shape;
use crate::layer::Role;
use crate::plan::SourceKind;
use crate::setting::Advice;
use crate::statistics::{Moments, Statistics};

/// A net, layer by layer, and what its parts add up to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Inspection {
    /// The net's name, empty if it has none.
    pub name: String,
    /// The phase that the net was planned in, `TRAIN` or `TEST`; none where it could not be planned.
    pub phase: Option<&'static str>,
    /// The layers in order, automatic splits included.
    pub layers: Vec<LayerReport>,
    /// What the layers add up to.
    pub totals: Totals,
    /// What is hardly meant: see [`Plan::warnings`](crate::Plan::warnings). Of weights, what their values are: none but
    /// zeros, and variances of 0.
    pub warnings: Vec<WarningReport>,
    /// What does not fit together or could not be found out, and why, in a line each.
    pub notes: Vec<String>,
}

/// A layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LayerReport {
    /// Its name.
    pub name: String,
    /// Its type, where it is known.
    #[serde(rename = "type")]
    pub layer_type: Option<String>,
    /// The names of the blobs that it reads; none where the net could not be planned.
    pub bottoms: Vec<String>,
    /// Its tops; none where the net could not be planned.
    pub tops: Vec<TopReport>,
    /// The multiply-accumulates of a forward pass over the whole batch: those of matrix products and convolutions.
    /// Other layers have 0; none where the net could not be planned.
    pub macs: Option<u64>,
    /// The parameters of its own: the values of its blobs but statistics and those that another layer owns.
    pub parameters: u64,
    /// Its blobs in order.
    pub blobs: Vec<BlobReport>,
}

/// A top of a layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TopReport {
    /// Its name; one that the layer adds by itself has none.
    pub name: Option<String>,
    /// Its shape.
    pub shape: Shape,
    /// The bytes that it adds to the memory of activations: none if it works in place or shows another's memory.
    pub bytes: u64,
}

/// A blob that a layer owns or shares.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BlobReport {
    /// Its index in the layer.
    pub index: usize,
    /// What it is for, where it is known.
    pub role: Option<Role>,
    /// What it is called where its role alone does not tell, such as `variance` or `W_hc`.
    pub name: Option<&'static str>,
    /// Its shape.
    pub shape: Shape,
    /// How many values it has.
    pub count: u64,
    /// The blob that owns its values, if it shares them.
    pub shared_with: Option<BlobName>,
    /// Where its values come from when the net is initialised, where that is known.
    pub source: Option<SourceKind>,
    /// Its filler, if it has one.
    pub filler: Option<FillerReport>,
    /// The inputs of a unit, as fillers count them; none for statistics and blobs without axes. Those of a blob with
    /// the four sizes of old files are those of its shape in the net.
    pub fan_in: Option<i32>,
    /// The units that an input reaches, as fillers count them.
    pub fan_out: Option<i32>,
    /// The mean and the standard deviation that its filler's values have, where they are known.
    pub expected: Option<Moments>,
    /// What its values are like, where there are values.
    pub actual: Option<Statistics>,
}

/// A filler.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FillerReport {
    /// Its type.
    #[serde(rename = "type")]
    pub filler_type: String,
    /// Its parameters in protobuf's text form, as in the net.
    pub text: String,
    /// Whether the net gives it; if not, it is the default of the layer's type.
    pub explicit: bool,
}

/// A blob by its layer and its index there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BlobName {
    /// The layer's name.
    pub layer: String,
    /// The blob's index.
    pub index: usize,
}

/// As rules name it: `conv1.0`.
impl fmt::Display for BlobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.layer, self.index)
    }
}

/// A warning about the net.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WarningReport {
    /// The name of its kind: see [`WARNINGS`](crate::plan::WARNINGS).
    pub kind: &'static str,
    /// The blobs that are meant.
    pub blobs: Vec<BlobName>,
    /// What it says.
    pub message: String,
    /// What it says of the blobs one by one, where the message is not enough.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Advice,
    /// The place in the file, as `file:line:column`, where it is known.
    pub location: Option<String>,
}

/// What the layers add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Totals {
    /// How many layers there are.
    pub layers: u64,
    /// The values of all blobs but statistics; those that blobs share count once.
    pub parameters: u64,
    /// The values of statistics.
    pub statistics: u64,
    /// The values that blobs take from their owners; a .caffemodel holds them once more for each.
    pub shared: u64,
    /// The bytes of parameters and statistics.
    pub bytes: u64,
    /// The first dimension of the net's first top, which commonly is the batch size.
    pub batch: Option<i32>,
    /// The bytes of all tops, those counted once that work in place or show another's memory.
    pub activation_bytes: Option<u64>,
    /// The bytes of all tops, every one counted: what Caffe logs as "Memory required for data".
    pub caffe_data_bytes: Option<u64>,
    /// The multiply-accumulates of a forward pass over the whole batch.
    pub macs: Option<u64>,
    /// The multiply-accumulates for one item of the batch, where the batch divides them.
    pub macs_per_item: Option<u64>,
}
