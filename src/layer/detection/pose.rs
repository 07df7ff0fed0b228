//! DetectionPoseOutput: as [DetectionOutput](super::output), with the pose of what is in a box (Cambricon).
//!
//! ```text
//! bottoms = locations (N, 4 P L), confidences (N, P K), poses (N, P M), priors (1, 2, 4 P), and what is not looked at
//! top     = (1, 1, 1, 9), of which the third axis is the number of boxes once there are any
//! ```
//!
//! M is `num_poses`, times K where the classes do not share poses.

use super::output::{self, Prepared};
use super::{Priors, check_channels};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::{DetectionOutputParameter, DetectionPoseOutputParameter};

pub(super) const TYPE: LayerType = LayerType::new(
    "DetectionPoseOutput",
    "Keeps the best of the predicted boxes and poses, by confidence and overlap",
    Arity::between(4, 5),
    Arity::exactly(1),
    &setup,
)
.params(&["detection_pose_output_param"])
.known(Known::In(&["cambricon"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const POSES: &str = "detection_pose_output_param.num_poses";
    let param = ctx.param.detection_pose_output_param().unwrap_or_default();
    let prepared = output::prepare(ctx, &without_poses(&param));
    let Prepared { operator, draws, notices } =
        prepared.map_err(|refusal| Refusal { field: own_field(refusal.field), ..refusal })?;
    let Some(poses) = param.num_poses else {
        return Err(Refusal::at(POSES, "num_poses is missing").help("give the number of poses"));
    };
    let (a, b) = (ctx.legacy_dim(0, 0)?, ctx.legacy_dim(1, 0)?);
    ensure!(a == b, "bottom", "the batches differ: {} and {}", ctx.bottom(0), ctx.bottom(1));
    let priors = Priors::of(ctx, 3)?;
    priors.check_predictions(ctx, operator.num_classes, operator.share_location, 4)?;
    let classes = if param.share_pose() { 1 } else { operator.num_classes };
    let needed = priors.0.saturating_mul(classes).saturating_mul(i64::from(poses.cast_signed()));
    check_channels(ctx, 2, needed, &format!("{} priors need {needed} channels of poses", priors.0))?;
    let top = Shape::new([1, 1, 1, 9]).at("top")?;
    Ok(Setup { draws, notices, ..Setup::new(ctx, Operator::Opaque, [top]) })
}

/// The settings that DetectionOutput has, too.
fn without_poses(param: &DetectionPoseOutputParameter) -> DetectionOutputParameter {
    DetectionOutputParameter {
        num_classes: param.num_classes,
        share_location: param.share_location,
        background_label_id: param.background_label_id,
        nms_param: param.nms_param,
        save_output_param: param.save_output_param.clone(),
        code_type: param.code_type,
        variance_encoded_in_target: param.variance_encoded_in_target,
        keep_top_k: param.keep_top_k,
        confidence_threshold: param.confidence_threshold,
        visualize: param.visualize,
        ..Default::default()
    }
}

/// The layer's own name of a field of DetectionOutput.
fn own_field(field: &'static str) -> &'static str {
    match field {
        "detection_output_param.num_classes" => "detection_pose_output_param.num_classes",
        "detection_output_param.nms_param.nms_threshold" => "detection_pose_output_param.nms_param.nms_threshold",
        "detection_output_param.nms_param.eta" => "detection_pose_output_param.nms_param.eta",
        "detection_output_param.save_output_param.label_map_file" => {
            "detection_pose_output_param.save_output_param.label_map_file"
        }
        "detection_output_param.save_output_param.name_size_file" => {
            "detection_pose_output_param.save_output_param.name_size_file"
        }
        "detection_output_param.save_output_param.num_test_image" => {
            "detection_pose_output_param.save_output_param.num_test_image"
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const NAME: &str = "DetectionPoseOutput";

    #[test]
    fn poses_go_with_priors() {
        let cambricon = Surroundings::of("cambricon");
        let run = |fields: &str, poses: i32| {
            let text = format!("detection_pose_output_param {{ {fields} }}");
            cambricon.run(NAME, &text, &[&[2, 20], &[2, 10], &[2, poses], &[1, 2, 20]], 1)
        };
        let fields = "num_classes: 2 num_poses: 3";
        assert_eq!(run(fields, 15).unwrap().tops[0].dims(), [1, 1, 1, 9]);
        assert!(run(&format!("{fields} share_pose: false"), 30).is_ok());
        let error = |fields: &str, poses: i32| run(fields, poses).unwrap_err();
        let message = "bottom: 5 priors need 15 channels of poses, bottom 2 (2, 16) has 16";
        assert_eq!(error(fields, 16), message);
        assert_eq!(error("num_classes: 2", 15), "detection_pose_output_param.num_poses: num_poses is missing");
        assert_eq!(error("", 15), "detection_pose_output_param.num_classes: num_classes is missing");
        let message = "detection_pose_output_param.nms_param.nms_threshold: nms_threshold -1 is below 0";
        assert_eq!(error(&format!("{fields} nms_param {{ nms_threshold: -1 }}"), 15), message);
    }
}
