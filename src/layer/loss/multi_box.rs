//! MultiBoxLoss: the loss of predicted boxes and their classes against true boxes, over prior boxes (SSD).
//!
//! ```text
//! bottoms = locations (N, 4 P L), confidences (N, P K), priors (1, 2, 4 P), true boxes
//! ```
//!
//! with P priors, K = `num_classes`, and L = 1 where all classes share a location, else K. In RefineDet there may
//! follow the confidences and locations of a first step. No more than four axes anywhere but in those; missing ones
//! count as 1.
//!
//! In SSTD MultiBoxOrientedLoss has two more bottoms, of which the last are oriented locations (N, 5 P L), and is saved
//! with six `propagate_down`. In TextBoxes++ a location has 12 numbers instead of 4, or 9 without `use_polygon`, and 6
//! in Xilinx' Caffe with `ori_flag`. The trees of an early SSD have other settings.
//!
//! The layer is saved with `propagate_down: true true false false` where the net gives none, whatever its bottoms. The
//! layers inside, for locations and for confidences, have neither blobs nor draws.

use super::{Loss, check_batches, normalization, scalar_loss};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::detection::Priors;
use crate::layer::size::checked_size;
use crate::layer::{Arity, Deployment, Layer, LayerType, Setup, SetupContext};
use crate::proto::caffe::MultiBoxLossParameter;
use crate::proto::caffe::loss_parameter::NormalizationMode;
use crate::proto::caffe::multi_box_loss_parameter::{ConfLossType, LocLossType, MatchType, MiningType};
use crate::proto::caffe::prior_box_parameter::CodeType;

const NUM_CLASSES: &str = "multibox_loss_param.num_classes";

pub(super) const SSD: LayerType = entry(Arity::exactly(4), &setup).known(Known::In(&[
    "ssd",
    "intel",
    "nvidia",
    "mobilenet-yolo",
    "sstd",
    "jacinto",
    "seqface",
]));

/// That of Xilinx' Caffe, whose DetectionOutput is another.
pub(super) const OF_XILINX: LayerType =
    entry(Arity::exactly(4), &setup).deployed(|_| Deployment::Loss { predictions: 3 }).known(Known::In(&["xilinx"]));

/// The same for boxes that are predicted in two steps.
pub(super) const OF_XILINX_REFINED: LayerType = LayerType::new(
    "MultiBoxLossRefine",
    "Computes the loss of boxes predicted in two steps and their classes against true ones, over prior boxes",
    Arity::at_least(4),
    Arity::exactly(1),
    &refined,
)
.params(&["multibox_loss_param", "loss_param"])
.auto_tops()
.deployed(|_| Deployment::Detections { output: "DetectionOutputRefine", rest: &[4, 5] })
.known(Known::In(&["xilinx"]));

pub(super) const REFINEDET: LayerType = entry(Arity::at_least(4), &setup).known(Known::In(&["refinedet", "synopsys"]));

pub(super) const EARLY: LayerType =
    entry(Arity::exactly(4), &of_early_ssd).known(Known::In(&["yolo9000", "textboxes"]));

pub(super) const TEXTBOXES_PP: LayerType =
    entry(Arity::exactly(4), &of_textboxes_pp).known(Known::In(&["textboxes-pp"]));

pub(super) const ORIENTED: LayerType = LayerType::new(
    "MultiBoxOrientedLoss",
    "Computes the loss of predicted boxes, upright and oriented, and their classes against true ones, over prior boxes",
    Arity::exactly(6),
    Arity::exactly(1),
    &oriented,
)
.params(&["multibox_loss_param", "loss_param"])
.auto_tops()
.deployed(|_| Deployment::Detections { output: "DetectionOrientedOutput", rest: &[5] })
.known(Known::In(&["sstd"]));

const fn entry(bottoms: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "MultiBoxLoss",
        "Computes the loss of predicted boxes and their classes against true ones, over prior boxes",
        bottoms,
        Arity::exactly(1),
        rule,
    )
    .params(&["multibox_loss_param", "loss_param"])
    .auto_tops()
    .deployed(|_| Deployment::Detections { output: "DetectionOutput", rest: &[4, 5] })
}

/// The loss of boxes and their classes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MultiBoxLoss {
    /// How many classes there are, the background's among them.
    pub num_classes: i64,
    /// Whether all classes share a location.
    pub share_location: bool,
    /// The class of what is no object.
    pub background_label: i64,
    /// The loss of the locations.
    pub location: LocLossType,
    /// The weight of that loss.
    pub location_weight: f32,
    /// The loss of the confidences.
    pub confidence: ConfLossType,
    /// How priors are matched with true boxes.
    pub matching: MatchType,
    /// From which overlap on they match.
    pub overlap_threshold: f32,
    /// How boxes are written as numbers.
    pub code: CodeType,
    /// Which unmatched priors count.
    pub mining: MiningType,
    /// How many of them there may be for each matched one.
    pub negatives: f32,
    /// Below which overlap they count.
    pub negative_overlap: f32,
    /// The divisor of the sum.
    pub normalization: NormalizationMode,
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = param(ctx);
    let coordinates = if param.ori_flag() { 4 + 2 } else { 4 };
    multi_box(ctx, &param, BoxRules::new(&param, coordinates)?)
}

/// A location has four numbers, whatever `ori_flag` says.
fn refined(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = param(ctx);
    multi_box(ctx, &param, BoxRules::new(&param, 4)?)
}

/// Quadrilaterals have eight more coordinates, oriented rectangles five.
fn of_textboxes_pp(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = param(ctx);
    let coordinates = if param.use_polygon.unwrap_or(true) { 4 + 8 } else { 4 + 5 };
    multi_box(ctx, &param, BoxRules::new(&param, coordinates)?)
}

/// The sixth bottom has the oriented locations, and takes gradients, too.
fn oriented(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = param(ctx);
    let rules = BoxRules::new(&param, 4)?;
    Priors::new(ctx)?.check_oriented(ctx, 5, num_classes(&param)?, param.share_location(), 5)?;
    let setup = multi_box(ctx, &param, rules)?;
    Ok(Setup { default_propagate_down: vec![true, true, false, false, false, true], ..setup })
}

/// The only choice of mining is `do_neg_mining`, which is on by default, and the background may be none of the classes.
fn of_early_ssd(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = param(ctx);
    let (mines, negatives) = (param.do_neg_mining.unwrap_or(true), param.neg_pos_ratio());
    let mining = if mines { MiningType::MaxNegative } else { MiningType::None };
    check_shared(&param, mines, "do_neg_mining")?;
    let positive = negatives > 0.0;
    ensure!(!mines || positive, "multibox_loss_param.neg_pos_ratio", "neg_pos_ratio {negatives} is not above 0");
    let (background, classes) = (param.background_label_id().cast_signed(), num_classes(&param)?);
    let needed = if background >= 0 { 2 } else { 1 };
    ensure!(
        !param.map_object_to_agnostic() || classes == needed,
        NUM_CLASSES,
        "num_classes is {classes}: with map_object_to_agnostic and the background_label_id {background} it must be {needed}"
    );
    multi_box(ctx, &param, BoxRules { background_label: background.into(), mining, coordinates: 4 })
}

/// The settings, of which there may be none.
fn param(ctx: &SetupContext<'_>) -> MultiBoxLossParameter {
    ctx.param.multibox_loss_param().unwrap_or_default()
}

/// What trees read of the settings in ways of their own.
struct BoxRules {
    background_label: i64,
    mining: MiningType,
    /// How many numbers a location has.
    coordinates: i64,
}

impl BoxRules {
    /// Those of SSD.
    fn new(param: &MultiBoxLossParameter, coordinates: i64) -> Result<BoxRules, Refusal> {
        num_classes(param)?;
        Ok(BoxRules { background_label: background_label(param)?, mining: mining(param)?, coordinates })
    }
}

fn multi_box(ctx: &SetupContext<'_>, param: &MultiBoxLossParameter, rules: BoxRules) -> Result<Setup, Refusal> {
    let operator = MultiBoxLoss {
        num_classes: num_classes(param)?,
        share_location: param.share_location(),
        background_label: rules.background_label,
        location: param.loc_loss_type(),
        location_weight: param.loc_weight(),
        confidence: param.conf_loss_type(),
        matching: param.match_type(),
        overlap_threshold: param.overlap_threshold(),
        code: param.code_type(),
        mining: rules.mining,
        negatives: param.neg_pos_ratio(),
        negative_overlap: param.neg_overlap(),
        normalization: normalization(ctx, NormalizationMode::Valid),
    };
    check_batches(ctx)?;
    Priors::new(ctx)?.check_predictions(ctx, operator.num_classes, operator.share_location, rules.coordinates)?;
    ctx.legacy_dim(3, 0)?;
    let setup = scalar_loss(ctx, Loss::MultiBox(operator));
    Ok(Setup { default_propagate_down: vec![true, true, false, false], ..setup })
}

fn num_classes(param: &MultiBoxLossParameter) -> Result<i64, Refusal> {
    let Some(classes) = param.num_classes else {
        return Err(
            Refusal::at(NUM_CLASSES, "num_classes is missing").help("give the number of classes, with background")
        );
    };
    ensure!(classes > 0, NUM_CLASSES, "num_classes must be at least 1");
    checked_size(classes, NUM_CLASSES)
}

/// The label of the background: Caffe keeps it in an `int`, and a softmax needs it among its classes.
fn background_label(param: &MultiBoxLossParameter) -> Result<i64, Refusal> {
    let (label, classes) = (i64::from(param.background_label_id().cast_signed()), i64::from(param.num_classes()));
    ensure!(
        param.conf_loss_type() != ConfLossType::Softmax || (0..classes).contains(&label),
        "multibox_loss_param.background_label_id",
        "background_label_id {label} is not among the {classes} classes"
    );
    Ok(label)
}

/// Which unmatched priors count, once the old switch agrees.
fn mining(param: &MultiBoxLossParameter) -> Result<MiningType, Refusal> {
    let mining = param.mining_type();
    let mines = mining != MiningType::None;
    if let Some(switch) = param.do_neg_mining {
        ensure!(
            switch == mines,
            "multibox_loss_param.do_neg_mining",
            "do_neg_mining is {switch}, but mining_type is {}",
            mining.as_str_name()
        );
    }
    check_shared(param, mines, &format!("mining_type {}", mining.as_str_name()))?;
    Ok(mining)
}

/// Checks that classes share a location where negatives are mined, as the setting of this name says.
fn check_shared(param: &MultiBoxLossParameter, mines: bool, setting: &str) -> Result<(), Refusal> {
    let shared = !mines || param.share_location();
    ensure!(shared, "multibox_loss_param.share_location", "{setting} needs locations that all classes share");
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn locations_may_have_an_orientation() {
        let xilinx = crate::layer::testing::Surroundings::of("xilinx");
        let refined = "multibox_loss_param { num_classes: 2 ori_flag: true }";
        let bottoms: &[&[i32]] = &[&[2, 20], &[2, 10], &[1, 2, 20], &[1, 1, 3, 8], &[2, 10], &[2, 20]];
        let made = xilinx.run("MultiBoxLossRefine", refined, bottoms, 1).unwrap();
        assert_eq!(made.default_propagate_down, [true, true, false, false]);
        let text = "multibox_loss_param { num_classes: 3 ori_flag: true }";
        let made = xilinx.run("MultiBoxLoss", text, &[&[2, 36], &[2, 18], &[1, 2, 24], &[1, 1, 4, 8]], 1).unwrap();
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
        assert_eq!(made.default_propagate_down, [true, true, false, false]);
    }

    const NAME: &str = "MultiBoxLoss";

    /// Six priors and three classes.
    const BOTTOMS: [&[i32]; 4] = [&[2, 24], &[2, 18], &[1, 2, 24], &[1, 1, 5, 8]];

    fn refusal(fields: &str, bottoms: &[&[i32]]) -> String {
        Surroundings::of("ssd").refusal(NAME, &format!("multibox_loss_param {{ {fields} }}"), bottoms)
    }

    #[test]
    fn gradients_go_to_the_predictions_alone() {
        let text = "multibox_loss_param { num_classes: 3 }";
        let made = Surroundings::of("ssd").run(NAME, text, &BOTTOMS, 1).unwrap();
        assert_eq!(made.default_propagate_down, [true, true, false, false]);
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
        assert!(made.blobs.is_empty() && made.draws.is_empty());
    }

    #[test]
    fn refinedet_has_further_bottoms_and_the_same_four_gradients() {
        let text = "multibox_loss_param { num_classes: 3 objectness_score: 0.5 }";
        let bottoms: Vec<&[i32]> = BOTTOMS.iter().copied().chain([&[7][..], &[1; 5]]).collect();
        let made = Surroundings::of("refinedet").run(NAME, text, &bottoms, 1).unwrap();
        assert_eq!(made.default_propagate_down.len(), 4);
        let error = Surroundings::of("ssd").refusal(NAME, "multibox_loss_param { num_classes: 3 }", &bottoms);
        assert_eq!(error, "bottom: MultiBoxLoss takes 4 bottoms, 6 given");
    }

    #[test]
    fn oriented_boxes_have_more_coordinates() {
        let pp = Surroundings::of("textboxes-pp");
        let text = |fields: &str| format!("multibox_loss_param {{ num_classes: 3 {fields} }}");
        let bottoms = |channels: &'static [i32]| [channels, BOTTOMS[1], BOTTOMS[2], BOTTOMS[3]];
        assert!(pp.run(NAME, &text(""), &bottoms(&[2, 72]), 1).is_ok());
        assert!(pp.run(NAME, &text("use_polygon: false"), &bottoms(&[2, 54]), 1).is_ok());
        let message = "bottom: 6 priors need 72 channels of locations, bottom 0 (2, 24) has 24";
        assert_eq!(pp.refusal(NAME, &text(""), &BOTTOMS), message);
    }

    #[test]
    fn oriented_locations_are_the_sixth_bottom() {
        let text = "multibox_loss_param { num_classes: 3 }";
        let [locations, confidences, priors, boxes] = BOTTOMS;
        let bottoms = |oriented: &'static [i32]| [locations, confidences, priors, boxes, &[2][..], oriented];
        let sstd = Surroundings::of("sstd");
        let made = sstd.run("MultiBoxOrientedLoss", text, &bottoms(&[2, 30]), 1).unwrap();
        assert_eq!(made.default_propagate_down, [true, true, false, false, false, true]);
        let message = "bottom: 6 priors need 30 channels of oriented locations, bottom 5 (2, 24) has 24";
        assert_eq!(sstd.refusal("MultiBoxOrientedLoss", text, &bottoms(&[2, 24])), message);
    }

    #[test]
    fn the_early_layer_has_other_settings() {
        let early = |fields: &str| {
            let text = format!("multibox_loss_param {{ {fields} }}");
            Surroundings::of("textboxes").run(NAME, &text, &BOTTOMS, 1)
        };
        let made = early("num_classes: 3 do_neg_mining: false neg_pos_ratio: 0 background_label_id: 3").unwrap();
        assert_eq!((made.default_propagate_down.len(), made.default_loss_weight), (4, Some(1.0)));
        let refused = |fields: &str, message: &str| {
            assert_eq!(early(fields).unwrap_err(), format!("multibox_loss_param.{message}"));
        };
        refused("num_classes: 3 neg_pos_ratio: 0", "neg_pos_ratio: neg_pos_ratio 0 is not above 0");
        let message = "share_location: do_neg_mining needs locations that all classes share";
        refused("num_classes: 3 share_location: false", message);
        let message =
            "num_classes: num_classes is 3: with map_object_to_agnostic and the background_label_id 0 it must be 2";
        refused("num_classes: 3 map_object_to_agnostic: true", message);
    }

    #[test]
    fn each_class_may_have_locations_of_its_own() {
        let text = "multibox_loss_param { num_classes: 3 share_location: false mining_type: NONE }";
        let bottoms: [&[i32]; 4] = [&[2, 72], BOTTOMS[1], BOTTOMS[2], BOTTOMS[3]];
        assert!(Surroundings::of("ssd").run(NAME, text, &bottoms, 1).is_ok());
        let message = "bottom: 6 priors of 3 classes each with a location need 72 channels of locations, \
                       bottom 0 (2, 24) has 24";
        assert_eq!(refusal("num_classes: 3 share_location: false mining_type: NONE", &BOTTOMS), message);
        let message =
            "multibox_loss_param.share_location: mining_type MAX_NEGATIVE needs locations that all classes share";
        assert_eq!(refusal("num_classes: 3 share_location: false", &bottoms), message);
    }

    #[test]
    fn refusals_name_the_field() {
        let refused = |fields: &str, message: &str| {
            assert_eq!(refusal(fields, &BOTTOMS), format!("multibox_loss_param.{message}"));
        };
        refused("", "num_classes: num_classes is missing");
        refused("num_classes: 0", "num_classes: num_classes must be at least 1");
        refused("num_classes: 2147483648", "num_classes: num_classes 2147483648 is more than 2147483647");
        let message = "background_label_id: background_label_id 3 is not among the 3 classes";
        refused("num_classes: 3 background_label_id: 3", message);
        let message = "background_label_id: background_label_id -1 is not among the 3 classes";
        refused("num_classes: 3 background_label_id: 4294967295", message);
        let message = "do_neg_mining: do_neg_mining is false, but mining_type is MAX_NEGATIVE";
        refused("num_classes: 3 do_neg_mining: false", message);
        let logistic = "multibox_loss_param { num_classes: 3 background_label_id: 3 conf_loss_type: LOGISTIC }";
        assert!(Surroundings::of("ssd").run(NAME, logistic, &BOTTOMS, 1).is_ok());
    }

    #[test]
    fn refusals_name_the_shapes() {
        let refused = |index: usize, dims: &[i32]| {
            let mut bottoms = BOTTOMS;
            bottoms[index] = dims;
            refusal("num_classes: 3", &bottoms)
        };
        let message = "bottom: 6 priors need 24 channels of locations, bottom 0 (2, 20) has 20";
        assert_eq!(refused(0, &[2, 20]), message);
        let message = "bottom: 6 priors of 3 classes need 18 channels of confidences, bottom 1 (2, 24) has 24";
        assert_eq!(refused(1, &[2, 24]), message);
        let message = "bottom: the bottoms differ in their first dimension: (2, 24) and (3, 18)";
        assert_eq!(refused(1, &[3, 18]), message);
        let message = "bottom: bottom 3 has more than 4 axes: its shape is (1, 1, 1, 1, 1)";
        assert_eq!(refused(3, &[1; 5]), message);
    }
}
