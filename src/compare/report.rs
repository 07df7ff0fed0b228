//! What a comparison found, as data. The fields are those of `caffemodel compare --json`.

use serde::Serialize;

use super::{DistributionComparison, Method, ValueComparison};
use crate::Shape;

/// How two nets compare.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// Whether every blob of either net has an equal one in the other.
    pub equal: bool,
    /// How values were compared.
    pub method: Method,
    /// The p-value below which distributions were taken for different; `None` where values were compared.
    pub threshold: Option<f64>,
    /// How many blobs are equal, different, or in one of the nets only.
    pub counts: StatusCounts,
    /// The layers that have blobs: those of the first net in its order, then those of the second net only.
    pub layers: Vec<LayerComparison>,
}

/// How many blobs there are of each [`Status`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct StatusCounts {
    /// Blobs in both nets that agree.
    pub equal: usize,
    /// Blobs in both nets that do not.
    pub different: usize,
    /// Blobs in the first net only.
    pub only_a: usize,
    /// Blobs in the second net only.
    pub only_b: usize,
}

impl StatusCounts {
    /// All of them.
    pub fn total(&self) -> usize {
        self.equal + self.different + self.only_a + self.only_b
    }
}

/// What became of a blob or a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// In both nets, and equal.
    Equal,
    /// In both nets, and different.
    Different,
    /// In the first net only.
    OnlyA,
    /// In the second net only.
    OnlyB,
}

/// A layer of either net and its counterpart.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LayerComparison {
    /// The layer's name in the first net; `None` if it is in the second only.
    pub name_a: Option<String>,
    /// The layer's name in the second net; `None` if it is in the first only.
    pub name_b: Option<String>,
    /// How many layers with blobs and of this name come before it in its net; 0 if layers are matched by order.
    pub occurrence: usize,
    /// Equal if all its blobs are.
    pub status: Status,
    /// Its blobs by index.
    pub blobs: Vec<BlobComparison>,
}

impl LayerComparison {
    /// The layer's name, that in the first net if there are two.
    pub fn name(&self) -> &str {
        self.name_a.as_deref().or(self.name_b.as_deref()).unwrap_or_default()
    }
}

/// A blob of either net and its counterpart.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BlobComparison {
    /// Its number in the layer.
    pub index: usize,
    /// Equal if the shapes are and all values agree, or else their distributions.
    pub status: Status,
    /// The first blob's shape; `None` if there is no such blob.
    pub shape_a: Option<Shape>,
    /// The second blob's shape; `None` if there is no such blob.
    pub shape_b: Option<Shape>,
    /// How the values compare; `None` if a blob is missing or their counts do not allow it.
    #[serde(flatten)]
    pub detail: Option<Detail>,
}

/// How the values of two blobs compare, by [`Method`]. In JSON this is the field `values` or the field `distribution`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Detail {
    /// One by one. The blobs have the same number of values.
    Values(ValueComparison),
    /// As samples of a distribution. Both blobs have values.
    Distribution(DistributionComparison),
}

impl Comparison {
    pub(super) fn new(method: Method, threshold: Option<f64>, layers: Vec<LayerComparison>) -> Comparison {
        let mut counts = StatusCounts::default();
        for blob in layers.iter().flat_map(|layer| &layer.blobs) {
            let count = match blob.status {
                Status::Equal => &mut counts.equal,
                Status::Different => &mut counts.different,
                Status::OnlyA => &mut counts.only_a,
                Status::OnlyB => &mut counts.only_b,
            };
            *count += 1;
        }
        Comparison { equal: counts.equal == counts.total(), method, threshold, counts, layers }
    }
}
