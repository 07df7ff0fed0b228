//! Which layer reads what which layer makes. A layer that works in place makes its blob anew.

use std::collections::HashMap;

use crate::net::NetLayer;

/// The blobs of a net by numbers: one for each top of each layer.
pub(super) struct BlobGraph {
    /// For each layer what its bottoms are; nothing where no layer before makes such a blob.
    pub(super) bottoms: Vec<Vec<Option<usize>>>,
    /// For each layer what its tops are.
    pub(super) tops: Vec<Vec<usize>>,
    /// The layer that makes each blob.
    pub(super) makers: Vec<usize>,
    /// The layers that read each blob.
    pub(super) readers: Vec<Vec<usize>>,
}

impl BlobGraph {
    pub(super) fn new(layers: &[NetLayer]) -> BlobGraph {
        let mut graph = BlobGraph { bottoms: Vec::new(), tops: Vec::new(), makers: Vec::new(), readers: Vec::new() };
        let mut last: HashMap<&str, usize> = HashMap::new();
        for (index, layer) in layers.iter().enumerate() {
            let bottoms: Vec<Option<usize>> =
                layer.param.bottom.iter().map(|bottom| last.get(bottom.as_str()).copied()).collect();
            for &bottom in bottoms.iter().flatten() {
                graph.readers[bottom].push(index);
            }
            let first = graph.makers.len();
            graph.tops.push((first..first + layer.param.top.len()).collect());
            for top in &layer.param.top {
                last.insert(top, graph.makers.len());
                graph.makers.push(index);
                graph.readers.push(Vec::new());
            }
            graph.bottoms.push(bottoms);
        }
        graph
    }

    /// The last blob of this name.
    pub(super) fn named(&self, layers: &[NetLayer], name: &str) -> Option<usize> {
        let tops = self.tops.iter().zip(layers).flat_map(|(tops, layer)| tops.iter().zip(&layer.param.top));
        tops.filter(|(_, top)| *top == name).map(|(blob, _)| *blob).next_back()
    }
}
