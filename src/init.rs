//! Executes a plan: draws the values in Caffe's order and hands them to an output.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use crate::filler::{Filler, Sink};
use crate::layer::Draw;
use crate::output::Output;
use crate::plan::{BlobId, Initial, Plan, PlannedLayer};
use crate::random::{Generator, Nowhere, Streams};

/// How many zeros are written at a time.
const ZEROS: [f32; 4096] = [0.0; 4096];

/// Fills every blob of the plan and writes the net to `output`, layer by layer.
///
/// Memory does not grow with the net, except as the fillers and the output say: a blob that shares another's values
/// has them made again from the generator's state before the first fill.
///
/// # Errors
/// Those of the output.
///
/// ```
/// use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, init, output::Arrays, random::Streams};
/// let text = r#"layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 } } }
///               layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
///                       inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }"#;
/// let net = Net::resolve(Definition::from_bytes("tiny.prototxt", text)?, &StateOptions::default())?;
/// let plan = Plan::new(net, &PlanOptions::default())?;
/// let mut arrays = Arrays::default();
/// init::fill(&plan, &mut Streams::caffe(1701, "1.74".parse().unwrap()), &mut arrays).unwrap();
/// assert_eq!(arrays.get("ip", 0).unwrap().shape(), [3, 4]);
/// # Ok::<(), caffemodel::Error>(())
/// ```
pub fn fill(plan: &Plan, streams: &mut Streams, output: &mut dyn Output) -> io::Result<()> {
    let mut executor = Executor { plan, streams, owners: owners(plan) };
    for index in 0..plan.layers.len() {
        executor.layer(index, output)?;
    }
    output.finish()
}

/// The blobs whose values others share, with the streams as they were before the fill.
type Owners = HashMap<BlobId, Option<Streams>>;

fn owners(plan: &Plan) -> Owners {
    let blobs = plan.layers.iter().flat_map(|layer| &layer.blobs);
    blobs.filter_map(|blob| blob.owner).map(|owner| (owner, None)).collect()
}

struct Executor<'a> {
    plan: &'a Plan,
    streams: &'a mut Streams,
    owners: Owners,
}

impl Executor<'_> {
    fn layer(&mut self, index: usize, output: &mut dyn Output) -> io::Result<()> {
        let layer = &self.plan.layers[index];
        output.begin_layer(layer)?;
        let mut draws = layer.draws.iter();
        for blob in 0..layer.blobs.len() {
            output.begin_blob(layer, blob)?;
            if matches!(layer.blobs[blob].initial, Initial::Filled { .. }) {
                for draw in draws.by_ref() {
                    if *draw == Draw::Blob(blob) {
                        break;
                    }
                    self.discard(layer, *draw)?;
                }
            }
            self.blob(BlobId { layer: index, blob }, output)?;
            output.end_blob()?;
        }
        draws.try_for_each(|draw| self.discard(layer, *draw))?;
        output.end_layer()
    }

    /// Writes a blob's values: its own, or those of its owner while its own are drawn and lost.
    fn blob(&mut self, id: BlobId, output: &mut dyn Output) -> io::Result<()> {
        let blob = self.plan.blob(id);
        let Some(owner) = blob.owner else { return self.own_values(id, output) };
        if let Initial::Filled { filler, .. } = &blob.initial {
            self.discard_fill(&self.plan.layers[id.layer], id.blob, filler)?;
        }
        self.owner_values(owner, output)
    }

    fn own_values(&mut self, id: BlobId, output: &mut dyn Output) -> io::Result<()> {
        let layer = &self.plan.layers[id.layer];
        match &self.plan.blob(id).initial {
            Initial::Given(values) => output.write(values),
            Initial::Zeros => write_zeros(self.plan.blob(id).shape.count(), output),
            Initial::Filled { filler, .. } => {
                if let Some(before) = self.owners.get_mut(&id) {
                    *before = Some(self.streams.clone());
                }
                fill_once(filler, self.streams.for_blob(layer.param.name(), id.blob), output)
            }
        }
    }

    fn owner_values(&mut self, owner: BlobId, output: &mut dyn Output) -> io::Result<()> {
        match (&self.plan.blob(owner).initial, self.owners.get(&owner)) {
            (Initial::Filled { filler, .. }, Some(Some(before))) => {
                let layer = &self.plan.layers[owner.layer];
                fill_once(filler, before.clone().for_blob(layer.param.name(), owner.blob), output)
            }
            _ => self.own_values(owner, output),
        }
    }

    fn discard(&mut self, layer: &PlannedLayer, draw: Draw) -> io::Result<()> {
        match draw {
            Draw::Skip(count) => {
                self.streams.skip(count);
                Ok(())
            }
            Draw::Blob(blob) => self.discard_blob(layer, blob),
            Draw::Discard { first, end, times } => {
                for _ in 0..times {
                    (first..end).try_for_each(|blob| self.discard_blob(layer, blob))?;
                }
                Ok(())
            }
        }
    }

    fn discard_blob(&mut self, layer: &PlannedLayer, blob: usize) -> io::Result<()> {
        match &layer.blobs[blob].initial {
            Initial::Filled { filler, .. } => self.discard_fill(layer, blob, filler),
            Initial::Given(_) | Initial::Zeros => Ok(()),
        }
    }

    /// Draws a fill and throws it away; a stream of its own for each blob has nothing to lose.
    fn discard_fill(&mut self, layer: &PlannedLayer, blob: usize, filler: &Arc<dyn Filler>) -> io::Result<()> {
        if self.streams.one_for_all() {
            fill_once(filler, self.streams.for_blob(layer.param.name(), blob), &mut Nowhere)?;
        }
        Ok(())
    }
}

fn fill_once(filler: &Arc<dyn Filler>, generator: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
    generator.fill_start();
    filler.fill(generator, sink)
}

fn write_zeros(mut count: usize, sink: &mut dyn Sink) -> io::Result<()> {
    while count > 0 {
        let piece = count.min(ZEROS.len());
        sink.write(&ZEROS[..piece])?;
        count -= piece;
    }
    Ok(())
}
