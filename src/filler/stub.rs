//! What the tests of the fillers share: a generator that keeps a record, and a sink that collects.

use std::io;

use sha2::{Digest, Sha256};

use super::{Filler, Sink};
use crate::random::{CaffeGenerator, Era, Generator};

/// What a filler asked of the generator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    FillStart,
    Seek(u32, u64),
    Draw(usize),
}

/// The generator of a Caffe built with Boost 1.54, and a record of the calls.
#[derive(Debug)]
pub(super) struct Stub {
    pub(super) calls: Vec<Call>,
    generator: CaffeGenerator,
}

impl Stub {
    pub(super) fn new(seed: u32) -> Stub {
        Stub { calls: Vec::new(), generator: CaffeGenerator::new(seed, Era::V1_47) }
    }
}

impl Generator for Stub {
    fn fill_start(&mut self) {
        self.calls.push(Call::FillStart);
    }

    fn seek(&mut self, pass: u32, offset: u64) {
        self.calls.push(Call::Seek(pass, offset));
    }

    fn next_u32(&mut self) -> u32 {
        self.generator.next_u32()
    }

    fn supports_uniform(&self, min: f32, max: f32) -> bool {
        self.generator.supports_uniform(min, max)
    }

    fn uniform(&mut self, min: f32, max: f32, out: &mut [f32]) {
        self.calls.push(Call::Draw(out.len()));
        self.generator.uniform(min, max, out);
    }

    fn gaussian(&mut self, mean: f32, std: f32, out: &mut [f32]) {
        self.calls.push(Call::Draw(out.len()));
        self.generator.gaussian(mean, std, out);
    }

    fn bernoulli(&mut self, p: f32, out: &mut [f32]) {
        self.calls.push(Call::Draw(out.len()));
        self.generator.bernoulli(p, out);
    }
}

/// Keeps all values.
#[derive(Debug, Default)]
pub(super) struct Collect(pub(super) Vec<f32>);

impl Sink for Collect {
    fn write(&mut self, values: &[f32]) -> io::Result<()> {
        self.0.extend(values);
        Ok(())
    }
}

/// All values of a fill.
pub(super) fn values(filler: &dyn Filler, rng: &mut dyn Generator) -> Vec<f32> {
    let mut sink = Collect::default();
    filler.fill(rng, &mut sink).unwrap();
    sink.0
}

/// The bit patterns of the values.
pub(super) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// The SHA-256 of the values' little-endian bytes in hexadecimal, as the golden pack's manifest has it.
pub(super) fn sha256(values: &[f32]) -> String {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
