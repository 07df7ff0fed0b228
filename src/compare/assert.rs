//! Assertions for tests that hold a net's blobs against those of a file, such as one that Caffe wrote.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use super::{BlobComparison, CompareOptions, Comparison, Detail, LayerComparison, Method, Status, Tolerance, compare};
use crate::Shape;
use crate::error::Result;
use crate::formats::Arrays;
use crate::formats::{self, StoredBlob, StoredLayer, StoredNet};

/// How many blobs a failed assertion lists.
const LISTED: usize = 10;

/// Where the blobs of an assertion come from: the path of a file in any format that [`formats::open`] reads, a stored
/// net, or arrays in memory.
pub trait NetSource {
    /// The net with its blobs.
    ///
    /// # Errors
    /// The file cannot be read.
    fn net(self) -> Result<StoredNet>;
}

impl<P: AsRef<Path>> NetSource for P {
    fn net(self) -> Result<StoredNet> {
        formats::open(self)
    }
}

impl NetSource for StoredNet {
    fn net(self) -> Result<StoredNet> {
        Ok(self)
    }
}

impl NetSource for &StoredNet {
    fn net(self) -> Result<StoredNet> {
        Ok(self.clone())
    }
}

/// Copies the values.
impl NetSource for &Arrays {
    fn net(self) -> Result<StoredNet> {
        let mut net = StoredNet::default();
        for (name, arrays) in self.layers() {
            let mut layer = StoredLayer { name: name.clone(), ..Default::default() };
            for (index, array) in arrays.iter().enumerate() {
                let dims: Vec<i64> = array.shape().iter().map(|&dim| dim as i64).collect();
                let shape = Shape::new(dims).map_err(|error| crate::Error::Request(error.to_string()))?;
                let values: Vec<f32> = array.iter().copied().collect();
                layer.blobs.push(StoredBlob { index, shape, legacy: false, values: Arc::new(values) });
            }
            net.layers.push(layer);
        }
        Ok(net)
    }
}

/// Asserts that two nets have the same blobs, bit for bit; layers are matched by name.
///
/// ```no_run
/// use caffemodel::compare::assert_blobs_equal;
///
/// assert_blobs_equal("ours.npz", "tests/caffe.caffemodel");
/// ```
///
/// ```
/// use caffemodel::compare::assert_blobs_equal;
/// use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, formats::Arrays, init, random::Streams};
///
/// let net = r#"layer { name: "in" type: "Input" top: "in" input_param { shape { dim: 1 dim: 4 } } }
///              layer { name: "ip" type: "InnerProduct" bottom: "in" top: "ip"
///                      inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }"#;
/// let plan = Plan::new(
///     Net::resolve(Definition::from_bytes("net.prototxt", net)?, &StateOptions::default())?,
///     &PlanOptions::default(),
/// )?;
/// let made = |seed| {
///     let mut arrays = Arrays::default();
///     init::fill(&plan, &mut Streams::native(seed), &mut arrays).unwrap();
///     arrays
/// };
/// assert_blobs_equal(&made(1), &made(1));
/// # use std::panic::{AssertUnwindSafe, catch_unwind};
/// # let failed = catch_unwind(AssertUnwindSafe(|| assert_blobs_equal(&made(1), &made(2))));
/// # assert!(failed.is_err());
/// # Ok::<(), caffemodel::Error>(())
/// ```
///
/// # Panics
/// They differ: the message names for each blob the layer, its number, the index of the worst value, both values and
/// their distance. Also if a file cannot be read, or there are no blobs at all.
#[track_caller]
pub fn assert_blobs_equal(actual: impl NetSource, expected: impl NetSource) {
    assert_blobs_agree(actual, expected, &CompareOptions::default());
}

/// Asserts that two nets have the same blobs within a tolerance; layers are matched by name.
///
/// ```no_run
/// use caffemodel::compare::{Tolerance, assert_blobs_close};
///
/// let tolerance = Tolerance { atol: Some(1e-6), rtol: Some(1e-5), ulp: None };
/// assert_blobs_close("ours.caffemodel", "tests/caffe.caffemodel", &tolerance);
/// ```
///
/// # Panics
/// As [`assert_blobs_equal`] does.
#[track_caller]
pub fn assert_blobs_close(actual: impl NetSource, expected: impl NetSource, tolerance: &Tolerance) {
    let options = CompareOptions { method: Method::Values(*tolerance), ..Default::default() };
    assert_blobs_agree(actual, expected, &options);
}

/// Asserts that a comparison finds two nets equal.
///
/// ```no_run
/// use caffemodel::compare::{Method, CompareOptions, assert_blobs_agree};
///
/// // Another seed, so only the distributions can be the same.
/// let mut options = CompareOptions::default();
/// options.method = Method::Distribution { alpha: 0.001 };
/// assert_blobs_agree("ours.caffemodel", "tests/caffe.caffemodel", &options);
/// ```
///
/// # Panics
/// As [`assert_blobs_equal`] does.
#[track_caller]
pub fn assert_blobs_agree(actual: impl NetSource, expected: impl NetSource, options: &CompareOptions) {
    let open = |net: Result<StoredNet>, which| net.unwrap_or_else(|error| panic!("{which} blobs: {error}"));
    let (actual, expected) = (open(actual.net(), "actual"), open(expected.net(), "expected"));
    let found = compare(&actual, &expected, options).unwrap_or_else(|error| panic!("{error}: {}", error.source));
    assert!(found.counts.total() > 0, "neither net has blobs");
    assert!(found.equal, "{}", message(&found));
}

fn message(found: &Comparison) -> String {
    let blobs = found.layers.iter().flat_map(|layer| layer.blobs.iter().map(move |blob| (layer, blob)));
    let bad: Vec<_> = blobs.filter(|(_, blob)| blob.status != Status::Equal).collect();
    let mut text = format!("{} of {} blobs differ:", bad.len(), found.counts.total());
    for (layer, blob) in bad.iter().take(LISTED) {
        let _ = write!(text, "\n  {}", line(layer, blob));
    }
    if bad.len() > LISTED {
        let _ = write!(text, "\n  and {} more", bad.len() - LISTED);
    }
    text
}

fn line(layer: &LayerComparison, blob: &BlobComparison) -> String {
    let mut text = format!("layer {:?}, blob {}", layer.name(), blob.index);
    let _ = match (&blob.shape_a, &blob.shape_b) {
        (Some(actual), None) => write!(text, ": unexpected, of shape {actual}"),
        (None, Some(expected)) => write!(text, ": missing, expected shape {expected}"),
        (Some(actual), Some(expected)) if actual != expected => write!(text, ": shape {actual}, expected {expected}"),
        _ => Ok(()),
    };
    let _ = match &blob.detail {
        Some(Detail::Values(values)) => match &values.worst {
            Some(worst) => {
                let ulp = worst.ulp.map(|ulp| format!(", {ulp} ULP apart")).unwrap_or_default();
                write!(
                    text,
                    ": {} of {} values differ, the worst at {:?} ({}): {:?}, expected {:?}{ulp}",
                    values.differing, values.count, worst.index, worst.flat, worst.a, worst.b
                )
            }
            None => write!(text, ", with equal values"),
        },
        Some(Detail::Distribution(found)) => write!(
            text,
            ": mean {}, expected {}; standard deviation {}, expected {}; {} NaN or infinite, expected {}; \
             Kolmogorov-Smirnov {:.4}; p-value {:.3e}",
            number(found.a.mean),
            number(found.b.mean),
            number(found.a.std),
            number(found.b.std),
            found.a.non_finite,
            found.b.non_finite,
            found.ks,
            found.least_p_value()
        ),
        None => Ok(()),
    };
    text
}

fn number(number: Option<f64>) -> String {
    number.map_or("none".to_owned(), |number| format!("{number:.3e}"))
}
