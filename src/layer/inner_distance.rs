//! InnerDistance: the distance of each item from learned centres (happynear).
//!
//! With `axis` the first flattened axis, `K` the product of the dimensions from there on, and `N = num_output`, or with
//! a second bottom, the centres, its first dimension:
//!
//! ```text
//! top   = bottom.dims[..axis] ++ [N]
//! blobs = weight (N, K), or (K, N) with transpose: with one bottom, or up to two with update_center_only
//! ```
//!
//! Draws: the weight, zero where the net gives no filler. A blob given in the net is taken as it is.

use super::size::checked_size;
use super::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext, Signal};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::LayerParameter;

const NUM_OUTPUT: &str = "inner_distance_param.num_output";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "InnerDistance",
    "Computes the distance of its input from learned centres",
    Arity::between(1, 3),
    Arity::exactly(1),
    &inner_distance,
)
.params(&["inner_distance_param"])
.signal(signal)
.known(Known::In(&["happynear"]))];

fn signal(layer: &LayerParameter) -> Signal {
    let param = layer.inner_distance_param();
    Signal::through_weights(layer, param.is_some_and(|param| param.weight_filler.is_some()))
}

fn inner_distance(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.inner_distance_param().unwrap_or_default();
    let (bottom, bottoms) = (ctx.bottom(0), ctx.bottoms.len());
    let axis = ctx.bottom_axis(0, param.axis(), "inner_distance_param.axis")?;
    let inputs = bottom.count_from(axis);
    let outputs = match bottoms {
        1 => checked_size(param.num_output(), NUM_OUTPUT)?,
        _ => ctx.legacy_dim(1, 0)?.into(),
    };
    let outer = bottom.dims()[..axis].iter().map(|&dim| i64::from(dim));
    let top = Shape::new(outer.chain([outputs]).collect::<Vec<i64>>()).at(NUM_OUTPUT)?;
    let macs = (top.count() as u64).saturating_mul(inputs.unsigned_abs());
    let mut setup = Setup::new(ctx, Operator::Opaque, [top]).given_roles(&[Role::Weight]).costs(macs);
    let most = if param.update_center_only() { 2 } else { 1 };
    if ctx.given.is_empty() && bottoms <= most {
        ensure!(outputs > 0 && inputs > 0, NUM_OUTPUT, "{outputs} centres of {inputs} numbers leave the weights empty");
        let dims = if param.transpose() { [inputs, outputs] } else { [outputs, inputs] };
        let (shape, filler) = (Shape::new(dims).at(NUM_OUTPUT)?, param.weight_filler.as_ref());
        setup.push_blob(BlobSpec::filled(Role::Weight, shape, "inner_distance_param.weight_filler", filler));
    }
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn centres_are_learned_unless_they_are_a_bottom() {
        let run = |fields: &str, bottoms: &[&[i32]]| {
            let text = format!("inner_distance_param {{ num_output: 5 {fields} }}");
            let made = Surroundings::of("happynear").run("InnerDistance", &text, bottoms, 1).unwrap();
            let blob = made.blobs.first().map(|blob| blob.shape.dims().to_vec());
            (made.tops[0].dims().to_vec(), blob, made.draws.len())
        };
        let items: &[i32] = &[4, 3, 2];
        assert_eq!(run("", &[items]), (vec![4, 5], Some(vec![5, 6]), 1));
        assert_eq!(run("transpose: true axis: 2", &[items]), (vec![4, 3, 5], Some(vec![2, 5]), 1));
        assert_eq!(run("", &[items, &[7, 6]]), (vec![4, 7], None, 0));
        assert_eq!(run("update_center_only: true", &[items, &[7, 6]]), (vec![4, 7], Some(vec![7, 6]), 1));
    }

    #[test]
    fn refusals() {
        let message = "inner_distance_param.num_output: 0 centres of 3 numbers leave the weights empty";
        assert_eq!(Surroundings::of("happynear").refusal("InnerDistance", "", &[&[2, 3]]), message);
    }
}
