//! Eltwise: the elementwise sum (weighted by `coeff`), product or maximum of two or more bottoms of one shape.
//!
//! The top has that shape. No blobs, no draws. The shapes must agree in all axes: (2, 3) does not go with (2, 3, 1).

use super::registry::LayerType;
use super::{Arity, Setup, SetupContext};
use crate::error::{Refusal, ensure};
use crate::proto::caffe::eltwise_parameter::EltwiseOp;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Eltwise",
    "Adds, multiplies or takes the maximum of blobs",
    Arity::at_least(2),
    Arity::exactly(1),
    &eltwise,
)
.params(&["eltwise_param"])
.v1("ELTWISE")];

fn eltwise(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    if let Some(param) = &ctx.param.eltwise_param {
        let (coefficients, bottoms) = (param.coeff.len(), ctx.bottoms.len());
        let field = "eltwise_param.coeff";
        ensure!(
            coefficients == 0 || coefficients == bottoms,
            field,
            "{coefficients} coefficients do not go with {bottoms} bottoms"
        );
        ensure!(coefficients == 0 || param.operation() != EltwiseOp::Prod, field, "a product takes no coefficients");
    }
    let first = ctx.bottom(0);
    for (index, other) in ctx.bottoms.iter().enumerate().skip(1) {
        ensure!(
            other.dims() == first.dims(),
            "bottom",
            "bottom {index} {other} has another shape than bottom 0 {first}"
        );
    }
    Ok(Setup::like_bottom(ctx))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{refusal, top, tops};

    const BOTTOMS: [&[i32]; 2] = [&[2, 3, 4], &[2, 3, 4]];

    #[test]
    fn the_shape_is_kept() {
        assert_eq!(top("Eltwise", "", &BOTTOMS), [2, 3, 4]);
        assert_eq!(top("Eltwise", "eltwise_param { operation: MAX coeff: 1 coeff: 2 }", &BOTTOMS), [2, 3, 4]);
        assert_eq!(top("Eltwise", "", &[&[0, 3], &[0, 3], &[0, 3]]), [0, 3]);
        assert_eq!(tops("Eltwise", "eltwise_param { operation: PROD }", &BOTTOMS, &[0]), [[2, 3, 4]]);
    }

    #[test]
    fn refusals() {
        let message = |bottoms: &[&[i32]]| refusal("Eltwise", "", bottoms, 1).1;
        assert_eq!(message(&[&[2, 3], &[3, 2]]), "bottom 1 (3, 2) has another shape than bottom 0 (2, 3)");
        assert_eq!(message(&[&[2, 3], &[2, 3, 1]]), "bottom 1 (2, 3, 1) has another shape than bottom 0 (2, 3)");
        assert_eq!(message(&[&[2, 3]]), "Eltwise takes at least 2 bottoms, 1 given");
        let coeff = |text| refusal("Eltwise", text, &BOTTOMS, 1);
        assert_eq!(
            coeff("eltwise_param { coeff: 1 }"),
            ("eltwise_param.coeff", "1 coefficients do not go with 2 bottoms".to_owned())
        );
        assert_eq!(coeff("eltwise_param { operation: PROD coeff: 1 coeff: 1 }").1, "a product takes no coefficients");
    }
}
