//! Layers for the segmentation of pictures, as DeepLab, ParseNet and CRF as RNN have them.
//!
//! Missing axes count as 1, and more than four are refused. No blobs but those of MultiStageMeanfield, no draws.

use super::{LayerType, SetupContext};
use crate::error::{Refusal, ensure};
use crate::proto::caffe::{
    AdaptiveBiasChannelParameter, BiasChannelParameter, DenseCrfParameter, DomainTransformParameter,
    SegAccuracyParameter, UniqueLabelParameter,
};

mod bias_channel;
mod dense_crf;
mod domain_transform;
mod meanfield;
mod parse;
mod pixel_iou;
mod seg_accuracy;
mod spatial_product;
mod unique_label;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    bias_channel::ADAPTIVE,
    bias_channel::TYPE,
    dense_crf::TYPE,
    domain_transform::FORWARD_ONLY,
    domain_transform::TYPE,
    meanfield::OF_FILES,
    meanfield::OF_TEXT,
    meanfield::OF_VOLUMES,
    parse::EVALUATE,
    parse::GROUPING,
    parse::OUTPUT,
    pixel_iou::OPERATE,
    pixel_iou::TYPE,
    seg_accuracy::TYPE,
    spatial_product::TYPE,
    unique_label::TYPE,
];

/// The dialects with all that DeepLab has.
const DEEPLAB: &[&str] = &["deeplab-v2", "pspnet", "synopsys"];

/// A layer for segmentation, with its settings.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Segmentation {
    /// Scores, those of a picture's labels raised until they have their share.
    AdaptiveBiasChannel(AdaptiveBiasChannelParameter),
    /// Scores, those of a picture's labels raised.
    BiasChannel(BiasChannelParameter),
    /// Scores, smoothed over similar and near pixels by a fully connected conditional random field.
    DenseCrf(DenseCrfParameter),
    /// The bottom, smoothed up to the edges that the second bottom shows.
    DomainTransform(DomainTransformParameter),
    /// Accuracies of the pixels, of the classes, and the overlap.
    Accuracy(SegAccuracyParameter),
    /// The bottom, each channel times the second bottom.
    SpatialProduct,
    /// The labels that are there.
    UniqueLabel(UniqueLabelParameter),
}

/// Checks that bottoms `0` and `other` agree in these axes.
fn check_same(ctx: &SetupContext<'_>, other: usize, axes: &[usize]) -> Result<(), Refusal> {
    for &axis in axes {
        let [a, b] = [ctx.legacy_dim(0, axis)?, ctx.legacy_dim(other, axis)?];
        let (first, second) = (ctx.bottom(0), ctx.bottom(other));
        ensure!(a == b, "bottom", "bottoms 0 and {other} differ at axis {axis}: {first} and {second}");
    }
    Ok(())
}

/// Checks that a bottom has a dimension of 1 at these axes.
fn check_ones(ctx: &SetupContext<'_>, bottom: usize, axes: &[usize]) -> Result<(), Refusal> {
    for &axis in axes {
        let dim = ctx.legacy_dim(bottom, axis)?;
        let shape = ctx.bottom(bottom);
        ensure!(dim == 1, "bottom", "bottom {bottom} must have dimension 1 at axis {axis}, its shape is {shape}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const SCORES: &[i32] = &[2, 3, 4, 5];

    fn refused(name: &str, text: &str, bottoms: &[&[i32]], message: &str) {
        assert_eq!(Surroundings::of("pspnet").refusal(name, text, bottoms), message, "{name} {text}");
    }

    #[test]
    fn most_keep_the_shape_and_fill_it_up_to_four_axes() {
        let top = |name: &str, text: &str, bottoms: &[&[i32]]| Surroundings::of("pspnet").top(name, text, bottoms);
        let edges: &[i32] = &[2, 1, 4, 5];
        assert_eq!(top("BiasChannel", "", &[&[2, 3], &[2, 4]]), [2, 3, 1, 1]);
        assert_eq!(top("AdaptiveBiasChannel", "", &[SCORES, &[2, 4]]), SCORES);
        assert_eq!(top("DomainTransform", "", &[SCORES, edges]), SCORES);
        assert_eq!(top("SpatialProduct", "", &[SCORES, edges]), SCORES);
        assert_eq!(top("SegAccuracy", "", &[SCORES, edges]), [1, 1, 1, 3]);
        assert_eq!(top("UniqueLabel", "unique_label_param { max_labels: 6 }", &[edges]), [2, 6, 1, 1]);
        let crf = "dense_crf_param { bi_w: 1 bi_xy_std: 2 bi_rgb_std: 3 }";
        assert_eq!(top("DenseCRF", crf, &[SCORES, &[2, 1, 1, 2], SCORES]), SCORES);
    }

    #[test]
    fn bottoms_have_to_fit() {
        let message = "bottom: bottoms 0 and 1 differ at axis 0: (2, 3, 4, 5) and (1, 1, 4, 5)";
        refused("SegAccuracy", "", &[SCORES, &[1, 1, 4, 5]], message);
        let message = "bottom: bottom 1 must have dimension 1 at axis 1, its shape is (2, 3, 4, 5)";
        refused("DomainTransform", "", &[SCORES, SCORES], message);
        refused("SpatialProduct", "", &[SCORES, SCORES], message);
        let message = "bottom: the layer reads a second bottom, the edges, and there are 1 bottoms";
        refused("DomainTransform", "", &[SCORES], message);
        let message = "bottom: DenseCRF reads a third bottom, the picture, and there is none";
        refused("DenseCRF", "", &[SCORES, &[2, 1, 1, 2]], message);
    }

    #[test]
    fn settings_have_ranges() {
        let edges: &[i32] = &[2, 1, 4, 5];
        let of = |name: &str, fields: &str, message: &str| {
            refused(name, fields, &[SCORES, edges], message);
        };
        let message = "bias_channel_param.bg_bias: bg_bias -1 is below 0";
        of("BiasChannel", "bias_channel_param { bg_bias: -1 }", message);
        let message = "adaptive_bias_channel_param.num_iter: num_iter 0 is not above 0";
        of("AdaptiveBiasChannel", "adaptive_bias_channel_param { num_iter: 0 }", message);
        let message = "domain_transform_param.range_sigma: range_sigma 0 is not above 0";
        of("DomainTransform", "domain_transform_param { range_sigma: 0 }", message);
        let message = "unique_label_param.max_labels: max_labels 1 leaves no room beside the 1 labels of force_label";
        refused("UniqueLabel", "unique_label_param { max_labels: 1 force_label: 2 }", &[edges], message);
    }
}
