//! Compares stored nets blob by blob: value by value, or by the distributions of the values.
//!
//! Both nets are read in pieces of 64 Ki values, so that memory does not grow with them. Values are compared as the
//! floats that Caffe computes with: doubles in a file are rounded first.
//!
//! # What is equal
//! Layers that have blobs are matched by name, or in order, and their blobs by number; other layers, and the parameters
//! of layers, are of no account. Blobs are equal if their shapes are and all values agree within the [`Tolerance`].
//! Where shapes differ but count the same values, these are compared as well. A shape in the four sizes of Caffe's
//! older files equals one of fewer axes that has the same sizes behind ones, as it does when Caffe loads it.
//!
//! ```
//! use caffemodel::Shape;
//! use caffemodel::compare::{Detail, CompareOptions, compare};
//! use caffemodel::formats::{StoredBlob, StoredLayer, StoredNet};
//!
//! let net = |values: Vec<f32>| {
//!     let blob = StoredBlob::new(0, Shape::new([2, 2]).unwrap(), values);
//!     StoredNet::new(vec![StoredLayer::new("ip", vec![blob])])
//! };
//! let found = compare(&net(vec![1.0, 2.0, 3.0, 4.0]), &net(vec![1.0, 2.0, 3.5, 4.0]), &CompareOptions::default())?;
//! assert!(!found.equal);
//! let Some(Detail::Values(values)) = &found.layers[0].blobs[0].detail else { unreachable!() };
//! assert_eq!((values.differing, values.max_abs), (1, 0.5));
//! assert_eq!(values.worst.as_ref().unwrap().index, [1, 0]);
//! # Ok::<(), caffemodel::compare::ReadError>(())
//! ```

use std::io;

use serde::Serialize;
use thiserror::Error;

use crate::Shape;
use crate::formats::{StoredBlob, StoredNet};

mod assert;
mod distribution;
#[cfg(test)]
mod false_positives;
mod json;
mod pairs;
mod report;
mod tolerance;
mod values;

pub use assert::{NetSource, assert_blobs_agree, assert_blobs_close, assert_blobs_equal};
pub use distribution::{Difference, DistributionComparison, SAMPLE, SampleStatistics};
pub use report::{BlobComparison, Comparison, Detail, LayerComparison, Status, StatusCounts};
pub use tolerance::{Tolerance, ulp_distance};
pub use values::{ValueComparison, Worst};

use pairs::{MatchedBlobs, MatchedLayers};

/// How nets are compared. The default: bit by bit, layers matched by name.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct CompareOptions {
    /// How values are compared.
    pub method: Method,
    /// Whether layers are matched in order rather than by name.
    pub by_order: bool,
}

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// One by one.
    Values(Tolerance),
    /// As samples of a distribution, by tests of their means, of their spreads, and of Kolmogorov and Smirnov.
    Distribution {
        /// The chance to find a difference between two nets that are initialised alike. Each test of a blob is at this
        /// level divided by the number of tests of all blobs, after Bonferroni.
        alpha: f64,
    },
}

impl Default for Method {
    fn default() -> Method {
        Method::Values(Tolerance::BITWISE)
    }
}

/// One of the two nets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first.
    A,
    /// The second, the reference.
    B,
}

/// Values that cannot be read.
#[derive(Debug, Error)]
#[error("layer {layer:?}, blob {blob}: cannot read the values")]
#[non_exhaustive]
pub struct ReadError {
    /// Whose values.
    pub side: Side,
    /// The layer's name.
    pub layer: String,
    /// The blob's index.
    pub blob: usize,
    /// What went wrong.
    pub source: io::Error,
}

/// Hears how many values have been read since it heard of any, from several threads.
pub type ReadProgress<'a> = &'a (dyn Fn(usize) + Sync);

/// Compares net `a` with the reference `b`.
///
/// # Errors
/// Values cannot be read.
pub fn compare(a: &StoredNet, b: &StoredNet, options: &CompareOptions) -> Result<Comparison, ReadError> {
    compare_with_progress(a, b, options, &|_| {})
}

/// Compares net `a` with the reference `b`, and tells how far it is.
///
/// # Errors
/// Values cannot be read.
pub fn compare_with_progress(
    a: &StoredNet,
    b: &StoredNet,
    options: &CompareOptions,
    progress: ReadProgress<'_>,
) -> Result<Comparison, ReadError> {
    let pairs = if options.by_order { pairs::by_order(a, b) } else { pairs::by_name(a, b) };
    let threshold = threshold(options.method, &pairs);
    let judge = Judge { method: options.method, threshold, progress };
    let layers = pairs.iter().map(|pair| judge.layer(pair)).collect::<Result<_, _>>()?;
    Ok(Comparison::new(options.method, threshold, layers))
}

fn threshold(method: Method, pairs: &[MatchedLayers<'_>]) -> Option<f64> {
    let Method::Distribution { alpha } = method else {
        return None;
    };
    let blobs = pairs.iter().flat_map(|pair| pair.blobs().into_values());
    let blobs = blobs.filter(|pair| pair.a.is_some() && pair.b.is_some()).count();
    Some(alpha / (distribution::TESTS * blobs.max(1)) as f64)
}

struct Judge<'a> {
    method: Method,
    threshold: Option<f64>,
    progress: ReadProgress<'a>,
}

impl Judge<'_> {
    fn layer(&self, pair: &MatchedLayers<'_>) -> Result<LayerComparison, ReadError> {
        let [name_a, name_b] = [pair.a, pair.b].map(|layer| layer.map(|layer| layer.name.clone()));
        let blob = |(index, blobs): (usize, MatchedBlobs<'_>)| {
            self.blob(index, blobs).map_err(|(side, source)| {
                let name = if side == Side::A { &name_a } else { &name_b };
                ReadError { side, layer: name.clone().unwrap_or_default(), blob: index, source }
            })
        };
        let blobs = pair.blobs().into_iter().map(blob).collect::<Result<Vec<_>, _>>()?;
        let status = match (pair.a, pair.b) {
            (_, None) => Status::OnlyA,
            (None, _) => Status::OnlyB,
            _ if blobs.iter().all(|blob| blob.status == Status::Equal) => Status::Equal,
            _ => Status::Different,
        };
        Ok(LayerComparison { name_a, name_b, occurrence: pair.occurrence, status, blobs })
    }

    fn blob(&self, index: usize, pair: MatchedBlobs<'_>) -> Result<BlobComparison, (Side, io::Error)> {
        let (status, detail) = match (pair.a, pair.b) {
            (_, None) => (Status::OnlyA, None),
            (None, _) => (Status::OnlyB, None),
            (Some(a), Some(b)) => {
                let detail = self.detail(a, b)?;
                let equal = same_shape(a, b) && detail.as_ref().is_none_or(agrees);
                (if equal { Status::Equal } else { Status::Different }, detail)
            }
        };
        let [shape_a, shape_b] = [pair.a, pair.b].map(|blob| blob.map(|blob| blob.shape.clone()));
        Ok(BlobComparison { index, status, shape_a, shape_b, detail })
    }

    fn detail(&self, a: &StoredBlob, b: &StoredBlob) -> Result<Option<Detail>, (Side, io::Error)> {
        let (left, right) = (a.shape.count(), b.shape.count());
        Ok(match &self.method {
            Method::Values(tolerance) if left == right => {
                Some(Detail::Values(values::compare(a, b, tolerance, self.progress)?))
            }
            Method::Distribution { .. } if left > 0 && right > 0 => {
                let threshold = self.threshold.unwrap_or_default();
                Some(Detail::Distribution(distribution::compare(a, b, threshold, self.progress)?))
            }
            _ => None,
        })
    }
}

fn agrees(detail: &Detail) -> bool {
    match detail {
        Detail::Values(found) => found.differing == 0,
        Detail::Distribution(found) => found.difference.is_none(),
    }
}

/// Whether the shapes are the same, as Caffe has it: the four sizes of an older file stand for fewer axes as well.
fn same_shape(a: &StoredBlob, b: &StoredBlob) -> bool {
    let fits = |one: &StoredBlob, shape: &Shape| one.aligned(shape).is_some_and(|dims| dims == shape.dims());
    a.shape == b.shape || (a.legacy && fits(a, &b.shape)) || (b.legacy && fits(b, &a.shape))
}

#[cfg(test)]
mod tests;
