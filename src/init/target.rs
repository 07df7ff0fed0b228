//! Where values are made: in the output's turn, or in buffers on their way to it.

use std::io;

use super::BlobStream;
use super::values::ValueMaker;
use crate::filler::{PIECE, Sink};
use crate::formats::Output;
use crate::plan::{BlobId, PlannedLayer};

/// Takes values in order, and says where they are to be made.
pub(super) trait PieceTarget {
    /// The next values are a piece of this length, which `make` makes independently of the pieces before.
    fn piece(&mut self, length: usize, make: &mut dyn FnMut(&mut [f32]) -> io::Result<()>) -> io::Result<()>;

    /// The next values are those that `fill` writes.
    fn whole(&mut self, fill: &mut dyn FnMut(&mut dyn Sink) -> io::Result<()>) -> io::Result<()>;
}

/// Makes values when they are wanted, on the same thread.
pub(super) struct Direct<'a> {
    values: ValueMaker<'a>,
    buffer: Vec<f32>,
}

impl<'a> Direct<'a> {
    pub(super) fn new(values: ValueMaker<'a>) -> Direct<'a> {
        Direct { values, buffer: Vec::new() }
    }
}

impl BlobStream for Direct<'_> {
    fn blob(&mut self, id: BlobId, output: &mut dyn Output) -> io::Result<()> {
        self.values.blob(id, &mut Buffered { buffer: &mut self.buffer, output })
    }

    fn end_layer(&mut self, layer: &PlannedLayer) -> io::Result<()> {
        self.values.end_layer(layer)
    }
}

/// Makes pieces in a buffer and writes them.
struct Buffered<'a> {
    buffer: &'a mut Vec<f32>,
    output: &'a mut dyn Output,
}

impl PieceTarget for Buffered<'_> {
    fn piece(&mut self, length: usize, make: &mut dyn FnMut(&mut [f32]) -> io::Result<()>) -> io::Result<()> {
        if self.buffer.len() < length {
            // New memory is zero already, whereas a buffer that grows is copied and zeroed.
            *self.buffer = vec![0.0; length.max(PIECE)];
        }
        let piece = &mut self.buffer[..length];
        make(piece)?;
        self.output.write(piece)
    }

    fn whole(&mut self, fill: &mut dyn FnMut(&mut dyn Sink) -> io::Result<()>) -> io::Result<()> {
        fill(self.output)
    }
}
