//! Scale: multiplies the first bottom by a learned blob, or by a second bottom, along some axes; then adds a bias.
//!
//! ```text
//! top   = bottom[0].dims
//! blobs = scale bottom[0].dims[axis..axis + num_axes], with one bottom only;
//!         bias of the shape of the scale (or of the second bottom), if bias_term
//! ```
//!
//! `axis` and `num_axes` are those of [`bias`](super::bias). Draws: scale, then bias. Without a filler the scale is 1;
//! an empty `filler { }` makes it 0.
//!
//! Where the net gives blobs nothing is drawn. The first is the scale and the last the bias. If a bias is wanted and
//! only one blob is given, the bias starts as a copy of it; with two bottoms that one blob is the bias itself. Older
//! Caffes always add a bias behind the given blobs, a copy of the first.

use super::span::{AxisSpan, SpanSettings};
use super::{Arity, BlobSpec, BlobValues, LayerType, Operator, Role, Setup, SetupContext, Signal, ZeroStart};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::{LayerParameter, ScaleParameter};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Scale",
    "Multiplies by a learned blob, or by its second input, along some axes, and may add a bias",
    Arity::between(1, 2),
    Arity::exactly(1),
    &scale,
)
.params(&["scale_param"])
.known(Known::WithField("scale_param"))
.zero_start(ZeroStart::WhereSaid)
.signal(signal)];

/// The first bottom times a factor, and perhaps plus a bias.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scale {
    /// The axes that the factor, the second bottom or else the first blob, is spread over.
    pub factor: AxisSpan,
    /// Those of the bias, the last blob, if there is one.
    pub bias: Option<AxisSpan>,
}

/// With a second bottom it multiplies by that, and has no weights.
pub(super) fn signal(layer: &LayerParameter) -> Signal {
    let has_filler = layer.scale_param.as_ref().is_some_and(|param| param.filler.is_some());
    Signal::through_weights(layer, layer.bottom.len() > 1 || has_filler)
}

pub(super) fn scale(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.scale_param.clone().unwrap_or_default();
    let bottom = ctx.bottom(0);
    let span = span("scale", &param, param.num_axes());
    let (shape, field) = match (ctx.bottoms.get(1), ctx.given.first()) {
        (Some(second), _) => (second.clone(), "bottom"),
        (None, Some(given)) => (given.clone(), "blobs"),
        (None, None) => (span.blob_shape(bottom)?, "blobs"),
    };
    let factor = span.fit(bottom, &shape, field)?;
    // Caffe keeps a multiplier of ones of the larger of the two sizes.
    let [outer, _, inner] = factor.counts(bottom);
    ensure!(outer.max(inner) > 0, "bottom", "the input {bottom} is empty before and after the scale's axes");

    let mut setup = Setup::like_bottom(ctx, Operator::Scale(Scale { factor, bias: None }));
    if ctx.bottoms.len() == 1 {
        if ctx.given.is_empty() {
            let blob = BlobSpec::filled(Role::Weight, shape, "scale_param.filler", param.filler.as_ref());
            setup.push_blob(blob.or_constant(1.0));
        }
        setup.blobs[0].role = Role::Weight;
    }
    if param.bias_term() {
        let bias = add_bias(ctx, &param, &mut setup)?;
        setup.operator = Operator::Scale(Scale { factor, bias });
    }
    Ok(setup)
}

fn span(what: &'static str, param: &ScaleParameter, num_axes: i32) -> SpanSettings {
    let (axis_field, num_axes_field) = ("scale_param.axis", "scale_param.num_axes");
    SpanSettings { what, axis: param.axis(), axis_field, num_axes, num_axes_field }
}

/// Adds the bias as Caffe's inner Bias layer makes it, which sees one bottom and the blobs given for the Scale layer.
fn add_bias(ctx: &SetupContext<'_>, param: &ScaleParameter, setup: &mut Setup) -> Result<Option<AxisSpan>, Refusal> {
    let bottom = ctx.bottom(0);
    // A shape has at most 32 axes.
    let num_axes = ctx.bottoms.get(1).map_or(param.num_axes(), |second| second.axes() as i32);
    let span = span("bias", param, num_axes);
    match ctx.given {
        [] => {
            let shape = span.blob_shape(bottom)?;
            let filler = param.bias_filler.as_ref();
            setup.push_blob(BlobSpec::filled(Role::Bias, shape, "scale_param.bias_filler", filler));
        }
        [first, rest @ ..]
            if !ctx.dialect.traits.scale_takes_given_bias || (ctx.bottoms.len() == 1 && rest.is_empty()) =>
        {
            setup.push_blob(BlobSpec { shape: first.clone(), role: Role::Bias, values: BlobValues::Given(0) });
        }
        // The inner layer sets itself up with the first blob before it gets the last.
        [first, ..] => {
            span.fit_bias(bottom, first, "blobs")?;
        }
    }
    let Some(bias) = setup.blobs.last_mut() else { return Ok(None) };
    bias.role = Role::Bias;
    span.fit_bias(bottom, &bias.shape, "blobs").map(Some)
}

#[cfg(test)]
mod tests {
    use super::super::Draw;
    use super::super::testing::{self, Surroundings};
    use super::*;
    use crate::proto::caffe::{BlobProto, BlobShape, FillerParameter, LayerParameter};

    fn run(param: ScaleParameter, given: &[&[i64]], bottoms: &[&[i32]]) -> Result<Setup, Refusal> {
        let blob = |dims: &&[i64]| BlobProto { shape: Some(BlobShape { dim: dims.to_vec() }), ..Default::default() };
        let blobs = given.iter().map(blob).collect();
        let layer = LayerParameter { scale_param: Some(param.into()), blobs, ..Default::default() };
        testing::setup(&TYPES[0], &layer, bottoms, 1)
    }

    fn biased() -> ScaleParameter {
        ScaleParameter { bias_term: Some(true), ..Default::default() }
    }

    fn dims(setup: &Setup) -> Vec<&[i32]> {
        setup.blobs.iter().map(|blob| blob.shape.dims()).collect()
    }

    fn values(setup: &Setup) -> Vec<f32> {
        let value = |blob: &BlobSpec| match &blob.values {
            BlobValues::Filled(filler) => filler.param.value(),
            _ => f32::NAN,
        };
        setup.blobs.iter().map(value).collect()
    }

    #[test]
    fn scale_and_bias_span_the_same_axes() {
        let param = ScaleParameter { axis: Some(0), num_axes: Some(2), ..biased() };
        let setup = run(param, &[], &[&[2, 3, 4]]).unwrap();
        assert_eq!(setup.tops[0].dims(), [2, 3, 4]);
        assert_eq!(dims(&setup), [[2, 3], [2, 3]]);
        assert_eq!(setup.draws, [Draw::Blob(0), Draw::Blob(1)]);
        assert_eq!((setup.blobs[0].role, setup.blobs[1].role), (Role::Weight, Role::Bias));
    }

    #[test]
    fn an_empty_filler_is_not_the_default() {
        assert_eq!(values(&run(biased(), &[], &[&[2, 3]]).unwrap()), [1.0, 0.0]);
        let empty = ScaleParameter { filler: Some(FillerParameter::default()), ..Default::default() };
        assert_eq!(values(&run(empty, &[], &[&[2, 3]]).unwrap()), [0.0]);
    }

    #[test]
    fn a_second_bottom_leaves_only_the_bias() {
        let setup = run(ScaleParameter { num_axes: Some(0), ..biased() }, &[], &[&[2, 3, 2, 4], &[3, 2]]).unwrap();
        assert_eq!(dims(&setup), [[3, 2]]);
        assert_eq!(setup.draws, [Draw::Blob(0)]);
        assert_eq!(run(biased(), &[], &[&[2, 3], &[]]).unwrap().blobs[0].shape.axes(), 0);
        assert!(run(ScaleParameter::default(), &[], &[&[2, 3], &[3]]).unwrap().blobs.is_empty());
    }

    #[test]
    fn the_axis_is_ignored_for_a_scalar_unless_there_is_a_bias() {
        let far = |bias_term| ScaleParameter { axis: Some(9), bias_term: Some(bias_term), ..Default::default() };
        assert!(run(far(false), &[], &[&[2, 3], &[]]).is_ok());
        assert_eq!(run(far(true), &[], &[&[2, 3], &[]]).unwrap_err().field, "scale_param.axis");
    }

    #[test]
    fn given_blobs_take_the_place_of_fillers() {
        let given = |blobs: &[&[i64]], bottoms: &[&[i32]]| {
            let setup = run(biased(), blobs, bottoms).unwrap();
            assert!(setup.draws.is_empty());
            setup.blobs.into_iter().map(|blob| (blob.role, blob.values)).collect::<Vec<_>>()
        };
        let (weight, bias, other) = (Role::Weight, Role::Bias, Role::Other);
        assert_eq!(given(&[&[3]], &[&[2, 3]]), [(weight, BlobValues::Given(0)), (bias, BlobValues::Given(0))]);
        assert_eq!(given(&[&[3], &[3]], &[&[2, 3]]), [(weight, BlobValues::Given(0)), (bias, BlobValues::Given(1))]);
        assert_eq!(
            given(&[&[3], &[7], &[3]], &[&[2, 3]]),
            [(weight, BlobValues::Given(0)), (other, BlobValues::Given(1)), (bias, BlobValues::Given(2))]
        );
        assert_eq!(given(&[&[3]], &[&[2, 3], &[]]), [(bias, BlobValues::Given(0))]);
    }

    #[test]
    fn older_caffes_add_a_bias_to_all_given_blobs() {
        let blob = BlobProto { shape: Some(BlobShape { dim: vec![3] }), ..Default::default() };
        let layer = LayerParameter { scale_param: Some(biased().into()), blobs: vec![blob; 2], ..Default::default() };
        let setup = Surroundings::of("bvlc-rc3").setup(&TYPES[0], &layer, &[&[2, 3]], 1).unwrap();
        let values: Vec<BlobValues> = setup.blobs.iter().map(|blob| blob.values.clone()).collect();
        assert_eq!(values, [BlobValues::Given(0), BlobValues::Given(1), BlobValues::Given(0)]);
        assert_eq!(setup.blobs[2].role, Role::Bias);
    }

    #[test]
    fn refusals_name_field_and_values() {
        let refuse = |param, given: &[&[i64]], bottoms: &[&[i32]]| {
            let refusal = run(param, given, bottoms).unwrap_err();
            (refusal.field, refusal.message)
        };
        let at = |field, message: &str| (field, message.to_string());
        assert_eq!(
            refuse(biased(), &[&[3], &[2]], &[&[2, 3]]),
            at("blobs", "the bias's shape (2) does not match that of the input (2, 3) from axis 1 on")
        );
        assert_eq!(
            refuse(ScaleParameter::default(), &[], &[&[2, 3, 2, 4], &[3, 5]]),
            at("bottom", "the scale's shape (3, 5) does not match that of the input (2, 3, 2, 4) from axis 1 on")
        );
        assert_eq!(
            refuse(ScaleParameter::default(), &[], &[&[0, 3, 0]]),
            at("bottom", "the input (0, 3, 0) is empty before and after the scale's axes")
        );
        assert_eq!(
            refuse(ScaleParameter { num_axes: Some(3), ..Default::default() }, &[], &[&[2, 3, 4]]),
            at("scale_param.num_axes", "the scale spans 3 axes from axis 1 on, past the last one of (2, 3, 4)")
        );
    }
}
