//! Throughput of Caffe's generator in nanoseconds a float, into a buffer that stays in the cache.

use std::hint::black_box;

use caffemodel::random::{CaffeGenerator, Era, Generator, SimdPath};
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Floats in the buffer: 64 KiB.
const LENGTH: usize = 16 * 1024;

/// Wall time, shown as nanoseconds a float.
struct PerFloat(WallTime);

impl Measurement for PerFloat {
    type Intermediate = <WallTime as Measurement>::Intermediate;
    type Value = <WallTime as Measurement>::Value;

    fn start(&self) -> Self::Intermediate {
        self.0.start()
    }
    fn end(&self, start: Self::Intermediate) -> Self::Value {
        self.0.end(start)
    }
    fn add(&self, a: &Self::Value, b: &Self::Value) -> Self::Value {
        self.0.add(a, b)
    }
    fn zero(&self) -> Self::Value {
        self.0.zero()
    }
    fn to_f64(&self, value: &Self::Value) -> f64 {
        self.0.to_f64(value)
    }
    fn formatter(&self) -> &dyn ValueFormatter {
        &NanosPerFloat
    }
}

struct NanosPerFloat;

impl ValueFormatter for NanosPerFloat {
    fn scale_values(&self, _typical: f64, values: &mut [f64]) -> &'static str {
        values.iter_mut().for_each(|value| *value /= LENGTH as f64);
        "ns/float"
    }
    fn scale_throughputs(&self, _typical: f64, _: &Throughput, values: &mut [f64]) -> &'static str {
        // A float a nanosecond is 4 GB/s.
        values.iter_mut().for_each(|value| *value = 4.0 * LENGTH as f64 / *value);
        "GB/s"
    }
    fn scale_for_machines(&self, _: &mut [f64]) -> &'static str {
        "ns"
    }
}

fn fills(criterion: &mut Criterion<PerFloat>) {
    let mut out = vec![0.0; LENGTH];
    for path in SimdPath::ALL.into_iter().filter(|path| path.supported() == *path) {
        for era in Era::ALL {
            let mut rng = CaffeGenerator::with_path(1701, era, path);
            let mut group = criterion.benchmark_group(format!("{path}/{}", era.releases().replace(' ', "-")));
            group.throughput(Throughput::Elements(LENGTH as u64));
            group.bench_function("gaussian", |b| b.iter(|| rng.gaussian(0.0, 0.01, black_box(&mut out))));
            group.bench_function("uniform", |b| b.iter(|| rng.uniform(-0.05, 0.05, black_box(&mut out))));
            group.bench_function("bernoulli", |b| b.iter(|| rng.bernoulli(0.3, black_box(&mut out))));
            group.finish();
        }
    }
}

fn measured() -> Criterion<PerFloat> {
    Criterion::default()
        .with_measurement(PerFloat(WallTime))
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(200))
        .measurement_time(std::time::Duration::from_millis(500))
        .without_plots()
}

criterion_group! { name = benches; config = measured(); targets = fills }
criterion_main!(benches);
