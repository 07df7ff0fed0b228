//! InnerProduct: a matrix times the bottom, flattened from an axis on, plus a bias.
//!
//! With `axis` the first flattened axis, `K` the product of the dimensions from there on, `M` that of those before and
//! `N = num_output`:
//!
//! ```text
//! top   = bottom.dims[..axis] ++ [N]
//! blobs = weight (N, K), or (K, N) if transpose; bias (N) if bias_term
//! ```
//!
//! The product takes M N K multiply-accumulates. Draws: weight, then bias. Blobs given in the net are taken as they
//! are, whatever their number and shapes; then `num_output` may be 0. FcRistretto is the same in quantised numbers. A
//! bias over an empty batch (`M = 0`) is refused, as Caffe does for its multiplier of ones.
//!
//! In happynear's tree a second bottom may be the weights, and a third the bias: `N` is the first dimension of the
//! second then, and the only blob the bias (N), without a third.

use super::convolution::RISTRETTO;
use super::size::{checked_size, positive_size};
use super::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext, Signal};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::LayerParameter;

const NUM_OUTPUT: &str = "inner_product_param.num_output";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry("InnerProduct", "Multiplies its input by a learned matrix and adds a learned bias")
        .with_engines()
        .params(&["inner_product_param"])
        .known(Known::Except(&["happynear"])),
    LayerType::new(
        "InnerProduct",
        "Multiplies its input by a matrix and adds a bias, which are learned or other inputs",
        Arity::between(1, 3),
        Arity::exactly(1),
        &of_bottoms,
    )
    .signal(signal)
    .params(&["inner_product_param"])
    .known(Known::In(&["happynear"])),
    entry("FcRistretto", "Multiplies its input by a learned matrix and adds a learned bias, in quantised numbers")
        .params(&["inner_product_param", "quantization_param"])
        .known(Known::In(RISTRETTO)),
];

const fn entry(name: &'static str, summary: &'static str) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(1), Arity::exactly(1), &inner_product).signal(signal)
}

/// A matrix times the bottom, flattened from an axis on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InnerProduct {
    /// The first axis that is flattened.
    pub axis: usize,
    /// The length of the flattened axes: the K of the matrix.
    pub inputs: i64,
    /// The rows of the matrix, N.
    pub num_output: i64,
    /// Whether the matrix is stored as (K, N) instead of (N, K).
    pub transpose: bool,
    /// Whether there is a bias, the second blob.
    pub bias: bool,
}

impl InnerProduct {
    /// The shape of the top.
    fn top(&self, bottom: &Shape) -> Result<Shape, Refusal> {
        let outer = bottom.dims()[..self.axis].iter().map(|&dim| i64::from(dim));
        Shape::new(outer.chain([self.num_output]).collect::<Vec<i64>>()).at(NUM_OUTPUT)
    }

    /// The shape of the matrix as it is stored.
    fn weight_shape(&self) -> Result<Shape, Refusal> {
        let stored = if self.transpose { [self.inputs, self.num_output] } else { [self.num_output, self.inputs] };
        Shape::new(stored).at(NUM_OUTPUT)
    }

    /// The multiply-accumulates: each element of the top meets every input.
    pub(super) fn macs(&self, tops: &[Shape]) -> u64 {
        let elements = tops.iter().map(|top| top.count() as u64).sum::<u64>();
        elements.saturating_mul(self.inputs.unsigned_abs())
    }
}

pub(super) fn signal(layer: &LayerParameter) -> Signal {
    let has_filler = layer.inner_product_param.as_ref().is_some_and(|param| param.weight_filler.is_some());
    Signal::through_weights(layer, has_filler)
}

pub(super) fn inner_product(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.inner_product_param.clone().unwrap_or_default();
    let bottom = ctx.bottom(0);
    let axis = ctx.bottom_axis(0, param.axis(), "inner_product_param.axis")?;
    let num_output = if ctx.given.is_empty() {
        positive_size(param.num_output(), NUM_OUTPUT)?
    } else {
        checked_size(param.num_output(), NUM_OUTPUT)?
    };
    let inputs = bottom.count_from(axis);
    // Behind an empty batch the product is not yet known to fit.
    Shape::new([inputs]).at("bottom")?;
    ensure!(
        !param.bias_term() || bottom.count_range(0, axis) > 0,
        "inner_product_param.bias_term",
        "an inner product with a bias cannot take the empty batch {bottom}"
    );

    let product = InnerProduct { axis, inputs, num_output, transpose: param.transpose(), bias: param.bias_term() };
    let mut setup = Setup::new(ctx, Operator::InnerProduct(product.clone()), [product.top(bottom)?])
        .given_roles(&[Role::Weight, Role::Bias]);
    if !ctx.given.is_empty() {
        return Ok(setup);
    }
    ensure!(inputs > 0, "bottom", "the shape {bottom} leaves nothing to multiply from axis {axis} on");
    setup.push_blob(BlobSpec::filled(
        Role::Weight,
        product.weight_shape()?,
        "inner_product_param.weight_filler",
        param.weight_filler.as_ref(),
    ));
    if param.bias_term() {
        setup.push_blob(BlobSpec::filled(
            Role::Bias,
            Shape::new([num_output]).at(NUM_OUTPUT)?,
            "inner_product_param.bias_filler",
            param.bias_filler.as_ref(),
        ));
    }
    Ok(setup)
}

/// The weights may be the second bottom, and the bias the third.
fn of_bottoms(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    if ctx.bottoms.len() == 1 {
        return inner_product(ctx);
    }
    let param = ctx.param.inner_product_param.clone().unwrap_or_default();
    let bottom = ctx.bottom(0);
    let axis = ctx.bottom_axis(0, param.axis(), "inner_product_param.axis")?;
    let product = InnerProduct {
        axis,
        inputs: bottom.count_from(axis),
        num_output: ctx.legacy_dim(1, 0)?.into(),
        transpose: param.transpose(),
        bias: param.bias_term(),
    };
    let learns_bias = product.bias && ctx.bottoms.len() == 2;
    ensure!(
        !learns_bias || bottom.count_range(0, axis) > 0,
        "inner_product_param.bias_term",
        "an inner product with a bias cannot take the empty batch {bottom}"
    );
    let top = product.top(bottom)?;
    let macs = product.macs(std::slice::from_ref(&top));
    let mut setup = Setup::new(ctx, Operator::Opaque, [top]).given_roles(&[Role::Bias]).costs(macs);
    if learns_bias && ctx.given.is_empty() {
        let shape = Shape::new([product.num_output]).at("bottom")?;
        let (field, filler) = ("inner_product_param.bias_filler", param.bias_filler.as_ref());
        setup.push_blob(BlobSpec::filled(Role::Bias, shape, field, filler));
    }
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use super::super::{BlobValues, Draw, testing};
    use super::*;
    use crate::proto::caffe::{BlobProto, BlobShape, InnerProductParameter, LayerParameter};

    fn run(param: InnerProductParameter, given: &[&[i64]], bottom: &[i32]) -> Result<Setup, Refusal> {
        let blob = |dims: &&[i64]| BlobProto { shape: Some(BlobShape { dim: dims.to_vec() }), ..Default::default() };
        let layer = LayerParameter {
            inner_product_param: Some(param.into()),
            blobs: given.iter().map(blob).collect(),
            ..Default::default()
        };
        testing::setup(&TYPES[0], &layer, &[bottom], 1)
    }

    fn outputs(n: u32) -> InnerProductParameter {
        InnerProductParameter { num_output: Some(n), ..Default::default() }
    }

    fn dims(setup: &Setup) -> Vec<&[i32]> {
        setup.blobs.iter().map(|blob| blob.shape.dims()).collect()
    }

    #[test]
    fn flattens_from_the_axis_on() {
        let setup = run(outputs(5), &[], &[2, 3, 4, 6]).unwrap();
        assert_eq!(setup.tops[0].dims(), [2, 5]);
        assert_eq!(dims(&setup), [&[5, 72][..], &[5]]);
        assert_eq!(setup.draws, [Draw::Blob(0), Draw::Blob(1)]);

        let param =
            InnerProductParameter { axis: Some(-1), transpose: Some(true), bias_term: Some(false), ..outputs(5) };
        let setup = run(param, &[], &[0, 3, 4, 6]).unwrap();
        assert_eq!(setup.tops[0].dims(), [0, 3, 4, 5]);
        assert_eq!(dims(&setup), [[6, 5]]);
    }

    #[test]
    fn multiplies_every_input_with_every_output() {
        assert_eq!(run(outputs(5), &[], &[2, 3, 4, 6]).unwrap().macs, 2 * 5 * 72);
        let late = InnerProductParameter { axis: Some(-1), transpose: Some(true), ..outputs(5) };
        assert_eq!(run(late, &[], &[2, 3, 4, 6]).unwrap().macs, 2 * 3 * 4 * 5 * 6);
    }

    #[test]
    fn given_blobs_are_not_checked() {
        let setup = run(outputs(0), &[&[7], &[1], &[2]], &[2, 5]).unwrap();
        assert_eq!(setup.tops[0].dims(), [2, 0]);
        assert_eq!(dims(&setup), [[7], [1], [2]]);
        assert_eq!(setup.blobs[1].values, BlobValues::Given(1));
        assert_eq!(
            setup.blobs.iter().map(|blob| blob.role).collect::<Vec<_>>(),
            [Role::Weight, Role::Bias, Role::Other]
        );
        assert!(setup.draws.is_empty());
    }

    #[test]
    fn refusals_name_field_and_values() {
        let refuse = |param, bottom| {
            let refusal = run(param, &[], bottom).unwrap_err();
            (refusal.field, refusal.message)
        };
        let at = |field, message: &str| (field, message.to_string());
        assert_eq!(refuse(outputs(0), &[2, 3]), at(NUM_OUTPUT, "num_output must be at least 1"));
        assert_eq!(refuse(outputs(u32::MAX), &[2, 3]), at(NUM_OUTPUT, "num_output 4294967295 is more than 2147483647"));
        assert_eq!(
            refuse(outputs(65536), &[1, 65536]),
            at(NUM_OUTPUT, "a blob holds at most 2147483647 elements, 65536 x 65536 are more")
        );
        assert_eq!(
            refuse(outputs(1), &[6]),
            at("inner_product_param.axis", "axis 1 is out of range for the 1-axis shape (6)")
        );
        assert_eq!(
            refuse(outputs(1), &[0, 3]),
            at("inner_product_param.bias_term", "an inner product with a bias cannot take the empty batch (0, 3)")
        );
        assert_eq!(
            refuse(outputs(1), &[2, 0, 3]),
            at("bottom", "the shape (2, 0, 3) leaves nothing to multiply from axis 1 on")
        );
    }

    #[test]
    fn an_overflowing_flattened_size_is_refused() {
        let param = InnerProductParameter { bias_term: Some(false), ..outputs(1) };
        let refusal = run(param, &[&[7]], &[0, 65536, 65536]).unwrap_err();
        assert_eq!(refusal.field, "bottom");
        assert_eq!(refusal.message, "a blob holds at most 2147483647 elements, 4294967296 are more");
    }

    #[test]
    fn weights_and_bias_may_be_bottoms_in_happynear_s() {
        let happynear = testing::Surroundings::of("happynear");
        let bottoms: [&[i32]; 3] = [&[2, 3, 4], &[5, 12], &[5]];
        let run = |fields: &str, count: usize| {
            let text = format!("inner_product_param {{ num_output: 7 {fields} }}");
            let made = happynear.run("InnerProduct", &text, &bottoms[..count], 1).unwrap();
            let blobs: Vec<Vec<i32>> = made.blobs.iter().map(|blob| blob.shape.dims().to_vec()).collect();
            (made.tops[0].dims().to_vec(), blobs, made.draws.len())
        };
        assert_eq!(run("", 1), (vec![2, 7], vec![vec![7, 12], vec![7]], 2));
        assert_eq!(run("", 2), (vec![2, 5], vec![vec![5]], 1));
        assert_eq!(run("bias_term: false", 2), (vec![2, 5], vec![], 0));
        assert_eq!(run("normalize: true", 3), (vec![2, 5], vec![], 0));
        let error = happynear.refusal("InnerProduct", "", &[&[0, 3], &[5, 3]]);
        let message = "an inner product with a bias cannot take the empty batch (0, 3)";
        assert_eq!(error, format!("inner_product_param.bias_term: {message}"));
    }

    #[test]
    fn quantised_layers_have_the_same_blobs() {
        use crate::layer::testing::Surroundings;
        let filled = "num_output: 4 weight_filler { type: 'xavier' }";
        let convolution = format!("convolution_param {{ {filled} kernel_size: 3 }}");
        let matrix = format!("inner_product_param {{ {filled} }}");
        let ristretto = Surroundings::of("ristretto");
        for (quantised, plain, text) in [
            ("FcRistretto", "InnerProduct", &matrix),
            ("ConvolutionRistretto", "Convolution", &convolution),
            ("DeconvolutionRistretto", "Deconvolution", &convolution),
        ] {
            let made = |name: &str| ristretto.run(name, text, &[&[2, 3, 5, 5]], 1).unwrap();
            assert_eq!(made(quantised), made(plain));
            assert_eq!(made(quantised).draws.len(), 2);
        }
    }
}
