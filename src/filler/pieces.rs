//! Values a piece at a time.

use std::io;

use super::Sink;
use crate::random::Generator;

/// The values of a piece: 256 KiB, which stays in a core's second-level cache.
///
/// Even, so that pairs of normal values are not torn apart, and the block of the native generator.
pub(super) const PIECE: usize = 65536;

/// Calls `each` with the offset and a buffer for every piece of a blob of `count` values, in order.
///
/// The buffer is one and the same: what a call leaves in it, the next one finds.
pub(super) fn for_each_piece(count: usize, mut each: impl FnMut(u64, &mut [f32]) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = vec![0.0; count.min(PIECE)];
    for offset in (0..count).step_by(PIECE) {
        each(offset as u64, &mut buffer[..PIECE.min(count - offset)])?;
    }
    Ok(())
}

/// Fills a blob whose values are drawn one by one: each piece by a call of `draw`.
pub(super) fn stream(
    count: usize,
    rng: &mut dyn Generator,
    sink: &mut dyn Sink,
    mut draw: impl FnMut(&mut dyn Generator, &mut [f32]),
) -> io::Result<()> {
    rng.fill_start();
    for_each_piece(count, |offset, piece| {
        rng.seek(0, offset);
        draw(rng, piece);
        sink.write(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Call, Collect, Stub};

    #[test]
    fn a_fill_opens_once_and_seeks_before_each_piece() {
        let mut rng = Stub::new(0);
        let mut sink = Collect::default();
        stream(2 * PIECE + 1, &mut rng, &mut sink, |rng, piece| rng.uniform(0.0, 1.0, piece)).unwrap();
        let seek = |offset| Call::Seek(0, offset);
        let expected =
            [Call::FillStart, seek(0), Call::Draw(PIECE), seek(65536), Call::Draw(PIECE), seek(131_072), Call::Draw(1)];
        assert_eq!(rng.calls, expected);
        assert_eq!(sink.0.len(), 2 * PIECE + 1);
    }

    #[test]
    fn the_sink_s_error_ends_the_fill() {
        struct Full;
        impl Sink for Full {
            fn write(&mut self, _: &[f32]) -> io::Result<()> {
                Err(io::ErrorKind::StorageFull.into())
            }
        }
        let mut rng = Stub::new(0);
        let error = stream(3 * PIECE, &mut rng, &mut Full, |rng, piece| rng.uniform(0.0, 1.0, piece)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(rng.calls.len(), 3);
    }
}
