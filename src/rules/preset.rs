//! Named sets of rules.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;

use super::pattern::BlobSelector;
use super::{BlobPlace, Rule, Selector, Spec};
use crate::filler::FillerRegistry;
use crate::layer::{BlobValues, Operator, Role};

/// A named set of rules for blobs to which the net gives neither filler nor values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Preset {
    /// Plausible random weights: a forward pass through them keeps its signals within a few orders of magnitude.
    ///
    /// - Weights of convolutions and inner products are `msra` by the number of inputs of a unit.
    /// - A deconvolution that enlarges each channel by itself is `bilinear`, other ones are `msra`.
    /// - Recurrent weights are `xavier`; embeddings are normal values.
    /// - A BatchNorm has mean 0, variance 1 and factor 1, a BN also scale 1, and a Parameter layer ones.
    /// - The last weights of each branch before a sum are damped, so that residual nets keep their signals too;
    ///   [`Damping`](super::Damping) has the formula.
    ///
    /// The layer types' own defaults do for the rest: no bias, Scale 1, PReLU 0.25.
    Benchmark,
}

/// A name that is not one of a preset.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown preset {0:?}; the only one is benchmark")]
pub struct PresetError(String);

impl Preset {
    /// All presets.
    pub const ALL: [Preset; 1] = [Preset::Benchmark];

    fn parts(self) -> &'static [Part] {
        match self {
            Preset::Benchmark => BENCHMARK,
        }
    }

    /// The rules; `option` is what messages call them.
    pub(super) fn rules(self, option: &str) -> impl Iterator<Item = Rule> {
        let (option, text): (Arc<str>, Arc<str>) = (option.into(), self.to_string().into());
        let fillers = FillerRegistry::default();
        self.parts().iter().map(move |part| {
            let spec = Spec::parse(&option, part.spec, &fillers).expect("the specs of presets are the program's own");
            Rule { selector: Selector::Preset(part), spec, option: Arc::clone(&option), text: Arc::clone(&text) }
        })
    }
}

impl FromStr for Preset {
    type Err = PresetError;

    fn from_str(name: &str) -> Result<Preset, PresetError> {
        Preset::ALL.into_iter().find(|preset| preset.to_string() == name).ok_or_else(|| PresetError(name.to_owned()))
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Preset::Benchmark => "benchmark",
        })
    }
}

/// One rule of a preset.
#[derive(Debug)]
pub struct Part {
    /// Whether the blobs of such a layer are meant.
    of: fn(&Operator) -> bool,
    blob: BlobSelector,
    spec: &'static str,
    /// What must hold beside.
    only: fn(&BlobPlace<'_>) -> bool,
}

const WEIGHT: BlobSelector = BlobSelector::Role(Role::Weight);

/// A later part wins over an earlier one.
static BENCHMARK: &[Part] = &[
    Part::new(is_batch_norm, BlobSelector::Index(1), "constant:1"),
    Part::new(is_batch_norm, BlobSelector::Index(2), "constant:1"),
    Part::new(is_bn, WEIGHT, "constant:1"),
    Part::new(is_bn, BlobSelector::Index(3), "constant:1"),
    Part::new(|of| matches!(of, Operator::Convolution(_)), WEIGHT, "msra"),
    // The filters of a deconvolution have their inputs first.
    Part::new(is_deconvolution, WEIGHT, "msra:FAN_OUT"),
    Part::new(is_deconvolution, WEIGHT, "bilinear").only(enlarges_channels),
    Part::new(|of| matches!(of, Operator::Embed(_)), WEIGHT, "gaussian"),
    Part::new(|of| matches!(of, Operator::InnerProduct(_)), WEIGHT, "msra"),
    Part::new(|of| matches!(of, Operator::InnerProduct(product) if product.transpose), WEIGHT, "msra:FAN_OUT"),
    Part::new(|of| matches!(of, Operator::Parameter), BlobSelector::Index(0), "constant:1"),
    Part::new(|of| matches!(of, Operator::Recurrent(_)), WEIGHT, "xavier"),
    Part::new(|of| matches!(of, Operator::Scale(_)), WEIGHT, "constant:1").only(is_damped),
];

fn is_batch_norm(of: &Operator) -> bool {
    matches!(of, Operator::BatchNorm(_))
}

fn is_bn(of: &Operator) -> bool {
    matches!(of, Operator::Bn(_))
}

fn is_deconvolution(of: &Operator) -> bool {
    matches!(of, Operator::Convolution(convolution) if convolution.transposed)
}

impl Part {
    const fn new(of: fn(&Operator) -> bool, blob: BlobSelector, spec: &'static str) -> Part {
        Part { of, blob, spec, only: |_| true }
    }

    const fn only(self, only: fn(&BlobPlace<'_>) -> bool) -> Part {
        Part { only, ..self }
    }

    pub(super) fn matches(&self, place: &BlobPlace<'_>) -> bool {
        let open = match &place.blob.values {
            BlobValues::Filled(spec) => !spec.explicit,
            BlobValues::Zeros => true,
            BlobValues::Given(_) | BlobValues::Fixed(_) => false,
        };
        let is_meant = (self.of)(place.operator) && self.blob.matches(place);
        open && is_meant && (self.only)(place)
    }
}

fn is_damped(place: &BlobPlace<'_>) -> bool {
    place.damping.is_some()
}

/// Whether each channel is a group of its own, with a square kernel larger than 1.
fn enlarges_channels(place: &BlobPlace<'_>) -> bool {
    matches!(place.blob.shape.dims(), &[_, 1, height, width] if height == width && height > 1)
}
