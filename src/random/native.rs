//! temporary
use super::Generator;
/// temporary
#[derive(Debug, Clone)]
pub struct NativeGenerator;
impl NativeGenerator {
    /// t
    pub fn new(_: u64, _: &str, _: usize) -> Self {
        NativeGenerator
    }
}
impl Generator for NativeGenerator {
    fn seek(&mut self, _: u32, _: u64) {}
    fn next_u32(&mut self) -> u32 {
        0
    }
    fn uniform(&mut self, _: f32, _: f32, _: &mut [f32]) {}
    fn gaussian(&mut self, _: f32, _: f32, _: &mut [f32]) {}
    fn bernoulli(&mut self, _: f32, _: &mut [f32]) {}
}
