//! EltwiseAffine: a learned slope times the bottom plus a learned bias, for each channel or one for all (ducha-aiki).
//!
//! ```text
//! top   = bottom.dims, of 2 or 4 axes
//! blobs = slope (C), bias (C); both without axes if channel_shared
//! ```
//!
//! Draws: the slope, then the bias. Without fillers they are 1.0001 and 0.0001; an empty filler makes zeros. Of blobs
//! that the net gives, the slope's count matters alone.

use super::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext, ZeroStart};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "EltwiseAffine",
    "Multiplies each channel by a learned slope and adds a learned bias",
    Arity::exactly(1),
    Arity::exactly(1),
    &eltwise_affine,
)
.params(&["eltwise_affine_param"])
.zero_start(ZeroStart::WhereSaid)
.keeps_signal()
.known(Known::WithFieldBut { field: "eltwise_affine_param", not: &["happynear"] })];

fn eltwise_affine(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    ensure!(matches!(bottom.axes(), 2 | 4), "bottom", "EltwiseAffine takes 2 or 4 axes, the input is {bottom}");
    let sample = bottom.count_from(1);
    ensure!(sample > 0, "bottom", "EltwiseAffine cannot take the empty input {bottom}");
    // Caffe keeps a multiplier of one sample's size.
    Shape::new([sample]).at("bottom")?;
    let param = ctx.param.eltwise_affine_param().unwrap_or_default();
    let shared = param.channel_shared();
    let shape = if shared { Shape::scalar() } else { Shape::new(&bottom.dims()[1..2]).at("bottom")? };
    let operator = Operator::EltwiseAffine { channel_shared: shared };
    let mut setup = Setup::like_bottom(ctx, operator).given_roles(&[Role::Weight, Role::Bias]);
    if let Some(given) = ctx.given.first() {
        let (count, wanted) = (given.count(), shape.count());
        ensure!(count == wanted, "blobs", "the given slope has {count} values instead of {wanted}");
        return Ok(setup);
    }
    let (slope, bias) = (param.slope_filler.as_ref(), param.bias_filler.as_ref());
    let slope = BlobSpec::filled(Role::Weight, shape.clone(), "eltwise_affine_param.slope_filler", slope);
    setup.push_blob(slope.or_constant(1.0001));
    let bias = BlobSpec::filled(Role::Bias, shape, "eltwise_affine_param.bias_filler", bias);
    setup.push_blob(bias.or_constant(0.0001));
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::Surroundings;
    use crate::layer::{BlobValues, Draw};

    fn run(text: &str, bottom: &[i32]) -> Result<Setup, String> {
        Surroundings::of("ducha-aiki").run("EltwiseAffine", text, &[bottom], 1)
    }

    #[test]
    fn slope_and_bias_are_nearly_one_and_nought() {
        let made = run("", &[2, 3, 4, 5]).unwrap();
        assert_eq!(made.draws, [Draw::Blob(0), Draw::Blob(1)]);
        let values = made.blobs.iter().map(|blob| match &blob.values {
            BlobValues::Filled(spec) => (blob.shape.dims(), spec.param.value()),
            other => panic!("{other:?}"),
        });
        assert_eq!(values.collect::<Vec<_>>(), [(&[3][..], 1.0001), (&[3][..], 0.0001)]);
        let shared = run("eltwise_affine_param { channel_shared: true }", &[2, 3]).unwrap();
        assert!(shared.blobs.iter().all(|blob| blob.shape.axes() == 0));
    }

    #[test]
    fn refusals() {
        let message = "bottom: EltwiseAffine takes 2 or 4 axes, the input is (2, 3, 4)";
        assert_eq!(run("", &[2, 3, 4]).unwrap_err(), message);
        assert_eq!(run("", &[2, 0]).unwrap_err(), "bottom: EltwiseAffine cannot take the empty input (2, 0)");
    }
}
