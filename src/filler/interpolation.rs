//! multilinear, multicubic and lanczos2 to lanczos4: kernels that interpolate along any number of axes (caffe3D).
//!
//! For deconvolutions that enlarge: every channel has the same kernel, whose values are products of one for each axis
//! behind the channels, the last axis first, in single precision:
//!
//! ```text
//! k((x - c) / f) with f = ceil(w / 2s) and c = (2 s f - 1 - f mod 2) / 2, w being the size of the axis
//! ```
//!
//! s is the support: 1 for multilinear, 2 for multicubic, n for lanczosn. k(x) is 1 - |x|, or the cubic of Keys (1981)
//! with a = -1/2, or sinc(x) sinc(x / s), and 0 beyond the support. They draw nothing.

use std::f64::consts::PI;

use super::{FillerType, Moments, Piecewise, count, refuse_sparse};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, Generator};

pub(super) const MULTILINEAR: FillerType = entry("multilinear", "k(x) = 1 - |x|", |param, shape| {
    built("multilinear", InterpolationWindow::Linear, param, shape)
});

pub(super) const MULTICUBIC: FillerType = entry(
    "multicubic",
    "k(x) = 1.5 |x|^3 - 2.5 x^2 + 1, beyond 1: -0.5 |x|^3 + 2.5 x^2 - 4 |x| + 2",
    |param, shape| built("multicubic", InterpolationWindow::Cubic, param, shape),
);

pub(super) const LANCZOS2: FillerType =
    entry("lanczos2", LANCZOS, |param, shape| built("lanczos2", InterpolationWindow::Lanczos(2), param, shape));

pub(super) const LANCZOS3: FillerType =
    entry("lanczos3", LANCZOS, |param, shape| built("lanczos3", InterpolationWindow::Lanczos(3), param, shape));

pub(super) const LANCZOS4: FillerType =
    entry("lanczos4", LANCZOS, |param, shape| built("lanczos4", InterpolationWindow::Lanczos(4), param, shape));

const LANCZOS: &str = "k(x) = sinc(x) sinc(x / n)";

type Constructed = Result<Box<dyn super::Filler>, Refusal>;

const fn entry(
    name: &'static str,
    formula: &'static str,
    constructor: fn(&FillerParameter, &Shape) -> Constructed,
) -> FillerType {
    const SUMMARY: &str = "Sets kernels to interpolation along each axis, for deconvolutions that enlarge";
    FillerType::new(name, SUMMARY, formula, constructor).same_kernels().known(Known::In(&["caffe3d"]))
}

fn built(name: &str, window: InterpolationWindow, param: &FillerParameter, shape: &Shape) -> Constructed {
    Ok(Box::new(Interpolation::new(name, window, param, shape)?))
}

/// What a value that lies apart counts for.
#[derive(Debug, Clone, Copy)]
enum InterpolationWindow {
    Linear,
    Cubic,
    Lanczos(u32),
}

impl InterpolationWindow {
    /// How far it reaches.
    fn support(self) -> u32 {
        match self {
            InterpolationWindow::Linear => 1,
            InterpolationWindow::Cubic => 2,
            InterpolationWindow::Lanczos(support) => support,
        }
    }

    /// The weight at a distance, by Caffe's steps.
    fn weight(self, x: f32) -> f32 {
        let distance = f64::from(x.abs());
        let (square, cube) = (distance * distance, distance * distance * distance);
        match self {
            InterpolationWindow::Linear => (1.0 - x.abs()).max(0.0),
            InterpolationWindow::Cubic if distance <= 1.0 => (1.5 * cube - 2.5 * square + 1.0) as f32,
            InterpolationWindow::Cubic if distance < 2.0 => (-0.5 * cube + 2.5 * square - 4.0 * distance + 2.0) as f32,
            InterpolationWindow::Lanczos(_) if x == 0.0 => 1.0,
            InterpolationWindow::Lanczos(support) if x.abs() < support as f32 => {
                let (x, support) = (f64::from(x), f64::from(support));
                (support * (PI * x).sin() * (PI * x / support).sin() / (PI * PI * x * x)) as f32
            }
            _ => 0.0,
        }
    }

    /// The weight of a place along an axis of this size.
    fn along(self, size: usize, place: usize) -> f32 {
        let width = 2 * self.support() as usize;
        let factor = (size as f32 / width as f32).ceil() as usize;
        let centre = ((width * factor - 1 - factor % 2) as f64 * 0.5) as f32;
        self.weight((place as f32 - centre) / factor as f32)
    }
}

/// Sets every kernel to the weights of an interpolation along each axis.
#[derive(Debug, Clone)]
struct Interpolation {
    window: InterpolationWindow,
    /// The sizes of the axes behind the channels.
    sizes: Vec<usize>,
    count: usize,
}

impl Interpolation {
    /// The filler for a blob of the given shape.
    ///
    /// # Errors
    /// The blob is empty or has less than three axes, or `sparse` is given.
    fn new(
        name: &str,
        window: InterpolationWindow,
        param: &FillerParameter,
        shape: &Shape,
    ) -> Result<Interpolation, Refusal> {
        refuse_sparse(name, param)?;
        let axes = shape.axes();
        ensure!(axes >= 3, "", "the {name} filler needs at least 3 axes, a blob of shape {shape} has {axes}");
        let count = count(name, shape)?;
        let sizes = shape.dims()[2..].iter().map(|&size| size as usize).collect();
        Ok(Interpolation { window, sizes, count })
    }
}

impl Piecewise for Interpolation {
    fn count(&self) -> usize {
        self.count
    }

    fn distribution(&self) -> Option<Distribution> {
        None
    }

    fn make(&self, _: &mut dyn Generator, offset: usize, out: &mut [f32]) {
        for (place, value) in (offset..).zip(out) {
            let mut rest = place;
            *value = self.sizes.iter().rev().fold(1.0, |weight, &size| {
                let along = rest % size;
                rest /= size;
                weight * self.window.along(size, along)
            });
        }
    }

    /// Those of one kernel, the product of those along its axes, as all kernels are the same.
    fn moments(&self) -> Option<Moments> {
        let mean_of = |power| {
            let along = |size, place| f64::from(self.window.along(size, place)).powi(power);
            let of = |&size: &usize| (0..size).map(|place| along(size, place)).sum::<f64>() / size as f64;
            self.sizes.iter().map(of).product::<f64>()
        };
        let (mean, mean_square) = (mean_of(1), mean_of(2));
        Moments::finite(mean, (mean_square - mean * mean).max(0.0).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Stub, values};

    fn filled(window: InterpolationWindow, dims: &[i32]) -> Vec<f32> {
        let shape = Shape::new(dims).unwrap();
        let filler = Interpolation::new("multilinear", window, &FillerParameter::default(), &shape).unwrap();
        values(&filler, &mut Stub::new(0))
    }

    #[test]
    fn values_are_products_along_the_axes() {
        assert_eq!(filled(InterpolationWindow::Linear, &[1, 1, 4]), [0.25, 0.75, 0.75, 0.25]);
        assert_eq!(filled(InterpolationWindow::Linear, &[2, 1, 3, 1]), [0.25, 0.75, 0.75, 0.25, 0.75, 0.75]);
        let plane = filled(InterpolationWindow::Linear, &[1, 1, 4, 3]);
        assert_eq!(plane[..6], [0.0625, 0.1875, 0.1875, 0.1875, 0.5625, 0.5625]);
    }

    #[test]
    fn windows_are_one_in_the_middle_and_keep_the_sum() {
        for window in [
            InterpolationWindow::Cubic,
            InterpolationWindow::Lanczos(2),
            InterpolationWindow::Lanczos(3),
            InterpolationWindow::Lanczos(4),
        ] {
            assert_eq!((window.weight(0.0), window.weight(5.0)), (1.0, 0.0));
            assert!(window.weight(1.0).abs() < 1e-6);
        }
        assert_eq!(InterpolationWindow::Cubic.weight(0.5), 0.5625);
        assert_eq!(InterpolationWindow::Cubic.weight(-1.5), -0.0625);
        assert_eq!(InterpolationWindow::Lanczos(2).weight(0.5).to_bits(), 0x3f12ba8f);
        let sum: f32 = (0..8).map(|place| InterpolationWindow::Cubic.along(8, place)).sum();
        assert!((sum - 2.0).abs() < 1e-6, "{sum}");
    }

    #[test]
    fn refusals() {
        let error = |dims: &[i32]| {
            let shape = Shape::new(dims).unwrap();
            let param = FillerParameter::default();
            Interpolation::new("lanczos2", InterpolationWindow::Lanczos(2), &param, &shape).unwrap_err().message
        };
        assert_eq!(error(&[4, 3]), "the lanczos2 filler needs at least 3 axes, a blob of shape (4, 3) has 2");
    }
}
