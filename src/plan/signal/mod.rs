//! How large signals are in a net that starts, by its fillers alone.
//!
//! The rule is that of the preset's fillers (He et al. 2015, *Delving deep into rectifiers*): a unit that adds up N
//! inputs of mean square q by weights of mean square w makes q' = N w q. As weights need not have mean 0, two parts of
//! q = s + c are told apart: s is the variance between the units of a blob, c the mean square of what they have in
//! common. Weights of mean m and variance v, and a bias of mean a and variance b, make
//!
//! ```text
//! s' = N v (s + c) + b,   c' = m² (N s + N² c) + a²
//! ```
//!
//! Only s tells classes apart; c' grows with N², as in a layer of weights between 0 and 1. [`gain`] has what functions
//! of single elements do. N is the layer's multiply-accumulates by the elements of its tops, so that what is padded
//! counts as seen. Behind a layer of which nothing is known, signals count as large as the net's inputs.

mod gain;

use std::collections::HashMap;

use super::{BlobId, Plan, PlannedLayer, ValueSource};
use crate::layer::{BnStatistics, Eltwise, Operator, Role, Signal};
use crate::statistics::Moments;

/// How many of the values that a net gives are looked at.
const SAMPLE: usize = 4096;

/// The largest mean square that is told from a larger one.
const MOST: f64 = 1e100;

/// How large the elements of a blob are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SignalSize {
    /// The variance between units.
    pub(super) spread: f64,
    /// The mean square of what all units have in common.
    pub(super) common: f64,
}

impl SignalSize {
    /// A signal of mean 0 and variance 1.
    const UNIT: SignalSize = SignalSize { spread: 1.0, common: 0.0 };

    fn new(spread: f64, common: f64) -> SignalSize {
        // Rounding may leave a little below 0; what is NaN has been too large.
        let bounded = |number: f64| if number.is_nan() { MOST } else { number.clamp(0.0, MOST) };
        SignalSize { spread: bounded(spread), common: bounded(common) }
    }

    /// The mean square of the elements.
    pub(super) fn mean_square(self) -> f64 {
        self.spread + self.common
    }

    /// All elements times a number.
    fn times(self, factor: f64) -> SignalSize {
        let square = factor * factor;
        SignalSize::new(self.spread * square, self.common * square)
    }

    /// The elements of two independent signals, added.
    fn plus(self, other: SignalSize) -> SignalSize {
        SignalSize::new(self.spread + other.spread, self.common + other.common)
    }

    /// The elements of two independent signals, multiplied.
    fn product(self, other: SignalSize) -> SignalSize {
        let common = self.common * other.common;
        SignalSize::new(self.mean_square() * other.mean_square() - common, common)
    }
}

/// The signals around a layer.
#[derive(Debug, Clone)]
pub(super) struct LayerSignal {
    /// Those of its bottoms.
    pub(super) bottoms: Vec<SignalSize>,
    /// Those of its tops.
    pub(super) tops: Vec<SignalSize>,
}

/// The signals of all layers in order, where the net's inputs have mean 0 and this variance.
pub(super) fn signals(plan: &Plan, input: f64) -> Vec<LayerSignal> {
    let unknown = SignalSize::new(input, 0.0);
    let mut sizes: HashMap<usize, SignalSize> = HashMap::new();
    let layers = (0..plan.layers.len()).map(|index| {
        let layer = &plan.layers[index];
        let bottoms: Vec<SignalSize> =
            layer.bottom_ids.iter().map(|id| sizes.get(id).copied().unwrap_or(unknown)).collect();
        let around = Around { plan, layer, index, bottoms: &bottoms, unknown };
        let tops: Vec<SignalSize> = (0..layer.tops.len()).map(|top| around.top(top)).collect();
        sizes.extend(layer.top_ids.iter().copied().zip(tops.iter().copied()));
        LayerSignal { bottoms, tops }
    });
    layers.collect()
}

/// A layer with the signals of its bottoms.
struct Around<'a> {
    plan: &'a Plan,
    layer: &'a PlannedLayer,
    index: usize,
    bottoms: &'a [SignalSize],
    /// What a signal counts as of which nothing is known.
    unknown: SignalSize,
}

impl Around<'_> {
    /// The bottom that goes with a top: that of its number, or the first.
    fn bottom(&self, top: usize) -> SignalSize {
        self.bottoms.get(top).or(self.bottoms.first()).copied().unwrap_or(self.unknown)
    }

    fn top(&self, top: usize) -> SignalSize {
        let bottom = self.bottom(top);
        match &self.layer.operator {
            Operator::Neuron(neuron) => gain::neuron(neuron, bottom).unwrap_or(self.unknown),
            Operator::Prelu(_) => self.rectified(bottom),
            Operator::BatchNorm(norm) => {
                let variance = if norm.stored_statistics { self.stored_variance(1, Some(2)) } else { None };
                self.scaled(gain::normalised(bottom, variance, norm.eps.into()))
            }
            Operator::Bn(norm) => self.scaled(match norm.statistics {
                BnStatistics::Batch => gain::normalised(bottom, None, norm.eps.into()),
                BnStatistics::Stored => gain::normalised(bottom, self.stored_variance(3, None), norm.eps.into()),
                BnStatistics::Folded => bottom,
            }),
            Operator::Mvn(norm) if norm.normalize_variance => gain::normalised(bottom, None, norm.eps.into()),
            Operator::Lrn(lrn) => gain::lrn(lrn, bottom),
            Operator::Normalize(norm) => {
                let of_norm = self.layer.bottoms[0].count_from(1) as f64;
                let channels = f64::from(self.layer.bottoms[0].dim(1).unwrap_or(1));
                self.scaled(gain::of_norm_1(bottom, if norm.across_spatial { of_norm } else { channels }))
            }
            Operator::Eltwise(Eltwise::Product) => {
                self.bottoms.iter().copied().reduce(SignalSize::product).unwrap_or(bottom)
            }
            Operator::Eltwise(Eltwise::Maximum) => {
                let larger = |one: SignalSize, other: SignalSize| {
                    if one.mean_square() < other.mean_square() { other } else { one }
                };
                self.bottoms.iter().copied().reduce(larger).unwrap_or(bottom)
            }
            Operator::Scale(_) if self.bottoms.len() > 1 => bottom.product(self.bottoms[1]),
            Operator::Axpy => match self.bottoms {
                [factor, signal, rest] => factor.product(*signal).plus(*rest),
                _ => self.unknown,
            },
            _ => self.by_nature(bottom),
        }
    }

    /// What becomes of a signal by what is known of the layer's type.
    fn by_nature(&self, bottom: SignalSize) -> SignalSize {
        match &self.layer.nature.signal {
            Signal::Lost => self.unknown,
            Signal::Kept | Signal::Weighted if self.layer.macs > 0 => self.multiplied(bottom).unwrap_or(self.unknown),
            Signal::Kept | Signal::Weighted if self.has(Role::Weight) => match self.layer.operator {
                Operator::Scale(_) | Operator::EltwiseAffine { .. } => self.scaled(bottom),
                _ => self.unknown,
            },
            Signal::Kept | Signal::Weighted => self.scaled(bottom),
            Signal::Joined => self.joined(),
            Signal::Summed(coefficients) => {
                let coefficient = |bottom| f64::from(coefficients.get(bottom).copied().unwrap_or(1.0));
                let terms = self.bottoms.iter().enumerate().map(|(index, size)| size.times(coefficient(index)));
                terms.reduce(SignalSize::plus).unwrap_or(self.unknown)
            }
        }
    }

    /// All bottoms side by side.
    fn joined(&self) -> SignalSize {
        let counts = self.layer.bottoms.iter().map(|shape| shape.count() as f64);
        let total: f64 = counts.clone().sum::<f64>().max(1.0);
        let parts = self.bottoms.iter().zip(counts);
        let (spread, common) = parts.fold((0.0, 0.0), |(spread, common), (size, count)| {
            (spread + size.spread * count / total, common + size.common * count / total)
        });
        SignalSize::new(spread, common)
    }

    fn has(&self, role: Role) -> bool {
        self.layer.blobs.iter().any(|blob| blob.role == role)
    }

    /// The moments of the first blob of a role: of none those of `absent`; `None` where they are not known.
    fn moments(&self, role: Role, absent: f64) -> Option<Moments> {
        match self.layer.blobs.iter().position(|blob| blob.role == role) {
            Some(blob) => self.moments_of(blob),
            None => Some(Moments { mean: absent, std: 0.0 }),
        }
    }

    fn moments_of(&self, blob: usize) -> Option<Moments> {
        moments(self.plan.source(BlobId { layer: self.index, blob }))
    }

    /// Sums of products with weights, plus a bias; `None` where these are not known.
    fn multiplied(&self, bottom: SignalSize) -> Option<SignalSize> {
        let (weight, bias) = (self.moments(Role::Weight, 0.0)?, self.moments(Role::Bias, 0.0)?);
        let elements: f64 = self.layer.tops.iter().map(|top| top.count() as f64).sum();
        let n = self.layer.macs as f64 / elements.max(1.0);
        let (mean_square, variance) = (weight.mean * weight.mean, weight.std * weight.std);
        // In groups the units have no inputs in common.
        let alone = match &self.layer.operator {
            Operator::Convolution(convolution) => convolution.group > 1,
            _ => false,
        };
        let (incoherent, coherent) = (mean_square * n * bottom.spread, mean_square * n * n * bottom.common);
        let spread = n * variance * bottom.mean_square() + bias.std * bias.std;
        let common = coherent + bias.mean * bias.mean;
        Some(if alone {
            SignalSize::new(spread + incoherent, common)
        } else {
            SignalSize::new(spread, common + incoherent)
        })
    }

    /// Each channel times a weight of its own, plus a bias, as far as the layer has these.
    fn scaled(&self, bottom: SignalSize) -> SignalSize {
        let Some((weight, bias)) = self.moments(Role::Weight, 1.0).zip(self.moments(Role::Bias, 0.0)) else {
            return self.unknown;
        };
        let (mean_square, variance) = (weight.mean * weight.mean, weight.std * weight.std);
        let spread = (variance + mean_square) * bottom.spread + variance * bottom.common + bias.std * bias.std;
        SignalSize::new(spread, mean_square * bottom.common + bias.mean * bias.mean)
    }

    /// Behind a rectifier whose slope below 0 is learned.
    fn rectified(&self, bottom: SignalSize) -> SignalSize {
        match self.moments(Role::Weight, 0.25) {
            Some(Moments { mean, std }) => gain::rectified(bottom, mean, std),
            None => self.unknown,
        }
    }

    /// The variance in a blob by which a layer normalises, over the factor in another; `None` where it is not known or
    /// 0, which has a warning of its own.
    fn stored_variance(&self, variance: usize, factor: Option<usize>) -> Option<f64> {
        let known = |blob: usize| self.layer.blobs.get(blob).and_then(|_| self.moments_of(blob));
        let variance = known(variance)?.mean;
        let factor = match factor {
            Some(factor) => known(factor)?.mean,
            None => 1.0,
        };
        (variance > 0.0 && factor > 0.0).then_some(variance / factor)
    }
}

/// The moments of the values from a source, where they are known.
fn moments(source: ValueSource<'_>) -> Option<Moments> {
    match source {
        ValueSource::Filler { filler, .. } => filler.moments(),
        ValueSource::Zeros => Moments::finite(0.0, 0.0),
        ValueSource::Given(values) => {
            let sample = &values[..values.len().min(SAMPLE)];
            let mean_of =
                |power: i32| sample.iter().map(|&x| f64::from(x).powi(power)).sum::<f64>() / sample.len().max(1) as f64;
            let (mean, mean_square) = (mean_of(1), mean_of(2));
            Moments::finite(mean, (mean_square - mean * mean).max(0.0).sqrt())
        }
        ValueSource::Shared(_) | ValueSource::Weights(_) | ValueSource::WeightsInPart { .. } => None,
    }
}

#[cfg(test)]
mod tests;
