//! Local: a convolution whose filters differ from place to place (ducha-aiki, happynear).
//!
//! With `k` the kernel size:
//!
//! ```text
//! top   = (N, num_output, H', W'), H' = (H + 2 pad - k) / stride + 1, W' likewise
//! blobs = weight (num_output, 1, C k k, H' W'); bias (1, 1, num_output, H' W') if bias_term
//! ```
//!
//! Draws: weight, then bias. The kernel must fit the picture without its padding. Blobs given in the net are taken as
//! they are.

use super::size::{checked_size, positive_size};
use super::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext, Signal};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::LayerParameter;

const FIELD: &str = "local_param";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Local",
    "Convolves its input with learned filters that differ from place to place",
    Arity::exactly(1),
    Arity::exactly(1),
    &local,
)
.params(&["local_param"])
.signal(signal)
.known(Known::WithField("local_param"))];

/// Filters for each place of the top.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Local {
    /// The channels of the top.
    pub num_output: i64,
    /// Elements of a filter along height and width.
    pub kernel: i64,
    /// Steps between two places.
    pub stride: i64,
    /// Elements added on either side.
    pub pad: i64,
    /// Whether there is a bias, the second blob.
    pub bias: bool,
}

impl Local {
    /// The places along an axis of this length.
    fn places(&self, size: i32) -> Result<i64, Refusal> {
        let (size, kernel) = (i64::from(size), self.kernel);
        ensure!(size >= kernel, "local_param.kernel_size", "kernel_size {kernel} is larger than the picture's {size}");
        Ok((size + 2 * self.pad - kernel) / self.stride + 1)
    }
}

fn signal(layer: &LayerParameter) -> Signal {
    Signal::through_weights(layer, layer.local_param().is_some_and(|param| param.weight_filler.is_some()))
}

fn local(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.local_param().unwrap_or_default();
    let local = Local {
        num_output: positive_size(param.num_output(), "local_param.num_output")?,
        kernel: positive_size(param.kernel_size(), "local_param.kernel_size")?,
        stride: positive_size(param.stride(), "local_param.stride")?,
        pad: checked_size(param.pad(), "local_param.pad")?,
        bias: param.bias_term(),
    };
    let [num, channels, height, width] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis));
    let (num, channels, height, width) = (num?, channels?, height?, width?);
    let (high, wide) = (local.places(height)?, local.places(width)?);
    let top = Shape::new([num.into(), local.num_output, high, wide]).at(FIELD)?;
    let places = high * wide;
    let filter = Shape::new([i64::from(channels), local.kernel, local.kernel]).at(FIELD)?.count() as i64;
    let weight = Shape::new([local.num_output, 1, filter, places]).at(FIELD)?;
    let bias = Shape::new([1, 1, local.num_output, places]).at(FIELD)?;
    let has_bias = local.bias;
    let mut setup = Setup::new(ctx, Operator::Local(local), [top]).given_roles(&[Role::Weight, Role::Bias]);
    if setup.blobs.is_empty() {
        let filler = param.weight_filler.as_ref();
        setup.push_blob(BlobSpec::filled(Role::Weight, weight, "local_param.weight_filler", filler));
        if has_bias {
            let filler = param.bias_filler.as_ref();
            setup.push_blob(BlobSpec::filled(Role::Bias, bias, "local_param.bias_filler", filler));
        }
    }
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::Surroundings;

    fn run(text: &str, bottom: &[i32]) -> Result<Setup, String> {
        Surroundings::of("ducha-aiki").run("Local", &format!("local_param {{ {text} }}"), &[bottom], 1)
    }

    #[test]
    fn every_place_has_its_filters() {
        let made = run("num_output: 3 kernel_size: 3 stride: 2 pad: 1", &[1, 2, 7, 6]).unwrap();
        assert_eq!(made.tops[0].dims(), [1, 3, 4, 3]);
        let blobs: Vec<_> = made.blobs.iter().map(|blob| blob.shape.dims()).collect();
        assert_eq!(blobs, [[3, 1, 18, 12], [1, 1, 3, 12]]);
    }

    #[test]
    fn refusals() {
        let error = |text: &str| run(text, &[1, 2, 4, 4]).unwrap_err();
        let message = "local_param.kernel_size: kernel_size 5 is larger than the picture's 4";
        assert_eq!(error("num_output: 1 kernel_size: 5 pad: 2"), message);
        let message = "local_param.stride: stride must be at least 1";
        assert_eq!(error("num_output: 1 kernel_size: 1 stride: 0"), message);
    }
}
