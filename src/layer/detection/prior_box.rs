//! PriorBox: boxes of several sizes and aspect ratios around each position of a blob, and their variances (SSD).
//!
//! ```text
//! top = (1, 2, 4 P H W), of bottom (N, C, H, W)
//! ```
//!
//! P is the number of boxes at a position: one for each `min_size` and ratio, and one for each `max_size`. The ratios
//! are 1, each `aspect_ratio` that is not within 1e-6 of one already there, and with `flip` the inverse behind each. In
//! Synopsys' Caffe `keras` puts the inverses last, each if it is new; with `faceboxes` three `min_size` have 21 boxes;
//! and `box_width` and `box_height` name all boxes themselves. TextBoxes has all boxes twice, TextBoxes++ with
//! `denser_prior_boxes`; in SSTD the inverses come last, whether they are new or not; in Cambricon's Caffe, where
//! `p_type` is DENSE, each `max_size` does not add a box but makes all of them `inner_scale` times as many. In Sophgo's
//! Caffe the ratio 1 is not there by itself where `use_default_aspect_ratio` is false. The second bottom, the picture,
//! is read once the net runs; Caffe does not count the bottoms. No blobs, no draws.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::PriorBoxParameter;
use crate::proto::caffe::prior_box_parameter::PriorType;

pub(super) const TYPE: LayerType = entry(&setup).known(Known::In(&[
    "ssd",
    "refinedet",
    "intel",
    "nvidia",
    "synopsys",
    "mobilenet-yolo",
    "yolo9000",
    "textboxes-pp",
    "jacinto",
    "cambricon",
    "seqface",
    "sophgo",
    "xilinx",
]));

pub(super) const TEXTBOXES: LayerType = entry(&of_textboxes).known(Known::In(&["textboxes"]));

pub(super) const SSTD: LayerType = entry(&of_sstd).known(Known::In(&["sstd"]));

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "PriorBox",
        "Makes boxes of several sizes and aspect ratios around each position",
        Arity::at_least(1),
        Arity::exactly(1),
        rule,
    )
    .params(&["prior_box_param"])
}

/// Boxes around each position.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PriorBox {
    /// The sides of the smaller boxes, in pixels of the picture.
    pub min_sizes: Vec<f32>,
    /// Those of the larger ones: none, or one for each smaller one.
    pub max_sizes: Vec<f32>,
    /// The ratios of width to height.
    pub aspect_ratios: Vec<f32>,
    /// Whether boxes are cut off at the edges of the picture.
    pub clip: bool,
    /// The variances: one for all coordinates, or one for each.
    pub variances: Vec<f32>,
    /// Height and width of the picture; without them, those of the second bottom.
    pub image: Option<[i32; 2]>,
    /// How far positions are apart, down and across; without it, what the picture's size makes of the bottom's.
    pub step: Option<[f32; 2]>,
    /// Where in its cell a position is.
    pub offset: f32,
    /// How many boxes there are of each kind at a position, where these are moved.
    pub copies: i64,
    /// Whether the smallest of three sizes are laid out densely, as FaceBoxes has it.
    pub dense: bool,
    /// Width and height of boxes that replace all of those.
    pub explicit: Vec<[f32; 2]>,
}

/// How many boxes FaceBoxes lays out at a position: 16, 4 and 1 of its three sizes.
const DENSE_BOXES: usize = 21;

impl PriorBox {
    /// How many boxes there are at a position.
    fn at_a_position(&self) -> i64 {
        let kinds = match (self.explicit.len(), self.dense) {
            (0, true) => DENSE_BOXES + self.max_sizes.len(),
            (0, false) => self.aspect_ratios.len() * self.min_sizes.len() + self.max_sizes.len(),
            (explicit, _) => explicit,
        };
        (kinds as i64).saturating_mul(self.copies)
    }
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.prior_box_param().unwrap_or_default();
    if param.p_type() == PriorType::Dense {
        return dense_of_cambricon(ctx, &param);
    }
    prior_box(ctx, &param, aspect_ratios(&param), if param.denser_prior_boxes() { 2 } else { 1 })
}

/// Each box is there twice, the second time half a step further down.
fn of_textboxes(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.prior_box_param().unwrap_or_default();
    prior_box(ctx, &param, aspect_ratios(&param), 2)
}

/// The inverses of all ratios but 1 come last, whether they are there already or not.
fn of_sstd(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.prior_box_param().unwrap_or_default();
    let mut ratios = aspect_ratios(&PriorBoxParameter { flip: Some(false), ..param.clone() });
    if param.flip() {
        let inverses: Vec<f32> = ratios[1..].iter().map(|&ratio| inverse(ratio)).collect();
        ratios.extend(inverses);
    }
    prior_box(ctx, &param, ratios, 1)
}

/// Instead of adding a box, each `max_size` makes all boxes `inner_scale` times as many.
fn dense_of_cambricon(ctx: &SetupContext<'_>, param: &PriorBoxParameter) -> Result<Setup, Refusal> {
    check_sizes(param)?;
    let factors = param.max_size.iter().map(|_| i64::from(param.inner_scale()));
    let copies = factors.fold(1, i64::saturating_mul);
    prior_box(ctx, &PriorBoxParameter { max_size: Vec::new(), ..param.clone() }, aspect_ratios(param), copies)
}

fn prior_box(
    ctx: &SetupContext<'_>,
    param: &PriorBoxParameter,
    aspect_ratios: Vec<f32>,
    copies: i64,
) -> Result<Setup, Refusal> {
    check_sizes(param)?;
    let operator = PriorBox {
        min_sizes: param.min_size.clone(),
        max_sizes: param.max_size.clone(),
        aspect_ratios,
        clip: param.clip(),
        variances: variances(param)?,
        image: image(param)?,
        step: step(param)?,
        offset: param.offset(),
        copies,
        dense: param.faceboxes() && param.min_size.len() == 3,
        explicit: param.box_width.iter().zip(&param.box_height).map(|(&width, &height)| [width, height]).collect(),
    };
    let has_boxes = [operator.aspect_ratios.len(), operator.max_sizes.len(), operator.explicit.len()] != [0; 3];
    ensure!(has_boxes, "prior_box_param.aspect_ratio", "there are no boxes: no ratio and no max_size is given");
    let (height, width) = (ctx.legacy_dim(0, 2)?, ctx.legacy_dim(0, 3)?);
    let boxes = [i64::from(width), operator.at_a_position(), 4];
    let numbers = boxes.into_iter().fold(i64::from(height), i64::saturating_mul);
    ensure!(numbers > 0, "bottom", "there are no positions in {}", ctx.bottom(0));
    let top = Shape::new([1, 2, numbers]).at("prior_box_param")?;
    Ok(Setup::new(ctx, Operator::PriorBox(operator), [top]))
}

fn check_sizes(param: &PriorBoxParameter) -> Result<(), Refusal> {
    const MIN: &str = "prior_box_param.min_size";
    const MAX: &str = "prior_box_param.max_size";
    let (min, max) = (&param.min_size, &param.max_size);
    let (widths, heights) = (param.box_width.len(), param.box_height.len());
    let fits = widths == 0 || widths == heights;
    ensure!(fits, "prior_box_param.box_width", "{widths} box_width and {heights} box_height are given");
    ensure!(!min.is_empty() || widths > 0, MIN, "min_size is missing");
    if let Some(size) = min.iter().find(|&&size| !positive(size)) {
        return Err(Refusal::at(MIN, format!("min_size {size} is not above 0")));
    }
    let (count, wanted) = (max.len(), min.len());
    ensure!(count == 0 || count == wanted, MAX, "{count} max_size for {wanted} min_size: give one for each, or none");
    for (min, max) in min.iter().zip(max) {
        let larger = max > min;
        ensure!(larger, MAX, "max_size {max} is not above its min_size {min}");
    }
    Ok(())
}

/// Whether it is a number above 0.
fn positive(value: f32) -> bool {
    value > 0.0
}

fn aspect_ratios(param: &PriorBoxParameter) -> Vec<f32> {
    let mut ratios = if param.use_default_aspect_ratio() { vec![1.0] } else { Vec::new() };
    // Caffe takes the difference in single precision and compares it in double.
    let is_new = |ratios: &[f32], ratio: f32| !ratios.iter().any(|&other| f64::from((ratio - other).abs()) < 1e-6);
    for &ratio in &param.aspect_ratio {
        if is_new(&ratios, ratio) {
            ratios.push(ratio);
            if param.flip() && !param.keras() {
                ratios.push(inverse(ratio));
            }
        }
    }
    if param.flip() && param.keras() {
        for ratio in param.aspect_ratio.iter().map(|&ratio| inverse(ratio)) {
            if is_new(&ratios, ratio) {
                ratios.push(ratio);
            }
        }
    }
    ratios
}

fn inverse(ratio: f32) -> f32 {
    (1.0 / f64::from(ratio)) as f32
}

fn variances(param: &PriorBoxParameter) -> Result<Vec<f32>, Refusal> {
    const FIELD: &str = "prior_box_param.variance";
    let variances = &param.variance;
    let count = variances.len();
    ensure!(matches!(count, 0 | 1 | 4), FIELD, "{count} variances: give none, one for all coordinates, or four");
    if let Some(variance) = variances.iter().find(|&&variance| !positive(variance)) {
        return Err(Refusal::at(FIELD, format!("variance {variance} is not above 0")));
    }
    Ok(if variances.is_empty() { vec![0.1] } else { variances.clone() })
}

fn image(param: &PriorBoxParameter) -> Result<Option<[i32; 2]>, Refusal> {
    const SIZE: &str = "prior_box_param.img_size";
    let &PriorBoxParameter { img_size, img_h, img_w, .. } = param;
    let side = |side: Option<u32>, name: &str, field| {
        let side = side.unwrap_or(0).cast_signed();
        ensure!(side > 0, field, "{name} {side} is not above 0");
        Ok(side)
    };
    if img_h.is_none() && img_w.is_none() {
        return img_size.map(|_| side(img_size, "img_size", SIZE).map(|side| [side; 2])).transpose();
    }
    ensure!(img_size.is_none(), SIZE, "img_size is given together with img_h or img_w");
    let height = side(img_h, "img_h", "prior_box_param.img_h")?;
    Ok(Some([height, side(img_w, "img_w", "prior_box_param.img_w")?]))
}

fn step(param: &PriorBoxParameter) -> Result<Option<[f32; 2]>, Refusal> {
    const STEP: &str = "prior_box_param.step";
    let &PriorBoxParameter { step, step_h, step_w, .. } = param;
    let checked = |step: Option<f32>, name: &str, field| {
        let step = step.unwrap_or(0.0);
        ensure!(positive(step), field, "{name} {step} is not above 0");
        Ok(step)
    };
    if step_h.is_none() && step_w.is_none() {
        return step.map(|_| checked(step, "step", STEP).map(|step| [step; 2])).transpose();
    }
    ensure!(step.is_none(), STEP, "step is given together with step_h or step_w");
    let down = checked(step_h, "step_h", "prior_box_param.step_h")?;
    Ok(Some([down, checked(step_w, "step_w", "prior_box_param.step_w")?]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::Surroundings;

    fn text(fields: &str) -> String {
        format!("prior_box_param {{ {fields} }}")
    }

    fn numbers(fields: &str) -> i32 {
        let top = Surroundings::of("ssd").top("PriorBox", &text(fields), &[&[2, 8, 3, 2], &[2, 3, 30, 20]]);
        assert_eq!(top[..2], [1, 2]);
        top[2]
    }

    #[test]
    fn sizes_and_ratios_make_boxes() {
        let position = 4 * 3 * 2;
        assert_eq!(numbers("min_size: 4"), position);
        assert_eq!(numbers("min_size: 4 min_size: 6 max_size: 5 max_size: 9"), 4 * position);
        assert_eq!(numbers("min_size: 4 max_size: 5 aspect_ratio: 2 aspect_ratio: 3"), 6 * position);
        assert_eq!(numbers("min_size: 4 flip: false aspect_ratio: 2 aspect_ratio: 3"), 3 * position);
    }

    #[test]
    fn a_ratio_that_is_there_does_not_count_again() {
        let ratios = |fields: &str| {
            let made = Surroundings::of("ssd").run("PriorBox", &text(fields), &[&[1, 1, 1, 1]], 1).unwrap();
            let Operator::PriorBox(boxes) = made.operator else { panic!() };
            boxes.aspect_ratios
        };
        assert_eq!(ratios("min_size: 4 aspect_ratio: 1 aspect_ratio: 2 aspect_ratio: 0.5"), [1.0, 2.0, 0.5]);
        assert_eq!(ratios("min_size: 4 aspect_ratio: 3"), [1.0, 3.0, 1.0 / 3.0]);
        assert_eq!(ratios("min_size: 4 aspect_ratio: 1.0000005"), [1.0]);
        assert_eq!(ratios("min_size: 4 flip: false aspect_ratio: 1.00001"), [1.0, 1.00001]);
    }

    #[test]
    fn the_ratio_1_may_be_left_out() {
        let sophgo = Surroundings::of("sophgo");
        let fields = "min_size: 4 use_default_aspect_ratio: false";
        let boxes = |more: &str| {
            sophgo.top("PriorBox", &format!("prior_box_param {{ {fields} {more} }}"), &[&[1, 8, 1, 1]])[2] / 4
        };
        assert_eq!(boxes("aspect_ratio: 2"), 2);
        assert_eq!(boxes("aspect_ratio: 1 flip: false max_size: 5"), 2);
        assert_eq!(boxes("max_size: 5"), 1);
        let error = sophgo.refusal("PriorBox", &format!("prior_box_param {{ {fields} }}"), &[&[1, 8, 1, 1]]);
        assert_eq!(error, "prior_box_param.aspect_ratio: there are no boxes: no ratio and no max_size is given");
    }

    #[test]
    fn boxes_may_be_there_more_than_once() {
        let boxes = |dialect: &str, fields: &str| {
            Surroundings::of(dialect).top("PriorBox", &text(fields), &[&[1, 8, 1, 1]])[2] / 4
        };
        let fields = "min_size: 4 max_size: 5 aspect_ratio: 2";
        assert_eq!([boxes("ssd", fields), boxes("yolo9000", fields), boxes("textboxes", fields)], [4, 4, 8]);
        assert_eq!(boxes("textboxes-pp", fields), 4);
        assert_eq!(boxes("textboxes-pp", &format!("{fields} denser_prior_boxes: true")), 8);
        assert_eq!(boxes("cambricon", &format!("{fields} p_type: DENSE inner_scale: 3")), 9);
        let both = "min_size: 4 min_size: 6 max_size: 5 max_size: 9 aspect_ratio: 2 aspect_ratio: 0.5";
        assert_eq!([boxes("ssd", both), boxes("sstd", both)], [8, 12]);
        assert_eq!(boxes("sstd", &format!("{both} flip: false")), 8);
        let error = Surroundings::of("cambricon").refusal(
            "PriorBox",
            &text("min_size: 4 max_size: 5 p_type: DENSE inner_scale: 0"),
            &[&[1, 8, 1, 1]],
        );
        assert_eq!(error, "bottom: there are no positions in (1, 8, 1, 1)");
    }

    #[test]
    fn refusals_name_the_field() {
        let refused = |fields: &str, message: &str| {
            let error = Surroundings::of("ssd").refusal("PriorBox", &text(fields), &[&[1, 1, 2, 2]]);
            assert_eq!(error, format!("prior_box_param.{message}"));
        };
        refused("", "min_size: min_size is missing");
        refused("min_size: 0", "min_size: min_size 0 is not above 0");
        refused("min_size: nan", "min_size: min_size NaN is not above 0");
        let message = "max_size: 1 max_size for 2 min_size: give one for each, or none";
        refused("min_size: 1 min_size: 2 max_size: 3", message);
        refused("min_size: 4 max_size: 4", "max_size: max_size 4 is not above its min_size 4");
        let message = "variance: 2 variances: give none, one for all coordinates, or four";
        refused("min_size: 4 variance: 0.1 variance: 0.1", message);
        refused("min_size: 4 variance: 0", "variance: variance 0 is not above 0");
        refused("min_size: 4 img_size: 9 img_h: 9", "img_size: img_size is given together with img_h or img_w");
        refused("min_size: 4 img_h: 9", "img_w: img_w 0 is not above 0");
        refused("min_size: 4 img_size: 0", "img_size: img_size 0 is not above 0");
        refused("min_size: 4 step: 8 step_w: 8", "step: step is given together with step_h or step_w");
        refused("min_size: 4 step_w: 8", "step_h: step_h 0 is not above 0");
        refused("min_size: 4 step: -1", "step: step -1 is not above 0");
    }

    #[test]
    fn refusals_name_the_shape() {
        let error = |dims: &[i32]| Surroundings::of("ssd").refusal("PriorBox", &text("min_size: 4"), &[dims]);
        assert_eq!(error(&[1, 8, 0, 2]), "bottom: there are no positions in (1, 8, 0, 2)");
        let message = "bottom: bottom 0 has more than 4 axes: its shape is (1, 1, 1, 1, 1)";
        assert_eq!(error(&[1; 5]), message);
        let message = "prior_box_param: a blob holds at most 2147483647 elements, 1 x 2 x 1073741824 are more";
        assert_eq!(error(&[1, 1, 16384, 16384]), message);
    }
}
