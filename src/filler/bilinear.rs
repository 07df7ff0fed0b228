//! `bilinear`: the kernel of bilinear interpolation, for a Deconvolution that enlarges by a whole factor.
//!
//! For an enlargement by `f`, use kernel_size `2f - f % 2`, stride `f`, pad `ceil((f - 1) / 2)`, and as many groups as
//! channels. Draws nothing; all arithmetic is in single precision.

use std::io;

use super::check::{not_empty, not_sparse};
use super::{Filler, FillerType, Sink};
use crate::Shape;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::random::Generator;

pub(super) static TYPE: FillerType = FillerType {
    name: "bilinear",
    fields: &[],
    summary: "the kernel of bilinear interpolation, for enlarging with a Deconvolution",
    formula: "x = (1 - |i / f - c|) (1 - |j / f - c|), f = ceil(k / 2), c = (k - 1) / 2f",
    build: |param, shape| Ok(Box::new(Bilinear::new(param, shape)?)),
};

/// Fills a blob of four axes with square kernels of bilinear interpolation. Holds one kernel in memory.
#[derive(Debug, Clone, Copy)]
pub struct Bilinear {
    kernels: usize,
    size: usize,
}

impl Bilinear {
    /// The filler for a blob of this shape.
    ///
    /// # Errors
    /// The blob has not four axes, its kernels are not square, it is empty, or `sparse` is set.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Bilinear, Refusal> {
        let &[_, _, height, width] = shape.dims() else {
            let message = format!("bilinear needs a blob of 4 axes, this one has {}: {shape}", shape.axes());
            return Err(Refusal::at("type", message));
        };
        ensure!(height == width, "type", "bilinear needs square kernels, these are {height} x {width}");
        not_empty(shape)?;
        not_sparse("bilinear", param)?;
        let size = width as usize;
        Ok(Bilinear { kernels: shape.count() / size / size, size })
    }

    fn kernel(&self) -> Vec<f32> {
        let factor = self.size.div_ceil(2);
        let center = ((self.size - 1) as f64 / (2.0 * factor as f64)) as f32;
        let weight = |position: usize| 1.0 - (position as f32 / factor as f32 - center).abs();
        (0..self.size * self.size).map(|i| weight(i % self.size) * weight(i / self.size)).collect()
    }
}

impl Filler for Bilinear {
    fn fill(&self, _: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        let kernel = self.kernel();
        (0..self.kernels).try_for_each(|_| sink.write(&kernel))
    }
}
