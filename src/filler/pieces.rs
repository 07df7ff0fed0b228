//! Values a piece at a time.

use std::fmt;
use std::io;

use super::{Filler, Moments, Sink, half};
use crate::random::{Distribution, Generator};

/// The most values of a piece: 256 KiB, which stays in a core's second-level cache.
///
/// Even, so that pairs of normal values are not torn apart, and a whole number of the native generator's blocks, so
/// that its values do not depend on the cuts.
pub const PIECE: usize = 65536;

/// A filler whose values are made one by one, so that a piece of the blob can do without those before it.
pub trait Piecewise: fmt::Debug + Send + Sync {
    /// The number of the blob's values.
    fn count(&self) -> usize;

    /// What every value is drawn from; `None` if nothing is drawn.
    fn distribution(&self) -> Option<Distribution>;

    /// What every value of a blob of halves is drawn from: the same, between parameters that are halves themselves.
    fn distribution_in_half(&self) -> Option<Distribution> {
        self.distribution().map(half::distribution)
    }

    /// Makes the values from element `offset` on, as many as `out` holds.
    ///
    /// Pieces start at multiples of [`PIECE`], and all but the last hold that many values. The generator is in the
    /// right place. A filler that draws nothing has a rule of its own here.
    fn make(&self, rng: &mut dyn Generator, offset: usize, out: &mut [f32]) {
        let _ = offset;
        if let Some(distribution) = self.distribution() {
            distribution.draw(rng, out);
        }
    }

    /// See [`Filler::moments`]; those of the distribution, if any.
    fn moments(&self) -> Option<Moments> {
        self.distribution()?.moments()
    }
}

/// Values as they are drawn.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) distribution: Distribution,
    pub(super) count: usize,
}

impl Piecewise for Drawn {
    fn count(&self) -> usize {
        self.count
    }

    fn distribution(&self) -> Option<Distribution> {
        Some(self.distribution)
    }
}

impl<T: Piecewise> Filler for T {
    fn fill(&self, rng: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        fill(self, rng, |piece| sink.write(piece))
    }

    fn discard(&self, rng: &mut dyn Generator) -> io::Result<()> {
        if let Some(distribution) = self.distribution() {
            check(distribution, rng)?;
            rng.discard(distribution, self.count());
        }
        Ok(())
    }

    fn moments(&self) -> Option<Moments> {
        Piecewise::moments(self)
    }

    fn piecewise(&self) -> Option<&dyn Piecewise> {
        Some(self)
    }
}

/// Opens a fill.
///
/// # Errors
/// The generator has no such values.
pub(crate) fn start(filler: &dyn Piecewise, rng: &mut dyn Generator) -> io::Result<()> {
    if let Some(distribution) = filler.distribution() {
        check(distribution, rng)?;
        rng.fill_start();
    }
    Ok(())
}

/// Makes the values from element `offset` on, wherever the generator is.
pub(crate) fn make(filler: &dyn Piecewise, rng: &mut dyn Generator, offset: usize, out: &mut [f32]) {
    if filler.distribution().is_some() {
        rng.seek(0, offset as u64);
    }
    filler.make(rng, offset, out);
}

fn check(distribution: Distribution, rng: &dyn Generator) -> io::Result<()> {
    if let Distribution::Uniform { min, max } = distribution
        && !rng.supports_uniform(min, max)
    {
        let message = format!("a uniform filler from {min:?} to {max:?} would keep this Caffe drawing forever");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    Ok(())
}

/// Makes all values in a buffer and calls `each` with every piece, in order.
pub(super) fn fill(
    filler: &dyn Piecewise,
    rng: &mut dyn Generator,
    mut each: impl FnMut(&mut [f32]) -> io::Result<()>,
) -> io::Result<()> {
    start(filler, rng)?;
    let count = filler.count();
    let mut buffer = vec![0.0; count.min(PIECE)];
    for offset in (0..count).step_by(PIECE) {
        let piece = &mut buffer[..PIECE.min(count - offset)];
        make(filler, rng, offset, piece);
        each(piece)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Call, Collect, Stub};
    use crate::random::native::BLOCK;

    fn drawn(count: usize) -> Drawn {
        Drawn { distribution: Distribution::Uniform { min: 0.0, max: 1.0 }, count }
    }

    #[test]
    fn pieces_suit_the_generators() {
        assert!(PIECE.is_multiple_of(2));
        assert!((PIECE as u64).is_multiple_of(BLOCK));
    }

    #[test]
    fn a_fill_opens_once_and_seeks_before_each_piece() {
        let mut rng = Stub::new(0);
        let mut sink = Collect::default();
        drawn(2 * PIECE + 1).fill(&mut rng, &mut sink).unwrap();
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
        let error = drawn(3 * PIECE).fill(&mut rng, &mut Full).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(rng.calls.len(), 3);
    }
}
