//! The values of the blobs, drawn in Caffe's order.

use std::collections::HashMap;
use std::io;
use std::mem;
use std::sync::Arc;

use super::patched::Patched;
use super::rounded::Rounded;
use super::target::PieceTarget;
use crate::filler::{self, Filler, PIECE, Sink};
use crate::formats::NumberType;
use crate::layer::Draw;
use crate::plan::{BlobId, Initial, Plan, PlannedLayer, ValueSource};
use crate::random::{Generator, Streams};

/// Makes the values of one blob after the other, and draws what is thrown away between them.
pub(super) struct ValueMaker<'a> {
    plan: &'a Plan,
    streams: &'a mut Streams,
    /// The blobs whose values others share, with the streams as they were before the fill.
    owners: HashMap<BlobId, Option<Streams>>,
    /// How many of the current layer's draws are done.
    drawn: usize,
    /// The blobs of the current layer that are drawn before their turn to be written, each with the streams as they
    /// were before its fill.
    early: HashMap<usize, Streams>,
}

impl<'a> ValueMaker<'a> {
    pub(super) fn new(plan: &'a Plan, streams: &'a mut Streams) -> ValueMaker<'a> {
        let blobs = plan.layers.iter().flat_map(|layer| &layer.blobs);
        let owners = blobs.filter_map(|blob| blob.owner).map(|owner| (owner, None)).collect();
        ValueMaker { plan, streams, owners, drawn: 0, early: HashMap::new() }
    }

    /// Makes the next blob's values: its own, or those of its owner or donor while its own are drawn and lost.
    pub(super) fn blob(&mut self, id: BlobId, target: &mut dyn PieceTarget) -> io::Result<()> {
        let layer = &self.plan.layers[id.layer];
        if let Some(before) = self.early.remove(&id.blob) {
            let present = mem::replace(self.streams, before);
            let made = self.in_type(id, target);
            *self.streams = present;
            return made;
        }
        if matches!(layer.blobs[id.blob].initial, Initial::Filled { .. }) {
            self.discard_until(layer, Some(id.blob))?;
        }
        self.in_type(id, target)
    }

    /// Makes the values as numbers of the blob's type.
    fn in_type(&mut self, id: BlobId, target: &mut dyn PieceTarget) -> io::Result<()> {
        if self.plan.blob(id).number_type == NumberType::F16 {
            return self.patched(id, &mut Rounded::new(target));
        }
        self.patched(id, target)
    }

    fn patched(&mut self, id: BlobId, target: &mut dyn PieceTarget) -> io::Result<()> {
        let plan = self.plan;
        match plan.source(id) {
            ValueSource::WeightsInPart { patches, rest } => {
                self.unpatched(id, &rest, &mut Patched::new(patches, target))
            }
            source => self.unpatched(id, &source, target),
        }
    }

    fn unpatched(&mut self, id: BlobId, source: &ValueSource<'_>, target: &mut dyn PieceTarget) -> io::Result<()> {
        let owner = self.plan.owner(id);
        if let ValueSource::Weights(stored) = source {
            self.plan.layers[id.layer].discard_blob(id.blob, self.streams)?;
            return in_pieces(stored.shape.count(), target, |offset, piece| stored.values.read(offset, piece));
        }
        if owner == id {
            return self.own_values(id, target);
        }
        self.plan.layers[id.layer].discard_blob(id.blob, self.streams)?;
        self.owner_values(owner, target)
    }

    /// Draws what the layer draws after its last blob.
    pub(super) fn end_layer(&mut self, layer: &PlannedLayer) -> io::Result<()> {
        self.discard_until(layer, None)?;
        self.drawn = 0;
        self.early.clear();
        Ok(())
    }

    /// Throws away what comes before the draw of a blob, or all that is left; other blobs that are drawn there are kept
    /// in mind.
    fn discard_until(&mut self, layer: &PlannedLayer, blob: Option<usize>) -> io::Result<()> {
        while let Some(&draw) = layer.draws.get(self.drawn) {
            self.drawn += 1;
            match draw {
                Draw::Blob(index) if Some(index) == blob => break,
                Draw::Blob(index) => {
                    if blob.is_some_and(|blob| blob < index) {
                        self.early.insert(index, self.streams.clone());
                    }
                    layer.discard(draw, self.streams)?;
                }
                draw => layer.discard(draw, self.streams)?,
            }
        }
        Ok(())
    }

    fn own_values(&mut self, id: BlobId, target: &mut dyn PieceTarget) -> io::Result<()> {
        let blob = self.plan.blob(id);
        match &blob.initial {
            Initial::Given(values) => in_pieces(values.len(), target, |offset, piece| {
                piece.copy_from_slice(&values[offset..][..piece.len()]);
                Ok(())
            }),
            Initial::Zeros => in_pieces(blob.shape.count(), target, |_, piece| {
                piece.fill(0.0);
                Ok(())
            }),
            Initial::Filled { filler, .. } => {
                if let Some(before) = self.owners.get_mut(&id) {
                    *before = Some(self.streams.clone());
                }
                let layer = &self.plan.layers[id.layer];
                fill(filler, blob.shape.count(), self.streams.for_blob(layer.param.name(), id.blob), target)
            }
        }
    }

    fn owner_values(&mut self, owner: BlobId, target: &mut dyn PieceTarget) -> io::Result<()> {
        let blob = self.plan.blob(owner);
        match (&blob.initial, self.owners.get(&owner)) {
            (Initial::Filled { filler, .. }, Some(Some(before))) => {
                let layer = &self.plan.layers[owner.layer];
                let mut before = before.clone();
                fill(filler, blob.shape.count(), before.for_blob(layer.param.name(), owner.blob), target)
            }
            _ => self.own_values(owner, target),
        }
    }
}

/// Has a filler make `count` values.
fn fill(
    filler: &Arc<dyn Filler>,
    count: usize,
    generator: &mut dyn Generator,
    target: &mut dyn PieceTarget,
) -> io::Result<()> {
    let Some(filler) = filler.piecewise() else {
        return target.whole(&mut |sink| {
            let mut counted = Counted { sink, left: count };
            filler.fill(generator, &mut counted)?;
            if counted.left > 0 { Err(miscounted()) } else { Ok(()) }
        });
    };
    filler::start(filler, generator)?;
    in_pieces(count, target, |offset, piece| {
        filler::make(filler, generator, offset, piece);
        Ok(())
    })
}

/// Passes on so many values and no more.
struct Counted<'a> {
    sink: &'a mut dyn Sink,
    left: usize,
}

impl Sink for Counted<'_> {
    fn write(&mut self, values: &[f32]) -> io::Result<()> {
        self.left = self.left.checked_sub(values.len()).ok_or_else(miscounted)?;
        self.sink.write(values)
    }
}

fn miscounted() -> io::Error {
    io::Error::other("a filler makes more or fewer values than its blob holds")
}

/// Has a blob's values made piece by piece.
fn in_pieces(
    count: usize,
    target: &mut dyn PieceTarget,
    mut make: impl FnMut(usize, &mut [f32]) -> io::Result<()>,
) -> io::Result<()> {
    let mut offsets = (0..count).step_by(PIECE);
    offsets.try_for_each(|offset| target.piece(PIECE.min(count - offset), &mut |piece| make(offset, piece)))
}
