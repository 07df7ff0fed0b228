//! Nanoseconds a float: what the generators draw, era by era and path by path, into a buffer that stays in the cache;
//! and what the fillers make of it.

mod support;

use std::hint::black_box;

use caffemodel::Shape;
use caffemodel::filler::{Filler, Registry};
use caffemodel::proto::caffe::FillerParameter;
use caffemodel::random::{CaffeGenerator, Era, Generator, NativeGenerator, Nowhere, SimdPath};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use support::per_float::{PerFloat, per_float};

/// Floats in the buffer: 64 KiB.
const DRAWN: usize = 16 * 1024;

/// Floats in a filled blob: 4 MiB, in pieces of 256 KiB.
const FILLED: usize = 1 << 20;

fn supported() -> impl Iterator<Item = SimdPath> {
    SimdPath::ALL.into_iter().filter(|path| path.supported() == *path)
}

fn draws(criterion: &mut Criterion<PerFloat>) {
    for path in supported() {
        for era in Era::ALL {
            let name = format!("draw/{path}/{}", era.releases().replace(' ', "-"));
            draw_all(criterion, &name, &mut CaffeGenerator::with_path(1701, era, path));
        }
    }
    draw_all(criterion, "draw/native", &mut NativeGenerator::new(1701, "conv1", 0));
}

fn draw_all(criterion: &mut Criterion<PerFloat>, name: &str, rng: &mut dyn Generator) {
    let mut out = vec![0.0; DRAWN];
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(DRAWN as u64));
    group.bench_function("gaussian", |b| b.iter(|| rng.gaussian(0.0, 0.01, black_box(&mut out))));
    group.bench_function("uniform", |b| b.iter(|| rng.uniform(-0.05, 0.05, black_box(&mut out))));
    group.bench_function("bernoulli", |b| b.iter(|| rng.bernoulli(0.3, black_box(&mut out))));
    group.finish();
}

/// Every filler with a blob that suits it.
fn fillers() -> Vec<(&'static str, Box<dyn Filler>)> {
    let build = |kind: &str, sparse| {
        let param = FillerParameter { r#type: Some(kind.into()), sparse, ..Default::default() };
        let shape = Shape::new([256, 256, 4, 4]).expect("a valid shape");
        assert_eq!(shape.count(), FILLED);
        Registry::default().build(&param, &shape).expect("the filler suits the shape")
    };
    let names = ["constant", "uniform", "gaussian", "positive_unitball", "xavier", "msra", "bilinear"];
    names
        .into_iter()
        .map(|name| (name, build(name, None)))
        .chain([("gaussian-sparse", build("gaussian", Some(25)))])
        .collect()
}

fn fills(criterion: &mut Criterion<PerFloat>) {
    for path in supported() {
        fill_all(criterion, &format!("fill/{path}"), &mut CaffeGenerator::with_path(1701, Era::default(), path));
    }
    fill_all(criterion, "fill/native", &mut NativeGenerator::new(1701, "conv1", 0));
}

fn fill_all(criterion: &mut Criterion<PerFloat>, name: &str, rng: &mut dyn Generator) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(FILLED as u64));
    for (name, filler) in fillers() {
        group.bench_function(name, |b| b.iter(|| filler.fill(rng, &mut Nowhere).expect("nothing can fail")));
        group
            .bench_function(format!("{name}-discarded"), |b| b.iter(|| filler.discard(rng).expect("nothing can fail")));
    }
    group.finish();
}

criterion_group! { name = drawing; config = per_float(DRAWN); targets = draws }
criterion_group! { name = filling; config = per_float(FILLED); targets = fills }
criterion_main!(drawing, filling);
