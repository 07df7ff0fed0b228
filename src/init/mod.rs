//! Executes a plan: draws the values in Caffe's order and hands them to an output.
//!
//! ValueMaker are made in [pieces](crate::filler::PIECE) and written as they come, so that memory does not grow with
//! the net. Large nets are filled by threads beside the caller's, which writes: one for Caffe's generator, whose stream
//! has an order; several for the native one.

mod patched;
mod rounded;
mod target;
mod threads;
mod values;

use std::io;

use crate::formats::Output;
use crate::plan::{BlobId, Plan, PlannedLayer};
use crate::random::Streams;
use target::Direct;
use values::ValueMaker;

/// Nets with fewer values are filled by the caller's thread alone: starting another one would take longer.
const LARGE: u64 = 1 << 21;

/// The most threads that fill: a few write faster than any disk.
const MAX_THREADS: usize = 8;

/// Fills every blob of the plan and writes the net to `output`, layer by layer.
///
/// Memory does not grow with the net, except as the fillers and the output say: a blob that shares another's values
/// has them made again from the generator's state before the first fill.
///
/// # Errors
/// Those of the output, of the fillers and of the donors.
///
/// ```
/// use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, formats::Arrays, init, random::Streams};
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
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if plan.values() < LARGE || cores == 1 { 0 } else { cores.min(MAX_THREADS) };
    fill_on(threads, plan, streams, output)
}

/// The same with so many threads that fill beside the caller's, which writes; with none the caller's does all.
///
/// Neither the values nor what `streams` draws next depend on the number. Caffe's generator makes use of one.
///
/// # Errors
/// As of [`fill`]; no thread can be started.
pub fn fill_on(threads: usize, plan: &Plan, streams: &mut Streams, output: &mut dyn Output) -> io::Result<()> {
    if threads > 0 {
        return threads::with_source(threads, plan, streams, |source| write(plan, source, output));
    }
    write(plan, &mut Direct::new(ValueMaker::new(plan, streams)), output)
}

/// Where the values of the blobs come from, one blob after the other in the plan's order.
trait BlobStream {
    /// Writes the values of the next blob.
    fn blob(&mut self, id: BlobId, output: &mut dyn Output) -> io::Result<()>;

    /// The layer has no more blobs.
    fn end_layer(&mut self, layer: &PlannedLayer) -> io::Result<()>;
}

/// Writes the net with values from `source`.
fn write(plan: &Plan, source: &mut dyn BlobStream, output: &mut dyn Output) -> io::Result<()> {
    for (index, layer) in plan.layers.iter().enumerate() {
        let saved = layer.saved();
        output.begin_layer(&saved)?;
        for blob in 0..layer.blobs.len() {
            output.begin_blob(&saved, blob)?;
            source.blob(BlobId { layer: index, blob }, output)?;
            output.end_blob()?;
        }
        source.end_layer(layer)?;
        output.end_layer()?;
    }
    output.finish()
}
