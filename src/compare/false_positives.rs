//! How often nets that are initialised alike are taken for different.

use std::sync::Arc;

use super::{CompareOptions, Method, compare};
use crate::Shape;
use crate::filler::{FillerRegistry, Sink};
use crate::formats::{StoredBlob, StoredLayer, StoredNet};
use crate::proto::caffe::FillerParameter;
use crate::random::NativeGenerator;

/// What a filler writes.
struct Collected(Vec<f32>);

impl Sink for Collected {
    fn write(&mut self, values: &[f32]) -> std::io::Result<()> {
        self.0.extend(values);
        Ok(())
    }
}

/// A net with a blob of each of the shapes, all filled alike.
fn filled(param: &FillerParameter, shapes: &[&[i32]], seed: u64) -> StoredNet {
    let blob = |(index, dims): (usize, &&[i32])| {
        let shape = Shape::new(*dims).unwrap();
        let mut values = Collected(Vec::new());
        let filler = FillerRegistry::default().build(param, &shape).unwrap();
        filler.fill(&mut NativeGenerator::new(seed, "ip", index), &mut values).unwrap();
        StoredBlob { index, shape, legacy: false, values: Arc::new(values.0) }
    };
    let blobs = shapes.iter().enumerate().map(blob).collect();
    StoredNet { layers: vec![StoredLayer { name: "ip".into(), blobs, ..StoredLayer::default() }], ..Default::default() }
}

/// How many of these pairs of nets, of other seeds each, are taken for different.
fn false_positives(param: &FillerParameter, shapes: &[&[i32]], alpha: f64, pairs: u64) -> usize {
    let options = CompareOptions { method: Method::Distribution { alpha }, ..Default::default() };
    let differ = |pair: &u64| {
        let [a, b] = [2 * pair, 2 * pair + 1].map(|seed| filled(param, shapes, seed));
        !compare(&a, &b, &options).unwrap().equal
    };
    (0..pairs).filter(differ).count()
}

fn named(name: &str) -> FillerParameter {
    FillerParameter { r#type: Some(name.into()), ..Default::default() }
}

/// At a level of 5 % there are 15 false positives to expect of 300 pairs, and more than 30 in one of ten thousand runs.
#[test]
fn false_positives_are_as_rare_as_asked_for() {
    let fillers = [
        named("constant"),
        named("gaussian"),
        FillerParameter { mean: Some(1.0), std: Some(0.01), ..named("gaussian") },
        FillerParameter { sparse: Some(2), ..named("gaussian") },
        FillerParameter { min: Some(-0.1), max: Some(0.3), ..named("uniform") },
        named("xavier"),
        named("msra"),
        named("positive_unitball"),
    ];
    let shapes: [&[i32]; 4] = [&[20, 50], &[10, 4, 3, 3], &[4, 30], &[3, 4]];
    for param in &fillers {
        // A sparse blob of a few values may be all zeros.
        let shapes = if param.sparse.is_some() { &shapes[..3] } else { &shapes[..] };
        let found = false_positives(param, shapes, 0.05, 300);
        assert!(found <= 30, "{found} false positives of {param:?}");
        assert!(false_positives(param, shapes, 0.001, 300) <= 4, "{param:?}");
    }
}
