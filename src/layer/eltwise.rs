//! Eltwise: the elementwise sum (weighted by `coeff`), product or maximum of two or more bottoms of one shape.
//!
//! The top has that shape. No blobs, no draws. The shapes must agree in all axes: (2, 3) does not go with (2, 3, 1).
//!
//! In FlowNet's and Synopsys' Caffe one bottom is enough. In the latter the second may be smaller: its axes are those
//! of the first from `axis` on, which the shape of the top is. Third and later bottoms are not looked at. DIV takes two
//! bottoms, only SUM takes coefficients.
//!
//! In lisa-caffe, only SUM takes coefficients, too, and `coeff_blob` says that the last bottom has more of them: its
//! first axis has as many places as there are other bottoms, the axes after that are the first ones of these.

use super::{Arity, Layer, LayerType, Operator, Setup, SetupContext, Signal};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::eltwise_parameter::EltwiseOp;
use crate::proto::caffe::{EltwiseParameter, LayerParameter};

const COEFF: &str = "eltwise_param.coeff";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry("Adds, multiplies or takes the maximum of blobs", 2, &eltwise).with_engines().known(Known::Except(&[
        "lisa",
        "lisa-recurrent",
        "flownet2",
        "synopsys",
    ])),
    entry("Adds, multiplies or takes the maximum of blobs, or passes one on", 1, &eltwise)
        .known(Known::In(&["flownet2"])),
    entry(
        "Adds, multiplies or takes the maximum of blobs, or sums them with coefficients of a blob",
        2,
        &eltwise_with_blob,
    )
    .known(Known::In(&["lisa", "lisa-recurrent"])),
    entry("Adds, multiplies, divides or takes the maximum or the minimum of blobs", 1, &eltwise_from_axis)
        .known(Known::In(&["synopsys"])),
];

/// An entry with so many bottoms or more.
const fn entry(summary: &'static str, bottoms: usize, rule: &'static dyn Layer) -> LayerType {
    LayerType::new("Eltwise", summary, Arity::at_least(bottoms), Arity::exactly(1), rule)
        .params(&["eltwise_param"])
        .signal(signal)
        .weightless()
}

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
            EltwiseOp::Sum if param.coeff_blob() => Eltwise::Other,
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
    check_coefficients(&param, ctx.bottoms.len())?;
    let is_product = param.operation() == EltwiseOp::Prod;
    ensure!(param.coeff.is_empty() || !is_product, COEFF, "a product takes no coefficients");
    check_shapes(ctx.bottoms)?;
    Ok(Setup::like_bottom(ctx, Operator::Eltwise(Eltwise::new(&param, ctx.bottoms.len()))))
}

fn check_shapes(bottoms: &[Shape]) -> Result<(), Refusal> {
    let first = &bottoms[0];
    for (index, other) in bottoms.iter().enumerate().skip(1) {
        ensure!(
            other.dims() == first.dims(),
            "bottom",
            "bottom {index} {other} has a different shape than bottom 0 {first}"
        );
    }
    Ok(())
}

fn check_coefficients(param: &EltwiseParameter, bottoms: usize) -> Result<(), Refusal> {
    let coefficients = param.coeff.len();
    let fits = coefficients == 0 || coefficients == bottoms;
    ensure!(fits, COEFF, "{coefficients} coefficients do not match {bottoms} bottoms");
    Ok(())
}

fn check_only_sum(param: &EltwiseParameter) -> Result<(), Refusal> {
    let is_sum = param.operation() == EltwiseOp::Sum;
    ensure!(param.coeff.is_empty() || is_sum, COEFF, "only a sum takes coefficients");
    Ok(())
}

fn eltwise_with_blob(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const COEFF_BLOB: &str = "eltwise_param.coeff_blob";
    let param = ctx.param.eltwise_param.clone().unwrap_or_default();
    let is_sum = param.operation() == EltwiseOp::Sum;
    ensure!(!param.coeff_blob() || is_sum, COEFF_BLOB, "only a sum takes coefficients");
    let (joined, coefficients) = ctx.bottoms.split_at(ctx.bottoms.len() - usize::from(param.coeff_blob()));
    check_coefficients(&param, joined.len())?;
    check_only_sum(&param)?;
    check_shapes(joined)?;
    if let [coefficients] = coefficients {
        let fits = coefficients.dims().split_first().is_some_and(|(&places, axes)| {
            usize::try_from(places) == Ok(joined.len()) && joined[0].dims().starts_with(axes)
        });
        let (count, first) = (joined.len(), &joined[0]);
        ensure!(fits, COEFF_BLOB, "the coefficients {coefficients} are not {count} times the first axes of {first}");
    }
    Ok(Setup::like_bottom(ctx, Operator::Eltwise(Eltwise::new(&param, joined.len()))))
}

fn eltwise_from_axis(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.eltwise_param.clone().unwrap_or_default();
    check_coefficients(&param, ctx.bottoms.len())?;
    check_only_sum(&param)?;
    let (divides, bottoms) = (param.operation() == EltwiseOp::Div, ctx.bottoms.len());
    ensure!(!divides || bottoms == 2, "bottom", "a division takes 2 bottoms, {bottoms} given");
    if bottoms > 1 {
        check_from_axis(ctx, param.axis(), "eltwise_param.axis")?;
    }
    Ok(Setup::like_bottom(ctx, Operator::Eltwise(Eltwise::new(&param, bottoms))))
}

/// Checks that the axes of the second bottom are those of the first from `axis` on.
///
/// # Errors
/// They are not.
pub(super) fn check_from_axis(ctx: &SetupContext<'_>, axis: i32, field: &'static str) -> Result<(), Refusal> {
    let (first, second) = (ctx.bottom(0), ctx.bottom(1));
    let axis = if first.axes() > 0 { ctx.bottom_axis(0, axis, field)? } else { 0 };
    let fits = first.dims()[axis..].starts_with(second.dims());
    ensure!(fits, "bottom", "bottom 1 {second} differs from bottom 0 {first} from axis {axis} on");
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{Surroundings, refusal, top, tops};

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
        assert_eq!(message(&[&[2, 3], &[3, 2]]), "bottom 1 (3, 2) has a different shape than bottom 0 (2, 3)");
        assert_eq!(message(&[&[2, 3], &[2, 3, 1]]), "bottom 1 (2, 3, 1) has a different shape than bottom 0 (2, 3)");
        assert_eq!(message(&[&[2, 3]]), "Eltwise takes at least 2 bottoms, 1 given");
        let coeff = |text| refusal("Eltwise", text, &BOTTOMS, 1);
        assert_eq!(
            coeff("eltwise_param { coeff: 1 }"),
            ("eltwise_param.coeff", "1 coefficients do not match 2 bottoms".to_owned())
        );
        assert_eq!(coeff("eltwise_param { operation: PROD coeff: 1 coeff: 1 }").1, "a product takes no coefficients");
    }

    #[test]
    fn flownet_passes_a_single_bottom_on() {
        let flownet = Surroundings::of("flownet2");
        assert_eq!(flownet.top("Eltwise", "eltwise_param { coeff: 20 }", &[&[2, 3]]), [2, 3]);
        let message = "bottom: bottom 1 (3) has a different shape than bottom 0 (2, 3)";
        assert_eq!(flownet.refusal("Eltwise", "", &[&[2, 3], &[3]]), message);
    }

    #[test]
    fn the_second_bottom_may_have_fewer_axes() {
        let synopsys = Surroundings::of("synopsys");
        let top = |text: &str, bottoms: &[&[i32]]| synopsys.top("Eltwise", text, bottoms);
        assert_eq!(top("eltwise_param { axis: 1 }", &[&[2, 3, 4], &[3], &[9, 9]]), [2, 3, 4]);
        assert_eq!(top("eltwise_param { operation: MIN }", &[&[2, 3]]), [2, 3]);
        let error = |text: &str, bottoms: &[&[i32]]| synopsys.refusal("Eltwise", text, bottoms);
        let message = "bottom: bottom 1 (3) differs from bottom 0 (2, 3, 4) from axis 0 on";
        assert_eq!(error("", &[&[2, 3, 4], &[3]]), message);
        let message = "eltwise_param.coeff: only a sum takes coefficients";
        assert_eq!(error("eltwise_param { operation: MAX coeff: 1 coeff: 1 }", &BOTTOMS), message);
        let message = "bottom: a division takes 2 bottoms, 1 given";
        assert_eq!(error("eltwise_param { operation: DIV }", &[&[2, 3]]), message);
    }

    #[test]
    fn the_last_bottom_may_have_the_coefficients() {
        for dialect in ["lisa", "lisa-recurrent"] {
            let own = Surroundings::of(dialect);
            let (blob, both) =
                ("eltwise_param { coeff_blob: true }", "eltwise_param { coeff_blob: true coeff: [1, 2] }");
            assert_eq!(own.top("Eltwise", blob, &[&[2, 3, 4], &[1, 2, 3]]), [2, 3, 4]);
            assert_eq!(own.top("Eltwise", both, &[&[2, 3], &[2, 3], &[2]]), [2, 3]);
            assert_eq!(own.top("Eltwise", "", &BOTTOMS), [2, 3, 4]);

            let refusal = |text: &str, bottoms: &[&[i32]]| own.refusal("Eltwise", text, bottoms);
            let message = "eltwise_param.coeff_blob: the coefficients (1, 3) are not 1 times the first axes of (2, 3)";
            assert_eq!(refusal(blob, &[&[2, 3], &[1, 3]]), message);
            let message = "eltwise_param.coeff_blob: the coefficients (2) are not 1 times the first axes of (2, 3)";
            assert_eq!(refusal(blob, &[&[2, 3], &[2]]), message);
            let message = "eltwise_param.coeff_blob: the coefficients () are not 1 times the first axes of (2, 3)";
            assert_eq!(refusal(blob, &[&[2, 3], &[]]), message);
            let message = "eltwise_param.coeff: 2 coefficients do not match 1 bottoms";
            assert_eq!(refusal(both, &[&[2, 3], &[1]]), message);
            let message = "eltwise_param.coeff_blob: only a sum takes coefficients";
            assert_eq!(refusal("eltwise_param { coeff_blob: true operation: MAX }", &[&[2, 3], &[1]]), message);
            let message = "eltwise_param.coeff: only a sum takes coefficients";
            assert_eq!(refusal("eltwise_param { operation: MAX coeff: [1, 1] }", &BOTTOMS), message);
        }
    }
}
