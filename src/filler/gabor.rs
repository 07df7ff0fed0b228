//! The gabor filler of Intel's Caffe: waves under bells, of several angles, frequencies and colours.
//!
//! x(k, c, j, i) = colour(c) a exp(-(u² + v²) / 2σ²) cos(ω (u cos θ - v sin θ) + φ)
//!
//! u and v run from -1 to 1 over the columns i and the rows j; the colour of each of three channels, a, σ, ω, φ and θ
//! follow from the number k of the output, by a table for each of four shapes: the first layers of nets for CIFAR (32
//! outputs of 5 x 5), of GoogLeNet (64 of 7 x 7), VGG (64 of 3 x 3) and AlexNet (96 of 11 x 11). It draws nothing.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, FRAC_PI_8, PI};

use super::{FillerType, Piecewise, refuse_sparse};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, Generator};

const NAME: &str = "gabor";

pub(super) const TYPE: FillerType = FillerType::new(
    NAME,
    "Sets the filters of a first layer to waves of several angles, frequencies and colours",
    "x = colour a exp(-(u^2 + v^2) / 2 sigma^2) cos(omega (u cos theta - v sin theta) + phi)",
    |param, shape| Ok(Box::new(Gabor::new(param, shape)?)),
)
.known(Known::In(&["intel"]));

/// Sets every filter to a wave under a bell.
#[derive(Debug, Clone)]
pub struct Gabor {
    outputs: i32,
    width: i32,
    bank: fn(i32, f64) -> Wave,
}

/// A wave under a bell.
#[derive(Debug, Clone, Copy)]
struct Wave {
    colour: [f64; 3],
    amplitude: f64,
    sigma: f64,
    omega: f64,
    phi: f64,
    theta: f64,
}

const PLAIN: Wave = Wave { colour: [1.0; 3], amplitude: 1.0, sigma: 0.6, omega: PI, phi: 0.0, theta: 0.0 };

impl Gabor {
    /// The filler for a blob of the given shape.
    ///
    /// # Errors
    /// There is no table for the shape, or `sparse` is given.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Gabor, Refusal> {
        refuse_sparse(NAME, param)?;
        let &[outputs, channels, height, width] = shape.dims() else {
            let axes = shape.axes();
            return Err(Refusal::new(format!("the {NAME} filler needs 4 axes, a blob of shape {shape} has {axes}")));
        };
        ensure!(height == width, "", "the {NAME} filler needs a square kernel, this one is {height} x {width}");
        ensure!(channels == 3, "", "the {NAME} filler needs 3 channels, a blob of shape {shape} has {channels}");
        let bank = match (outputs, width) {
            (32, 5) => cifar,
            (64, 7) => googlenet,
            (64, 3) => vgg,
            (96, 11) => alexnet,
            _ => {
                let message = format!("the {NAME} filler has no table for {outputs} outputs of {width} x {width}");
                return Err(Refusal::new(message)
                    .help("there are tables for 32 outputs of 5 x 5, 64 of 3 x 3 or 7 x 7, and 96 of 11 x 11"));
            }
        };
        Ok(Gabor { outputs, width, bank })
    }
}

/// How fast a wave with `part` of the highest frequency turns; `reach` is π times the width less one.
fn turns(reach: f64, part: f64) -> f64 {
    reach / 2.0 / part
}

/// The angle number `id` of `count`, that far apart.
fn angle(id: i32, count: i32, apart: f64) -> f64 {
    f64::from(id % count) * apart
}

fn cifar(id: i32, reach: f64) -> Wave {
    let wave = Wave { amplitude: 0.5, ..PLAIN };
    match id {
        0..8 => Wave { omega: turns(reach, 1.0), theta: f64::from(id % 8) * PI / 8.0, ..wave },
        8..14 => {
            let theta = f64::from((id - 2) % 6) * PI / 6.0 + PI / 12.0;
            Wave { omega: turns(reach, 2.0), theta, ..wave }
        }
        14..16 => {
            let phi = angle(id, 2, PI);
            Wave { colour: [1.0, -1.0, 1.0], sigma: 0.75, omega: turns(reach, 8.0), phi, ..wave }
        }
        _ => {
            let quarter = f64::from(id % 4) * PI / 2.0 + FRAC_PI_4 + FRAC_PI_8;
            let half = f64::from(id % 2) * PI / 2.0 + FRAC_PI_4;
            let (colour, theta) = match id {
                30.. => ([1.0, 1.0, 0.0], half + FRAC_PI_8),
                28.. => ([-1.0, 1.0, -1.0], half - FRAC_PI_8),
                24.. => ([-1.0, 1.0, 1.0], quarter),
                20.. => ([1.0, 0.0, -1.0], quarter),
                _ => ([1.0; 3], quarter),
            };
            Wave { colour, omega: turns(reach, 4.0), phi: FRAC_PI_2, theta, ..wave }
        }
    }
}

fn googlenet(id: i32, reach: f64) -> Wave {
    let eighths = f64::from(id % 8);
    match id {
        0..32 => Wave {
            amplitude: 1.0 / (1.0 + eighths / 8.0),
            sigma: 0.4 + 0.2 * eighths / 8.0,
            omega: turns(reach, 1.0 + eighths / 2.0),
            phi: angle(id, 2, PI) + PI * 12.0 / 32.0,
            theta: f64::from(id / 8) * PI / 4.0,
            ..PLAIN
        },
        32..40 => Wave { amplitude: 0.5, sigma: 0.45, omega: reach / 2.0, phi: PI, theta: eighths * PI / 8.0, ..PLAIN },
        40..46 => spot(1.0, (id - 1) / 3, (id - 1) % 3),
        46..48 => {
            let theta = eighths * PI + FRAC_PI_8;
            broad(reach, 2.0 / 3.0, [1.0, 0.1, -0.5], theta)
        }
        48..56 => broad(reach, 2.0 / 3.0, [-0.5, 0.1, 1.0], eighths * PI / 4.0 + PI / 32.0),
        56..60 => broad(reach, 1.0, [0.25, -1.0, 1.0], eighths * PI / 2.0 + FRAC_PI_8),
        _ => broad(reach, 2.0 / 3.0, [-1.0, -1.0, 1.0], eighths * PI / 2.0 + FRAC_PI_8),
    }
}

fn vgg(id: i32, reach: f64) -> Wave {
    Wave { sigma: 1.0, ..googlenet(id, reach) }
}

fn alexnet(id: i32, reach: f64) -> Wave {
    let third = 1.0 / 3.0;
    let eighths = f64::from(id % 8);
    let quarters = f64::from(id % 4);
    let eighth_turn = eighths * PI / 4.0 + PI / 32.0;
    let wave = |colour, amplitude, sigma, part, theta| Wave {
        colour,
        amplitude,
        sigma,
        omega: turns(reach, part),
        phi: FRAC_PI_2,
        theta,
    };
    match id {
        0..48 => Wave {
            amplitude: third / (1.0 + eighths / 8.0),
            sigma: 0.5 + 0.2 * eighths / 8.0,
            omega: turns(reach, 1.0 + eighths / 2.0),
            phi: angle(id, 2, PI) + PI * 12.0 / 32.0,
            theta: f64::from(id / 8) * PI / 6.0,
            ..PLAIN
        },
        48..56 => spot(third, id / 4, id % 4),
        56..60 => wave([-1.0, 1.0, -0.5], third / 1.5, 0.75, 8.0, quarters * PI / 2.0 + FRAC_PI_8),
        60..64 => wave([1.0, -0.5, -0.75], third / 3.0, 2.0, 8.0, quarters * PI / 2.0 + FRAC_PI_8),
        64..72 => wave([1.0, 0.1, -0.75], third / 1.5, 0.75, 4.0, eighth_turn),
        72..80 => wave([-0.5, 0.1, 1.0], third / 1.5, 1.0, 12.0, eighth_turn),
        80..88 => wave([-1.0, -1.0, 1.0], third / 2.5, 1.0, 8.0, eighth_turn),
        88..92 => wave([1.0; 3], third, PLAIN.sigma, 16.0, quarters * PI / 2.0 + PI / 16.0),
        _ => wave([-1.0, -1.0, 1.0], third / 4.0, 0.75, 4.0, eighth_turn),
    }
}

/// A coloured spot of one of several sizes.
fn spot(amplitude: f64, phase: i32, size: i32) -> Wave {
    let size = f64::from(size);
    Wave {
        colour: [0.25, -1.0, 1.0],
        amplitude: amplitude / (1.0 + size / 2.0),
        sigma: 1.0 / (2.5 - size / 2.0),
        omega: FRAC_PI_4,
        phi: f64::from(phase) * PI,
        theta: 0.0,
    }
}

/// A broad coloured edge.
fn broad(reach: f64, amplitude: f64, colour: [f64; 3], theta: f64) -> Wave {
    Wave { colour, amplitude, sigma: 1.0, omega: turns(reach, 12.0), phi: FRAC_PI_2, theta }
}

impl Wave {
    /// The value at a place, before it is coloured.
    fn at(&self, u: f64, v: f64) -> f64 {
        let bell = (-(u * u + v * v) / (2.0 * self.sigma * self.sigma)).exp();
        let along = u * self.theta.cos() - v * self.theta.sin();
        self.amplitude * bell * (along * self.omega + self.phi).cos()
    }
}

impl Piecewise for Gabor {
    fn count(&self) -> usize {
        (self.outputs * 3 * self.width * self.width) as usize
    }

    fn distribution(&self) -> Option<Distribution> {
        None
    }

    fn make(&self, _: &mut dyn Generator, offset: usize, out: &mut [f32]) {
        let (width, last) = (self.width as usize, f64::from(self.width - 1));
        let place = |index: usize| 2.0 * index as f64 / last - 1.0;
        for (index, value) in (offset..).zip(out) {
            let (column, row) = (index % width, index / width % width);
            let (channel, output) = (index / (width * width) % 3, index / (width * width * 3));
            let wave = (self.bank)(output as i32, PI * last);
            *value = (wave.colour[channel] * wave.at(place(column), place(row))) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Stub, sha256, values};

    fn filler(dims: &[i32]) -> Result<Gabor, String> {
        Gabor::new(&FillerParameter::default(), &Shape::new(dims).unwrap()).map_err(|refusal| refusal.message)
    }

    #[test]
    fn values_are_caffe_s() {
        let golden: [(&[i32], &str); 4] = [
            (&[32, 3, 5, 5], "077f025aa2b125d08722a9b4e4a05490f01f618d0174727cd9930f8166964590"),
            (&[64, 3, 3, 3], "339137c5497268c7a9866c78524ced0f1283e41e9e1b81e06e3e88c93748afa1"),
            (&[64, 3, 7, 7], "03efe7661677e0f526fbfe14d68d1174a5f387e709e9ff3e5cc59bf241df6842"),
            (&[96, 3, 11, 11], "7b24540b10444543d9d11ed2455bcffe0a3d6b39e6f9c221e0cfbe0f8981e760"),
        ];
        for (dims, hash) in golden {
            assert_eq!(sha256(&values(&filler(dims).unwrap(), &mut Stub::new(0))), hash, "{dims:?}");
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        let error = |dims: &[i32]| filler(dims).unwrap_err();
        assert_eq!(error(&[32, 3, 3, 3]), "the gabor filler has no table for 32 outputs of 3 x 3");
        assert_eq!(error(&[32, 4, 5, 5]), "the gabor filler needs 3 channels, a blob of shape (32, 4, 5, 5) has 4");
        assert_eq!(error(&[32, 3, 5, 3]), "the gabor filler needs a square kernel, this one is 5 x 3");
        assert_eq!(error(&[32, 75]), "the gabor filler needs 4 axes, a blob of shape (32, 75) has 2");
    }
}
