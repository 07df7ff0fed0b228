//! Nanoseconds a float: what the generators draw, era by era and path by path, into a buffer that stays in the cache;
//! and what the fillers make of it. At the end a table sets the paths side by side: all of them drawn in turns, so that
//! what else the machine does slows them alike, with the ratio to the portable path.

mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use caffemodel::Shape;
use caffemodel::filler::{Discard, Filler, FillerRegistry};
use caffemodel::proto::caffe::FillerParameter;
use caffemodel::random::{CaffeGenerator, Era, Generator, NativeGenerator, SimdPath};
use criterion::{Criterion, Throughput, criterion_group};
use support::per_float::{PerFloat, per_float};

/// Floats in the buffer: 256 KiB, the pieces in which the program draws.
const DRAWN: usize = 64 * 1024;

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
    let draws: [(&str, Draw); 3] = [("gaussian", gaussian), ("uniform", uniform), ("bernoulli", bernoulli)];
    for (name, draw) in draws {
        group.bench_function(name, |b| b.iter(|| draw(rng, black_box(&mut out))));
    }
    group.finish();
}

/// Every filler with a blob that suits it.
fn fillers() -> Vec<(&'static str, Box<dyn Filler>)> {
    let build = |kind: &str, sparse| {
        let param = FillerParameter { r#type: Some(kind.into()), sparse, ..Default::default() };
        let shape = Shape::new([256, 256, 4, 4]).expect("a valid shape");
        assert_eq!(shape.count(), FILLED);
        FillerRegistry::default().build(&param, &shape).expect("the filler suits the shape")
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
        group.bench_function(name, |b| b.iter(|| filler.fill(rng, &mut Discard).expect("nothing can fail")));
        group
            .bench_function(format!("{name}-discarded"), |b| b.iter(|| filler.discard(rng).expect("nothing can fail")));
    }
    group.finish();
}

criterion_group! { name = drawing; config = per_float(DRAWN); targets = draws }
criterion_group! { name = filling; config = per_float(FILLED); targets = fills }

/// Turns that each path takes.
const TURNS: usize = 300;

type Draw = fn(&mut dyn Generator, &mut [f32]);

/// What the table compares.
const DRAWS: [(&str, Era, Draw); 6] = [
    ("gaussian, Boost 1.64 and later", Era::V1_64, gaussian),
    ("gaussian, Boost 1.56 to 1.63", Era::V1_56, gaussian),
    ("gaussian, Boost 1.47 to 1.55", Era::V1_47, gaussian),
    ("uniform, Boost 1.47 and later", Era::V1_64, uniform),
    ("uniform, Boost 1.41 to 1.46", Era::V1_41, uniform),
    ("bernoulli", Era::V1_64, bernoulli),
];

fn gaussian(rng: &mut dyn Generator, out: &mut [f32]) {
    rng.gaussian(0.0, 0.01, out);
}

fn uniform(rng: &mut dyn Generator, out: &mut [f32]) {
    rng.uniform(-0.05, 0.05, out);
}

fn bernoulli(rng: &mut dyn Generator, out: &mut [f32]) {
    rng.bernoulli(0.3, out);
}

/// Prints the least times of all paths, and how many times as fast as the portable one each is.
fn print_side_by_side() {
    let paths: Vec<SimdPath> = supported().collect();
    let titles: Vec<String> = paths.iter().map(|path| format!(" {path} |")).collect();
    println!("| least ns a float | {}", titles.concat().trim_start());
    println!("|---|{}", "---|".repeat(paths.len()));
    for (name, era, draw) in DRAWS {
        let times = take_turns(&paths, era, draw);
        let ratios = times[1..].iter().map(|time| format!(" {time:.3} ({:.2} x) |", times[0] / time));
        println!("| {name} | {:.3} |{}", times[0], ratios.collect::<String>());
    }
}

/// The least time of each path, in nanoseconds a float.
fn take_turns(paths: &[SimdPath], era: Era, draw: Draw) -> Vec<f64> {
    let mut out = vec![0.0; DRAWN];
    let mut generators: Vec<_> = paths.iter().map(|&path| CaffeGenerator::with_path(1701, era, path)).collect();
    let mut least = vec![Duration::MAX; paths.len()];
    for _ in 0..TURNS {
        for (rng, least) in generators.iter_mut().zip(&mut least) {
            let start = Instant::now();
            draw(rng, black_box(&mut out));
            *least = start.elapsed().min(*least);
        }
    }
    least.into_iter().map(|time| time.as_secs_f64() * 1e9 / DRAWN as f64).collect()
}

fn main() {
    drawing();
    filling();
    Criterion::default().configure_from_args().final_summary();
    print_side_by_side();
}
