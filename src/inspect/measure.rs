//! Reads the values of blobs for their statistics, piece by piece: several blobs at a time, and several stretches of a
//! large blob where its format allows.

use std::io;
use std::ops::Range;

use caffemodel_numeric::statistics::{Accumulator, Statistics};
use rayon::prelude::*;

use super::blob::BlobReader;

/// The values that are read at a time: 64 KiB, which stay in a core's second-level cache.
const PIECE: usize = 1 << 14;

/// The values of a stretch: 16 MiB.
const STRETCH: usize = 1 << 22;

/// The statistics of each of the blobs. `done` hears how many values have been read since it heard of any.
///
/// Stretches have always the same ends and are joined in order, so that the results do not depend on the threads.
///
/// # Errors
/// That of the first blob that cannot be read, with its index.
pub(super) fn measure(
    blobs: &[(usize, BlobReader<'_>)],
    done: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Statistics>, (usize, io::Error)> {
    let results: Vec<io::Result<Statistics>> =
        blobs.par_iter().map(|(count, values)| one(*count, values, done)).collect();
    results.into_iter().enumerate().map(|(index, result)| result.map_err(|error| (index, error))).collect()
}

fn one(count: usize, values: &BlobReader<'_>, done: &(dyn Fn(usize) + Sync)) -> io::Result<Statistics> {
    let length = if values.reads_anywhere() { STRETCH } else { count.max(1) };
    let starts: Vec<usize> = (0..count).step_by(length).collect();
    let stretch = |start| stretch(start..count.min(start + length), values, done);
    let found: Vec<io::Result<Accumulator>> = starts.into_par_iter().map(stretch).collect();
    let mut accumulator = Accumulator::default();
    for stretch in found {
        accumulator.merge(stretch?);
    }
    Ok(accumulator.statistics())
}

fn stretch(range: Range<usize>, values: &BlobReader<'_>, done: &(dyn Fn(usize) + Sync)) -> io::Result<Accumulator> {
    let mut accumulator = Accumulator::default();
    let mut buffer = vec![0.0; PIECE.min(range.len())];
    for offset in range.clone().step_by(PIECE) {
        let piece = &mut buffer[..PIECE.min(range.end - offset)];
        values.read(offset, piece)?;
        accumulator.add(piece);
        done(piece.len());
    }
    Ok(accumulator)
}
