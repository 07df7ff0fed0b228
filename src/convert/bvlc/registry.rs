//! The table of translations.

use super::draft::LayerDraft;
use super::{activation, batch_norm, bn, convolution, defaults, interp, moving, normalize, pooling, scaling, settings};
use crate::dialect::Known;
use crate::error::{Refusal, Result};

/// A way in which a layer of a fork becomes one or several of BVLC's.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Translation {
    /// What of the fork it takes.
    pub from: &'static str,
    /// What of BVLC's Caffe it makes of that, and what has to be known of it.
    pub to: &'static str,
    /// The types of the layers that it is for; none where it is for all.
    pub types: &'static [&'static str],
    /// The dialects that mean this by it.
    pub known: Known,
    /// Whether it may ask for the shapes of the bottoms.
    pub(super) needs_shapes: bool,
    /// Does it, and says what it has done; nothing where there is nothing to do.
    pub(super) run: fn(&mut LayerDraft<'_>) -> Result<Option<String>, Refusal>,
}

impl std::fmt::Debug for Translation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Translation").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}

const fn entry(
    from: &'static str,
    to: &'static str,
    types: &'static [&'static str],
    run: fn(&mut LayerDraft<'_>) -> Result<Option<String>, Refusal>,
) -> Translation {
    Translation { from, to, types, known: Known::Everywhere, needs_shapes: false, run }
}

impl Translation {
    const fn known(self, known: Known) -> Translation {
        Translation { known, ..self }
    }

    const fn with_shapes(self) -> Translation {
        Translation { needs_shapes: true, ..self }
    }

    /// Whether it is for layers of this type.
    pub(super) fn is_for(&self, layer_type: &str) -> bool {
        self.types.is_empty() || self.types.contains(&layer_type)
    }
}

/// All translations, in the order in which a layer goes through them.
pub static TRANSLATIONS: &[Translation] = &[
    entry(
        "BN",
        "BatchNorm and Scale, with the blobs divided between them; just Scale for SegNet's in INFERENCE mode",
        &["BN"],
        bn::translate,
    )
    .with_shapes(),
    entry(
        "BatchNorm with its own scale and shift, in five blobs of either order or in those of Intel's engines",
        "BatchNorm and Scale",
        &["BatchNorm"],
        batch_norm::translate,
    ),
    entry("DepthwiseConvolution", "Convolution with its group", &["DepthwiseConvolution"], convolution::depthwise),
    entry(
        "ConvolutionDepthwise, a filter for each channel",
        "Convolution with as many groups as channels, known from the weights or the net's shapes",
        &["ConvolutionDepthwise"],
        convolution::of_each_channel,
    )
    .known(Known::In(&["soeaver"]))
    .with_shapes(),
    entry(
        "ConvolutionDepthwise, as many groups as channels",
        "Convolution with that group, known from the net's shapes",
        &["ConvolutionDepthwise"],
        convolution::in_groups_of_one,
    )
    .known(Known::In(&["synopsys"]))
    .with_shapes(),
    entry("dilation_h, dilation_w", "dilation, once for each axis", &[], convolution::dilation),
    entry("filter_stride, filter_stride_h, filter_stride_w", "dilation", &[], convolution::filter_stride),
    entry("pad_t, pad_b, pad_l, pad_r, equal on opposite sides", "pad_h, pad_w", &[], convolution::sides),
    entry("ceil_mode: false of Pooling", "round_mode: FLOOR", &["Pooling"], pooling::translate),
    entry(
        "relu: true in a Convolution, an InnerProduct or a BatchNorm",
        "a ReLU after it, with the slope",
        &[],
        activation::fused,
    ),
    entry(
        "ReLUX, ReLU6, ReLU with relu6: true",
        "Clip, after a ReLU if there is a slope below zero",
        &["ReLUX", "ReLU6", "ReLU"],
        activation::limited,
    ),
    entry("SeLu", "ELU and Power", &["SeLu"], activation::selu),
    entry("Dropout with scale_train: false", "Dropout and Power", &["Dropout"], activation::dropout),
    entry("EltwiseAffine", "Scale with a bias", &["EltwiseAffine"], scaling::eltwise_affine),
    entry("Axpy", "Flatten, Scale and Eltwise", &["Axpy"], scaling::axpy),
    entry(
        "Normalize with a learned scale",
        "LRN over all channels, or Reduction, Power and Scale where it is across_spatial; and Scale",
        &["Normalize"],
        normalize::scaled,
    )
    .known(Known::WithField("norm_param"))
    .with_shapes(),
    entry("Normalize of items", "Reduction, Power and Scale", &["Normalize"], normalize::of_items)
        .known(Known::In(&["ducha-aiki", "yjxiong"]))
        .with_shapes(),
    entry("ShuffleChannel", "Slice, Reshape and Concat", &["ShuffleChannel"], moving::shuffle_channel).with_shapes(),
    entry(
        "Upsample that repeats values",
        "Deconvolution with filters of ones that do not learn; the net's shapes give the channels",
        &["Upsample"],
        moving::repeat,
    )
    .known(Known::In(&["mobilenet-yolo"]))
    .with_shapes(),
    entry(
        "Interp, if height and width change alike",
        "Deconvolution with a bilinear filler and Pooling of single values; the net's shapes give the sizes",
        &["Interp"],
        interp::translate,
    )
    .with_shapes(),
    entry("a default other than BVLC's", "the value, written out", &[], defaults::write_out),
    entry(
        "engines that BVLC's Caffe lacks, number types and other settings of how to compute",
        "nothing: they are dropped",
        &[],
        settings::of_machine,
    ),
    entry("settings of the fork at their default values", "nothing: they are dropped", &[], settings::of_default),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_translation_is_documented_once() {
        let mut names = HashSet::new();
        for Translation { from, to, .. } in TRANSLATIONS {
            assert!(names.insert(from), "{from} is there twice");
            assert!(!from.is_empty() && !to.is_empty() && !to.ends_with('.'), "{from}");
        }
    }
}
