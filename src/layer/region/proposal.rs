//! Proposal: the best of the boxes that a region proposal network predicts, by settings of the net itself (PVANet,
//! happynear).
//!
//! ```text
//! bottoms = scores (N, ...), boxes, the size of the picture
//! tops    = (N post_nms_topn, 5): the number of a picture, and a box in it; (N post_nms_topn), their scores
//! ```
//!
//! Of the bottoms only the first axis of the first is looked at while the net is built, and their number is not
//! checked. Without a ratio and a scale there is no anchor, for which Caffe has no memory. That of Sophgo's Caffe has
//! anchors of its own, and one top: (N, 1, rpn_nms_post_top_n, 5). That of Cambricon's makes (`nms_num`, 5). Xilinx'
//! has its anchors A from the net, takes scores (N, 2A, H, W) and boxes (N, 4A, H, W), and makes (1, 5). No blobs, no
//! draws.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::checked_size;
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType = entry(ANY, ANY, &setup).known(Known::In(&["happynear", "pvanet", "seqface"]));

pub(super) const OF_SOPHGO: LayerType = entry(ANY, ANY, &of_sophgo).known(Known::In(&["sophgo"]));

pub(super) const OF_XILINX: LayerType =
    entry(Arity::exactly(3), Arity::exactly(1), &of_xilinx).known(Known::In(&["xilinx"]));

pub(super) const OF_CAMBRICON: LayerType =
    entry(Arity::at_least(2), Arity::exactly(1), &of_cambricon).known(Known::In(&["cambricon"]));

const ANY: Arity = Arity::at_least(1);

const fn entry(bottoms: Arity, tops: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new("Proposal", "Takes the best of predicted boxes as proposals", bottoms, tops, rule)
        .params(&["proposal_param"])
        .weightless()
}

/// The best of predicted boxes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Proposal {
    /// How many elements of the picture one of the features stands for.
    pub feat_stride: u32,
    /// The side of the square that the anchors are made from.
    pub base_size: u32,
    /// The least side of a box.
    pub min_size: u32,
    /// The ratios of height and width of the anchors.
    pub ratios: Vec<f32>,
    /// Their sizes, as multiples of the square's side.
    pub scales: Vec<f32>,
    /// How many boxes are compared.
    pub pre_nms_topn: u32,
    /// How many are kept.
    pub post_nms_topn: i64,
    /// The overlap from which on the lesser of two boxes is dropped.
    pub nms_thresh: f32,
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const KEPT: &str = "proposal_param.post_nms_topn";
    let param = ctx.param.proposal_param().unwrap_or_default();
    for (values, name, field) in
        [(&param.ratio, "ratio", "proposal_param.ratio"), (&param.scale, "scale", "proposal_param.scale")]
    {
        ensure!(!values.is_empty(), field, "{name} is missing, which leaves no anchors");
    }
    let Some(&items) = ctx.bottom(0).dims().first() else {
        return Err(Refusal::at("bottom", "the scores need an axis, and have none"));
    };
    let post_nms_topn = checked_size(param.post_nms_topn.unwrap_or(300), KEPT)?;
    let boxes = i64::from(items) * post_nms_topn;
    let mut tops = vec![Shape::new([boxes, 5]).at(KEPT)?, Shape::new([boxes]).at(KEPT)?];
    tops.resize(ctx.top_count(), Shape::unshaped());
    let operator = Proposal {
        feat_stride: param.feat_stride_uint32.unwrap_or(16),
        base_size: param.base_size.unwrap_or(16),
        min_size: param.min_size.unwrap_or(16),
        pre_nms_topn: param.pre_nms_topn_uint32.unwrap_or(6000),
        post_nms_topn,
        nms_thresh: param.nms_thresh.unwrap_or(0.7),
        ratios: param.ratio,
        scales: param.scale,
    };
    Ok(Setup::new(ctx, Operator::Proposal(operator), tops))
}

fn of_xilinx(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let anchors = ctx.param.proposal_param().unwrap_or_default().anchor.len();
    for (bottom, numbers) in [(0, 2 * anchors), (1, 4 * anchors)] {
        let shape = ctx.bottom(bottom);
        let fits = shape.axes() == 4 && usize::try_from(shape.dims()[1]) == Ok(numbers);
        ensure!(
            fits,
            "bottom",
            "{anchors} anchors need 4 axes and {numbers} channels in bottom {bottom}, its shape is {shape}"
        );
    }
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new([1, 5]).at("top")?]))
}

fn of_cambricon(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const KEPT: &str = "proposal_param.nms_num";
    let kept = ctx.param.proposal_param().unwrap_or_default().nms_num();
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new([kept, 5]).at(KEPT)?]))
}

fn of_sophgo(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const KEPT: &str = "proposal_param.rpn_nms_post_top_n";
    let param = ctx.param.proposal_param().unwrap_or_default();
    let tops = ctx.first_top(Shape::new([ctx.legacy_dim(0, 0)?, 1, param.rpn_nms_post_top_n(), 5]).at(KEPT)?);
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const BOTTOMS: &[&[i32]] = &[&[2, 18, 7, 9], &[2, 36, 7, 9], &[2, 3]];

    #[test]
    fn each_picture_has_as_many_boxes() {
        let text = "proposal_param { ratio: 1 scale: 8 post_nms_topn: 100 }";
        let made = Surroundings::of("happynear").run("Proposal", text, BOTTOMS, 2).unwrap();
        let tops: Vec<&[i32]> = made.tops.iter().map(|top| top.dims()).collect();
        assert_eq!(tops, [&[200, 5][..], &[200]]);
        let top = Surroundings::of("happynear").top("Proposal", "proposal_param { ratio: 1 scale: 8 }", BOTTOMS);
        assert_eq!(top, [600, 5]);
    }

    #[test]
    fn the_number_of_boxes_may_be_fixed() {
        let cambricon = Surroundings::of("cambricon");
        assert_eq!(cambricon.top("Proposal", "", BOTTOMS), [2000, 5]);
        assert_eq!(cambricon.top("Proposal", "proposal_param { nms_num: 304 }", BOTTOMS), [304, 5]);
        let error = cambricon.refusal("Proposal", "proposal_param { nms_num: -1 }", BOTTOMS);
        assert_eq!(error, "proposal_param.nms_num: dimension 0 is negative (-1)");
    }

    #[test]
    fn anchors_may_be_the_layer_s_own() {
        let sophgo = Surroundings::of("sophgo");
        let text = "proposal_param { net_input_h: 600 net_input_w: 800 }";
        assert_eq!(sophgo.top("Proposal", text, BOTTOMS), [2, 1, 300, 5]);
        let text = "proposal_param { net_input_h: 600 net_input_w: 800 rpn_nms_post_top_n: -1 }";
        let message = "proposal_param.rpn_nms_post_top_n: dimension 2 is negative (-1)";
        assert_eq!(sophgo.refusal("Proposal", text, BOTTOMS), message);
    }

    #[test]
    fn anchors_may_be_the_net_s() {
        let xilinx = Surroundings::of("xilinx");
        let anchor = "anchor { left: -8 top: -8 right: 8 bottom: 8 }";
        let text = format!("proposal_param {{ stride_h: 16 stride_w: 16 nms_iou_th: 0.7 {anchor} {anchor} }}");
        assert_eq!(xilinx.top("Proposal", &text, &[&[1, 4, 7, 9], &[1, 8, 7, 9], &[1, 3]]), [1, 5]);
        let message = "bottom: 2 anchors need 4 axes and 8 channels in bottom 1, its shape is (1, 4, 7, 9)";
        assert_eq!(xilinx.refusal("Proposal", &text, &[&[1, 4, 7, 9], &[1, 4, 7, 9], &[1, 3]]), message);
    }

    #[test]
    fn refusals() {
        let error = |text: &str| Surroundings::of("happynear").refusal("Proposal", text, BOTTOMS);
        let message = "proposal_param.scale: scale is missing, which leaves no anchors";
        assert_eq!(error("proposal_param { ratio: 1 }"), message);
        let huge = "proposal_param { ratio: 1 scale: 8 post_nms_topn: 2147483647 }";
        let message = "proposal_param.post_nms_topn: a blob holds at most 2147483647 elements, 4294967294 x 5 are more";
        assert_eq!(error(huge), message);
    }
}
