//! Layers of YOLO, and Faster R-CNN's proposals, as Synopsys' Caffe has them: UpsampleDarknet, Tensor2Box and Proposal;
//! and the outputs of MobileNet-YOLO: YoloDetectionOutput and Yolov3DetectionOutput, and its AssistedExcitation, whose
//! top is like its first bottom.
//!
//! ```text
//! UpsampleDarknet  the last two axes times `stride`
//! Tensor2Box       (N, ..)      -> (N, numbers of an item / (5 + num_classes), 5 + num_classes)
//! Proposal         three        -> (1, 1, 1, 5), and (1, 1, 1, 1) as second top
//! the outputs      any          -> (1, 1, 1, 7), of which the third axis is the number of boxes once there are any
//! ```
//!
//! No blobs, no draws.

use super::files::check_label_map;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);
const SYNOPSYS: Known = Known::In(&["synopsys"]);

pub(super) const UPSAMPLE_DARKNET: LayerType =
    LayerType::new("UpsampleDarknet", "Repeats each position", ONE, ONE, &upsample)
        .params(&["upsample_darknet_param"])
        .keeps_signal()
        .known(SYNOPSYS);

pub(super) const TENSOR2BOX: LayerType =
    LayerType::new("Tensor2Box", "Makes boxes of YOLO's predictions", ONE, ONE, &tensor2box)
        .params(&["tensor2box_param"])
        .known(SYNOPSYS);

pub(super) const PROPOSAL: LayerType = LayerType::new(
    "Proposal",
    "Makes regions of interest of scores and shifts of anchors",
    Arity::exactly(3),
    Arity::between(1, 2),
    &proposal,
)
.params(&["proposal_param"])
.known(SYNOPSYS);

const MOBILENET_YOLO: Known = Known::In(&["mobilenet-yolo", "yolov3-windows"]);
const OUTPUT: &str = "Keeps the best of the boxes that grids predict";

pub(super) const YOLO_DETECTION_OUTPUT: LayerType =
    LayerType::new("YoloDetectionOutput", OUTPUT, Arity::at_least(1), ONE, &yolo_output)
        .params(&["yolo_detection_output_param"])
        .known(MOBILENET_YOLO);

pub(super) const YOLOV3_DETECTION_OUTPUT: LayerType =
    LayerType::new("Yolov3DetectionOutput", OUTPUT, Arity::at_least(1), ONE, &yolov3_output)
        .params(&["yolov3_detection_output_param"])
        .known(MOBILENET_YOLO);

pub(super) const ASSISTED_EXCITATION: LayerType = LayerType::new(
    "AssistedExcitation",
    "Strengthens its first input where the true boxes are, early in training",
    Arity::exactly(3),
    ONE,
    &assisted_excitation,
)
.weightless()
.keeps_signal()
.known(Known::In(&["mobilenet-yolo"]));

/// What the layers that put out the boxes of grids check.
pub(super) struct GridOutput<'a> {
    /// The number of classes, which has to be given, and its field.
    pub(super) classes: (Option<u32>, &'static str),
    /// The file of the labels; empty for none.
    pub(super) label_map: &'a str,
}

impl GridOutput<'_> {
    /// Checks the settings; `field` is that of the label map.
    ///
    /// # Errors
    /// The number of classes is missing, or the label map cannot be read.
    pub(super) fn setup(&self, ctx: &SetupContext<'_>, field: &'static str) -> Result<Setup, Refusal> {
        let (classes, classes_field) = self.classes;
        if classes.is_none() {
            return Err(Refusal::at(classes_field, "num_classes is missing").help("give the number of classes"));
        }
        let mut notices = Vec::new();
        if !self.label_map.is_empty() {
            check_label_map(ctx, field, self.label_map, &mut notices)?;
        }
        let top = Shape::new([1, 1, 1, 7]).at("top")?;
        Ok(Setup { notices, ..Setup::new(ctx, Operator::Opaque, [top]) })
    }
}

fn assisted_excitation(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::like_bottom(ctx, Operator::Opaque))
}

fn yolo_output(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const CLASSES: &str = "yolo_detection_output_param.num_classes";
    let param = ctx.param.yolo_detection_output_param().unwrap_or_default();
    let output = GridOutput { classes: (param.num_classes, CLASSES), label_map: param.label_map_file() };
    output.setup(ctx, "yolo_detection_output_param.label_map_file")
}

fn yolov3_output(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const CLASSES: &str = "yolov3_detection_output_param.num_classes";
    const GROUPS: &str = "yolov3_detection_output_param.mask_group_num";
    let param = ctx.param.yolov3_detection_output_param().unwrap_or_default();
    let (groups, given) = (param.mask_group_num(), ctx.bottoms.len());
    let output = GridOutput { classes: (param.num_classes, CLASSES), label_map: "" };
    let setup = output.setup(ctx, CLASSES)?;
    ensure!(groups > 0, GROUPS, "mask_group_num must be at least 1: Caffe divides by it");
    ensure!(groups as usize == given, GROUPS, "mask_group_num {groups} is not the number of bottoms, {given}");
    Ok(setup)
}

fn upsample(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const STRIDE: &str = "upsample_darknet_param.stride";
    let stride = i64::from(ctx.param.upsample_darknet_param().unwrap_or_default().stride());
    let bottom = ctx.bottom(0);
    let mut dims: Vec<i64> = bottom.dims().iter().map(|&dim| i64::from(dim)).collect();
    let [.., height, width] = &mut dims[..] else {
        return Err(Refusal::at("bottom", format!("the bottom {bottom} needs 2 axes")));
    };
    *height *= stride;
    *width *= stride;
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(dims).at(STRIDE)?]))
}

fn tensor2box(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const CLASSES: &str = "tensor2box_param.num_classes";
    let param = ctx.param.tensor2box_param().unwrap_or_default();
    let (xs, ys) = (param.anchors_x.len(), param.anchors_y.len());
    ensure!(xs == ys, "tensor2box_param", "{xs} anchors_x and {ys} anchors_y are given");
    let (bottom, values) = (ctx.bottom(0), i64::from(param.num_classes.unwrap_or_default()) + 5);
    ensure!(values > 0, CLASSES, "num_classes is negative");
    let items = bottom.dim(0).map_or(0, i64::from);
    ensure!(items > 0, "bottom", "the bottom {bottom} has no items");
    let item = bottom.count_from(1);
    ensure!(item % values == 0, CLASSES, "the {item} numbers of an item of {bottom} are not a multiple of {values}");
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new([items, item / values, values]).at(CLASSES)?]))
}

fn proposal(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let tops = [[1, 1, 1, 5], [1, 1, 1, 1]].iter().take(ctx.top_count());
    let tops = tops.map(|dims| Shape::new(dims).at("top")).collect::<Result<Vec<Shape>, Refusal>>()?;
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn positions_are_repeated_and_boxes_made() {
        let synopsys = Surroundings::of("synopsys");
        assert_eq!(synopsys.top("UpsampleDarknet", "upsample_darknet_param { stride: 3 }", &[&[2, 5]]), [6, 15]);
        let text = "tensor2box_param { num_classes: 3 img_dim_h: 9 img_dim_w: 9 }";
        assert_eq!(synopsys.top("Tensor2Box", text, &[&[2, 24, 2, 2]]), [2, 12, 8]);
    }

    #[test]
    fn outputs_of_grids() {
        let yolo = Surroundings::of("mobilenet-yolo");
        let text = "yolov3_detection_output_param { num_classes: 20 mask_group_num: 2 }";
        assert_eq!(yolo.top("Yolov3DetectionOutput", text, &[&[1, 75, 13, 13], &[1, 75, 26, 26]]), [1, 1, 1, 7]);
        let message = "yolov3_detection_output_param.mask_group_num: mask_group_num 2 is not the number of bottoms, 1";
        assert_eq!(yolo.refusal("Yolov3DetectionOutput", text, &[&[1, 75, 13, 13]]), message);
        let message = "yolov3_detection_output_param.num_classes: num_classes is missing";
        assert_eq!(yolo.refusal("Yolov3DetectionOutput", "", &[&[1]]), message);
        let text = "yolov3_detection_output_param { num_classes: 20 mask_group_num: 0 }";
        let message =
            "yolov3_detection_output_param.mask_group_num: mask_group_num must be at least 1: Caffe divides by it";
        assert_eq!(yolo.refusal("Yolov3DetectionOutput", text, &[&[1]]), message);
        assert_eq!(yolo.top("AssistedExcitation", "", &[&[2, 3, 4, 5], &[1], &[1]]), [2, 3, 4, 5]);
        let text = "yolo_detection_output_param { num_classes: 20 }";
        assert_eq!(yolo.top("YoloDetectionOutput", text, &[&[1, 125, 13, 13]]), [1, 1, 1, 7]);
        let text = "yolo_detection_output_param { num_classes: 20 label_map_file: 'absent' }";
        let message = "yolo_detection_output_param.label_map_file: cannot read the label map \"absent\": \
                       No such file or directory (os error 2)";
        assert_eq!(yolo.refusal("YoloDetectionOutput", text, &[&[1]]), message);
    }

    #[test]
    fn refusals() {
        let synopsys = Surroundings::of("synopsys");
        let text = "tensor2box_param { num_classes: 3 img_dim_h: 9 img_dim_w: 9 anchors_x: 1 }";
        let message = "tensor2box_param: 1 anchors_x and 0 anchors_y are given";
        assert_eq!(synopsys.refusal("Tensor2Box", text, &[&[2, 24]]), message);
        let made = synopsys.run("Proposal", "", &[&[1], &[1], &[1]], 2).unwrap();
        assert_eq!((made.tops[0].count(), made.tops[1].count()), (5, 1));
    }
}
