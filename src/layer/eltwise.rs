//! Eltwise: the elementwise sum (weighted by `coeff`), product or maximum of two or more bottoms of one shape.
//!
//! The top has that shape. No blobs, no draws. The shapes must agree in all axes: (2, 3) does not go with (2, 3, 1).

use super::{Arity, LayerType, Operator, Setup, SetupContext, Signal};
use crate::error::{Refusal, ensure};
use crate::proto::caffe::eltwise_parameter::EltwiseOp;
use crate::proto::caffe::{EltwiseParameter, LayerParameter};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Eltwise",
    "Adds, multiplies or takes the maximum of blobs",
    Arity::at_least(2),
    Arity::exactly(1),
    &eltwise,
)
.params(&["eltwise_param"])
.signal(signal)
.weightless()];

/// What becomes of the elements at the same place of all bottoms.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Eltwise {
    /// Their sum, each multiplied by its bottom's coefficient.
    Sum(Vec<f32>),
    /// Their product.
    Product,
    /// The largest.
    Maximum,
    /// A sum in which each bottom takes part at random.
    StochasticSum,
    /// What is not known here, but keeps the shape.
    Other,
}

impl Eltwise {
    fn new(param: &EltwiseParameter, bottoms: usize) -> Eltwise {
        match param.operation() {
            EltwiseOp::Sum => {
                let coefficient = |bottom| param.coeff.get(bottom).copied().unwrap_or(1.0);
                Eltwise::Sum((0..bottoms).map(coefficient).collect())
            }
            EltwiseOp::Prod => Eltwise::Product,
            EltwiseOp::Max => Eltwise::Maximum,
            EltwiseOp::StochasticSum => Eltwise::StochasticSum,
            _ => Eltwise::Other,
        }
    }
}

fn signal(layer: &LayerParameter) -> Signal {
    match Eltwise::new(&layer.eltwise_param.clone().unwrap_or_default(), layer.bottom.len()) {
        Eltwise::Sum(coefficients) => Signal::Summed(coefficients),
        _ => Signal::Lost,
    }
}

fn eltwise(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.eltwise_param.clone().unwrap_or_default();
    let (coefficients, bottoms) = (param.coeff.len(), ctx.bottoms.len());
    let field = "eltwise_param.coeff";
    ensure!(
        coefficients == 0 || coefficients == bottoms,
        field,
        "{coefficients} coefficients do not go with {bottoms} bottoms"
    );
    ensure!(coefficients == 0 || param.operation() != EltwiseOp::Prod, field, "a product takes no coefficients");
    let first = ctx.bottom(0);
    for (index, other) in ctx.bottoms.iter().enumerate().skip(1) {
        ensure!(
            other.dims() == first.dims(),
            "bottom",
            "bottom {index} {other} has another shape than bottom 0 {first}"
        );
    }
    Ok(Setup::like_bottom(ctx, Operator::Eltwise(Eltwise::new(&param, bottoms))))
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
