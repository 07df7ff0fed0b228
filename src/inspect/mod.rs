//! What a net or its weights are like: shapes, fillers, fans, parameters, work, memory, and the statistics of values.
//!
//! A net definition is inspected as its [`Plan`]: what each blob would get. Weights are inspected blob by blob; with
//! the plan of their net, what is expected of the values stands beside what they are.
//!
//! ```
//! use caffemodel::inspect::{Inspection, InspectOptions, Subject};
//! use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions};
//! let text = r#"layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 8 dim: 4 } } }
//!               layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
//!                       inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }"#;
//! let net = Net::resolve(Definition::from_bytes("tiny.prototxt", text)?, &StateOptions::default())?;
//! let plan = Plan::new(net, &PlanOptions::default())?;
//! let inspection = Inspection::new(&Subject { plan: Some(&plan), weights: None }, &InspectOptions::default()).unwrap();
//! assert_eq!((inspection.totals.parameters, inspection.totals.macs), (15, Some(96)));
//! assert_eq!(inspection.layers[1].blobs[0].expected.unwrap().mean, 0.0);
//! # Ok::<(), caffemodel::Error>(())
//! ```

mod blob;
mod measure;
mod report;
mod select;
mod stored;
mod subject;
mod totals;
mod zeros;

use std::fmt;
use std::io;

use crate::Plan;
use crate::formats::StoredNet;

pub use report::{BlobName, BlobReport, FillerReport, Inspection, LayerReport, TopReport, Totals, WarningReport};
pub use select::BlobSelection;
pub use stored::{FileContent, content_of, net_of_weights, weights_in};

/// What is inspected: a plan, weights, or weights with the plan of their net.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'a> {
    /// The plan, where the net is known.
    pub plan: Option<&'a Plan>,
    /// The weights.
    pub weights: Option<&'a StoredNet>,
}

impl Subject<'_> {
    /// Whether the plan or the weights have a layer of this name.
    pub fn has_layer(&self, name: &str) -> bool {
        subject::pairs(self).iter().any(|pair| pair.name() == name)
    }
}

/// How to inspect.
#[non_exhaustive]
pub struct InspectOptions<'a> {
    /// Which layers and blobs are looked at; totals are theirs alone.
    pub selection: &'a BlobSelection,
    /// Whether values are read for their statistics.
    pub values: bool,
    /// Hears how many values have been read since it heard of any, from several threads.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

impl fmt::Debug for InspectOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let InspectOptions { selection, values, .. } = self;
        f.debug_struct("InspectOptions").field("selection", selection).field("values", values).finish_non_exhaustive()
    }
}

impl Default for InspectOptions<'_> {
    fn default() -> Self {
        const EVERYTHING: &BlobSelection = &BlobSelection { only: Vec::new(), except: Vec::new() };
        InspectOptions { selection: EVERYTHING, values: true, progress: &|_| {} }
    }
}

impl Inspection {
    /// Inspects a plan, weights or both. Values are read once, in pieces.
    ///
    /// # Errors
    /// Those of reading values; the message names the layer and the blob.
    pub fn new(subject: &Subject<'_>, options: &InspectOptions<'_>) -> io::Result<Inspection> {
        subject::inspect(subject, options)
    }
}
