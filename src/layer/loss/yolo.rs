//! YoloV2Loss and YoloV3Loss: those of YOLO's predictions against labels for each cell of a grid (Synopsys).
//!
//! Bottoms: predictions with `side^2 num_object (num_classes + 5)` numbers an item, and labels with `7 side^2`.

use super::{check_batches, opaque_loss};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};

pub(super) const V2: LayerType = entry("YoloV2Loss", &v2).params(&["yolo_v2_loss_param"]);

pub(super) const V3: LayerType = entry("YoloV3Loss", &v3).params(&["yolo_v3_loss_param"]);

const fn entry(name: &'static str, rule: &'static dyn crate::layer::Layer) -> LayerType {
    LayerType::new(
        name,
        "Computes the loss of predicted boxes against those of the cells of a grid",
        Arity::exactly(2),
        Arity::exactly(1),
        rule,
    )
    .auto_tops()
    .judges_first()
    .known(Known::In(&["synopsys"]))
}

/// The sizes of a prediction.
struct YoloCells {
    side: i32,
    objects: i32,
    classes: i32,
    field: &'static str,
}

impl YoloCells {
    fn setup(&self, ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
        let sizes = [self.side, self.objects, self.classes];
        ensure!(sizes.iter().all(|&size| size >= 0), self.field, "side, num_object and num_classes must be given");
        let [side, objects, classes] = sizes.map(i64::from);
        let cells = side * side;
        let wanted = cells.saturating_mul(classes + 5).saturating_mul(objects);
        for (bottom, wanted, what) in [(0, wanted, "predictions"), (1, cells.saturating_mul(7), "labels")] {
            let count = ctx.bottom(bottom).count_from(1);
            ensure!(count == wanted, "bottom", "the {what} have {count} numbers per item and must have {wanted}");
        }
        check_batches(ctx)?;
        Ok(opaque_loss(ctx, Shape::scalar()))
    }
}

fn v2(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.yolo_v2_loss_param().unwrap_or_default();
    let (anchors, objects) = (param.anchors.len() as i64, param.num_object());
    let fits = anchors == 2 * i64::from(objects);
    ensure!(fits, "yolo_v2_loss_param.anchors", "{anchors} anchors for {objects} objects: there are two for each");
    YoloCells { side: param.side(), objects, classes: param.num_classes(), field: "yolo_v2_loss_param" }.setup(ctx)
}

fn v3(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.yolo_v3_loss_param().unwrap_or_default();
    let (side, objects, classes) = (param.side(), param.num_object(), param.num_classes());
    YoloCells { side, objects, classes, field: "yolo_v3_loss_param" }.setup(ctx)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn predictions_and_labels_cover_the_grid() {
        let synopsys = Surroundings::of("synopsys");
        let text = "yolo_v3_loss_param { side: 2 num_object: 3 num_classes: 4 }";
        let made = synopsys.run("YoloV3Loss", text, &[&[5, 27, 2, 2], &[5, 28]], 1).unwrap();
        assert_eq!(made.default_loss_weight, Some(1.0));
        let message = "bottom: the labels have 27 numbers per item and must have 28";
        assert_eq!(synopsys.refusal("YoloV3Loss", text, &[&[5, 108], &[5, 27]]), message);
        let text = "yolo_v2_loss_param { side: 2 num_object: 3 num_classes: 4 anchors: 1 }";
        let message = "yolo_v2_loss_param.anchors: 1 anchors for 3 objects: there are two for each";
        assert_eq!(synopsys.refusal("YoloV2Loss", text, &[&[5, 108], &[5, 28]]), message);
    }
}
