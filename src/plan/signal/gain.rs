//! What functions of single elements make of a signal, which counts as normal with mean 0, but for its common part.

use std::f64::consts::PI;

use super::SignalSize;
use crate::layer::{Lrn, Neuron};

/// Behind an elementwise function; `None` where that is not known.
pub(super) fn neuron(neuron: &Neuron, bottom: SignalSize) -> Option<SignalSize> {
    let SignalSize { spread, common } = bottom;
    Some(match *neuron {
        Neuron::Relu { negative_slope } => rectified(bottom, negative_slope.into(), 0.0),
        Neuron::Rrelu { lower, upper, .. } => rectified(bottom, 2.0 / (f64::from(lower) + f64::from(upper)), 0.0),
        Neuron::Relux { negative_slope, maximal_value } => {
            bounded(rectified(bottom, negative_slope.into(), 0.0), f64::from(maximal_value).powi(2))
        }
        // About 0 they are like x and x / 2.
        Neuron::Elu { .. } if spread < 1.0 => bottom,
        Neuron::Elu { .. } | Neuron::Swish { .. } => rectified(bottom, 0.0, 0.0),
        // Mean 0 and variance 1 stay.
        Neuron::Selu { .. } | Neuron::SeluDropout { .. } => bottom,
        Neuron::AbsVal => {
            let mean_square = 2.0 / PI * spread;
            SignalSize::new(spread - mean_square, common + mean_square)
        }
        Neuron::Bnll => {
            let above = rectified(bottom, 0.0, 0.0);
            SignalSize::new(above.spread, above.common + 2f64.ln().powi(2))
        }
        Neuron::Clip { min, max } => bounded(bottom, f64::from(min.abs().max(max.abs())).powi(2)),
        // What stays is enlarged in turn.
        Neuron::Dropout { ratio: Some(ratio) } | Neuron::SpatialDropout { ratio: Some(ratio) } => {
            let kept = (1.0 - f64::from(ratio)).max(0.01);
            SignalSize::new(bottom.mean_square() / kept - common, common)
        }
        Neuron::Dropout { ratio: None } | Neuron::SpatialDropout { ratio: None } => bottom,
        Neuron::Power { power: 1.0, scale, shift } => {
            let size = bottom.times(scale.into());
            SignalSize::new(size.spread, size.common + f64::from(shift).powi(2))
        }
        Neuron::Sigmoid => SignalSize::new((spread / 16.0).min(0.25), 0.25),
        Neuron::TanH => {
            let square = 1.0 + bottom.mean_square();
            SignalSize::new(spread / square, common / square)
        }
        _ => return None,
    })
}

/// Behind a rectifier whose slopes below 0 have this mean and standard deviation: the mean of the elements above 0 is
/// √(s / 2π), and half of the mean square is on either side.
pub(super) fn rectified(bottom: SignalSize, slope: f64, std: f64) -> SignalSize {
    let SignalSize { spread, common } = bottom;
    let mean_square = 0.5 * (1.0 + slope * slope + std * std) * (spread + common);
    let in_common = (1.0 - slope).powi(2) * spread / (2.0 * PI) + ((1.0 + slope) / 2.0).powi(2) * common;
    SignalSize::new(mean_square - in_common, in_common)
}

/// Divided by the square root of a stored variance, or else of its own, and eps.
pub(super) fn normalised(bottom: SignalSize, variance: Option<f64>, eps: f64) -> SignalSize {
    match variance {
        Some(variance) => bottom.times((variance + eps).sqrt().recip()),
        None if bottom.mean_square() == 0.0 => bottom,
        None => SignalSize::UNIT,
    }
}

/// Behind local response normalisation, where the mean of neighbours' squares is the mean square.
pub(super) fn lrn(lrn: &Lrn, bottom: SignalSize) -> SignalSize {
    let sum = f64::from(lrn.k) + f64::from(lrn.alpha) * bottom.mean_square();
    bottom.times(sum.powf(-f64::from(lrn.beta)))
}

/// Of norm 1 over so many elements.
pub(super) fn of_norm_1(bottom: SignalSize, elements: f64) -> SignalSize {
    match bottom.mean_square() {
        0.0 => bottom,
        mean_square => bottom.times((mean_square * elements.max(1.0)).sqrt().recip()),
    }
}

/// Of this mean square at most.
fn bounded(size: SignalSize, most: f64) -> SignalSize {
    let mean_square = size.mean_square();
    if mean_square > most { size.times((most / mean_square).sqrt()) } else { size }
}
