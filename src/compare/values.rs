//! Two blobs value by value.

use std::io;

use serde::Serialize;

use super::tolerance::{Tolerance, absolute, ulp_distance};
use super::{ReadProgress, Side, json};
use crate::Shape;
use crate::formats::StoredBlob;

/// How many values are read at a time: 256 KiB of each side, which stay in a core's second-level cache.
pub(super) const PIECE: usize = 1 << 16;

/// How many values are looked at one by one as soon as any of them differ.
const RUN: usize = 64;

/// How the values of two blobs of one count differ.
///
/// The maxima are over all pairs, whether they agree within the tolerance or not. A NaN against a number is beyond
/// measure, so that all three are then; two NaNs are not apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ValueComparison {
    /// How many values each blob has.
    pub count: usize,
    /// How many pairs do not agree within the tolerance.
    pub differing: usize,
    /// How many pairs have different bits.
    pub differing_bits: usize,
    /// How many of the pairs with different bits have a NaN on either side.
    pub nans: usize,
    /// The greatest `|a - b|`; NaN where a NaN stands against a number.
    #[serde(serialize_with = "json::number")]
    pub max_abs: f64,
    /// The greatest `|a - b| / |b|`, infinite where `b` is zero, and NaN as the greatest difference is.
    #[serde(serialize_with = "json::number")]
    pub max_rel: f64,
    /// The greatest distance in units in the last place; `None` where the greatest difference is NaN.
    pub max_ulp: Option<u32>,
    /// The worst pair: of those that do not agree, or else of those with different bits, the first with the greatest
    /// absolute difference, where a NaN against a number is worse than any.
    pub worst: Option<Worst>,
}

/// The pair of values that differ most.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Worst {
    /// The index in row-major order.
    pub flat: usize,
    /// The index along each axis of the first blob.
    pub index: Vec<usize>,
    /// The first blob's value.
    #[serde(serialize_with = "json::value")]
    pub a: f32,
    /// The second blob's value.
    #[serde(serialize_with = "json::value")]
    pub b: f32,
    /// Their distance in units in the last place; `None` with a NaN.
    pub ulp: Option<u32>,
}

/// Compares two blobs of one count, a piece at a time.
pub(super) fn compare(
    a: &StoredBlob,
    b: &StoredBlob,
    tolerance: &Tolerance,
    progress: ReadProgress<'_>,
) -> Result<ValueComparison, (Side, io::Error)> {
    let mut tally = Tally::new(*tolerance, a.shape.count());
    let mut left = vec![0.0; PIECE.min(tally.found.count)];
    let mut right = left.clone();
    for offset in (0..tally.found.count).step_by(PIECE) {
        let len = PIECE.min(tally.found.count - offset);
        let (left, right) = (&mut left[..len], &mut right[..len]);
        a.values.read(offset, left).map_err(|error| (Side::A, error))?;
        b.values.read(offset, right).map_err(|error| (Side::B, error))?;
        tally.piece(offset, left, right);
        progress(2 * len);
    }
    Ok(tally.finish(&a.shape))
}

struct Tally {
    tolerance: Tolerance,
    found: ValueComparison,
    /// Whether the worst pair disagrees, and by how much.
    severity: (bool, f64),
}

impl Tally {
    fn new(tolerance: Tolerance, count: usize) -> Tally {
        let found = ValueComparison {
            count,
            differing: 0,
            differing_bits: 0,
            nans: 0,
            max_abs: 0.0,
            max_rel: 0.0,
            max_ulp: Some(0),
            worst: None,
        };
        Tally { tolerance, found, severity: (false, 0.0) }
    }

    /// Most pieces are the same byte for byte, and the system's comparison of memory is the fastest there is.
    fn piece(&mut self, offset: usize, a: &[f32], b: &[f32]) {
        if same_bits(a, b) {
            return;
        }
        for (run, (a, b)) in a.chunks(RUN).zip(b.chunks(RUN)).enumerate() {
            if !same_bits(a, b) {
                let start = offset + run * RUN;
                a.iter().zip(b).enumerate().for_each(|(index, (&a, &b))| self.pair(start + index, a, b));
            }
        }
    }

    fn pair(&mut self, flat: usize, a: f32, b: f32) {
        if a.to_bits() == b.to_bits() {
            return;
        }
        let found = &mut self.found;
        found.differing_bits += 1;
        let differs = !self.tolerance.agrees(a, b);
        found.differing += usize::from(differs);
        let ulp = ulp_distance(a, b);
        found.nans += usize::from(ulp.is_none());
        match ulp {
            // What is NaN stays so.
            _ if found.max_ulp.is_none() || (a.is_nan() && b.is_nan()) => {}
            None => (found.max_abs, found.max_rel, found.max_ulp) = (f64::NAN, f64::NAN, None),
            Some(ulp) => {
                found.max_abs = found.max_abs.max(absolute(a, b));
                found.max_rel = found.max_rel.max(relative(a, b));
                found.max_ulp = found.max_ulp.max(Some(ulp));
            }
        }
        let severity = (differs, severity(a, b));
        if found.worst.is_none() || is_worse(severity, self.severity) {
            self.severity = severity;
            found.worst = Some(Worst { flat, index: Vec::new(), a, b, ulp });
        }
    }

    fn finish(mut self, shape: &Shape) -> ValueComparison {
        if let Some(worst) = &mut self.found.worst {
            worst.index = multi_index(worst.flat, shape);
        }
        self.found
    }
}

fn same_bits(a: &[f32], b: &[f32]) -> bool {
    bytemuck::cast_slice::<f32, u8>(a) == bytemuck::cast_slice::<f32, u8>(b)
}

/// `|a - b| / |b|` of two different values without a NaN.
fn relative(a: f32, b: f32) -> f64 {
    if b.is_infinite() {
        f64::INFINITY
    } else if a == b {
        0.0
    } else {
        absolute(a, b) / f64::from(b).abs()
    }
}

/// How far apart two values are, in the order of [`f64::total_cmp`]: a NaN against a number is beyond infinity.
fn severity(a: f32, b: f32) -> f64 {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => 0.0,
        (false, false) => absolute(a, b),
        _ => f64::NAN.abs(),
    }
}

fn is_worse(one: (bool, f64), other: (bool, f64)) -> bool {
    one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)).is_gt()
}

/// The index along each axis of the value at `flat`.
fn multi_index(mut flat: usize, shape: &Shape) -> Vec<usize> {
    let mut index = vec![0; shape.axes()];
    for (place, &dim) in index.iter_mut().zip(shape.dims()).rev() {
        // A blob with values has no dimension of zero.
        *place = flat % dim as usize;
        flat /= dim as usize;
    }
    index
}
