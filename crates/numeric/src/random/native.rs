//! The native generator: independent streams of the `rand` crates, one a blob.
//!
//! Caffe draws all numbers of a net from one sequence, so that a layer's values change with whatever is drawn before
//! it. Here the values of a blob depend on the seed, its layer's name and its index in the layer, and on nothing else.
//!
//! # Streams
//! A blob is filled in one or more passes, and each pass is cut into blocks of [`BLOCK`] values. Every block has a
//! stream of its own, Xoshiro256++ with a state made by SHA-256, so that blocks can be filled in any order or side by
//! side:
//!
//! - key = SHA-256(`"caffemodel stream 1"`, seed as u64, blob index as u64, layer name in UTF-8)
//! - state = SHA-256(key, pass as u32, offset of the block's first value as u64), read as four u64
//!
//! Integers are little-endian; the parts follow each other without separators. [`seek`](Generator::seek) to a place
//! within a block, unless the last call ended there, starts a stream at that offset, which lasts until the block's end:
//! cut a fill at the blocks' edges and its values do not depend on the cuts.
//!
//! # Stability
//! The values are part of the interface, and tests pin them. They come from
//! - `rand` 0.10: `Xoshiro256PlusPlus`; `Uniform` for f32 (23 random bits, scaled), for f64 where the width
//!   overflows an f32; `Bernoulli` (64 random bits, an integer comparison),
//! - `rand_distr` 0.6: `StandardNormal` (ziggurat in f64, rounded to f32).
//!
//! About one normal value in a hundred goes through the platform's `exp` or `ln` in f64: rounded to f32 it is the same
//! wherever these are good to a few units in the last place, save for a vanishing chance.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};
use rand_distr::{Bernoulli, Distribution, StandardNormal, Uniform};
use sha2::{Digest, Sha256};

use super::Generator;

/// The number of values that share a stream.
pub const BLOCK: u64 = 65536;

const DOMAIN: &[u8] = b"caffemodel stream 1";

/// The streams of one blob.
///
/// ```
/// # use caffemodel_numeric as caffemodel;
/// use caffemodel::random::{Generator, NativeGenerator};
///
/// let mut weights = [0.0; 8];
/// let mut again = [0.0; 8];
/// NativeGenerator::new(1701, "conv1", 0).gaussian(0.0, 0.01, &mut weights);
/// NativeGenerator::new(1701, "conv1", 0).gaussian(0.0, 0.01, &mut again);
/// assert_eq!(weights, again);
/// NativeGenerator::new(1701, "conv2", 0).gaussian(0.0, 0.01, &mut again);
/// assert_ne!(weights, again);
/// ```
#[derive(Debug, Clone)]
pub struct NativeGenerator {
    key: [u8; 32],
    pass: u32,
    offset: u64,
    stream: Xoshiro256PlusPlus,
}

impl NativeGenerator {
    /// The streams of the blob of index `blob` of the layer named `layer`, at the start of the first pass.
    ///
    /// Layers of the same name have the same streams.
    pub fn new(seed: u64, layer: &str, blob: usize) -> NativeGenerator {
        let key = Sha256::new()
            .chain_update(DOMAIN)
            .chain_update(seed.to_le_bytes())
            .chain_update((blob as u64).to_le_bytes())
            .chain_update(layer)
            .finalize()
            .into();
        NativeGenerator { key, pass: 0, offset: 0, stream: stream(&key, 0, 0) }
    }

    fn open(&mut self, pass: u32, offset: u64) {
        self.pass = pass;
        self.offset = offset;
        self.stream = stream(&self.key, pass, offset);
    }

    /// Moves on by `count` values, at most to the next block's start.
    fn advance(&mut self, count: usize) {
        self.offset = self.offset.wrapping_add(count as u64);
        if self.offset.is_multiple_of(BLOCK) {
            self.open(self.pass, self.offset);
        }
    }

    fn draw(&mut self, mut out: &mut [f32], mut sample: impl FnMut(&mut Xoshiro256PlusPlus) -> f32) {
        while !out.is_empty() {
            let left_in_block = (BLOCK - self.offset % BLOCK) as usize;
            let (now, later) = out.split_at_mut(left_in_block.min(out.len()));
            now.fill_with(|| sample(&mut self.stream));
            self.advance(now.len());
            out = later;
        }
    }
}

/// The stream that starts at `offset` of a pass.
fn stream(key: &[u8; 32], pass: u32, offset: u64) -> Xoshiro256PlusPlus {
    let state =
        Sha256::new().chain_update(key).chain_update(pass.to_le_bytes()).chain_update(offset.to_le_bytes()).finalize();
    Xoshiro256PlusPlus::from_seed(state.into())
}

impl Generator for NativeGenerator {
    fn seek(&mut self, pass: u32, offset: u64) {
        if (pass, offset) != (self.pass, self.offset) {
            self.open(pass, offset);
        }
    }

    /// The next 32 random bits, which count as one value.
    fn next_u32(&mut self) -> u32 {
        let bits = self.stream.next_u32();
        self.advance(1);
        bits
    }

    fn uniform(&mut self, min: f32, max: f32, out: &mut [f32]) {
        if !self.supports_uniform(min, max) {
            self.draw(out, |_| f32::NAN);
        } else if let Ok(narrow) = Uniform::new_inclusive(min, max) {
            self.draw(out, |stream| narrow.sample(stream));
        } else {
            let wide = Uniform::new_inclusive(f64::from(min), f64::from(max)).expect("the bounds are finite, in order");
            self.draw(out, |stream| wide.sample(stream) as f32);
        }
    }

    fn gaussian(&mut self, mean: f32, std: f32, out: &mut [f32]) {
        // The sign of a computed NaN would depend on the platform.
        let nan = if mean.is_nan() { mean } else { f32::NAN };
        self.draw(out, |stream| {
            let z: f32 = StandardNormal.sample(stream);
            let value = z * std + mean;
            if value.is_nan() { nan } else { value }
        });
    }

    /// A NaN gives zeros.
    fn bernoulli(&mut self, p: f32, out: &mut [f32]) {
        let p = if p.is_nan() { 0.0 } else { p.clamp(0.0, 1.0) };
        let distribution = Bernoulli::new(f64::from(p)).expect("p is a probability");
        self.draw(out, |stream| f32::from(distribution.sample(stream)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::one_sample::{critical, kolmogorov_smirnov, normal_cdf};

    const SAMPLES: usize = 1 << 20;

    fn generator() -> NativeGenerator {
        NativeGenerator::new(1701, "conv1", 0)
    }

    fn normals(mut rng: NativeGenerator, count: usize) -> Vec<f32> {
        let mut out = vec![0.0; count];
        rng.gaussian(0.0, 1.0, &mut out);
        out
    }

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    #[test]
    fn values_are_stable() {
        let mut out = [0.0; 4];
        generator().uniform(-1.0, 1.0, &mut out);
        assert_eq!(bits(&out), [0xbdba_5350, 0x3f11_ef1c, 0xbf00_a3b7, 0xbeef_87ce]);
        generator().gaussian(0.0, 1.0, &mut out);
        assert_eq!(bits(&out), [0xbe03_c66a, 0x3f9d_4db5, 0xbe8d_4901, 0xbeb6_2813]);
        let mut mask = [0.0; 16];
        generator().bernoulli(0.25, &mut mask);
        assert_eq!(mask.map(|value| value as u8), [0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0]);
        assert_eq!(generator().next_u32(), 0x745a_cb12);
    }

    #[test]
    fn values_in_later_blocks_and_passes_are_stable() {
        let mut out = [0.0; 2];
        let mut rng = generator();
        rng.seek(1, 3 * BLOCK);
        rng.uniform(0.0, 1.0, &mut out);
        assert_eq!(bits(&out), [0x3ef1_7192, 0x3f11_54ef]);
        rng.seek(0, 5);
        rng.gaussian(0.0, 1.0, &mut out);
        assert_eq!(bits(&out), [0xbed5_d2ab, 0xbe9a_3fc3]);
    }

    #[test]
    fn every_part_of_the_key_counts() {
        let first = |rng: NativeGenerator| normals(rng, 1)[0].to_bits();
        let mut pass = generator();
        pass.seek(1, 0);
        let mut block = generator();
        block.seek(0, BLOCK);
        let others = [
            NativeGenerator::new(1702, "conv1", 0),
            NativeGenerator::new(1701, "conv1", 1),
            NativeGenerator::new(1701, "conv2", 0),
            NativeGenerator::new(1701, "conv1\0", 0),
            NativeGenerator::new(1701, "", 0),
            pass,
            block,
        ];
        let mut values: Vec<u32> = others.into_iter().chain([generator()]).map(first).collect();
        values.sort_unstable();
        values.dedup();
        assert_eq!(values.len(), 8);
    }

    #[test]
    fn streams_of_two_layers_are_uncorrelated() {
        let conv1 = normals(generator(), SAMPLES);
        let conv2 = normals(NativeGenerator::new(1701, "conv2", 0), SAMPLES);
        let dot: f64 = conv1.iter().zip(&conv2).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
        assert!(dot.abs() / (SAMPLES as f64) < 4.0 / 1024.0);
        let shifted: f64 = conv1.windows(2).map(|pair| f64::from(pair[0]) * f64::from(pair[1])).sum();
        assert!(shifted.abs() / (SAMPLES as f64) < 4.0 / 1024.0);
    }

    #[test]
    fn values_do_not_depend_on_the_cuts() {
        let block = BLOCK as usize;
        let whole = normals(generator(), 4 * block + 77);
        for piece in [block, 2 * block, 3 * block] {
            let mut rng = generator();
            let mut cut = vec![0.0; whole.len()];
            for (index, values) in cut.chunks_mut(piece).enumerate() {
                rng.seek(0, (index * piece) as u64);
                rng.gaussian(0.0, 1.0, values);
            }
            assert_eq!(cut, whole, "pieces of {piece}");
        }
        let mut rng = generator();
        let mut odd = vec![0.0; whole.len()];
        for values in odd.chunks_mut(1001) {
            rng.gaussian(0.0, 1.0, values);
        }
        assert_eq!(odd, whole);
    }

    #[test]
    fn blocks_come_in_any_order() {
        let block = BLOCK as usize;
        let whole = normals(generator(), 3 * block);
        let mut rng = generator();
        for index in [2, 0, 1, 1] {
            let mut values = vec![0.0; block];
            rng.seek(0, index as u64 * BLOCK);
            rng.gaussian(0.0, 1.0, &mut values);
            assert_eq!(values, whole[index * block..][..block]);
        }
    }

    #[test]
    fn normal_values_are_normally_distributed() {
        let values = normals(generator(), SAMPLES);
        assert!(kolmogorov_smirnov(&values, normal_cdf) < critical(SAMPLES));
        let wider: Vec<f32> = values.iter().map(|value| value * 1.02).collect();
        assert!(
            kolmogorov_smirnov(&wider, normal_cdf) > critical(SAMPLES),
            "the test would miss an error of 2 % in std"
        );
    }

    #[test]
    fn mean_and_std_scale_the_normal_distribution() {
        let mut values = vec![0.0; SAMPLES];
        generator().gaussian(-3.0, 0.01, &mut values);
        assert!(kolmogorov_smirnov(&values, |x| normal_cdf((x + 3.0) / 0.01)) < critical(SAMPLES));
    }

    #[test]
    fn uniform_values_are_uniformly_distributed() {
        let mut values = vec![0.0; SAMPLES];
        for (min, max) in [(0.0, 1.0), (-0.05f32, 0.15), (-3e38, 3e38)] {
            generator().uniform(min, max, &mut values);
            assert!(values.iter().all(|value| (min..=max).contains(value)));
            let width = f64::from(max) - f64::from(min);
            let cdf = |x: f64| (x - f64::from(min)) / width;
            assert!(kolmogorov_smirnov(&values, cdf) < critical(SAMPLES), "{min} to {max}");
        }
    }

    #[test]
    fn uniform_takes_all_finite_bounds() {
        let mut values = [0.0; 64];
        let tiny = f32::from_bits(1);
        for (min, max) in [(1.5, 1.5), (-tiny, tiny), (0.0, f32::MAX), (f32::MIN, f32::MAX), (f32::MIN, f32::MIN)] {
            generator().uniform(min, max, &mut values);
            assert!(values.iter().all(|value| (min..=max).contains(value)), "{min:?} to {max:?}");
        }
    }

    #[test]
    fn bernoulli_values_have_the_right_frequency() {
        let mut values = vec![0.0; SAMPLES];
        for p in [0.0, 0.003, 0.5, 0.9, 1.0f32] {
            generator().bernoulli(p, &mut values);
            assert!(values.iter().all(|&value| value == 0.0 || value == 1.0));
            let ones = values.iter().map(|&value| f64::from(value)).sum::<f64>();
            let (n, p) = (SAMPLES as f64, f64::from(p));
            assert!((ones - n * p).abs() <= 3.3 * (n * p * (1.0 - p)).sqrt(), "{ones} of {n} at {p}");
        }
    }

    #[test]
    fn parameters_out_of_range_do_no_harm() {
        let mut values = [0.0; 8];
        for (min, max) in [(1.0, 0.0), (0.0, f32::INFINITY), (f32::NAN, 1.0)] {
            generator().uniform(min, max, &mut values);
            assert!(values.iter().all(|value| value.is_nan()), "{min} to {max}");
        }
        for (p, expected) in [(-1.0, 0.0), (2.0, 1.0), (f32::NAN, 0.0)] {
            generator().bernoulli(p, &mut values);
            assert_eq!(values, [expected; 8]);
        }
    }

    #[test]
    fn extreme_normal_parameters_are_taken() {
        let mut values = [0.0; 64];
        let nan = f32::from_bits(0xffc0_0000);
        generator().gaussian(nan, 1.0, &mut values);
        assert!(values.iter().all(|value| value.to_bits() == nan.to_bits()));
        generator().gaussian(f32::INFINITY, 1.0, &mut values);
        assert_eq!(values, [f32::INFINITY; 64]);
        generator().gaussian(0.0, f32::INFINITY, &mut values);
        assert!(values.iter().all(|value| value.is_infinite()));
    }
}
