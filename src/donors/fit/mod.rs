//! How the shape of a stored blob fits that of a blob of the net.
//!
//! One file a way of fitting; [`FIT_WAYS`] is the table of them.

mod channels;
mod corner;
mod inflate;
mod layout;
mod repeat;
mod reshape;
mod rows;
mod rule;
mod way;

pub use self::rule::FitRule;
pub use self::way::{FIT_WAYS, FitWay};

use self::rule::How;
use super::OnMismatch;
use crate::Shape;
use crate::formats::{AxisOrder, Corner, Gather, StoredBlob};
use crate::plan::PlannedLayer;

/// How a stored blob is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fit {
    /// As it is.
    Whole,
    /// As it is, and the net's blob takes its shape.
    Reshaped,
    /// Its leading corner.
    Sliced { corner: Corner },
    /// Into the leading corner of the net's blob; its dimensions, with as many axes as that one has.
    Padded { small: Vec<i32> },
    /// Its values in their order, in the shape of the net's blob.
    Recast,
    /// Values chosen from it, repeated or added up.
    Gathered(Gather),
    /// Its values with the axes in another order.
    Reordered(AxisOrder),
}

/// A stored blob and the shape of the net's blob that it differs from.
pub(super) struct Mismatch<'a> {
    stored: &'a Shape,
    /// Its dimensions with as many axes as the net's blob has, if it has them.
    aligned: Option<Vec<i32>>,
    needed: &'a Shape,
}

impl<'a> Mismatch<'a> {
    fn new(blob: &'a StoredBlob, needed: &'a Shape) -> Mismatch<'a> {
        Mismatch { stored: &blob.shape, aligned: blob.aligned(needed), needed }
    }

    /// Its dimensions with as many axes as the net's blob has.
    fn aligned(&self) -> Result<&[i32], String> {
        self.aligned.as_deref().ok_or_else(|| "the numbers of axes differ".to_owned())
    }

    /// The same for a way that takes each value of the net's blob from one of the stored, of which there must be some,
    /// and which needs so many axes.
    fn values(&self, axes: usize) -> Result<&[i32], String> {
        let dims = self.aligned()?;
        if dims.len() < axes {
            return Err(format!("it needs {axes} axes or more"));
        }
        if dims.contains(&0) { Err("no values are stored".to_owned()) } else { Ok(dims) }
    }
}

/// Why dimensions other than those of these axes are not the net's, if they are not.
fn others_agree(stored: &[i32], needed: &[i32], axis: usize) -> Result<(), String> {
    match (0..needed.len()).find(|&other| other != axis && stored[other] != needed[other]) {
        Some(other) => Err(format!("axis {other} differs, too: {}, not {}", stored[other], needed[other])),
        None => Ok(()),
    }
}

/// How `blob` fits `shape`, by the rule for it, if there is one.
///
/// # Errors
/// It does not: the text completes "blob 0 ...".
pub(super) fn fit(
    blob: &StoredBlob,
    shape: &Shape,
    rule: Option<&FitRule>,
    on_mismatch: OnMismatch,
) -> Result<Fit, String> {
    let mismatch = Mismatch::new(blob, shape);
    let agrees = mismatch.aligned.as_deref() == Some(shape.dims()) && blob.shape.count() == shape.count();
    let differs = || format!("has the shape {}, not {shape}", blob.shape);
    match rule {
        Some(rule) if !agrees || rule.how().is_layout_of(&mismatch) => {
            let fit = rule.how().fit(&mismatch);
            fit.map_err(|reason| format!("{}; fit {rule}: {reason}", differs()))
        }
        _ if agrees => Ok(Fit::Whole),
        _ => match on_mismatch {
            OnMismatch::Error | OnMismatch::Skip => Err(differs()),
            OnMismatch::Pad => corner::pad(&mismatch).map_err(|reason| format!("{}: {reason}", differs())),
            OnMismatch::Slice => corner::slice(&mismatch).map_err(|reason| format!("{}: {reason}", differs())),
        },
    }
}

/// The ways in which all blobs of a layer that differ from the net's fit, as a rule names them.
pub(super) fn proposals(blobs: &[StoredBlob], planned: &PlannedLayer) -> Vec<String> {
    let shapes = planned.blobs.iter().map(|blob| &blob.shape);
    let mismatches: Vec<Mismatch<'_>> = (blobs.iter().zip(shapes))
        .map(|(blob, shape)| Mismatch::new(blob, shape))
        .filter(|mismatch| mismatch.aligned.as_deref() != Some(mismatch.needed.dims()))
        .collect();
    if mismatches.is_empty() || blobs.len() != planned.blobs.len() {
        return Vec::new();
    }
    let fits = |way: &&'static FitWay| mismatches.iter().all(|mismatch| How::plain(way).fit(mismatch).is_ok());
    let mut found: Vec<String> =
        (FIT_WAYS.iter().filter(|way| !way.has_rows).filter(fits)).map(|way| way.name.to_owned()).collect();
    found.extend(rows::proposal(&mismatches));
    found
}

#[cfg(test)]
mod tests;
