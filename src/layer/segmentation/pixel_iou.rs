//! SegmentPixelIOU and OperateSeg: how well the classes of pixels are told, and labels of pixels set right (Xilinx).
//!
//! ```text
//! SegmentPixelIOU  scores (N, C, ..), labels (N, 1, ..) -> (3, C)
//! OperateSeg       like its bottom, with four axes
//! ```

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);
const XILINX: Known = Known::In(&["xilinx"]);

pub(super) const TYPE: LayerType = LayerType::new(
    "SegmentPixelIOU",
    "Counts the pixels of each class that are told right, wrongly and not at all",
    Arity::exactly(2),
    ONE,
    &count,
)
.weightless()
.measures()
.known(XILINX);

pub(super) const OPERATE: LayerType =
    LayerType::new("OperateSeg", "Sets the labels of pixels right", ONE, ONE, &operate).weightless().known(XILINX);

fn count(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (scores, labels) = (ctx.bottom(0), ctx.bottom(1));
    let (&[items, classes, ..], &[of_labels, one, ..]) = (scores.dims(), labels.dims()) else {
        return Err(Refusal::at("bottom", format!("{scores} and {labels} need at least 2 axes")));
    };
    ensure!(items == of_labels, "bottom", "the bottoms differ in their first dimension: {scores} and {labels}");
    ensure!(one == 1, "bottom", "the labels {labels} must have one channel");
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new([3, classes]).at("bottom")?]))
}

fn operate(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::new(ctx, Operator::Opaque, [ctx.four_axes(0)?]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn each_class_is_counted() {
        let xilinx = Surroundings::of("xilinx");
        assert_eq!(xilinx.top("SegmentPixelIOU", "", &[&[2, 19, 8, 8], &[2, 1, 16, 16]]), [3, 19]);
        assert_eq!(xilinx.top("OperateSeg", "", &[&[2, 1]]), [2, 1, 1, 1]);
        let error = |bottoms: &[&[i32]]| xilinx.refusal("SegmentPixelIOU", "", bottoms);
        let message = "bottom: the labels (2, 3, 8, 8) must have one channel";
        assert_eq!(error(&[&[2, 19, 8, 8], &[2, 3, 8, 8]]), message);
        assert_eq!(error(&[&[2], &[2, 1]]), "bottom: (2) and (2, 1) need at least 2 axes");
    }
}
