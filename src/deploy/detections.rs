//! What stands in for the loss of boxes and their classes: the layers that SSD's own nets for tests end with.
//!
//! ```text
//! confidences ──▶ Reshape (N, P, K) ──▶ Softmax over K ──▶ Flatten ──┐
//! locations ─────────────────────────────────────────────────────────┼──▶ DetectionOutput
//! priors ────────────────────────────────────────────────────────────┘
//! ```
//!
//! Where the loss takes the classes one by one, a Sigmoid is in the place of the three. The settings of the output are
//! those of the loss; what the loss has no say in, how many boxes are kept, is as in SSD's nets.

use crate::net::NetLayer;
use crate::proto::caffe::multi_box_loss_parameter::ConfLossType;
use crate::proto::caffe::{
    BlobShape, DetectionOutputParameter, FlattenParameter, LayerParameter, MultiBoxLossParameter,
    NonMaximumSuppressionParameter, ReshapeParameter, SoftmaxParameter,
};

/// What the output is called where it is the only one.
pub(super) const DETECTIONS: &str = "detection_out";

/// The settings of SSD's nets.
const CONFIDENCE_THRESHOLD: f32 = 0.01;
const NMS_THRESHOLD: f32 = 0.45;
const TOP_K: i32 = 400;
const KEEP_TOP_K: i32 = 200;

/// What is said of those.
pub(super) fn notice(layer: &str, output: &str) -> String {
    format!(
        "layer {layer:?} becomes {output:?}, which keeps boxes as SSD's nets do: confidence_threshold \
         {CONFIDENCE_THRESHOLD}, nms_threshold {NMS_THRESHOLD}, top_k {TOP_K} and keep_top_k {KEEP_TOP_K}"
    )
}

/// The layers that stand in for a loss of boxes; the last is of this type and name, and has the `bottoms` of the loss.
/// `is_taken` tells the names that the net has already.
pub(super) fn stand_ins(
    loss: &NetLayer,
    (layer_type, name): (&str, &str),
    bottoms: &[usize],
    is_taken: impl Fn(&str) -> bool,
) -> Vec<NetLayer> {
    let settings = loss.param.multibox_loss_param().unwrap_or_default();
    let bottom = |index: usize| loss.param.bottom.get(index).cloned().unwrap_or_default();
    let scores = bottom(1);
    let free = |end: &str| {
        let names = std::iter::successors(Some(format!("{scores}_{end}")), |name| Some(format!("{name}_")));
        names.into_iter().find(|name| !is_taken(name)).unwrap_or_default()
    };
    let made = |layer_type: &str, end: &str, from: &str| {
        let name = free(end);
        LayerParameter {
            name: Some(name.clone()),
            r#type: Some(layer_type.to_owned()),
            bottom: vec![from.to_owned()],
            top: vec![name],
            ..Default::default()
        }
    };
    let mut layers = Vec::new();
    if settings.conf_loss_type() == ConfLossType::Logistic {
        layers.push(made("Sigmoid", "sigmoid", &scores));
    } else {
        let mut reshape = made("Reshape", "reshape", &scores);
        let classes = i64::from(settings.num_classes());
        let shape = Some(BlobShape { dim: vec![0, -1, classes] });
        reshape.reshape_param = Some(ReshapeParameter { shape, ..Default::default() }.into());
        let mut softmax = made("Softmax", "softmax", reshape.name());
        softmax.softmax_param = Some(SoftmaxParameter { axis: Some(2), ..Default::default() }.into());
        let mut flatten = made("Flatten", "flatten", softmax.name());
        flatten.flatten_param = Some(FlattenParameter { axis: Some(1), ..Default::default() });
        layers.extend([reshape, softmax, flatten]);
    }
    let probabilities = layers.last().map_or(scores.clone(), |layer| layer.name().to_owned());
    let mut output = LayerParameter {
        name: Some(name.to_owned()),
        r#type: Some(layer_type.to_owned()),
        bottom: bottoms.iter().map(|&index| if index == 1 { probabilities.clone() } else { bottom(index) }).collect(),
        top: vec![name.to_owned()],
        ..Default::default()
    };
    output.detection_output_param = Some(output_settings(&settings).into());
    layers.push(output);
    layers.into_iter().map(|param| NetLayer { param, origin: loss.origin }).collect()
}

fn output_settings(loss: &MultiBoxLossParameter) -> DetectionOutputParameter {
    let variance_encoded = loss.encode_variance_in_target().then_some(true);
    DetectionOutputParameter {
        num_classes: loss.num_classes,
        share_location: loss.share_location,
        background_label_id: loss.background_label_id.map(u32::cast_signed),
        nms_param: Some(NonMaximumSuppressionParameter {
            nms_threshold: Some(NMS_THRESHOLD),
            top_k: Some(TOP_K),
            ..Default::default()
        }),
        code_type: loss.code_type,
        variance_encoded_in_target: variance_encoded,
        use_polygon: loss.use_polygon,
        keep_top_k: Some(KEEP_TOP_K),
        confidence_threshold: Some(CONFIDENCE_THRESHOLD),
        ..Default::default()
    }
}
