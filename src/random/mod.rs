//! Random numbers: Caffe's own, era by era and to the bit, and a native generator on the `rand` crates.

pub mod native;

/// A source of random values that fills slices.
///
/// A fill may be cut into pieces: the values do not depend on the cuts as long as every piece but the last holds an
/// even number of values (Box-Muller makes them in pairs). [`fill_start`](Generator::fill_start) opens a fill.
pub trait Generator: Send {
    /// Opens a new fill, whose distributions start afresh.
    fn fill_start(&mut self) {}

    /// Announces that the values from element `offset` of a pass over the blob come next.
    ///
    /// Sequential generators ignore it; one with random access moves there.
    fn seek(&mut self, pass: u32, offset: u64);

    /// The next 32 random bits.
    fn next_u32(&mut self) -> u32;

    /// Uniform values in `[min, max]`, both bounds finite and `min <= max`.
    fn uniform(&mut self, min: f32, max: f32, out: &mut [f32]);

    /// Normal values of the given mean and standard deviation (`std > 0`, possibly infinite).
    fn gaussian(&mut self, mean: f32, std: f32, out: &mut [f32]);

    /// 1.0 with probability `p` in `[0, 1]`, else 0.0.
    fn bernoulli(&mut self, p: f32, out: &mut [f32]);
}
