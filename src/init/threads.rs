//! Filling on threads beside the one that writes.
//!
//! Every thread walks the whole plan and cuts its values into the same batches: as many pieces as a buffer holds, or a
//! blob that has to be made as a whole. Of n threads the one of number k makes the batches k, k + n, k + 2n, … and
//! skips the others; the writer takes one batch after the other. A thread that is as far ahead as its channel allows
//! waits for the writer alone: memory is bounded, and no two wait for each other.

use std::io;
use std::iter;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, Builder};

use super::BlobStream;
use super::target::PieceTarget;
use super::values::ValueMaker;
use crate::filler::{PIECE, Sink};
use crate::formats::Output;
use crate::plan::{BlobId, Plan, PlannedLayer};
use crate::random::Streams;

/// How many parcels a thread may be ahead of the writer.
const AHEAD: usize = 2;

/// Calls `use_source` with a source that so many threads fill.
pub(super) fn with_source(
    threads: usize,
    plan: &Plan,
    streams: &mut Streams,
    use_source: impl FnOnce(&mut dyn BlobStream) -> io::Result<()>,
) -> io::Result<()> {
    // Where all blobs draw from one stream, no draw can be skipped.
    let threads = if streams.one_for_all() { 1 } else { threads };
    let mut copies = vec![streams.clone(); threads - 1];
    thread::scope(|scope| {
        let mut batches = Batches { plan, lines: Vec::with_capacity(threads), parcel: None, batch: 0, broken: None };
        let mut fillers = Vec::with_capacity(threads);
        for (number, streams) in iter::once(streams).chain(&mut copies).enumerate() {
            let (to_writer, parcels) = sync_channel(AHEAD);
            let (give_back, used) = channel();
            batches.lines.push(FillerLine { parcels, give_back });
            let mut batcher = Batcher { number, threads, batch: 0, filled: 0, buffer: Vec::new(), to_writer, used };
            let fill = move || batcher.run(plan, &mut ValueMaker::new(plan, streams));
            fillers.push(Builder::new().name(format!("fill {number}")).spawn_scoped(scope, fill)?);
        }
        let outcome = use_source(&mut batches);
        let broken = batches.broken;
        // Whoever still fills finds that nobody writes.
        drop(batches);
        let join = |filler: thread::ScopedJoinHandle<'_, _>| filler.join().unwrap_or_else(|panic| resume_unwind(panic));
        let ends: Vec<io::Result<()>> = fillers.into_iter().map(join).collect();
        match broken {
            Some(number) => ends.into_iter().nth(number).unwrap_or(outcome),
            None => outcome.and_then(|()| ends.into_iter().collect()),
        }
    })
}

/// ValueMaker on their way to the writer.
struct Parcel {
    buffer: Vec<f32>,
    /// The values in front of this are still to be written.
    start: usize,
    end: usize,
    ends_batch: bool,
}

/// The writer's ends of the channels to and from a thread.
struct FillerLine {
    parcels: Receiver<Parcel>,
    give_back: Sender<Vec<f32>>,
}

/// The writer's side: all batches in order.
struct Batches<'a> {
    plan: &'a Plan,
    lines: Vec<FillerLine>,
    parcel: Option<Parcel>,
    /// The number of the batch that the parcel belongs to.
    batch: usize,
    /// The thread that ended before its time, if any.
    broken: Option<usize>,
}

impl Batches<'_> {
    /// The parcel with the next values.
    fn parcel(&mut self) -> io::Result<&mut Parcel> {
        let mut current = self.parcel.take();
        while current.as_ref().is_none_or(|parcel| parcel.start == parcel.end) {
            if let Some(used) = current {
                let line = self.batch % self.lines.len();
                // A thread that is done needs no buffer back.
                let _ = self.lines[line].give_back.send(used.buffer);
                self.batch += usize::from(used.ends_batch);
            }
            let line = self.batch % self.lines.len();
            current = self.lines[line].parcels.recv().ok();
            if current.is_none() {
                self.broken = Some(line);
                return Err(io::Error::other("a thread that fills has ended"));
            }
        }
        Ok(self.parcel.insert(current.expect("the loop ends with a parcel")))
    }
}

impl BlobStream for Batches<'_> {
    fn blob(&mut self, id: BlobId, output: &mut dyn Output) -> io::Result<()> {
        let mut left = self.plan.blob(id).shape.count();
        while left > 0 {
            let parcel = self.parcel()?;
            let now = left.min(parcel.end - parcel.start);
            output.write(&parcel.buffer[parcel.start..][..now])?;
            parcel.start += now;
            left -= now;
        }
        Ok(())
    }

    fn end_layer(&mut self, _: &PlannedLayer) -> io::Result<()> {
        Ok(())
    }
}

/// A filling thread's side: makes its batches and sends them.
struct Batcher {
    number: usize,
    threads: usize,
    /// The number of the current batch.
    batch: usize,
    /// How many values the buffer holds, or would hold in a batch of another thread.
    filled: usize,
    buffer: Vec<f32>,
    to_writer: SyncSender<Parcel>,
    used: Receiver<Vec<f32>>,
}

impl Batcher {
    fn run(&mut self, plan: &Plan, values: &mut ValueMaker<'_>) -> io::Result<()> {
        for (index, layer) in plan.layers.iter().enumerate() {
            for blob in 0..layer.blobs.len() {
                values.blob(BlobId { layer: index, blob }, self)?;
            }
            values.end_layer(layer)?;
        }
        if self.filled > 0 { self.end_batch() } else { Ok(()) }
    }

    fn own_batch(&self) -> bool {
        self.batch % self.threads == self.number
    }

    fn end_batch(&mut self) -> io::Result<()> {
        if self.own_batch() {
            self.send(true)?;
        }
        self.batch += 1;
        self.filled = 0;
        Ok(())
    }

    /// Sends what the buffer holds.
    fn send(&mut self, ends_batch: bool) -> io::Result<()> {
        let buffer = std::mem::take(&mut self.buffer);
        let parcel = Parcel { buffer, start: 0, end: self.filled, ends_batch };
        self.filled = 0;
        // The writer says why it has gone.
        self.to_writer.send(parcel).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// The buffer's room for the next `length` values: used before, if one has come back, and else new.
    fn room(&mut self, length: usize) -> &mut [f32] {
        if self.buffer.is_empty() {
            self.buffer = self.used.try_recv().ok().filter(|used| !used.is_empty()).unwrap_or_else(|| vec![0.0; PIECE]);
        }
        &mut self.buffer[self.filled..][..length]
    }
}

impl PieceTarget for Batcher {
    fn piece(&mut self, length: usize, make: &mut dyn FnMut(&mut [f32]) -> io::Result<()>) -> io::Result<()> {
        if self.filled + length > PIECE {
            self.end_batch()?;
        }
        if self.own_batch() {
            make(self.room(length))?;
        }
        self.filled += length;
        Ok(())
    }

    fn whole(&mut self, fill: &mut dyn FnMut(&mut dyn Sink) -> io::Result<()>) -> io::Result<()> {
        if self.filled > 0 {
            self.end_batch()?;
        }
        if self.own_batch() {
            fill(self)?;
        }
        self.end_batch()
    }
}

impl Sink for Batcher {
    fn write(&mut self, mut values: &[f32]) -> io::Result<()> {
        while !values.is_empty() {
            // A full buffer waits for more: the last one ends the batch, and the writer does not wait for one behind
            // it.
            if self.filled == PIECE {
                self.send(false)?;
            }
            let (now, later) = values.split_at(values.len().min(PIECE - self.filled));
            self.room(now.len()).copy_from_slice(now);
            self.filled += now.len();
            values = later;
        }
        Ok(())
    }
}
