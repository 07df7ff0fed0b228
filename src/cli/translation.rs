//! What is said of a net that became one for BVLC's Caffe.

use super::report;
use crate::convert::BvlcNet;

/// The most names of layers that are listed in a line.
const FEW: usize = 4;

/// Prints what was done, each thing once with the layers that it was done to, and what was left out, layer by layer.
pub(super) fn report(file: &str, net: &BvlcNet) {
    net.notices.iter().for_each(|notice| report::note(&format!("{file}: {notice}")));
    let mut done: Vec<(&str, Vec<String>)> = Vec::new();
    for layer in &net.report {
        for change in &layer.changes {
            match done.iter_mut().find(|(found, _)| found == change) {
                Some((_, layers)) => layers.push(layer.layer.clone()),
                None => done.push((change, vec![layer.layer.clone()])),
            }
        }
    }
    for (change, layers) in done {
        report::note(&format!("{file}: {}: {change}", names(&layers)));
    }
    net.left_out.iter().for_each(|finding| report::note(&format!("{file}: left out: {finding}")));
}

/// Layers by their names, the first few and how many there are beside.
pub(super) fn names(layers: &[String]) -> String {
    let quoted = |layers: &[String]| layers.iter().map(|layer| format!("{layer:?}")).collect::<Vec<_>>().join(", ");
    match layers {
        [layer] => format!("layer {layer:?}"),
        layers if layers.len() <= FEW => format!("layers {}", quoted(layers)),
        layers => format!("layers {} and {} more", quoted(&layers[..FEW]), layers.len() - FEW),
    }
}
