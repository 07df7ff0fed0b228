//! Nets with layers of both formats, which Caffe refuses, since a message does not tell their order. A text does.

use crate::net::{Locator, NetLayer};

/// What is said of such a net.
pub(super) const NOTICE: &str = "layers in the V1 format and in the current one were put in the order of the text";

/// The layers in the order of the text. Inputs of the net come first.
pub(super) fn merged(upgraded: Vec<NetLayer>, current: Vec<NetLayer>, locator: &Locator) -> Vec<NetLayer> {
    let place = |layer: &NetLayer| {
        let is_layer = layer.origin.is_some_and(|origin| matches!(origin.field, "layer" | "layers"));
        let location = locator.locate(layer.origin, "").filter(|_| is_layer);
        location.map(|location| (location.line, location.column))
    };
    let mut layers: Vec<NetLayer> = upgraded.into_iter().chain(current).collect();
    layers.sort_by_cached_key(place);
    layers
}
