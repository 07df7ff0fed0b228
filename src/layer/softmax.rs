//! Softmax: exp(x) / sum(exp(x)) along `axis` (1 by default).
//!
//! The top has the bottom's shape. No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::error::{Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Softmax",
    "Turns values along an axis into probabilities",
    Arity::exactly(1),
    Arity::exactly(1),
    &softmax,
)
.with_engines()
.params(&["softmax_param"])
.weightless()];

fn softmax(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let axis = ctx.param.softmax_param.as_ref().map_or(1, |param| param.axis());
    let axis = ctx.bottom_axis(0, axis, "softmax_param.axis")?;
    // Caffe makes a blob of as many ones as there are classes and fills it at once.
    let bottom = ctx.bottom(0);
    ensure!(bottom.dims()[axis] > 0, "bottom", "axis {axis} of the bottom {bottom} has no classes");
    Ok(Setup::like_bottom(ctx, Operator::Softmax(axis)))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{refusal, top, tops};

    #[test]
    fn the_shape_is_kept() {
        assert_eq!(top("Softmax", "", &[&[2, 3, 4]]), [2, 3, 4]);
        assert_eq!(top("Softmax", "", &[&[0, 3]]), [0, 3]);
        assert_eq!(tops("Softmax", "softmax_param { axis: -1 engine: CUDNN }", &[&[6]], &[0]), [[6]]);
    }

    #[test]
    fn refusals() {
        assert_eq!(
            refusal("Softmax", "", &[&[6]], 1),
            ("softmax_param.axis", "axis 1 is out of range for the 1-axis shape (6)".to_owned())
        );
        assert_eq!(refusal("Softmax", "", &[&[2, 0]], 1).1, "axis 1 of the bottom (2, 0) has no classes");
    }
}
