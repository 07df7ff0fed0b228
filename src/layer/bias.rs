//! Bias: adds a learned blob, or a second bottom, along some axes of the first bottom.
//!
//! ```text
//! top   = bottom[0].dims
//! blobs = with one bottom: bias bottom[0].dims[axis..axis + num_axes]; with two: none
//! ```
//!
//! `num_axes: -1` means all axes to the last, 0 a scalar. A second bottom must match the first one's dimensions from
//! `axis` on; `num_axes` is then ignored, and so is `axis` where the second bottom is a scalar. Draws: the bias.
//!
//! A bias given in the net must match like a second bottom. Caffe keeps a multiplier of ones for the axes behind those
//! of the bias, so these may not be empty.

use super::span::SpanSettings;
use super::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext};
use crate::dialect::Known;
use crate::error::Refusal;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Bias",
    "Adds a learned blob, or its second input, along some axes",
    Arity::between(1, 2),
    Arity::exactly(1),
    &bias,
)
.params(&["bias_param"])
.known(Known::WithField("bias_param"))
.keeps_signal()];

fn bias(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.bias_param.clone().unwrap_or_default();
    let bottom = ctx.bottom(0);
    let span = SpanSettings {
        what: "bias",
        axis: param.axis(),
        axis_field: "bias_param.axis",
        num_axes: param.num_axes(),
        num_axes_field: "bias_param.num_axes",
    };
    if let Some(second) = ctx.bottoms.get(1) {
        let axes = span.fit_bias(bottom, second, "bottom")?;
        return Ok(Setup::like_bottom(ctx, Operator::Bias(axes)).given_roles(&[Role::Bias]));
    }
    let shape = match ctx.given.first() {
        Some(given) => given.clone(),
        None => span.blob_shape(bottom)?,
    };
    let axes = span.fit_bias(bottom, &shape, "blobs")?;
    let mut setup = Setup::like_bottom(ctx, Operator::Bias(axes)).given_roles(&[Role::Bias]);
    if ctx.given.is_empty() {
        setup.push_blob(BlobSpec::filled(Role::Bias, shape, "bias_param.filler", param.filler.as_ref()));
    }
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use super::super::{Draw, testing};
    use super::*;
    use crate::proto::caffe::{BiasParameter, BlobProto, BlobShape, LayerParameter};

    fn layer(axis: i32, num_axes: i32) -> LayerParameter {
        let param = BiasParameter { axis: Some(axis), num_axes: Some(num_axes), ..Default::default() };
        LayerParameter { bias_param: Some(param.into()), ..Default::default() }
    }

    fn run(layer: &LayerParameter, bottoms: &[&[i32]]) -> Result<Setup, Refusal> {
        testing::setup(&TYPES[0], layer, bottoms, 1)
    }

    #[test]
    fn spans_the_axes_asked_for() {
        let shape = |axis, num_axes| {
            let setup = run(&layer(axis, num_axes), &[&[2, 3, 4, 5]]).unwrap();
            assert_eq!(setup.draws, [Draw::Blob(0)]);
            setup.blobs[0].shape.dims().to_vec()
        };
        assert_eq!(shape(1, 1), [3]);
        assert_eq!(shape(-3, 2), [3, 4]);
        assert_eq!(shape(0, -1), [2, 3, 4, 5]);
        assert_eq!(shape(3, 0), [0; 0]);
    }

    #[test]
    fn a_second_bottom_stands_in_for_the_blob() {
        let setup = run(&layer(1, 7), &[&[2, 3, 4], &[3, 4]]).unwrap();
        assert_eq!(setup.tops[0].dims(), [2, 3, 4]);
        assert!(setup.blobs.is_empty() && setup.draws.is_empty());
        assert!(run(&layer(9, 1), &[&[2, 3, 4], &[]]).is_ok());
    }

    #[test]
    fn a_given_bias_must_fit_whatever_num_axes_says() {
        let given = |dims: &[i64]| {
            let blob = BlobProto { shape: Some(BlobShape { dim: dims.to_vec() }), ..Default::default() };
            run(&LayerParameter { blobs: vec![blob], ..layer(1, 1) }, &[&[2, 3, 4]])
        };
        let setup = given(&[3, 4]).unwrap();
        assert_eq!(setup.blobs[0].role, Role::Bias);
        assert!(setup.draws.is_empty());
        let refusal = given(&[4]).unwrap_err();
        assert_eq!(refusal.field, "blobs");
        assert_eq!(refusal.message, "the bias's shape (4) does not match that of the input (2, 3, 4) from axis 1 on");
    }

    #[test]
    fn refusals_name_field_and_values() {
        let refuse = |axis, num_axes, bottoms: &[&[i32]]| {
            let refusal = run(&layer(axis, num_axes), bottoms).unwrap_err();
            (refusal.field, refusal.message)
        };
        let at = |field, message: &str| (field, message.to_string());
        assert_eq!(
            refuse(9, 0, &[&[2, 3, 2, 4]]),
            at("bias_param.axis", "axis 9 is out of range for the 4-axis shape (2, 3, 2, 4)")
        );
        assert_eq!(
            refuse(2, 3, &[&[2, 3, 2, 4]]),
            at("bias_param.num_axes", "the bias spans 3 axes from axis 2 on, past the last one of (2, 3, 2, 4)")
        );
        assert_eq!(
            refuse(2, -2, &[&[2, 3, 2, 4]]),
            at("bias_param.num_axes", "num_axes is -2, but the least is -1 (to the last axis)")
        );
        assert_eq!(
            refuse(1, 1, &[&[2, 3], &[3, 1]]),
            at("bottom", "the bias's shape (3, 1) does not match that of the input (2, 3) from axis 1 on")
        );
        assert_eq!(
            refuse(1, 1, &[&[2, 3, 0]]),
            at("bottom", "a bias cannot be added to the input (2, 3, 0), empty after the bias's axes")
        );
        assert_eq!(
            refuse(1, 1, &[&[0, 3, 65536, 65536]]),
            at("bottom", "a blob holds at most 2147483647 elements, 12884901888 are more")
        );
    }
}
