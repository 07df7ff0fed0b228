//! Helpers for the tests of layer rules.

use std::path::Path;

use prost_reflect::DynamicMessage;

use super::{LayerType, Setup, SetupContext};
use crate::Shape;
use crate::error::Refusal;
use crate::filler;
use crate::proto::caffe::{LayerParameter, Phase};
use crate::proto::descriptor;

/// The layer that this text format describes.
pub(crate) fn layer(text: &str) -> LayerParameter {
    let message =
        DynamicMessage::parse_text_format(descriptor("LayerParameter"), text).expect("a layer in text format");
    message.transcode_to().expect("the descriptors are those of the messages")
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
}

impl Default for Surroundings<'_> {
    fn default() -> Self {
        Surroundings { phase: Phase::Train, user_shapes: &[] }
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
        entry.check_counts(bottoms.len(), tops)?;
        let bottoms: Vec<Shape> = bottoms.iter().map(|dims| Shape::new(dims).expect("a valid shape")).collect();
        let given: Vec<Shape> = (param.blobs.iter())
            .map(|blob| Shape::new(&blob.shape.as_ref().expect("the test's blob has a shape").dim))
            .collect::<Result<_, _>>()
            .expect("the test's blob has a valid shape");
        let bottom_ids: Vec<usize> = (0..bottoms.len()).collect();
        let top_ids: Vec<usize> = (bottoms.len()..bottoms.len() + tops).collect();
        let mut user_shapes = self.user_shapes.to_vec();
        user_shapes.resize(tops, None);
        entry.layer.setup(&SetupContext {
            param,
            phase: self.phase,
            bottoms: &bottoms,
            bottom_ids: &bottom_ids,
            top_ids: &top_ids,
            given: &given,
            user_shapes: &user_shapes,
            folder: Path::new(""),
            fillers: &filler::Registry::default(),
        })
    }
}
