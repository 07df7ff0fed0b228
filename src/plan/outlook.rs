//! The random numbers as they will be when a layer's turn to draw comes.
//!
//! A plan draws nothing. But Caffe's generator shuffles the list of an ImageData layer, and the shape of its tops is that
//! of the first picture. For such a layer alone the draws of the layers before it are made here, on a copy of the
//! generator; there are few, as such layers stand at the start of a net.

use std::cell::RefCell;

use super::PlannedLayer;
use crate::init;
use crate::layer::Outlook;
use crate::random::{CaffeGenerator, Streams};

/// A copy of the streams, and how many layers have drawn from it.
#[derive(Debug)]
pub(super) struct Ahead {
    streams: Streams,
    layers: usize,
}

impl Ahead {
    pub(super) fn new(streams: &Streams) -> Ahead {
        Ahead { streams: streams.clone(), layers: 0 }
    }

    /// Makes the draws of the layers up to the end of `planned`.
    fn generator(&mut self, planned: &[PlannedLayer]) -> Option<CaffeGenerator> {
        for layer in planned.get(self.layers..).unwrap_or_default() {
            init::discard_layer(layer, &mut self.streams).ok()?;
            self.layers += 1;
        }
        match &self.streams {
            Streams::Caffe(generator) => Some(generator.clone()),
            Streams::Native { .. } => None,
        }
    }
}

/// What comes after the layers planned so far.
#[derive(Debug)]
pub(super) struct After<'a> {
    pub(super) planned: &'a [PlannedLayer],
    pub(super) ahead: &'a RefCell<Option<Ahead>>,
}

impl Outlook for After<'_> {
    fn generator(&self) -> Option<CaffeGenerator> {
        self.ahead.borrow_mut().as_mut()?.generator(self.planned)
    }
}
