//! ValueMaker of smaller donors laid over what a blob has otherwise.

use std::io;

use super::target::PieceTarget;
use crate::filler::Sink;
use crate::formats::Patch;

/// Passes a blob's values on, patched.
pub(super) struct Patched<'a> {
    target: &'a mut dyn PieceTarget,
    patches: &'a [Patch],
    offset: usize,
}

impl<'a> Patched<'a> {
    /// Lays these patches, one after the other, over the values of a blob.
    pub(super) fn new(patches: &'a [Patch], target: &'a mut dyn PieceTarget) -> Patched<'a> {
        Patched { target, patches, offset: 0 }
    }
}

fn lay(patches: &[Patch], offset: usize, values: &mut [f32]) -> io::Result<()> {
    patches.iter().try_for_each(|patch| patch.lay(offset, values))
}

impl PieceTarget for Patched<'_> {
    fn piece(&mut self, length: usize, make: &mut dyn FnMut(&mut [f32]) -> io::Result<()>) -> io::Result<()> {
        let (patches, offset) = (self.patches, self.offset);
        self.offset += length;
        self.target.piece(length, &mut |piece| {
            make(piece)?;
            lay(patches, offset, piece)
        })
    }

    fn whole(&mut self, fill: &mut dyn FnMut(&mut dyn Sink) -> io::Result<()>) -> io::Result<()> {
        let patches = self.patches;
        self.target.whole(&mut |sink| fill(&mut PatchedSink { sink, patches, offset: 0, values: Vec::new() }))
    }
}

/// The same for a blob that is made as a whole.
struct PatchedSink<'a> {
    sink: &'a mut dyn Sink,
    patches: &'a [Patch],
    offset: usize,
    values: Vec<f32>,
}

impl Sink for PatchedSink<'_> {
    fn write(&mut self, values: &[f32]) -> io::Result<()> {
        self.values.clear();
        self.values.extend_from_slice(values);
        lay(self.patches, self.offset, &mut self.values)?;
        self.offset += values.len();
        self.sink.write(&self.values)
    }
}
