//! The draws of planned layers, made and thrown away.
//!
//! A plan draws nothing. But Caffe's generator shuffles the list of an ImageData layer, and the shape of its tops is
//! that of the first picture. For such a layer alone the draws of the layers before it are made, on a copy of the
//! generator; there are few, as such layers stand at the start of a net.

use std::io;

use super::{Initial, PlannedLayer};
use crate::layer::Draw;
use crate::random::{CaffeGenerator, Streams};

impl PlannedLayer {
    /// Makes one of the layer's draws and throws it away.
    pub(crate) fn discard(&self, draw: Draw, streams: &mut Streams) -> io::Result<()> {
        match draw {
            Draw::Blob(blob) => self.discard_blob(blob, streams)?,
            Draw::Skip(count) => streams.skip(count),
            Draw::Discard { first, end, times } => {
                for _ in 0..times {
                    (first..end).try_for_each(|blob| self.discard_blob(blob, streams))?;
                }
            }
        }
        Ok(())
    }

    /// Draws a fill and throws it away; where each blob has a stream of its own there is nothing to lose.
    pub(crate) fn discard_blob(&self, blob: usize, streams: &mut Streams) -> io::Result<()> {
        match &self.blobs[blob].initial {
            Initial::Filled { filler, .. } if streams.one_for_all() => {
                filler.discard(streams.for_blob(self.param.name(), blob))
            }
            _ => Ok(()),
        }
    }
}

/// The random numbers to come: a copy of the streams, and how many layers have drawn from it.
#[derive(Debug)]
pub(super) struct UpcomingDraws {
    streams: Streams,
    layers: usize,
}

impl UpcomingDraws {
    pub(super) fn new(streams: &Streams) -> UpcomingDraws {
        UpcomingDraws { streams: streams.clone(), layers: 0 }
    }

    /// Caffe's generator as it will be once the layers of `planned` have drawn; none if it does not fill the net.
    pub(super) fn generator_after(&mut self, planned: &[PlannedLayer]) -> Option<&CaffeGenerator> {
        for layer in planned.get(self.layers..).unwrap_or_default() {
            layer.draws.iter().try_for_each(|&draw| layer.discard(draw, &mut self.streams)).ok()?;
            self.layers += 1;
        }
        self.streams.caffe_generator()
    }
}
