//! What a layer says about a blob that it owns.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::Shape;
use crate::proto::caffe::FillerParameter;

/// What a blob is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// Multiplies its input: weights, scales, slopes.
    Weight,
    /// Is added to the result.
    Bias,
    /// Collected while training, not learned: the running mean and variance of a batch normalisation.
    Statistic,
    /// Anything else, such as the blob of a Parameter layer or one given in the net to a layer that has none.
    Other,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Weight => "weight",
            Role::Bias => "bias",
            Role::Statistic => "statistic",
            Role::Other => "other",
        })
    }
}

/// The filler of a blob, as the net gives it or as the layer type defaults it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FillerSpec {
    /// The filler's parameters.
    pub param: Box<FillerParameter>,
    /// The field of the layer that holds them, such as `convolution_param.weight_filler`.
    pub field: &'static str,
    /// Whether the net gives the filler; if not, `param` is the layer type's default.
    pub explicit: bool,
}

/// Where the values of a blob come from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum BlobValues {
    /// A filler makes them.
    Filled(FillerSpec),
    /// The net definition gives them: the layer's `blobs` entry of this index.
    Given(usize),
    /// All zeros, nothing drawn.
    Zeros,
    /// The layer type knows them one by one; nothing is drawn.
    Fixed(Arc<[f32]>),
}

/// A blob that a layer owns: its shape and where its values come from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BlobSpec {
    /// Its shape.
    pub shape: Shape,
    /// What it is for.
    pub role: Role,
    /// Where its values come from.
    pub values: BlobValues,
}

impl BlobSpec {
    /// A blob filled by the filler in `field`; where the net gives none, zeros as Caffe has it.
    pub fn filled(role: Role, shape: Shape, field: &'static str, filler: Option<&FillerParameter>) -> BlobSpec {
        let param = Box::new(filler.cloned().unwrap_or_default());
        let spec = FillerSpec { param, field, explicit: filler.is_some() };
        BlobSpec { shape, role, values: BlobValues::Filled(spec) }
    }

    /// Makes `value` the constant that fills the blob where the net gives no filler.
    #[must_use]
    pub fn or_constant(mut self, value: f32) -> BlobSpec {
        if let BlobValues::Filled(spec) = &mut self.values
            && !spec.explicit
        {
            spec.param.value = Some(value);
        }
        self
    }

    /// Makes `default` the filler of the blob where the net gives none.
    #[must_use]
    pub fn or_filler(mut self, default: FillerParameter) -> BlobSpec {
        if let BlobValues::Filled(spec) = &mut self.values
            && !spec.explicit
        {
            *spec.param = default;
        }
        self
    }

    /// A blob of one value, which no field of the net says: `field` is what a rule for its filler is told to be in
    /// place of.
    pub fn constant(role: Role, shape: Shape, field: &'static str, value: f32) -> BlobSpec {
        BlobSpec::filled(role, shape, field, None).or_constant(value)
    }

    /// A blob of these values, one after the other, for which nothing is drawn.
    pub fn fixed(role: Role, shape: Shape, values: Arc<[f32]>) -> BlobSpec {
        BlobSpec { shape, role, values: BlobValues::Fixed(values) }
    }

    /// A blob of zeros that draws nothing.
    pub fn zeros(role: Role, shape: Shape) -> BlobSpec {
        BlobSpec { shape, role, values: BlobValues::Zeros }
    }
}
