//! Every path against the plain form, bit for bit.

use super::block::UniformBlock;
use super::isa::{Kernels, Portable, with_kernels};
use super::ziggurat::{BLOCK, JUDGED, LAYERS, SPECIAL, Uncertain};
use super::{Isa, SimdPath};
use crate::random::boost::{Affine, Bernoulli, Era, FRACTION, Normal, UniformReal, Ziggurat};
use crate::random::mt19937::{TEMPER_B, TEMPER_C, temper};
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
                let uniform = UniformReal::new(era, min, max).expect("a supported range");
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
        // The vector code's least span is 2^-94, 5.04e-29.
        Fill::Uniform(0.0, 5.0e-29),
        Fill::Uniform(0.0, 5.1e-29),
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

/// The word that gives a draw.
fn untemper(draw: u32) -> u32 {
    // Each step of tempering is undone by repeating it until all bits have settled.
    let right = |y: u32, shift: u32| (0..32 / shift).fold(y, |x, _| y ^ (x >> shift));
    let left = |y: u32, shift: u32, mask: u32| (0..32 / shift).fold(y, |x, _| y ^ ((x << shift) & mask));
    right(left(left(right(draw, 18), 15, TEMPER_C), 7, TEMPER_B), 11)
}

/// A draw whose fraction rounds up to 1.
const REPEATED: u32 = 0xffff_ff80;

#[test]
fn untempering_undoes_tempering() {
    for draw in [0, 1, REPEATED, u32::MAX, 0x1234_5678] {
        assert_eq!(temper(untemper(draw)), draw);
    }
}

#[test]
fn repeated_draws_are_noticed_in_every_place() {
    let block = UniformBlock { min: 0.0, step: FRACTION, bound: 1.0 };
    let affine = Affine { mean: 0.0, std: 1.0 };
    for isa in SimdPath::ALL.map(Isa::up_to) {
        for place in 0..101 {
            let mut words = [untemper(REPEATED - 1); 101];
            words[place] = untemper(REPEATED);
            let uniform = |length: usize| {
                let words = &words[..length];
                with_kernels!(isa, kernels => kernels.uniform(words, &block, &mut vec![0.0; length]))
            };
            assert!(!uniform(101), "{}, place {place}", isa.path());
            assert!(uniform(place), "{}, place {place}", isa.path());
            let pairs = with_kernels!(isa, kernels => kernels.box_muller(&words[..64], affine, &mut [0.0; 64]));
            assert_eq!(pairs, place >= 64, "{}, place {place}", isa.path());
        }
    }
}

#[test]
fn wedges_are_judged_alike() {
    let mut engine = Mt19937::new(9);
    let mut uncertain_word = || loop {
        let draw = engine.draw();
        if draw >> 8 >= LAYERS.limit[((draw >> 1) & 127) as usize] {
            break untemper(draw);
        }
    };
    let [mut ours, mut expected] = [(); 2].map(|()| Box::new(Uncertain::new()));
    for form in [Ziggurat::Plain, Ziggurat::Revised] {
        for isa in SimdPath::ALL.map(Isa::up_to) {
            for count in [BLOCK, 0, 1, 5 * JUDGED - 1, 5 * JUDGED] {
                ours.points.as_flattened_mut().fill_with(&mut uncertain_word);
                ours.points.iter_mut().step_by(5).for_each(|[_, height]| *height = untemper(REPEATED));
                ours.count = count;
                expected.clone_from(&ours);
                Portable.judge(form, &mut expected);
                with_kernels!(isa, kernels => kernels.judge(form, &mut ours));
                let mut left_to_the_plain_form = 0;
                for (i, (ours, expected)) in ours.verdicts.iter().zip(&expected.verdicts).enumerate().take(count) {
                    let left = ours == &SPECIAL && expected != &SPECIAL;
                    assert!(left || ours == expected, "{}, {form:?}, {i} of {count} points", isa.path());
                    left_to_the_plain_form += usize::from(left);
                }
                assert!(left_to_the_plain_form <= 3 + count / 50, "{}: {left_to_the_plain_form}", isa.path());
            }
        }
    }
}
