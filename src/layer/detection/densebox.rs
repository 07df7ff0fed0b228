//! DenseboxMapEvaluation and ReshapeLabel: boxes at each position of a map, as DenseBox has them (Xilinx).
//!
//! ```text
//! DenseboxMapEvaluation  boxes (N, 4, H, W), scores (N, 2, H, W), true boxes (N, 1, more than 100, ..) -> (1, 1, 1, 5)
//! ReshapeLabel           labels (N, ..) -> (N, 1, S / 8, S / 8), (N, 1, S / 4, S / 4), (N, 1, S / 2, S / 2), (N, 8, S, S) and
//!                        (N, 1, 1000, 4), with S = full_label_size
//! ```
//!
//! Missing axes count as 1. No blobs, no draws.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};

pub(super) const EVALUATION: LayerType = of(
    "DenseboxMapEvaluation",
    "Tells which of the boxes predicted at each position are true",
    [Arity::exactly(3), Arity::at_least(1)],
    &evaluate,
)
.params(&["densebox_map_evaluation_param"])
.measures();

pub(super) const RESHAPE_LABEL: LayerType =
    of("ReshapeLabel", "Makes maps of labels", [Arity::at_least(1), Arity::at_least(5)], &reshape_label)
        .params(&["reshape_label_param"]);

const fn of(
    name: &'static str,
    summary: &'static str,
    [bottoms, tops]: [Arity; 2],
    rule: &'static dyn Layer,
) -> LayerType {
    LayerType::new(name, summary, bottoms, tops, rule).weightless().known(Known::In(&["xilinx"]))
}

fn evaluate(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    for (bottom, what, channels) in [(0, "boxes", 4), (1, "scores", 2), (2, "true boxes", 1)] {
        let given = ctx.legacy_dim(bottom, 1)?;
        ensure!(given == channels, "bottom", "the {what} {} need {channels} channels", ctx.bottom(bottom));
    }
    let height = ctx.legacy_dim(2, 2)?;
    ensure!(height > 100, "bottom", "the true boxes {} need a height above 100, not {height}", ctx.bottom(2));
    let tops = ctx.first_top(Shape::new([1, 1, 1, 5]).at("top")?);
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

fn reshape_label(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const SIZE: &str = "reshape_label_param.full_label_size";
    let items = i64::from(ctx.legacy_dim(0, 0)?);
    let size = i64::from(ctx.param.reshape_label_param().unwrap_or_default().full_label_size());
    let maps =
        [(1, size / 8, size / 8), (1, size / 4, size / 4), (1, size / 2, size / 2), (8, size, size), (1, 1000, 4)];
    let mut tops = Vec::with_capacity(ctx.top_count());
    for (channels, height, width) in maps {
        tops.push(Shape::new([items, channels, height, width]).at(SIZE)?);
    }
    tops.resize(ctx.top_count(), Shape::unshaped());
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn labels_become_maps() {
        let made = Surroundings::of("xilinx").run("ReshapeLabel", "", &[&[2, 9]], 5).unwrap();
        let tops: Vec<&[i32]> = made.tops.iter().map(|top| top.dims()).collect();
        assert_eq!(
            tops,
            [[2, 1, 10, 10], [2, 1, 20, 20], [2, 1, 40, 40], [2, 8, 80, 80], [2, 1, 1000, 4]]
                .each_ref()
                .map(|top| &top[..])
        );
    }

    #[test]
    fn evaluations_count_channels() {
        let xilinx = Surroundings::of("xilinx");
        let bottoms: &[&[i32]] = &[&[1, 4, 8, 8], &[1, 2, 8, 8], &[1, 1, 1000, 4]];
        assert_eq!(xilinx.top("DenseboxMapEvaluation", "", bottoms), [1, 1, 1, 5]);
        let error = |bottoms: &[&[i32]]| xilinx.refusal("DenseboxMapEvaluation", "", bottoms);
        let message = "bottom: the scores (1, 4, 8, 8) need 2 channels";
        assert_eq!(error(&[bottoms[0], bottoms[0], bottoms[2]]), message);
        let message = "bottom: the true boxes (1, 1, 100, 4) need a height above 100, not 100";
        assert_eq!(error(&[bottoms[0], bottoms[1], &[1, 1, 100, 4]]), message);
    }
}
