//! Every path against the plain form, bit for bit.

use super::{Isa, SimdPath};
use crate::random::boost::{Affine, Bernoulli, Era, Normal, Uniform};
use crate::random::{CaffeGenerator, Draws, Generator, Mt19937};

/// One fill, by the plain form and by a generator.
#[derive(Debug, Clone, Copy)]
enum Fill {
    Uniform(f32, f32),
    Gaussian(f32, f32),
    Bernoulli(f32),
}

impl Fill {
    fn plain(self, era: Era, engine: &mut Mt19937, out: &mut [f32]) {
        match self {
            Fill::Uniform(min, max) => {
                let uniform = Uniform::new(era, min, max).expect("a supported range");
                out.fill_with(|| uniform.sample(engine));
            }
            Fill::Gaussian(mean, std) => Normal::new(era).fill(Affine { mean, std }, engine, out),
            Fill::Bernoulli(p) => {
                let bernoulli = Bernoulli::new(p);
                out.fill_with(|| f32::from(u8::from(bernoulli.sample(engine))));
            }
        }
    }

    fn run(self, rng: &mut CaffeGenerator, out: &mut [f32]) {
        match self {
            Fill::Uniform(min, max) => rng.uniform(min, max, out),
            Fill::Gaussian(mean, std) => rng.gaussian(mean, std, out),
            Fill::Bernoulli(p) => rng.bernoulli(p, out),
        }
    }
}

/// Runs fills of the given lengths, one after the other, and compares values and the draw that follows each.
fn compare(seed: u32, era: Era, fill: Fill, skip: usize, lengths: &[usize]) {
    for path in SimdPath::ALL.into_iter().filter(|path| path.supported() == *path) {
        let mut engine = Mt19937::with_isa(seed, Isa::up_to(SimdPath::Portable));
        let mut rng = CaffeGenerator::with_path(seed, era, path);
        for _ in 0..skip {
            assert_eq!(rng.next_u32(), engine.draw());
        }
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let (mut ours, mut expected) = (vec![0.0; longest], vec![0.0; longest]);
        for &length in lengths {
            fill.run(&mut rng, &mut ours[..length]);
            fill.plain(era, &mut engine, &mut expected[..length]);
            let differs = (0..length).find(|&i| ours[i].to_bits() != expected[i].to_bits());
            let place = || format!("{path}, {era}, {fill:?}, seed {seed}, skip {skip}, length {length}");
            assert_eq!(differs.map(|i| (i, ours[i], expected[i])), None, "{}", place());
            assert_eq!(rng.next_u32(), engine.draw(), "{}", place());
        }
    }
}

const FILLS: [Fill; 6] = [
    Fill::Uniform(0.0, 1.0),
    Fill::Uniform(-0.05, 0.05),
    Fill::Uniform(3.0, 3.0),
    Fill::Gaussian(0.0, 1.0),
    Fill::Gaussian(-0.5, 0.02),
    Fill::Bernoulli(0.3),
];

#[test]
fn ten_million_values_agree() {
    for era in Era::ALL {
        for (seed, fill) in FILLS.into_iter().enumerate() {
            compare(seed as u32 ^ 0x9e37_79b9, era, fill, 0, &[10_000_019]);
        }
    }
}

#[test]
fn all_lengths_agree() {
    let lengths: Vec<usize> = (0..700).chain(4000..4300).chain([8191, 8193, 65_537]).collect();
    for era in Era::ALL {
        for fill in FILLS {
            compare(1701, era, fill, 0, &lengths);
        }
    }
}

#[test]
fn all_offsets_in_a_block_agree() {
    for skip in 0..4200 {
        let era = Era::ALL[skip % 4];
        compare(skip as u32, era, FILLS[3], skip, &[5001]);
        compare(skip as u32, era, FILLS[1], skip, &[4133]);
    }
}

#[test]
fn extreme_parameters_agree() {
    let fills = [
        Fill::Gaussian(f32::INFINITY, 1.0),
        Fill::Gaussian(f32::NAN, 1.0),
        Fill::Gaussian(-f32::NAN, 1.0),
        Fill::Gaussian(0.0, f32::INFINITY),
        Fill::Gaussian(0.0, 3e38),
        Fill::Gaussian(f32::MAX, 1e-45),
        Fill::Uniform(-1e-45, 1e-45),
        Fill::Uniform(0.0, f32::MAX),
        Fill::Uniform(-0.0, -0.0),
        Fill::Bernoulli(0.0),
        Fill::Bernoulli(1.0),
        Fill::Bernoulli(f32::NAN),
    ];
    for era in Era::ALL {
        for fill in fills {
            compare(3, era, fill, 5, &[20_001]);
        }
    }
    for era in [Era::V1_41, Era::V1_56, Era::V1_64] {
        compare(3, era, Fill::Uniform(-3e38, 3e38), 0, &[20_001]);
    }
}

#[test]
fn paths_are_named() {
    for path in SimdPath::ALL {
        assert_eq!(path.to_string().parse(), Ok(path));
        assert!(path.supported() <= path);
    }
    assert_eq!("sse".parse::<SimdPath>().unwrap_err().to_string(), r#""sse" is not one of portable, avx2 and avx512"#);
}
