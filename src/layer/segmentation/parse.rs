//! Grouping, ParseOutput and ParseEvaluate: what scenes are parsed into (ParseNet).
//!
//! ```text
//! Grouping       scores (N, C, H, W) and groups (N, any, H, W)          -> like the scores
//! ParseOutput    scores (N, C, H, W)                                    -> labels and, if asked for, scores (N, 1, H, W)
//! ParseEvaluate  labels (N, 1, H, W) and true ones, no wider            -> (1, num_labels, 1, 3)
//! ```

use super::{check_ones, check_same};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};

const PARSENET: Known = Known::In(&["weiliu-fcn"]);

pub(super) const GROUPING: LayerType =
    of("Grouping", "Combines the scores of a group of pixels", Arity::exactly(2), Arity::exactly(1), &grouping);

pub(super) const OUTPUT: LayerType =
    of("ParseOutput", "Takes the best class of each pixel", Arity::exactly(1), Arity::between(1, 2), &output);

pub(super) const EVALUATE: LayerType =
    of("ParseEvaluate", "Counts how labels agree with the true ones", Arity::exactly(2), Arity::exactly(1), &evaluate)
        .params(&["parse_evaluate_param"]);

const fn of(
    name: &'static str,
    summary: &'static str,
    bottoms: Arity,
    tops: Arity,
    rule: &'static dyn Layer,
) -> LayerType {
    LayerType::new(name, summary, bottoms, tops, rule).weightless().known(PARSENET)
}

fn grouping(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_same(ctx, 1, &[3, 2, 0])?;
    ensure!(ctx.bottom(1).count() > 0, "bottom", "the groups {} are empty", ctx.bottom(1));
    Ok(Setup::new(ctx, Operator::Opaque, [ctx.four_axes(0)?]))
}

fn output(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let [items, height, width] = [0, 2, 3].map(|axis| ctx.legacy_dim(0, axis));
    let top = Shape::new([items?, 1, height?, width?]).at("bottom")?;
    Ok(Setup::new(ctx, Operator::Opaque, vec![top; ctx.top_count()]))
}

fn evaluate(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const LABELS: &str = "parse_evaluate_param.num_labels";
    let labels = ctx.param.parse_evaluate_param().and_then(|param| param.num_labels);
    let labels = labels.ok_or_else(|| Refusal::at(LABELS, "num_labels is missing"))?;
    check_same(ctx, 1, &[0, 1, 2])?;
    check_ones(ctx, 0, &[1])?;
    let (width, of_true) = (ctx.legacy_dim(0, 3)?, ctx.legacy_dim(1, 3)?);
    ensure!(width >= of_true, "bottom", "the true labels are {of_true} wide, the others {width}");
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new([1, labels, 1, 3]).at(LABELS)?]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn labels_and_counts() {
        let own = Surroundings::of("weiliu-fcn");
        let (scores, labels): (&[i32], &[i32]) = (&[2, 3, 4, 5], &[2, 1, 4, 5]);
        assert_eq!(own.top("Grouping", "", &[scores, labels]), scores);
        let message = "bottom: the groups (2, 0, 4, 5) are empty";
        assert_eq!(own.refusal("Grouping", "", &[scores, &[2, 0, 4, 5]]), message);
        let made = own.run("ParseOutput", "", &[scores], 2).unwrap();
        assert!(made.tops.iter().all(|top| top.dims() == labels));
        let text = "parse_evaluate_param { num_labels: 21 }";
        assert_eq!(own.top("ParseEvaluate", text, &[labels, labels]), [1, 21, 1, 3]);
        let message = "parse_evaluate_param.num_labels: num_labels is missing";
        assert_eq!(own.refusal("ParseEvaluate", "", &[labels, labels]), message);
        let message = "bottom: bottoms 0 and 1 differ at axis 1: (2, 3, 4, 5) and (2, 1, 4, 5)";
        assert_eq!(own.refusal("ParseEvaluate", text, &[scores, labels]), message);
    }
}
