//! What to say of the shapes of inputs where a layer refuses those of its bottoms.

use std::collections::BTreeMap;

use super::Connected;
use crate::Shape;
use crate::error::Refusal;
use crate::plan::PlannedLayer;
use crate::setting::{Advice, Setting};

/// The refusal, with a word on an input without a shape where a bottom has none, or on one that kept its batch where
/// the caller has given others another.
pub(super) fn help_with_shape(
    refusal: Refusal,
    connected: &Connected,
    planned: &[PlannedLayer],
    given: &BTreeMap<String, Shape>,
) -> Refusal {
    let inputs = planned.iter().filter(|layer| layer.bottoms.is_empty());
    let mut tops = inputs.flat_map(|layer| layer.param.top.iter().zip(&layer.tops));
    if connected.bottoms.contains(&Shape::unshaped()) {
        return match tops.find(|(_, shape)| **shape == Shape::unshaped()) {
            Some((top, _)) => {
                let before = format!("the net gives {top:?} no shape: give it with `");
                let shape = Setting::Shape { top: top.clone(), pattern: "N,C,H,W".into() };
                refusal.help(Advice::naming(before, shape, "`"))
            }
            None => refusal,
        };
    }
    let changed = tops.clone().filter(|(top, _)| given.contains_key(*top));
    let batch = changed.filter_map(|(_, shape)| shape.dims().first().copied()).next();
    let Some(batch) = batch.filter(|_| refusal.help.is_none()) else { return refusal };
    let is_left = |top: &String, shape: &Shape| {
        !given.contains_key(top)
            && connected.bottoms.contains(shape)
            && shape.dims().first().is_some_and(|&first| first != batch)
    };
    match tops.find(|(top, shape)| is_left(top, shape)) {
        Some((top, shape)) => {
            let dims = [batch].iter().chain(&shape.dims()[1..]).map(i32::to_string).collect::<Vec<_>>().join(",");
            let before = format!("{top:?} keeps the shape {shape}: give it one with the same batch, `");
            refusal.help(Advice::naming(before, Setting::Shape { top: top.clone(), pattern: dims.into() }, "`"))
        }
        None => refusal,
    }
}
