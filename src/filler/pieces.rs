//! Streams an elementwise fill: the blob's values are made in cache-sized pieces in one reused buffer.

use std::io;

use super::Sink;
use crate::random::Generator;

/// Values in a piece: 256 KiB. Even, as [`Generator`] asks for.
pub(super) const PIECE: usize = 1 << 16;

/// Makes `count` values, piece by piece: `make` fills the buffer from the generator.
pub(super) fn elementwise(
    count: usize,
    rng: &mut dyn Generator,
    sink: &mut dyn Sink,
    mut make: impl FnMut(&mut dyn Generator, &mut [f32]),
) -> io::Result<()> {
    let mut buffer = vec![0.0; PIECE.min(count)];
    let mut offset = 0;
    while offset < count {
        let piece = &mut buffer[..PIECE.min(count - offset)];
        rng.seek(0, offset as u64);
        make(rng, piece);
        sink.write(piece)?;
        offset += piece.len();
    }
    Ok(())
}
