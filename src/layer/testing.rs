//! Helpers for the tests of layer rules.

use std::collections::BTreeMap;

use prost::Message;

use super::{LayerRegistry, LayerType, Setup, SetupContext};
use crate::Shape;
use crate::data::Sources;
use crate::dialect::Dialect;
use crate::error::Refusal;
use crate::filler::FillerRegistry;
use crate::proto::caffe::{LayerParameter, Phase};
use crate::proto::gate::folded;
use crate::proto::text::{Source, parse};

/// The layer that this text format describes.
pub(crate) fn layer(text: &str) -> LayerParameter {
    layer_of(Dialect::bvlc(), text)
}

/// The layer that this text format describes, in a dialect.
pub(crate) fn layer_of(dialect: &Dialect, text: &str) -> LayerParameter {
    let message = dialect.layer_message();
    let layer = parse(&Source::new("layer", text), message).expect("a layer in text format");
    LayerParameter::decode(&*folded(layer.bytes(), message)).expect("the reader writes what prost decodes")
}

/// Runs a layer's rule on bottoms of these shapes: phase TRAIN, nothing in place, no shapes from the user.
///
/// The blobs in `param.blobs` count as given by the net.
pub(crate) fn setup(
    entry: &LayerType,
    param: &LayerParameter,
    bottoms: &[&[i32]],
    tops: usize,
) -> Result<Setup, Refusal> {
    Surroundings::default().setup(entry, param, bottoms, tops)
}

/// What a layer sees beside its own fields and the shapes of its bottoms.
pub(crate) struct Surroundings<'a> {
    pub(crate) phase: Phase,
    pub(crate) user_shapes: &'a [Option<Shape>],
    pub(crate) dialect: &'static Dialect,
    /// The blobs that hold a constant, by number.
    pub(crate) constants: BTreeMap<usize, f32>,
}

impl Surroundings<'_> {
    /// Those of a net in the dialect of this name.
    pub(crate) fn of(dialect: &str) -> Self {
        let dialect = Dialect::get(dialect).unwrap_or_else(|| panic!("there is no dialect {dialect}"));
        Surroundings { dialect, ..Surroundings::default() }
    }
}

impl Default for Surroundings<'_> {
    fn default() -> Self {
        Surroundings { phase: Phase::Train, user_shapes: &[], dialect: Dialect::bvlc(), constants: BTreeMap::new() }
    }
}

impl Surroundings<'_> {
    /// Runs a layer's rule on bottoms of these shapes, nothing in place.
    pub(crate) fn setup(
        &self,
        entry: &LayerType,
        param: &LayerParameter,
        bottoms: &[&[i32]],
        tops: usize,
    ) -> Result<Setup, Refusal> {
        let top_ids: Vec<usize> = (bottoms.len()..bottoms.len() + tops).collect();
        self.setup_blobs(entry, param, &shapes(bottoms), &top_ids)
    }

    /// Runs a layer's rule. The bottoms are the net's blobs 0, 1 and so on; a top with such a number is in place.
    pub(crate) fn setup_blobs(
        &self,
        entry: &LayerType,
        param: &LayerParameter,
        bottoms: &[Shape],
        top_ids: &[usize],
    ) -> Result<Setup, Refusal> {
        entry.check_counts(bottoms.len(), top_ids.len())?;
        let given: Vec<Shape> = (param.blobs.iter())
            .map(|blob| Shape::new(&blob.shape.as_ref().expect("the test's blob has a shape").dim))
            .collect::<Result<_, _>>()
            .expect("the test's blob has a valid shape");
        let bottom_ids: Vec<usize> = (0..bottoms.len()).collect();
        let mut user_shapes = self.user_shapes.to_vec();
        user_shapes.resize(top_ids.len(), None);
        entry.setup(&SetupContext {
            param,
            phase: self.phase,
            bottoms,
            bottom_ids: &bottom_ids,
            top_ids,
            given: &given,
            user_shapes: &user_shapes,
            opaque: None,
            sources: &Sources::default(),
            locked: &BTreeMap::new(),
            generator: None,
            dialect: self.dialect,
            constants: &self.constants,
            configured_classes: 0,
            fillers: &FillerRegistry::default().of(self.dialect),
        })
    }

    /// Runs the rule of the layer that `text` describes, nothing in place; a refusal comes as "field: message".
    pub(crate) fn run(&self, name: &str, text: &str, bottoms: &[&[i32]], tops: usize) -> Result<Setup, String> {
        let layers = LayerRegistry::default();
        let layers = layers.of(self.dialect);
        let entry = layers.get(name).unwrap_or_else(|| panic!("{name} is registered"));
        let made = self.setup(entry, &layer_of(self.dialect, text), bottoms, tops);
        made.map_err(|refusal| format!("{}: {}", refusal.field, refusal.message))
    }

    /// The dimensions of the only top of the layer that `text` describes, nothing in place.
    pub(crate) fn top(&self, name: &str, text: &str, bottoms: &[&[i32]]) -> Vec<i32> {
        self.run(name, text, bottoms, 1).expect("the layer can be set up").tops[0].dims().to_vec()
    }

    /// The refusal of the layer that `text` describes with one top, nothing in place, as "field: message".
    pub(crate) fn refusal(&self, name: &str, text: &str, bottoms: &[&[i32]]) -> String {
        self.run(name, text, bottoms, 1).expect_err("the layer is refused")
    }
}

/// Runs the rule of the layer that `text` describes; see [`Surroundings::setup_blobs`].
pub(crate) fn setup_blobs(name: &str, text: &str, bottoms: &[Shape], top_ids: &[usize]) -> Result<Setup, Refusal> {
    let registry = LayerRegistry::default();
    let entry = registry.get(name).unwrap_or_else(|| panic!("{name} is registered"));
    Surroundings::default().setup_blobs(entry, &layer(text), bottoms, top_ids)
}

/// The dimensions of the tops of the layer that `text` describes; see [`Surroundings::setup_blobs`].
pub(crate) fn tops(name: &str, text: &str, bottoms: &[&[i32]], top_ids: &[usize]) -> Vec<Vec<i32>> {
    let setup = setup_blobs(name, text, &shapes(bottoms), top_ids).expect("the layer can be set up");
    setup.tops.iter().map(|top| top.dims().to_vec()).collect()
}

/// The dimensions of the only top of the layer that `text` describes, nothing in place.
pub(crate) fn top(name: &str, text: &str, bottoms: &[&[i32]]) -> Vec<i32> {
    tops(name, text, bottoms, &[bottoms.len()]).remove(0)
}

/// Field and message of the refusal of the layer that `text` describes, nothing in place.
pub(crate) fn refusal(name: &str, text: &str, bottoms: &[&[i32]], tops: usize) -> (&'static str, String) {
    let top_ids: Vec<usize> = (bottoms.len()..bottoms.len() + tops).collect();
    refusal_of_blobs(name, text, &shapes(bottoms), &top_ids)
}

/// Field and message of the refusal of the layer that `text` describes; its first top is its first bottom.
pub(crate) fn refusal_in_place(name: &str, text: &str, bottoms: &[&[i32]], tops: usize) -> (&'static str, String) {
    let mut top_ids: Vec<usize> = (bottoms.len()..bottoms.len() + tops).collect();
    top_ids[0] = 0;
    refusal_of_blobs(name, text, &shapes(bottoms), &top_ids)
}

fn refusal_of_blobs(name: &str, text: &str, bottoms: &[Shape], top_ids: &[usize]) -> (&'static str, String) {
    let refusal = setup_blobs(name, text, bottoms, top_ids).expect_err("the layer is refused");
    (refusal.field, refusal.message)
}

fn shapes(bottoms: &[&[i32]]) -> Vec<Shape> {
    bottoms.iter().map(|dims| Shape::new(dims).expect("a valid shape")).collect()
}
