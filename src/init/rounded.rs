//! Values of blobs of halves, rounded wherever they come from.

use std::io;

use caffemodel_numeric::binary16;

use super::target::PieceTarget;
use crate::filler::Sink;

/// Passes a blob's values on, rounded to halves.
pub(super) struct Rounded<'a> {
    target: &'a mut dyn PieceTarget,
}

impl<'a> Rounded<'a> {
    pub(super) fn new(target: &'a mut dyn PieceTarget) -> Rounded<'a> {
        Rounded { target }
    }
}

impl PieceTarget for Rounded<'_> {
    fn piece(&mut self, length: usize, make: &mut dyn FnMut(&mut [f32]) -> io::Result<()>) -> io::Result<()> {
        self.target.piece(length, &mut |piece| {
            make(piece)?;
            binary16::round(piece);
            Ok(())
        })
    }

    fn whole(&mut self, fill: &mut dyn FnMut(&mut dyn Sink) -> io::Result<()>) -> io::Result<()> {
        self.target.whole(&mut |sink| fill(&mut RoundedSink { sink, values: Vec::new() }))
    }
}

/// The same for a blob that is made as a whole.
struct RoundedSink<'a> {
    sink: &'a mut dyn Sink,
    values: Vec<f32>,
}

impl Sink for RoundedSink<'_> {
    fn write(&mut self, values: &[f32]) -> io::Result<()> {
        self.values.clear();
        self.values.extend_from_slice(values);
        binary16::round(&mut self.values);
        self.sink.write(&self.values)
    }
}
