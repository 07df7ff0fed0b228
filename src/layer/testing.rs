//! Sets single layers up in unit tests.

use super::{LayerType, Setup, SetupContext};
use crate::Shape;
use crate::error::Refusal;
use crate::proto::caffe::{LayerParameter, Phase};

/// Sets up a layer in phase TRAIN over bottoms of these shapes; no blob is both a bottom and a top.
///
/// The blobs in `param.blobs` count as given by the net.
pub(crate) fn setup(
    entry: &LayerType,
    param: &LayerParameter,
    bottoms: &[&[i32]],
    tops: usize,
) -> Result<Setup, Refusal> {
    entry.check_counts(bottoms.len(), tops)?;
    let shape = |dims: &[i32]| Shape::new(dims).expect("the test's shape is valid");
    let given: Vec<Shape> = (param.blobs.iter())
        .map(|blob| Shape::new(&blob.shape.as_ref().expect("the test's blob has a shape").dim))
        .collect::<Result<_, _>>()
        .expect("the test's blob has a valid shape");
    let bottom_ids: Vec<usize> = (0..bottoms.len()).collect();
    let top_ids: Vec<usize> = (bottoms.len()..bottoms.len() + tops).collect();
    entry.layer.setup(&SetupContext {
        param,
        phase: Phase::Train,
        bottoms: &bottoms.iter().map(|dims| shape(dims)).collect::<Vec<_>>(),
        bottom_ids: &bottom_ids,
        top_ids: &top_ids,
        given: &given,
        user_shapes: &vec![None; tops],
    })
}
