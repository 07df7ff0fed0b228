//! Scalar: the first bottom times the second, which is spread over the axes that it lacks (jeffdonahue/caffe). Scale
//! does the same today.
//!
//! The second bottom's axes are those of the first from `axis` on. The top is like the first bottom, and not in place.
//! No blobs, no draws.

use super::{Arity, LayerType, Operator, Scale, Setup, SetupContext};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::span::AxisSpan;

const AXIS: &str = "scalar_param.axis";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Scalar",
    "Multiplies its first input by its second, spread over the axes that it lacks",
    Arity::exactly(2),
    Arity::exactly(1),
    &scalar,
)
.params(&["scalar_param"])
.weightless()
.known(Known::WithField("scalar_param"))];

fn scalar(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    let axis = ctx.bottom_axis(0, ctx.param.scalar_param().unwrap_or_default().axis(), AXIS)?;
    let (bottom, factor) = (ctx.bottom(0), ctx.bottom(1));
    let covered = bottom.dims()[axis..].get(..factor.axes());
    ensure!(covered == Some(factor.dims()), "bottom", "the factor {factor} does not fit {bottom} from axis {axis} on");
    let factor = AxisSpan { axis, num_axes: factor.axes() };
    Ok(Setup::like_bottom(ctx, Operator::Scale(Scale { factor, bias: None })))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_factor_fits_from_the_axis_on() {
        for dialect in ["jeffdonahue-recurrent", "lisa-recurrent"] {
            let own = Surroundings::of(dialect);
            assert_eq!(own.top("Scalar", "scalar_param { axis: 1 }", &[&[2, 3, 4], &[3]]), [2, 3, 4]);
            let message = "bottom: the factor (3) does not fit (2, 3, 4) from axis 0 on";
            assert_eq!(own.refusal("Scalar", "", &[&[2, 3, 4], &[3]]), message);
        }
    }
}
