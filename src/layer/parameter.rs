//! Parameter: a learned blob as a top.
//!
//! ```text
//! top   = shape, a scalar if there is none
//! blobs = the same: zeros, or in happynear's tree filled by `blob_filler`
//! ```
//!
//! The top shows the blob's memory. Only that filler draws. A blob given in the net is taken as it
//! is, whatever its shape.

use super::{Arity, BlobSpec, Layer, LayerType, Operator, Role, Setup, SetupContext, TopMemory};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

const SHAPE: &str = "parameter_param.shape";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry(&parameter).known(Known::WithFieldBut { field: "parameter_param", not: &["happynear"] }),
    entry(&filled).known(Known::In(&["happynear"])),
];

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new("Parameter", "Outputs a learned blob", Arity::exactly(0), Arity::exactly(1), rule)
        .params(&["parameter_param"])
}

fn parameter(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    shown(ctx, |shape| BlobSpec::zeros(Role::Other, shape))
}

fn filled(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let filler = ctx.param.parameter_param.as_ref().and_then(|param| param.blob_filler.as_ref());
    shown(ctx, |shape| BlobSpec::filled(Role::Other, shape, "parameter_param.blob_filler", filler))
}

/// The layer whose blob of the shape that the net gives is made by `blob`.
fn shown(ctx: &SetupContext<'_>, blob: impl Fn(Shape) -> BlobSpec) -> Result<Setup, Refusal> {
    let dims = ctx.param.parameter_param.as_ref().and_then(|param| param.shape.as_ref()).map(|shape| &shape.dim[..]);
    let shape = Shape::new(dims.unwrap_or_default()).at(SHAPE)?;
    let mut setup = Setup::new(ctx, Operator::Parameter, [shape.clone()]).view(TopMemory::Blob(0));
    if ctx.given.is_empty() {
        ensure!(shape.count() > 0, SHAPE, "a learned blob cannot be empty, its shape is {shape}");
        setup.push_blob(blob(shape));
    }
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use super::super::{BlobValues, Draw, testing};
    use super::*;
    use crate::proto::caffe::{BlobProto, BlobShape, LayerParameter, ParameterParameter};

    fn layer(dims: &[i64]) -> LayerParameter {
        let shape = Some(BlobShape { dim: dims.to_vec() });
        LayerParameter {
            parameter_param: Some(ParameterParameter { shape, ..Default::default() }.into()),
            ..Default::default()
        }
    }

    fn run(layer: &LayerParameter) -> Result<Setup, Refusal> {
        testing::setup(&TYPES[0], layer, &[], 1)
    }

    #[test]
    fn is_zeros_of_the_shape() {
        let setup = run(&layer(&[2, 3])).unwrap();
        assert_eq!(setup.tops[0].dims(), [2, 3]);
        assert_eq!(setup.blobs, [BlobSpec::zeros(Role::Other, Shape::new([2, 3]).unwrap())]);
        assert!(setup.draws.is_empty());
        assert_eq!(run(&LayerParameter::default()).unwrap().tops[0], Shape::scalar());
    }

    #[test]
    fn happynear_s_blob_has_a_filler() {
        let happynear = testing::Surroundings::of("happynear");
        let text = "parameter_param { shape { dim: [2, 3] } blob_filler { type: 'xavier' } }";
        let made = happynear.run("Parameter", text, &[], 1).unwrap();
        assert_eq!((made.tops[0].dims(), &made.draws[..]), (&[2, 3][..], &[Draw::Blob(0)][..]));
        let BlobValues::Filled(spec) = &made.blobs[0].values else { panic!("a filler makes it") };
        assert_eq!((spec.param.r#type(), spec.field), ("xavier", "parameter_param.blob_filler"));
    }

    #[test]
    fn a_given_blob_keeps_its_own_shape() {
        let given = BlobProto { shape: Some(BlobShape { dim: vec![2, 2] }), ..Default::default() };
        let setup = run(&LayerParameter { blobs: vec![given], ..layer(&[0]) }).unwrap();
        assert_eq!(setup.tops[0].dims(), [0]);
        assert_eq!(setup.blobs[0].shape.dims(), [2, 2]);
        assert_eq!(setup.blobs[0].values, BlobValues::Given(0));
    }

    #[test]
    fn refuses_what_is_no_shape_or_empty() {
        let refuse = |dims| run(&layer(dims)).unwrap_err().message;
        assert_eq!(refuse(&[2, 0]), "a learned blob cannot be empty, its shape is (2, 0)");
        assert_eq!(refuse(&[3, -1]), "dimension 1 is negative (-1)");
        assert_eq!(refuse(&[1; 33]), "a blob has at most 32 axes, this one has 33");
        assert_eq!(refuse(&[4294967298]), "a blob holds at most 2147483647 elements, 4294967298 are more");
    }
}
