//! SqueezeInnerProduct: InnerProduct with masks for weights and bias (Synopsys).
//!
//! ```text
//! top   = bottom.dims[..axis] ++ [num_output]
//! blobs = weight (N, K), bias (N) if bias_term, their masks, (1, 1, 1, 2)
//! ```
//!
//! Draws: weight, bias, and then their masks. `transpose` has no effect. Blobs given in the net are taken as they are;
//! where they are just weights and bias, masks are added. What surprises: the size is checked once more with the axis
//! of `inner_product_param`, which is 1 unless given, so that any other axis is refused but where the size is the same.

use super::convolution::add_masks;
use super::size::checked_size;
use super::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext, Signal};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::LayerParameter;

const NUM_OUTPUT: &str = "squeeze_inner_product_param.num_output";
const AXIS: &str = "squeeze_inner_product_param.axis";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "SqueezeInnerProduct",
    "Multiplies its input by a learned matrix that is masked and adds a learned bias",
    Arity::exactly(1),
    Arity::exactly(1),
    &squeeze_inner_product,
)
.params(&["squeeze_inner_product_param"])
.signal(signal)
.known(Known::In(&["synopsys"]))];

fn signal(layer: &LayerParameter) -> Signal {
    let param = layer.squeeze_inner_product_param();
    Signal::through_weights(layer, param.is_some_and(|param| param.weight_filler.is_some()))
}

fn squeeze_inner_product(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.squeeze_inner_product_param().unwrap_or_default();
    let bottom = ctx.bottom(0);
    let axis = ctx.bottom_axis(0, param.axis(), AXIS)?;
    let checked = ctx.param.inner_product_param.clone().unwrap_or_default().axis();
    let outer = ctx.bottom_axis(0, checked, "inner_product_param.axis")?;
    let (inputs, again) = (bottom.count_from(axis), bottom.count_from(outer));
    ensure!(inputs == again, AXIS, "{inputs} inputs from axis {axis} on, but {again} from that of inner_product_param");
    let num_output = checked_size(param.num_output(), NUM_OUTPUT)?;
    ensure!(num_output > 0 || !ctx.given.is_empty(), NUM_OUTPUT, "num_output must be at least 1");
    let batch = bottom.dims()[..outer].iter().map(|&dim| i64::from(dim));
    let top = Shape::new(batch.chain([num_output]).collect::<Vec<i64>>()).at(NUM_OUTPUT)?;
    let mut setup = Setup::new(ctx, Operator::Opaque, [top]).given_roles(&[Role::Weight, Role::Bias]);
    if setup.blobs.is_empty() {
        let weight = Shape::new([num_output, inputs]).at(NUM_OUTPUT)?;
        let filler = param.weight_filler.as_ref();
        setup.push_blob(BlobSpec::filled(Role::Weight, weight, "squeeze_inner_product_param.weight_filler", filler));
        if param.bias_term() {
            let (shape, filler) = (Shape::new([num_output]).at(NUM_OUTPUT)?, param.bias_filler.as_ref());
            setup.push_blob(BlobSpec::filled(Role::Bias, shape, "squeeze_inner_product_param.bias_filler", filler));
        }
    }
    let masks = [
        ("squeeze_inner_product_param.weight_mask_filler", &param.weight_mask_filler),
        ("squeeze_inner_product_param.bias_mask_filler", &param.bias_mask_filler),
    ];
    add_masks(&mut setup, param.bias_term(), masks)?;
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const NAME: &str = "SqueezeInnerProduct";

    #[test]
    fn masks_follow_weight_and_bias() {
        let text = "squeeze_inner_product_param { num_output: 4 }";
        let made = Surroundings::of("synopsys").run(NAME, text, &[&[2, 3, 5]], 1).unwrap();
        assert_eq!(made.tops[0].dims(), [2, 4]);
        assert_eq!(made.blobs.iter().map(|blob| blob.shape.count()).collect::<Vec<_>>(), [60, 4, 60, 4, 2]);
    }

    #[test]
    fn the_axis_is_that_of_inner_product_param() {
        let text = "squeeze_inner_product_param { num_output: 4 axis: 2 }";
        let error = Surroundings::of("synopsys").refusal(NAME, text, &[&[2, 3, 5]]);
        let message = "5 inputs from axis 2 on, but 15 from that of inner_product_param";
        assert_eq!(error, format!("squeeze_inner_product_param.axis: {message}"));
    }
}
