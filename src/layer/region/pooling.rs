//! Regions of interest, each brought to one size: ROIPooling (Fast R-CNN), ROIWarping (MNC), ROIAlign and more.
//!
//! ```text
//! bottoms = features (N, C, H, W), regions (R, 5): the number of a picture, and the corners of a box in it
//! top     = (R, C, pooled_h, pooled_w)
//! ```
//!
//! The features have four axes at most, missing ones counting as 1; of the regions, four axes at most too, only the
//! first axis is looked at; in Sophgo's Caffe, where they are (R, 1, S, 5), the third one too, and there are R S of
//! them. ROIAlign of MS-CNN and Cascade R-CNN makes (R, C, pooled_h + 1, pooled_w + 1). In Cambricon's Caffe the
//! regions are (R, 5) or (1, R, 1, 5), and ROIAlign makes N R of R. Any `spatial_scale` will do, and so will all else
//! in the parameters. A third bottom of the Align layers is not looked at. No blobs, no draws.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};
use crate::layer::size::positive_size;
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};

const TWO: Arity = Arity::exactly(2);
const ONE: Arity = Arity::exactly(1);

pub(super) const ROI_POOLING: LayerType = maxima(&roi_pooling).known(Known::In(&[
    "rfcn",
    "fast-rcnn",
    "soeaver",
    "yjxiong",
    "happynear",
    "synopsys",
    "ducha-aiki",
    "microsoft",
    "pvanet",
    "mnc",
    "deformable",
    "bottom-up-attention",
    "ctpn",
    "seqface",
    "curve-text",
    "mscnn",
    "cascade-rcnn",
    "textboxes-pp",
    "xilinx",
]));

pub(super) const ROI_POOLING_OF_PICTURES: LayerType = maxima(&roi_pooling_of_pictures).known(Known::In(&["sophgo"]));

pub(super) const ROI_POOLING_OF_CAMBRICON: LayerType =
    maxima(&roi_pooling_of_cambricon).known(Known::In(&["cambricon"]));

const fn maxima(rule: &'static dyn Layer) -> LayerType {
    LayerType::new("ROIPooling", "Takes the maxima over a grid of parts of each region", TWO, ONE, rule)
        .params(&["roi_pooling_param"])
        .weightless()
        .keeps_signal()
}

pub(super) const CORNER_ALIGN: LayerType = LayerType::new(
    "ROIAlign",
    "Takes interpolated values at the corners of a grid over each region",
    TWO,
    ONE,
    &corner_align,
)
.params(&["roi_pooling_param"])
.weightless()
.keeps_signal()
.known(Known::In(&["mscnn", "cascade-rcnn"]));

pub(super) const ROI_ALIGN: LayerType = LayerType::new(
    "ROIAlign",
    "Takes interpolated values over a grid of parts of each region",
    Arity::between(2, 3),
    ONE,
    &roi_align,
)
.params(&["roi_align_param"])
.weightless()
.keeps_signal()
.known(Known::In(&["soeaver", "synopsys"]));

pub(super) const ROI_ALIGN_OF_CAMBRICON: LayerType = LayerType::new(
    "ROIAlign",
    "Takes interpolated values over a grid of parts of each region, in each picture",
    TWO,
    ONE,
    &roi_align_of_cambricon,
)
.params(&["roi_align_param"])
.weightless()
.keeps_signal()
.known(Known::In(&["cambricon"]));

pub(super) const ROI_WARPING: LayerType =
    LayerType::new("ROIWarping", "Crops each region and resizes it, in one step", TWO, ONE, &roi_warping)
        .params(&["roi_warping_param"])
        .weightless()
        .keeps_signal()
        .known(Known::In(&["soeaver", "mnc"]));

pub(super) const ROI_MASK_POOLING: LayerType = LayerType::new(
    "ROIMaskPooling",
    "Takes the maxima over a grid of parts of each region without its middle",
    TWO,
    ONE,
    &roi_mask_pooling,
)
.params(&["roi_mask_pooling_param"])
.weightless()
.keeps_signal()
.known(Known::In(&["soeaver"]));

pub(super) const ROI_MASK_ALIGN: LayerType = LayerType::new(
    "ROIMaskAlign",
    "Takes interpolated values over a grid of parts of each region without its middle",
    Arity::between(2, 3),
    ONE,
    &roi_mask_align,
)
.params(&["roi_mask_align_param"])
.weightless()
.keeps_signal()
.known(Known::In(&["soeaver"]));

/// Regions of the first bottom, which the second lists, each brought to one size.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RoiPooling {
    /// How a value comes out of a part of a region.
    pub method: RoiMethod,
    /// Height and width of what becomes of a region.
    pub pooled: [i64; 2],
    /// How many elements of the features a unit of the boxes is.
    pub spatial_scale: f32,
}

/// How a value comes out of a part of a region.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum RoiMethod {
    /// It is the largest element.
    Max,
    /// It is the largest of values interpolated between the elements.
    Align,
    /// It is the value interpolated at a corner of the part.
    Corners,
    /// It is the largest value of the region, cropped and resized.
    Warp,
    /// It is the largest element of a region of which parts are left out.
    MaskMax(RoiMask),
    /// It is the largest of values interpolated between the elements of a region of which parts are left out.
    MaskAlign(RoiMask),
}

/// Which parts of a region count.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RoiMask {
    /// How far the region is shifted.
    pub spatial_shift: f32,
    /// Which half of the region is taken; 0 for all of it.
    pub half_part: i32,
    /// By how much the region is enlarged first.
    pub roi_scale: f32,
    /// The part of the region, in its middle, that is left out.
    pub mask_scale: f32,
}

fn roi_pooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.roi_pooling_param().unwrap_or_default();
    let fields = ["roi_pooling_param.pooled_h", "roi_pooling_param.pooled_w"];
    pooled(ctx, fields, [param.pooled_h(), param.pooled_w()], RoiMethod::Max, param.spatial_scale())
}

/// Each picture has a list of regions, along the third axis.
fn roi_pooling_of_pictures(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const HEIGHT: &str = "roi_pooling_param.pooled_h";
    let mut setup = roi_pooling(ctx)?;
    let mut dims: Vec<i64> = setup.tops[0].dims().iter().map(|&dim| i64::from(dim)).collect();
    dims[0] *= i64::from(ctx.legacy_dim(1, 2)?);
    setup.tops = vec![Shape::new(dims).at(HEIGHT)?];
    Ok(setup)
}

fn roi_align(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.roi_align_param().unwrap_or_default();
    let fields = ["roi_align_param.pooled_h", "roi_align_param.pooled_w"];
    pooled(ctx, fields, [param.pooled_h(), param.pooled_w()], RoiMethod::Align, param.spatial_scale())
}

/// The settings are those of ROIPooling; the top has the values at the corners of the grid's cells.
fn corner_align(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.roi_pooling_param().unwrap_or_default();
    let fields = ["roi_pooling_param.pooled_h", "roi_pooling_param.pooled_w"];
    let cells = [param.pooled_h(), param.pooled_w()];
    for (side, field) in cells.into_iter().zip(fields) {
        positive_size(side, field)?;
    }
    pooled(ctx, fields, cells.map(|side| side + 1), RoiMethod::Corners, param.spatial_scale())
}

fn roi_warping(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.roi_warping_param().unwrap_or_default();
    let fields = ["roi_warping_param.pooled_h", "roi_warping_param.pooled_w"];
    pooled(ctx, fields, [param.pooled_h(), param.pooled_w()], RoiMethod::Warp, param.spatial_scale())
}

fn roi_mask_pooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.roi_mask_pooling_param().unwrap_or_default();
    let fields = ["roi_mask_pooling_param.pooled_h", "roi_mask_pooling_param.pooled_w"];
    let mask = RoiMask {
        spatial_shift: param.spatial_shift(),
        half_part: param.half_part(),
        roi_scale: param.roi_scale(),
        mask_scale: param.mask_scale(),
    };
    pooled(ctx, fields, [param.pooled_h(), param.pooled_w()], RoiMethod::MaskMax(mask), param.spatial_scale())
}

fn roi_mask_align(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.roi_mask_align_param().unwrap_or_default();
    let fields = ["roi_mask_align_param.pooled_h", "roi_mask_align_param.pooled_w"];
    let mask = RoiMask {
        spatial_shift: param.spatial_shift(),
        half_part: param.half_part(),
        roi_scale: param.roi_scale(),
        mask_scale: param.mask_scale(),
    };
    pooled(ctx, fields, [param.pooled_h(), param.pooled_w()], RoiMethod::MaskAlign(mask), param.spatial_scale())
}

/// How many regions a layer of Cambricon's Caffe has: they are (R, 5) or (1, R, 1, 5).
fn listed(ctx: &SetupContext<'_>) -> Result<i64, Refusal> {
    let regions = ctx.bottom(1);
    match *regions.dims() {
        [count, 5] | [_, count, _, 5] => Ok(count.into()),
        _ => {
            Err(Refusal::at("bottom", format!("the regions must be (R, 5) or (1, R, 1, 5), their shape is {regions}")))
        }
    }
}

fn roi_pooling_of_cambricon(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    listed(ctx)?;
    roi_pooling(ctx)
}

/// Each region is looked up in each picture.
fn roi_align_of_cambricon(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const SIZES: [&str; 2] = ["roi_align_param.pooled_h", "roi_align_param.pooled_w"];
    let param = ctx.param.roi_align_param().unwrap_or_default();
    let sizes = [positive_size(param.pooled_h(), SIZES[0])?, positive_size(param.pooled_w(), SIZES[1])?];
    let (pictures, channels) = (i64::from(ctx.legacy_dim(0, 0)?), ctx.legacy_dim(0, 1)?);
    let top = Shape::new([listed(ctx)? * pictures, channels.into(), sizes[0], sizes[1]]).at(SIZES[0])?;
    Ok(Setup::new(ctx, Operator::Opaque, [top]))
}

/// The setup of a layer with these sizes, which stand in these fields.
fn pooled(
    ctx: &SetupContext<'_>,
    fields: [&'static str; 2],
    sizes: [u32; 2],
    method: RoiMethod,
    spatial_scale: f32,
) -> Result<Setup, Refusal> {
    let pooled = [positive_size(sizes[0], fields[0])?, positive_size(sizes[1], fields[1])?];
    let channels = ctx.legacy_dim(0, 1)?;
    let regions = ctx.legacy_dim(1, 0)?;
    let top = Shape::new([regions.into(), channels.into(), pooled[0], pooled[1]]).at(fields[0])?;
    Ok(Setup::new(ctx, Operator::RoiPooling(RoiPooling { method, pooled, spatial_scale }), [top]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const SIZES: &str = "roi_pooling_param { pooled_h: 6 pooled_w: 7 }";

    #[test]
    fn each_region_has_the_channels_of_the_features() {
        let top = |bottoms: &[&[i32]]| Surroundings::of("rfcn").top("ROIPooling", SIZES, bottoms);
        assert_eq!(top(&[&[2, 3, 20, 30], &[4, 5]]), [4, 3, 6, 7]);
        assert_eq!(top(&[&[2], &[]]), [1, 1, 6, 7]);
        assert_eq!(top(&[&[1, 3, 20, 30], &[0, 5]]), [0, 3, 6, 7]);
    }

    #[test]
    fn each_picture_may_have_a_list_of_regions() {
        let sophgo = Surroundings::of("sophgo");
        assert_eq!(sophgo.top("ROIPooling", SIZES, &[&[2, 3, 20, 30], &[2, 1, 4, 5]]), [8, 3, 6, 7]);
        assert_eq!(sophgo.top("ROIPooling", SIZES, &[&[2, 3, 20, 30], &[4, 5]]), [4, 3, 6, 7]);
    }

    #[test]
    fn cambricon_s_look_at_the_form_of_the_list() {
        let cambricon = Surroundings::of("cambricon");
        assert_eq!(cambricon.top("ROIPooling", SIZES, &[&[2, 3, 20, 30], &[4, 5]]), [4, 3, 6, 7]);
        assert_eq!(cambricon.top("ROIPooling", SIZES, &[&[2, 3, 20, 30], &[1, 4, 1, 5]]), [1, 3, 6, 7]);
        let align = "roi_align_param { pooled_h: 6 pooled_w: 7 }";
        assert_eq!(cambricon.top("ROIAlign", align, &[&[2, 3, 20, 30], &[1, 4, 1, 5]]), [8, 3, 6, 7]);
        let message = "bottom: the regions must be (R, 5) or (1, R, 1, 5), their shape is (4, 6)";
        for (name, text) in [("ROIPooling", SIZES), ("ROIAlign", align)] {
            assert_eq!(cambricon.refusal(name, text, &[&[2, 3, 20, 30], &[4, 6]]), message);
        }
    }

    #[test]
    fn each_type_reads_its_own_parameter() {
        let types = [
            ("ROIAlign", "roi_align_param"),
            ("ROIWarping", "roi_warping_param"),
            ("ROIMaskPooling", "roi_mask_pooling_param"),
            ("ROIMaskAlign", "roi_mask_align_param"),
        ];
        let bottoms: &[&[i32]] = &[&[2, 3, 20, 30], &[4, 5]];
        for (name, param) in types {
            let soeaver = Surroundings::of("soeaver");
            assert_eq!(soeaver.top(name, &format!("{param} {{ pooled_h: 6 pooled_w: 7 }}"), bottoms), [4, 3, 6, 7]);
            let message = format!("{param}.pooled_h: pooled_h must be at least 1");
            assert_eq!(soeaver.refusal(name, SIZES, bottoms), message);
        }
    }

    #[test]
    fn corners_are_one_more_than_cells() {
        let bottoms: &[&[i32]] = &[&[2, 3, 20, 30], &[4, 5]];
        for dialect in ["mscnn", "cascade-rcnn"] {
            let dialect = Surroundings::of(dialect);
            assert_eq!(dialect.top("ROIAlign", SIZES, bottoms), [4, 3, 7, 8]);
            let message = "roi_pooling_param.pooled_w: pooled_w must be at least 1";
            assert_eq!(dialect.refusal("ROIAlign", "roi_pooling_param { pooled_h: 6 }", bottoms), message);
        }
    }

    #[test]
    fn refusals() {
        let error = |text: &str, bottoms: &[&[i32]]| Surroundings::of("rfcn").refusal("ROIPooling", text, bottoms);
        let bottoms: &[&[i32]] = &[&[2, 3, 20, 30], &[4, 5]];
        assert_eq!(error("", bottoms), "roi_pooling_param.pooled_h: pooled_h must be at least 1");
        let message = "roi_pooling_param.pooled_w: pooled_w must be at least 1";
        assert_eq!(error("roi_pooling_param { pooled_h: 6 }", bottoms), message);
        let message = "bottom: bottom 1 has more than 4 axes: its shape is (1, 1, 1, 1, 5)";
        assert_eq!(error(SIZES, &[&[2, 3, 20, 30], &[1, 1, 1, 1, 5]]), message);
        let huge = "roi_pooling_param { pooled_h: 65536 pooled_w: 65536 }";
        let message =
            "roi_pooling_param.pooled_h: a blob holds at most 2147483647 elements, 4 x 3 x 65536 x 65536 are more";
        assert_eq!(error(huge, bottoms), message);
    }
}
