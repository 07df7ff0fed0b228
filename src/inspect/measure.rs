//! Reads the values of blobs for their statistics: each blob from front to back, piece by piece, several blobs at a time.

use std::io;

use rayon::prelude::*;

use super::blob::Values;
use super::statistics::{Accumulator, Statistics};

/// The values that are read at a time: 64 KiB, which stay in a core's second-level cache.
const PIECE: usize = 1 << 14;

/// The statistics of each of the blobs. `done` hears how many values have been read since it heard of any.
///
/// Every blob is read by one thread, so that the results do not depend on their number.
///
/// # Errors
/// That of the first blob that cannot be read, with its index.
pub(super) fn measure(
    blobs: &[(usize, Values<'_>)],
    done: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Statistics>, (usize, io::Error)> {
    let results: Vec<io::Result<Statistics>> =
        blobs.par_iter().map(|(count, values)| one(*count, values, done)).collect();
    results.into_iter().enumerate().map(|(index, result)| result.map_err(|error| (index, error))).collect()
}

fn one(count: usize, values: &Values<'_>, done: &(dyn Fn(usize) + Sync)) -> io::Result<Statistics> {
    let mut accumulator = Accumulator::default();
    let mut buffer = vec![0.0; PIECE.min(count)];
    for offset in (0..count).step_by(PIECE) {
        let piece = &mut buffer[..PIECE.min(count - offset)];
        values.read(offset, piece)?;
        accumulator.add(piece);
        done(piece.len());
    }
    Ok(accumulator.statistics())
}
