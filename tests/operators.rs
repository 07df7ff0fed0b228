//! What a plan tells whoever runs the net: an operator for each layer, and how blobs and memory hang together.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::mem::{Discriminant, discriminant};
use std::sync::LazyLock;

use caffemodel::Plan;
use caffemodel::dialect::Dialect;
use caffemodel::layer::{LayerRegistry, Operator, TopMemory};
use caffemodel::plan::PlannedLayer;
use support::{Run, load, load_fork};

const AREAS: &[&str] = &[
    "fillers",
    "learnable",
    "shapes",
    "nets",
    "losses",
    "netrules",
    "netsplit",
    "netloss",
    "netshare",
    "netbn",
    "real",
    "v0",
    "v1",
    "data",
    "images",
];

/// Types that no run of the packs has.
const NOT_RUN: &[&str] = &["GatedMaxAve", "Python", "TreepoolKernel1L"];

/// The plan of each case of the golden pack that can be planned.
static PLANS: LazyLock<Vec<Plan>> =
    LazyLock::new(|| planned(load("manifest.jsonl", AREAS, |run: &Run| &run.settings.case)));

/// The plan of each case of these runs that can be planned.
fn planned(mut runs: Vec<Run>) -> Vec<Plan> {
    runs.dedup_by(|a, b| a.settings.case == b.settings.case);
    runs.into_iter().filter_map(|run| run.settings.plan().ok()).collect()
}

#[test]
fn every_type_has_an_operator_of_its_own_in_the_golden_runs() {
    let mut found: BTreeMap<String, Discriminant<Operator>> = BTreeMap::new();
    let forks: Vec<Plan> = ["addons", "ssd", "rfcn", "soeaver"]
        .into_iter()
        .flat_map(|fork| planned(load_fork(fork, "manifest.jsonl")))
        .collect();
    for plan in PLANS.iter().chain(&forks) {
        for layer in &plan.layers {
            let name = layer.param.r#type();
            assert_ne!(layer.operator, Operator::Opaque, "{name}");
            let operator = discriminant(&layer.operator);
            assert_eq!(*found.entry(name.to_owned()).or_insert(operator), operator, "{name}");
        }
    }
    for dialect in ["bvlc", "addons", "ssd", "rfcn", "soeaver"] {
        let registry = LayerRegistry::default();
        let registry = registry.of(Dialect::get(dialect).expect("there is such a dialect"));
        let missing: Vec<&str> =
            registry.iter().map(|entry| entry.name).filter(|name| !found.contains_key(*name)).collect();
        assert_eq!(missing, NOT_RUN, "{dialect}");
    }
}

#[test]
fn blobs_have_numbers_by_which_bottoms_find_their_tops() {
    for plan in PLANS.iter() {
        let mut made: BTreeMap<usize, (&str, &[i32])> = BTreeMap::new();
        for layer in &plan.layers {
            let name = layer.param.name();
            assert_eq!(
                (layer.bottom_ids.len(), layer.top_ids.len()),
                (layer.bottoms.len(), layer.tops.len()),
                "{name}"
            );
            for ((id, shape), blob) in layer.bottom_ids.iter().zip(&layer.bottoms).zip(&layer.param.bottom) {
                assert_eq!(made.get(id), Some(&(blob.as_str(), shape.dims())), "{name}");
            }
            for (position, (&id, shape)) in layer.top_ids.iter().zip(&layer.tops).enumerate() {
                let blob = layer.param.top.get(position).map_or("", String::as_str);
                made.insert(id, (blob, shape.dims()));
            }
            let ids: BTreeSet<usize> = layer.top_ids.iter().copied().collect();
            assert_eq!(ids.len(), layer.tops.len(), "{name}");
        }
    }
}

#[test]
fn memory_follows_the_numbers_and_the_sizes() {
    for plan in PLANS.iter() {
        for layer in &plan.layers {
            assert_eq!(layer.memory.len(), layer.tops.len(), "{}", layer.param.name());
            for top in 0..layer.tops.len() {
                check_memory(layer, top);
            }
            assert_eq!(layer.operator.macs(&layer.bottoms, &layer.tops), layer.macs, "{}", layer.param.name());
        }
    }
}

fn check_memory(layer: &PlannedLayer, top: usize) {
    let (name, id) = (layer.param.name(), layer.top_ids[top]);
    let shown = match layer.memory[top] {
        TopMemory::InPlace(bottom) => {
            assert_eq!(layer.bottom_ids[bottom], id, "{name}");
            return;
        }
        TopMemory::Own => None,
        TopMemory::Bottom(bottom) => Some(layer.bottoms[bottom].count()),
        TopMemory::Blob(blob) => Some(layer.blobs[blob].shape.count()),
    };
    assert!(!layer.bottom_ids.contains(&id), "{name}");
    if let Some(shown) = shown {
        // A Parameter may show a given blob of another size.
        assert!(shown == layer.tops[top].count() || layer.operator == Operator::Parameter, "{name}");
    }
}
