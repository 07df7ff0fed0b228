//! Wall time, shown as nanoseconds a float.

use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, Throughput};

/// Criterion's settings for code that handles so many floats in an iteration.
pub fn per_float(floats: usize) -> Criterion<PerFloat> {
    Criterion::default()
        .with_measurement(PerFloat { time: WallTime, floats: Floats(floats) })
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(500))
        .without_plots()
}

/// Wall time that knows how many floats it stands for.
pub struct PerFloat {
    time: WallTime,
    floats: Floats,
}

impl Measurement for PerFloat {
    type Intermediate = <WallTime as Measurement>::Intermediate;
    type Value = <WallTime as Measurement>::Value;

    fn start(&self) -> Self::Intermediate {
        self.time.start()
    }
    fn end(&self, start: Self::Intermediate) -> Self::Value {
        self.time.end(start)
    }
    fn add(&self, a: &Self::Value, b: &Self::Value) -> Self::Value {
        self.time.add(a, b)
    }
    fn zero(&self) -> Self::Value {
        self.time.zero()
    }
    fn to_f64(&self, value: &Self::Value) -> f64 {
        self.time.to_f64(value)
    }
    fn formatter(&self) -> &dyn ValueFormatter {
        &self.floats
    }
}

struct Floats(usize);

impl ValueFormatter for Floats {
    fn scale_values(&self, _typical: f64, values: &mut [f64]) -> &'static str {
        values.iter_mut().for_each(|value| *value /= self.0 as f64);
        "ns/float"
    }
    fn scale_throughputs(&self, _typical: f64, _: &Throughput, values: &mut [f64]) -> &'static str {
        // A float a nanosecond is 4 GB/s.
        values.iter_mut().for_each(|value| *value = 4.0 * self.0 as f64 / *value);
        "GB/s"
    }
    fn scale_for_machines(&self, _: &mut [f64]) -> &'static str {
        "ns"
    }
}
