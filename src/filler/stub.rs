//! What the tests of the fillers share: a plain generator with Caffe's draws, and a sink that collects.

use std::io;

use rand_mt::Mt;
use sha2::{Digest, Sha256};

use super::{Filler, Sink};
use crate::random::Generator;

/// What a filler asked of the generator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    FillStart,
    Seek(u32, u64),
    Draw(usize),
}

/// The draws of a Caffe built with Boost 1.54, value by value, and a record of the calls.
#[derive(Debug)]
pub(super) struct Stub {
    pub(super) calls: Vec<Call>,
    engine: Mt,
}

impl Stub {
    pub(super) fn new(seed: u32) -> Stub {
        Stub { calls: Vec::new(), engine: Mt::new(seed) }
    }

    fn unit(&mut self) -> f32 {
        self.engine.next_u32() as f32 * (-32f32).exp2()
    }

    fn open_unit(&mut self) -> f32 {
        std::iter::repeat_with(|| self.unit()).find(|&u| u < 1.0).unwrap()
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
        self.engine.next_u32()
    }

    fn uniform(&mut self, min: f32, max: f32, out: &mut [f32]) {
        self.calls.push(Call::Draw(out.len()));
        let bound = if max == f32::MAX { max } else { max.next_up() };
        out.fill_with(|| {
            loop {
                let value = self.unit() * (bound - min) + min;
                if value < bound {
                    break value;
                }
            }
        });
    }

    fn gaussian(&mut self, mean: f32, std: f32, out: &mut [f32]) {
        self.calls.push(Call::Draw(out.len()));
        for pair in out.chunks_mut(2) {
            let angle = f64::from(std::f32::consts::TAU * self.open_unit());
            let radius = (-2.0 * f64::from(1.0 - self.open_unit()).ln() as f32).sqrt();
            for (value, turn) in pair.iter_mut().zip([angle.cos(), angle.sin()]) {
                *value = radius * turn as f32 * std + mean;
            }
        }
    }

    fn bernoulli(&mut self, p: f32, out: &mut [f32]) {
        self.calls.push(Call::Draw(out.len()));
        out.fill_with(|| f32::from(p > 0.0 && self.engine.next_u32() as f32 <= p * 32f32.exp2()));
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
pub(super) fn values(filler: &dyn Filler, rng: &mut Stub) -> Vec<f32> {
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
