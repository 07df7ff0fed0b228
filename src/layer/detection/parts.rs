//! SSDDecoder and SSDSort: the two halves of DetectionOutput (Synopsys).
//!
//! ```text
//! SSDDecoder  locations (N, 4 P L), priors (1, 2, 4 P)    -> (1, 1, P, 4)
//! SSDSort     boxes (1, 1, P, 4), confidences (N, P K)    -> (1, 1, 1, 7)
//! ```
//!
//! P, K, L, the settings, the files and the draws are those of [DetectionOutput](super::output). No blobs.

use super::output::{Prepared, param, prepare};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

pub(super) const DECODER: LayerType = entry("SSDDecoder", "Makes boxes of predicted locations and priors", &decoder);

pub(super) const SORT: LayerType = entry("SSDSort", "Keeps the best of boxes, by confidence and overlap", &sort);

const fn entry(name: &'static str, summary: &'static str, rule: &'static dyn crate::layer::Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(2), Arity::exactly(1), rule)
        .params(&["detection_output_param"])
        .known(Known::In(&["synopsys"]))
}

fn made(ctx: &SetupContext<'_>, prepared: Prepared, dims: [i32; 4]) -> Result<Setup, Refusal> {
    let Prepared { draws, notices, .. } = prepared;
    Ok(Setup { draws, notices, ..Setup::new(ctx, Operator::Opaque, [Shape::new(dims).at("bottom")?]) })
}

fn decoder(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let prepared = prepare(ctx, &param(ctx))?;
    let priors = ctx.legacy_dim(1, 2)? / 4;
    let located = if prepared.operator.share_location { 1 } else { prepared.operator.num_classes };
    let (needed, channels) = (i64::from(priors) * 4 * located, i64::from(ctx.legacy_dim(0, 1)?));
    ensure!(channels == needed, "bottom", "{priors} priors need {needed} channels of locations, not {channels}");
    made(ctx, prepared, [1, 1, priors, 4])
}

fn sort(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let prepared = prepare(ctx, &param(ctx))?;
    let priors = ctx.legacy_dim(0, 2)?;
    let (needed, channels) = (i64::from(priors) * prepared.operator.num_classes, i64::from(ctx.legacy_dim(1, 1)?));
    ensure!(channels == needed, "bottom", "{priors} boxes need {needed} channels of confidences, not {channels}");
    made(ctx, prepared, [1, 1, 1, 7])
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const TEXT: &str = "detection_output_param { num_classes: 3 }";

    #[test]
    fn locations_become_boxes_and_boxes_detections() {
        let synopsys = Surroundings::of("synopsys");
        assert_eq!(synopsys.top("SSDDecoder", TEXT, &[&[2, 24], &[1, 2, 24]]), [1, 1, 6, 4]);
        assert_eq!(synopsys.top("SSDSort", TEXT, &[&[1, 1, 6, 4], &[2, 18]]), [1, 1, 1, 7]);
        let message = "bottom: 6 boxes need 18 channels of confidences, not 12";
        assert_eq!(synopsys.refusal("SSDSort", TEXT, &[&[1, 1, 6, 4], &[2, 12]]), message);
    }
}
