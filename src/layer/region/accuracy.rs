//! How good predicted boxes and classes are: DetectionAccuracy and BboxAccuracy (MS-CNN), DetectionGroupAccuracy
//! (Cascade R-CNN).
//!
//! | type | bottoms | tops |
//! |---|---|---|
//! | DetectionAccuracy | predictions (N, K + C, H, W), targets (N, any, H, W) | (1, 1, 1, 2), and (1, 1, 1, 1) |
//! | DetectionGroupAccuracy | scores (N, K, H, W), boxes (N, 4, H, W), targets (N, 6, H, W) | the same |
//! | BboxAccuracy | three of N items | (1, 1, 1, 1), twice |
//!
//! with K = `cls_num` and C = `coord_num`. In a group N is a multiple of the number of `field_h`. In Cascade R-CNN's
//! tree boxes that do not depend on the class have 8 channels. No blobs, no draws.

use super::{check_statistics, is_class_aware};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};
use crate::layer::loss::detection::{check_alike, check_channels, check_group_bottoms, check_groups, check_objectness};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};

const SUMMARY: &str = "Measures how good predicted boxes and classes are";

pub(super) const GRID: LayerType = entry("DetectionAccuracy", Arity::exactly(2), &detection_accuracy)
    .params(&["detection_accuracy_param", "loss_param"])
    .known(Known::In(&["mscnn"]));

pub(super) const GROUPS: LayerType = entry("DetectionGroupAccuracy", Arity::exactly(3), &group_accuracy)
    .params(&["detection_group_accuracy_param", "bbox_reg_param", "loss_param"])
    .known(Known::In(&["cascade-rcnn"]));

pub(super) const BBOX: LayerType =
    entry("BboxAccuracy", Arity::exactly(3), &bbox_accuracy).params(&["bbox_reg_param"]).known(Known::In(&["mscnn"]));

pub(super) const CASCADE_BBOX: LayerType = entry("BboxAccuracy", Arity::exactly(3), &shared_bbox_accuracy)
    .params(&["bbox_reg_param"])
    .known(Known::In(&["cascade-rcnn"]));

const fn entry(name: &'static str, bottoms: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, SUMMARY, bottoms, Arity::between(1, 2), rule).weightless()
}

fn detection_accuracy(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.detection_accuracy_param().unwrap_or_default();
    check_alike(ctx, &[1])?;
    let classes = i64::from(param.cls_num());
    check_channels(ctx, 0, classes + i64::from(param.coord_num()))?;
    check_objectness(param.objectness(), classes, "detection_accuracy_param.cls_num")?;
    accuracies(ctx, 2)
}

fn group_accuracy(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const FIELDS: &str = "detection_group_accuracy_param.field_h";
    let param = ctx.param.detection_group_accuracy_param().unwrap_or_default();
    check_statistics(ctx)?;
    check_groups(ctx, param.field_h.len(), param.field_w.len(), FIELDS)?;
    check_group_bottoms(ctx, param.cls_num())?;
    check_objectness(param.objectness(), param.cls_num().into(), "detection_group_accuracy_param.cls_num")?;
    accuracies(ctx, 2)
}

fn bbox_accuracy(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let items = ctx.legacy_dim(0, 0)?;
    for bottom in [1, 2] {
        let (others, a, b) = (ctx.legacy_dim(bottom, 0)?, ctx.bottom(0), ctx.bottom(bottom));
        if items != others {
            return Err(Refusal::at("bottom", format!("bottoms 0 and {bottom} differ at axis 0: {a} and {b}")));
        }
    }
    accuracies(ctx, 1)
}

/// The same, but for the channels of boxes that all classes share.
fn shared_bbox_accuracy(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    if !is_class_aware(ctx) {
        check_channels(ctx, 0, 8)?;
    }
    bbox_accuracy(ctx)
}

/// Tops of one item, the first with so many values.
fn accuracies(ctx: &SetupContext<'_>, values: i32) -> Result<Setup, Refusal> {
    let tops = [[1, 1, 1, values], [1; 4]].into_iter().take(ctx.top_count());
    let tops = tops.map(|dims| Shape::new(dims).at("top")).collect::<Result<Vec<Shape>, Refusal>>()?;
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn tops(dialect: &str, name: &str, text: &str, bottoms: &[&[i32]]) -> Result<Vec<Vec<i32>>, String> {
        let made = Surroundings::of(dialect).run(name, text, bottoms, 2)?;
        Ok(made.tops.iter().map(|top| top.dims().to_vec()).collect())
    }

    #[test]
    fn grids_and_groups() {
        let text = "detection_accuracy_param { cls_num: 3 coord_num: 4 }";
        let made = tops("mscnn", "DetectionAccuracy", text, &[&[2, 7, 3, 5], &[2, 6, 3, 5]]);
        assert_eq!(made.unwrap(), [[1, 1, 1, 2], [1, 1, 1, 1]]);
        let text = "detection_group_accuracy_param { cls_num: 3 field_h: 9 field_w: 7 }";
        let bottoms: [&[i32]; 3] = [&[4, 3, 2, 5], &[4, 4, 2, 5], &[4, 6, 2, 5]];
        let made = tops("cascade-rcnn", "DetectionGroupAccuracy", text, &bottoms);
        assert_eq!(made.unwrap(), [[1, 1, 1, 2], [1, 1, 1, 1]]);
        let message = "bottom: bottom 0 (4, 3, 2, 5) has 3 channels, and needs 2";
        let two = text.replace("cls_num: 3", "cls_num: 2");
        assert_eq!(tops("cascade-rcnn", "DetectionGroupAccuracy", &two, &bottoms).unwrap_err(), message);
    }

    #[test]
    fn boxes_that_all_classes_share() {
        let text = "bbox_reg_param { cls_aware: false }";
        let bottoms: [&[i32]; 3] = [&[6, 12], &[6, 12], &[6]];
        let bbox = |dialect: &str, bottoms: &[&[i32]]| tops(dialect, "BboxAccuracy", text, bottoms);
        assert_eq!(bbox("mscnn", &bottoms).unwrap(), [[1, 1, 1, 1], [1, 1, 1, 1]]);
        assert_eq!(
            bbox("cascade-rcnn", &bottoms).unwrap_err(),
            "bottom: bottom 0 (6, 12) has 12 channels, and needs 8"
        );
        let message = "bottom: bottoms 0 and 2 differ at axis 0: (6, 8) and (5)";
        assert_eq!(bbox("cascade-rcnn", &[&[6, 8], &[6, 8], &[5]]).unwrap_err(), message);
    }
}
