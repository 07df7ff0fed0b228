//! The plan: for each layer the shapes of its tops, its blobs and what it draws, before a single number is drawn.
//!
//! A [`Plan`] is plain data. It is made by walking the layers in order ([`Plan::new`]); whoever executes it, be it to
//! fill blobs or to run the net, never looks at a layer's type but at its [`Operator`].

mod checks;
mod draws;
mod extensions;
mod numbers;
mod opaque;
mod rules;
mod saved;
mod share;
mod signal;
mod source;
mod unmatched;
mod walk;
mod warning;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::Shape;
use crate::dialect::Dialect;
use crate::error::Result;
use crate::filler::{Filler, FillerRegistry};
use crate::formats::{NumberType, Patch, StoredBlob};
use crate::layer::{Draw, FillerSpec, LayerNature, LayerRegistry, Operator, Restoring, Role, TopMemory};
use crate::limits::Limits;
use crate::net::{Locator, Net, Origin};
use crate::proto::caffe::{LayerParameter, Phase};
use crate::random::Streams;
use crate::rules::Rules;

pub(crate) use checks::check_elements;
pub use rules::{Before, RuleChange, Saved};
pub use source::{FittedFrom, SourceKind, ValueSource};
pub use warning::{WARNINGS, Warning, WarningKind};

/// What the caller adds to the net.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct PlanOptions {
    /// Shapes of tops, by the name of the blob: for layers whose shape the net alone does not tell.
    pub shapes: BTreeMap<String, Shape>,
    /// Layer types that are not known and whose tops have the shapes of their bottoms.
    pub opaque: BTreeSet<String>,
    /// Shapes of the blobs of layers whose type is not known, by the name of the layer and the index of the blob. They
    /// are zeros unless rules fill them.
    pub blobs: BTreeMap<(String, usize), Shape>,
    /// The layer types that the net may use.
    pub layers: LayerRegistry,
    /// The fillers that the net may use.
    pub fillers: FillerRegistry,
    /// The folder that relative paths in the net start from; `None` for the current folder or else, with a notice, that
    /// of the net.
    pub folder: Option<PathBuf>,
    /// Fillers of the caller's choice for the net's blobs.
    pub rules: Rules,
    /// The random numbers that will fill the net: of Caffe's follows which picture of a shuffled list gives the shape.
    /// Nothing is drawn from them.
    pub streams: Option<Streams>,
    /// How many values the net may draw and hold.
    pub limits: Limits,
}

impl PlanOptions {
    /// The options for nets of this dialect: only what it knows.
    fn of(&self, dialect: &'static Dialect) -> Cow<'_, PlanOptions> {
        if dialect.is_bvlc() {
            return Cow::Borrowed(self);
        }
        let (layers, fillers) = (self.layers.of(dialect).into_owned(), self.fillers.of(dialect).into_owned());
        Cow::Owned(PlanOptions { layers, fillers, ..self.clone() })
    }
}

/// A blob of the plan, by the index of its layer and its index there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlobId {
    /// The index of the layer in [`Plan::layers`].
    pub layer: usize,
    /// The index of the blob in [`PlannedLayer::blobs`].
    pub blob: usize,
}

/// What a planned blob has unless it takes its values from elsewhere.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Initial {
    /// The filler makes them.
    Filled {
        /// The filler, built for the blob's shape.
        filler: Arc<dyn Filler>,
        /// The filler as the net gives it.
        spec: FillerSpec,
    },
    /// The net gives them.
    Given(Arc<[f32]>),
    /// All zeros.
    Zeros,
}

/// A blob with its shape and the source of its values.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlannedBlob {
    /// Its shape.
    pub shape: Shape,
    /// What it is for.
    pub role: Role,
    /// What it draws or is given before it takes values from elsewhere, if it does: see [`PlannedBlob::source`].
    pub initial: Initial,
    /// The type that its values are kept in: floats, or, where the dialect's layers have types, what the layer's say.
    pub number_type: NumberType,
    /// The blob whose values it shares, if any; always one of an earlier layer or an earlier one of the same layer.
    pub owner: Option<BlobId>,
    /// Values of a donor that replace its own once those are drawn; only ever on a blob without an owner.
    donor: Option<StoredBlob>,
    /// Values of smaller donors that replace the leading corner, whatever the rest is; laid one after the other, and
    /// only ever on a blob without an owner.
    patches: Vec<Patch>,
    /// How what was taken was fitted, where it was.
    fitted: Vec<FittedFrom>,
}

/// A layer with its operator, shapes, blobs and draws: all that it takes to fill it or to run it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlannedLayer {
    /// The layer as it is saved, without its blobs.
    pub param: LayerParameter,
    /// What the layer computes.
    pub operator: Operator,
    /// The shapes of the bottoms.
    pub bottoms: Vec<Shape>,
    /// Which blob of the net each bottom is: equal numbers are the same blob.
    pub bottom_ids: Vec<usize>,
    /// The shapes of the tops, automatic ones included.
    pub tops: Vec<Shape>,
    /// Which blob of the net each top is; one that is in place has its bottom's number.
    pub top_ids: Vec<usize>,
    /// Where the values of each top are kept.
    pub memory: Vec<TopMemory>,
    /// The blobs in Caffe's order.
    pub blobs: Vec<PlannedBlob>,
    /// What the layer draws, in order.
    pub draws: Vec<Draw>,
    /// How the layer takes what is stored for it.
    pub restoring: Restoring,
    /// The multiply-accumulates of a forward pass; see [`layer::Setup::macs`](crate::layer::Setup::macs).
    pub macs: u64,
    /// What its type is good for.
    pub nature: LayerNature,
    /// The entry of the file that it comes from.
    pub origin: Option<Origin>,
}

impl PlannedLayer {
    /// Whether it is no layer of the saved net but stands for its `input` fields, in a dialect where they stay fields.
    pub fn is_net_inputs(&self) -> bool {
        self.param.r#type() == "Input" && self.origin.is_some_and(|origin| origin.is_net_inputs())
    }

    fn elements(&self) -> u64 {
        let counted = |blobs: &[PlannedBlob]| blobs.iter().map(|blob| blob.shape.count() as u64).sum::<u64>();
        let drawn = |draw: &Draw| match *draw {
            Draw::Discard { first, end, times } => counted(&self.blobs[first..end]).saturating_mul(times),
            Draw::Skip(count) => count,
            Draw::Blob(_) => 0,
        };
        self.draws.iter().map(drawn).fold(counted(&self.blobs), u64::saturating_add)
    }
}

/// The whole net with its shapes, blobs and draws.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Plan {
    /// The net's name, empty if it has none.
    pub name: String,
    /// The net's phase.
    pub phase: Phase,
    /// The layers in order, automatic splits included.
    pub layers: Vec<PlannedLayer>,
    /// What the caller's rules changed, in the order of the blobs.
    pub changes: Vec<RuleChange>,
    /// Finds places in the file.
    pub locator: Locator,
    /// The dialect that the net is written in.
    pub dialect: &'static Dialect,
    /// The fields of the net that are saved behind the layers, encoded by the numbers of the dialect.
    pub saved_fields: Vec<u8>,
    /// What was done on the way that nobody asked for, in a line each.
    pub notices: Vec<String>,
    /// The fillers that the net could use.
    pub(crate) fillers: FillerRegistry,
}

impl Plan {
    /// Plans a resolved net.
    ///
    /// # Errors
    /// Whatever Caffe refuses while it builds the net, and what it should have refused: the error names the layer, the
    /// field and the place in the file.
    pub fn new(net: Net, options: &PlanOptions) -> Result<Plan> {
        walk::plan(net, options)
    }

    /// The blob of this number.
    pub fn blob(&self, id: BlobId) -> &PlannedBlob {
        &self.layers[id.layer].blobs[id.blob]
    }

    /// How many parameters the net has: the values of all blobs but statistics, shared ones counted once.
    pub fn parameters(&self) -> u64 {
        let own = |blob: &&PlannedBlob| blob.owner.is_none() && blob.role != Role::Statistic;
        self.layers.iter().flat_map(|layer| &layer.blobs).filter(own).map(|blob| blob.shape.count() as u64).sum()
    }

    /// How many values all blobs hold, shared ones counted each time.
    pub fn values(&self) -> u64 {
        self.layers.iter().flat_map(|layer| &layer.blobs).map(|blob| blob.shape.count() as u64).sum()
    }

    /// How many values are drawn or written: those of all blobs, and the copies that are drawn and thrown away.
    ///
    /// Saturates at `u64::MAX`.
    pub fn elements(&self) -> u64 {
        self.layers.iter().map(PlannedLayer::elements).fold(0, u64::saturating_add)
    }

    /// What the user should know of before using the result: at most one warning of each kind, in the order of
    /// [`WARNINGS`].
    ///
    /// ```
    /// use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions};
    ///
    /// let text = r#"
    ///     layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 } } }
    ///     layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
    ///             inner_product_param { num_output: 3 weight_filler { std: 0.01 } } }"#;
    /// let net = Net::resolve(Definition::from_bytes("net.prototxt", text)?, &StateOptions::default())?;
    /// let warnings = Plan::new(net, &PlanOptions::default())?.warnings();
    /// assert_eq!(warnings.iter().map(|warning| warning.kind.name).collect::<Vec<_>>(), ["zero-weights"]);
    /// # Ok::<(), caffemodel::Error>(())
    /// ```
    pub fn warnings(&self) -> Vec<Warning> {
        self.warnings_among(&|_| true)
    }

    /// The same of some blobs only.
    pub fn warnings_among(&self, selected: &dyn Fn(BlobId) -> bool) -> Vec<Warning> {
        warning::warnings(self, selected)
    }
}
