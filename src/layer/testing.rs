//! Helpers for the tests of the layers' rules.

use prost_reflect::DynamicMessage;

use super::{LayerType, Registry, Setup, SetupContext};
use crate::Shape;
use crate::error::Refusal;
use crate::proto::caffe::{LayerParameter, Phase};
use crate::proto::descriptor;

/// The entry of a layer type.
pub(crate) fn entry(name: &str) -> &'static LayerType {
    Registry::default().get(name).unwrap_or_else(|| panic!("{name} is not registered"))
}

/// A layer in the text format.
pub(crate) fn layer(text: &str) -> LayerParameter {
    let message = DynamicMessage::parse_text_format(descriptor("LayerParameter"), text).expect("the text parses");
    message.transcode_to().expect("the layer has the generated type")
}

/// Sets a layer up in phase TRAIN, with every top a blob of its own.
pub(crate) fn setup(
    entry: &LayerType,
    param: &LayerParameter,
    bottoms: &[&[i32]],
    tops: usize,
) -> Result<Setup, Refusal> {
    let top_ids: Vec<usize> = (bottoms.len()..bottoms.len() + tops).collect();
    setup_with_ids(entry, param, &shapes(bottoms), &top_ids)
}

/// Sets a layer up in phase TRAIN. The bottoms are blobs 0, 1 and so on; a top of the same number is in place.
pub(crate) fn setup_with_ids(
    entry: &LayerType,
    param: &LayerParameter,
    bottoms: &[Shape],
    top_ids: &[usize],
) -> Result<Setup, Refusal> {
    entry.check_counts(bottoms.len(), top_ids.len())?;
    let bottom_ids: Vec<usize> = (0..bottoms.len()).collect();
    entry.layer.setup(&SetupContext {
        param,
        phase: Phase::Train,
        bottoms,
        bottom_ids: &bottom_ids,
        top_ids,
        given: &[],
        user_shapes: &[],
    })
}

/// The dimensions of the tops of a layer given as text; an in-place layer where `top_ids` says so.
pub(crate) fn top_dims(name: &str, text: &str, bottoms: &[&[i32]], top_ids: &[usize]) -> Vec<Vec<i32>> {
    let setup = setup_with_ids(entry(name), &layer(text), &shapes(bottoms), top_ids).expect("the layer can be set up");
    setup.tops.iter().map(|top| top.dims().to_vec()).collect()
}

/// The dimensions of the only top of a layer given as text.
pub(crate) fn top(name: &str, text: &str, bottoms: &[&[i32]]) -> Vec<i32> {
    top_dims(name, text, bottoms, &[bottoms.len()]).remove(0)
}

/// Field and message of the refusal of a layer given as text, with every top a blob of its own.
pub(crate) fn refusal(name: &str, text: &str, bottoms: &[&[i32]], tops: usize) -> (&'static str, String) {
    let refusal = setup(entry(name), &layer(text), bottoms, tops).expect_err("the layer is refused");
    (refusal.field, refusal.message)
}

/// Field and message of the refusal of a layer whose first top is its first bottom.
pub(crate) fn refusal_in_place(name: &str, text: &str, bottoms: &[&[i32]], tops: usize) -> (&'static str, String) {
    let top_ids: Vec<usize> = (0..tops).map(|top| if top == 0 { 0 } else { bottoms.len() + top }).collect();
    let result = setup_with_ids(entry(name), &layer(text), &shapes(bottoms), &top_ids);
    let refusal = result.expect_err("the layer is refused");
    (refusal.field, refusal.message)
}

fn shapes(dims: &[&[i32]]) -> Vec<Shape> {
    dims.iter().map(|dims| Shape::new(dims).expect("a shape")).collect()
}
