//! What the user should know of a comparison beside its findings.

use std::path::Path;

use crate::cli::input::display_name;
use crate::cli::report;
use crate::compare::{Comparison, Detail, StatusCounts};
use crate::formats::{Matching, StoredNet};

/// Says why blobs may be missing from HDF5 that stand in a file of another format.
pub(super) fn shared([a, b]: [(&Path, &StoredNet); 2], counts: &StatusCounts) {
    let in_groups = |net: &StoredNet| net.format.is_some_and(|format| format.matching() == Matching::Groups);
    let (path, side, only) = match (in_groups(a.1), in_groups(b.1)) {
        (true, false) => (a.0, 'B', counts.only_b),
        (false, true) => (b.0, 'A', counts.only_a),
        _ => return,
    };
    if only > 0 {
        let name = display_name(path);
        report::note(&format!(
            "{name}: HDF5 stores a shared blob once, in the first of its layers; if the blobs only in {side} are \
             shared, caffemodel convert {name} OUT.caffemodel --net NET.prototxt stores them in every layer"
        ));
    }
}

/// Names the blobs that pass for equal although they have values which no filler makes.
pub(super) fn non_finite(comparison: &Comparison) {
    for layer in &comparison.layers {
        for blob in &layer.blobs {
            let Some(Detail::Distribution(found)) = &blob.detail else { continue };
            let (count, all) = (found.a.non_finite, found.a.count);
            if found.difference.is_none() && count > 0 {
                let (name, index) = (layer.name(), blob.index);
                report::note(&format!(
                    "layer {name:?}, blob {index}: {count} of {all} values are infinite or NaN, in both files"
                ));
            }
        }
    }
}
