//! Pairwise: the sum, product or maximum of each item of one bottom with each of another (happynear).
//!
//! (M, K) and (N, K) become (M, N, K), where further axes count for nothing. `coeff` has a factor for each bottom, of a
//! sum alone. No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::pairwise_parameter::PairwiseOp;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Pairwise",
    "Combines each item of one blob with each of another",
    Arity::at_least(2),
    Arity::exactly(1),
    &pairwise,
)
.params(&["pairwise_param"])
.weightless()
.known(Known::In(&["happynear"]))];

fn pairwise(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const COEFF: &str = "pairwise_param.coeff";
    let param = ctx.param.pairwise_param().unwrap_or_default();
    let (given, bottoms) = (param.coeff.len(), ctx.bottoms.len());
    ensure!(given == 0 || given == bottoms, COEFF, "{given} coeff are given for {bottoms} bottoms");
    ensure!(given == 0 || param.operation() != PairwiseOp::Prod, COEFF, "a product takes no coeff");
    let [(rows, numbers), (columns, others)] =
        [0, 1].map(|bottom| (ctx.legacy_dim(bottom, 0), ctx.legacy_dim(bottom, 1)));
    let (one, other) = (ctx.bottom(0), ctx.bottom(1));
    let numbers = numbers?;
    ensure!(numbers == others?, "bottom", "the bottoms differ at axis 1: {one} and {other}");
    let top = Shape::new([rows?, columns?, numbers]).at("bottom")?;
    Ok(Setup::new(ctx, Operator::Opaque, [top]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn items_go_with_items() {
        let happynear = Surroundings::of("happynear");
        assert_eq!(happynear.top("Pairwise", "", &[&[2, 5], &[3, 5]]), [2, 3, 5]);
        let text = "pairwise_param { coeff: 1 coeff: -1 }";
        assert_eq!(happynear.top("Pairwise", text, &[&[2, 5], &[3, 5]]), [2, 3, 5]);
    }

    #[test]
    fn refusals() {
        let error =
            |text: &str, other: &[i32]| Surroundings::of("happynear").refusal("Pairwise", text, &[&[2, 5], other]);
        assert_eq!(error("", &[3, 4]), "bottom: the bottoms differ at axis 1: (2, 5) and (3, 4)");
        let message = "pairwise_param.coeff: 1 coeff are given for 2 bottoms";
        assert_eq!(error("pairwise_param { coeff: 1 }", &[3, 5]), message);
        let text = "pairwise_param { operation: PROD coeff: 1 coeff: 1 }";
        assert_eq!(error(text, &[3, 5]), "pairwise_param.coeff: a product takes no coeff");
    }
}
