//! Caffe's generator.

use std::fmt;

use super::boost::{Affine, Bernoulli, Era, Normal, UNIT_LIMIT, UniformReal};
use super::simd::{self, Isa, Scratch, SimdPath};
use super::{Distribution, Draws, Generator, Mt19937};

/// The values that Caffe draws after `Caffe::set_random_seed`, bit for bit.
///
/// One stream runs through the whole net: an MT19937, over which each fill makes its distribution anew. What the
/// distributions return is Boost's, and depends on the [`Era`] of the Boost that Caffe was built with. The values are
/// those of an x86-64 build whose compiler fuses no multiplications with additions, and of a C library like glibc 2.28
/// or later; they are the same on every platform.
///
/// A fill is what one call makes: a fill of an odd number of values up to 1.55 loses the second of the last pair.
///
/// ```
/// # use caffemodel_numeric as caffemodel;
/// use caffemodel::random::{CaffeGenerator, Era, Generator};
/// let mut rng = CaffeGenerator::new(1701, Era::default());
/// let mut weights = [0.0; 3];
/// rng.gaussian(0.0, 0.01, &mut weights);
/// ```
pub struct CaffeGenerator {
    engine: Mt19937,
    era: Era,
    scratch: Option<Box<Scratch>>,
}

impl Clone for CaffeGenerator {
    fn clone(&self) -> CaffeGenerator {
        CaffeGenerator { engine: self.engine.clone(), era: self.era, scratch: None }
    }
}

impl fmt::Debug for CaffeGenerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaffeGenerator").field("era", &self.era).field("path", &self.path()).finish_non_exhaustive()
    }
}

impl CaffeGenerator {
    /// The generator of a seed, as a Caffe built with a Boost of that era has it.
    pub fn new(seed: u32, era: Era) -> CaffeGenerator {
        CaffeGenerator::with_path(seed, era, SimdPath::active())
    }

    /// The same on given vector instructions, or the next best below that the machine has; the values are the same.
    pub fn with_path(seed: u32, era: Era, path: SimdPath) -> CaffeGenerator {
        CaffeGenerator { engine: Mt19937::with_isa(seed, Isa::up_to(path)), era, scratch: None }
    }

    /// The era of its distributions.
    pub fn era(&self) -> Era {
        self.era
    }

    /// The vector instructions it uses.
    pub fn path(&self) -> SimdPath {
        self.engine.isa().path()
    }

    /// A value of the uniform distribution on `[min, max]`, and how many draws it took; `None` where Boost has none.
    pub fn one_uniform(&mut self, min: f32, max: f32) -> Option<(f32, u64)> {
        let mut counted = CountedDraws { draws: &mut self.engine, count: 0 };
        let value = UniformReal::new(self.era, min, max)?.sample(&mut counted);
        Some((value, counted.count))
    }

    /// Throws `count` draws away.
    pub(crate) fn skip(&mut self, count: u64) {
        self.engine.discard(count, None);
    }
}

/// Draws, counted.
struct CountedDraws<'a> {
    draws: &'a mut Mt19937,
    count: u64,
}

impl Draws for CountedDraws<'_> {
    fn draw(&mut self) -> u32 {
        self.count += 1;
        self.draws.draw()
    }
}

impl Draws for CaffeGenerator {
    fn draw(&mut self) -> u32 {
        self.engine.draw()
    }
}

impl Generator for CaffeGenerator {
    /// Does nothing: the stream goes on.
    fn seek(&mut self, _pass: u32, _offset: u64) {}

    fn next_u32(&mut self) -> u32 {
        self.engine.draw()
    }

    fn supports_uniform(&self, min: f32, max: f32) -> bool {
        UniformReal::new(self.era, min, max).is_some()
    }

    fn uniform(&mut self, min: f32, max: f32, out: &mut [f32]) {
        match UniformReal::new(self.era, min, max) {
            Some(uniform) => simd::uniform(&uniform, &mut self.engine, out),
            None => out.fill(f32::NAN),
        }
    }

    fn gaussian(&mut self, mean: f32, std: f32, out: &mut [f32]) {
        let normal = Normal::new(self.era);
        simd::normal(normal, Affine { mean, std }, &mut self.engine, &mut self.scratch, out);
    }

    /// A probability of 0 draws nothing; NaN gives zeros and draws.
    fn bernoulli(&mut self, p: f32, out: &mut [f32]) {
        simd::bernoulli(&Bernoulli::new(p), &mut self.engine, out);
    }

    /// Counts the draws, where their number does not depend on more than that.
    fn discard(&mut self, distribution: Distribution, count: usize) {
        let draws = count as u64;
        match (distribution, Normal::new(self.era)) {
            (Distribution::Uniform { min, max }, _) => {
                if let Some(uniform) = UniformReal::new(self.era, min, max) {
                    self.engine.discard(draws, uniform.limit());
                }
            }
            (Distribution::Bernoulli { p }, _) => {
                if Bernoulli::new(p).threshold().is_some() {
                    self.engine.discard(draws, None);
                }
            }
            (Distribution::TruncatedNormal(_), _) => self.engine.discard(draws, None),
            (Distribution::Gaussian { .. }, Normal::BoxMuller) => {
                self.engine.discard(draws.next_multiple_of(2), Some(UNIT_LIMIT));
            }
            (Distribution::Gaussian { .. }, Normal::Ziggurat(_)) => distribution.discard(self, count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_can_be_cut_at_even_places() {
        for era in Era::ALL {
            let [mut whole, mut cut] = [(); 2].map(|()| CaffeGenerator::new(5, era));
            let [mut expected, mut pieces] = [[0.0; 101]; 2];
            whole.gaussian(1.0, 2.0, &mut expected);
            whole.uniform(-1.0, 3.0, &mut expected[..50]);
            let (head, tail) = pieces.split_at_mut(38);
            cut.gaussian(1.0, 2.0, head);
            cut.gaussian(1.0, 2.0, tail);
            cut.uniform(-1.0, 3.0, &mut pieces[..20]);
            cut.uniform(-1.0, 3.0, &mut pieces[20..50]);
            assert_eq!(expected, pieces);
            assert_eq!(whole.next_u32(), cut.next_u32());
        }
    }

    #[test]
    fn discarding_leaves_the_stream_where_filling_does() {
        let distributions = [
            Distribution::Uniform { min: -0.05, max: 0.05 },
            Distribution::Uniform { min: 3.0, max: 3.0 },
            Distribution::Uniform { min: -3e38, max: 3e38 },
            Distribution::Gaussian { mean: 0.0, std: 0.01 },
            Distribution::Bernoulli { p: 0.3 },
            Distribution::Bernoulli { p: 0.0 },
        ];
        for era in Era::ALL {
            for path in SimdPath::ALL {
                for distribution in distributions {
                    let mut filled = CaffeGenerator::with_path(5, era, path);
                    let mut discarded = filled.clone();
                    for count in [1, 2, 1001, 20_000, 100_003] {
                        distribution.draw(&mut filled, &mut vec![0.0; count]);
                        discarded.discard(distribution, count);
                        assert_eq!(filled.next_u32(), discarded.next_u32(), "{path}, {era}, {distribution:?}, {count}");
                    }
                }
            }
        }
    }

    #[test]
    fn one_value_is_that_of_a_fill() {
        let mut generator = CaffeGenerator::new(7, Era::default());
        let (mut filler, mut value) = (generator.clone(), [0.0]);
        filler.uniform(256.0, 480.0, &mut value);
        assert_eq!(generator.one_uniform(256.0, 480.0), Some((value[0], 1)));
        assert_eq!(generator.draw(), filler.draw());
        assert_eq!(generator.one_uniform(1.0, 0.0), None);
    }

    #[test]
    fn unsupported_ranges_give_nan_and_draw_nothing() {
        let mut rng = CaffeGenerator::new(1, Era::V1_47);
        assert!(rng.supports_uniform(-1.0, 1.0));
        assert!(!rng.supports_uniform(-3e38, 3e38));
        let mut reference = rng.clone();
        let mut out = [0.0; 2];
        rng.uniform(-3e38, 3e38, &mut out);
        assert!(out.iter().all(|value| value.is_nan()));
        assert_eq!(rng.next_u32(), reference.next_u32());
    }

    #[test]
    fn masks_without_chance_draw_nothing() {
        let mut rng = CaffeGenerator::new(1, Era::default());
        let mut reference = rng.clone();
        let mut mask = [7.0; 3];
        rng.bernoulli(0.0, &mut mask);
        assert_eq!(mask, [0.0; 3]);
        assert_eq!(rng.next_u32(), reference.next_u32());
    }
}
