//! SmoothL1Loss: the distance of prediction and target, squared where it is below 1 / sigma^2, summed and divided.
//!
//! Bottoms: N x C x H x W each, of four axes at most, missing ones counting as 1. Of prediction and target all axes are
//! compared, of weights all but the first.
//!
//! | tree | weights | tops | `loss_weight` |
//! |---|---|---|---|
//! | SSD | none | 1 | 1 is added |
//! | Fast R-CNN before 2016 | none or one | 1 | stays |
//! | Fast R-CNN | none or two, inside and outside | 1 | stays |
//! | Cascade R-CNN | none or two | 1, or 2 with the loss of each place, (N, 1, H, W) | stays |
//! | Synopsys | none, one or two | 1 | 1 is added |
//! | happynear, where the distance is squared below `turn_point` | none or one | 1 | stays |
//! | R-FCN, and SmoothL1LossOHEM elsewhere | none or one | 1, or 2 with the loss of each place, (N, 1, H, W) | stays |
//!
//! Where losses do not compare batches, only height and width are compared. Where the weight stays, a layer without one
//! is no loss: Caffe sees none in it.

use super::{Loss, check_batches, normalization, scalar_loss};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::loss_parameter::NormalizationMode;

const NAME: &str = "SmoothL1Loss";
const SUMMARY: &str = "Computes the distance between prediction and target, squared where it is below 1";
const ONE: Arity = Arity::exactly(1);

pub(super) const SSD: LayerType =
    LayerType::new(NAME, SUMMARY, Arity::exactly(2), ONE, &of_ssd).auto_tops().judges_first().loss().known(Known::In(
        &[
            "ssd",
            "refinedet",
            "nvidia",
            "mobilenet-yolo",
            "yolov3-windows",
            "yolo9000",
            "textboxes",
            "textboxes-pp",
            "sstd",
            "jacinto",
        ],
    ));

pub(super) const WEIGHTED: LayerType = LayerType::new(NAME, SUMMARY, Arity::between(2, 3), ONE, &of_fast_rcnn)
    .auto_tops()
    .judges_first()
    .weightless()
    .known(Known::In(&["yjxiong", "ducha-aiki"]));

pub(super) const FAST_RCNN: LayerType = LayerType::new(NAME, SUMMARY, Arity::between(2, 4), ONE, &of_faster_rcnn)
    .params(&["smooth_l1_loss_param"])
    .never_takes(3)
    .auto_tops()
    .judges_first()
    .weightless()
    .known(Known::In(&[
        "fast-rcnn",
        "soeaver",
        "intel",
        "microsoft",
        "pvanet",
        "mnc",
        "bottom-up-attention",
        "ctpn",
        "mscnn",
        "deformable",
        "seqface",
        "curve-text",
        "xilinx",
    ]));

pub(super) const CASCADE: LayerType =
    LayerType::new(NAME, SUMMARY, Arity::between(2, 4), Arity::between(1, 2), &of_faster_rcnn)
        .params(&["smooth_l1_loss_param"])
        .never_takes(3)
        .auto_tops()
        .judges_first()
        .weightless()
        .known(Known::In(&["cascade-rcnn"]));

pub(super) const SYNOPSYS: LayerType = LayerType::new(NAME, SUMMARY, Arity::between(2, 4), ONE, &of_synopsys)
    .params(&["smooth_l1_loss_param"])
    .auto_tops()
    .judges_first()
    .known(Known::In(&["synopsys"]));

pub(super) const RFCN: LayerType =
    of_each_place(NAME).params(&["smooth_l1_loss_param", "loss_param"]).known(Known::In(&["rfcn"]));

pub(super) const OHEM: LayerType = of_each_place("SmoothL1LossOHEM").params(&["loss_param"]).known(Known::In(&[
    "soeaver",
    "intel",
    "microsoft",
    "bottom-up-attention",
    "curve-text",
]));

/// That of volumes, which does not look at weights.
pub(super) const OF_VOLUMES: LayerType = LayerType::new(NAME, SUMMARY, Arity::between(2, 3), ONE, &of_volumes)
    .auto_tops()
    .judges_first()
    .weightless()
    .known(Known::In(&["caffe3d"]));

pub(super) const TURNED: LayerType = LayerType::new(NAME, SUMMARY, Arity::between(2, 3), ONE, &of_happynear)
    .params(&["smoothl1_param"])
    .auto_tops()
    .judges_first()
    .weightless()
    .known(Known::In(&["happynear"]));

const fn of_each_place(name: &'static str) -> LayerType {
    LayerType::new(name, SUMMARY, Arity::between(2, 3), Arity::between(1, 2), &of_rfcn)
        .auto_tops()
        .judges_first()
        .weightless()
}

fn of_ssd(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_sizes(ctx)?;
    Ok(scalar_loss(ctx, over_batch(1.0)))
}

fn of_fast_rcnn(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_sizes(ctx)?;
    Ok(Setup::new(ctx, Operator::Loss(over_batch(1.0)), [Shape::scalar()]))
}

/// The bottoms need five axes, which agree.
fn of_volumes(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_batches(ctx)?;
    let (a, b) = (ctx.bottom(0), ctx.bottom(1));
    let agree = a.axes() >= 5 && b.axes() >= 5 && a.dims()[1..5] == b.dims()[1..5];
    ensure!(agree, "bottom", "the bottoms need 5 axes that agree: {a} and {b}");
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::scalar()]))
}

fn of_happynear(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_sizes(ctx)?;
    let turn_point = ctx.param.smoothl1_param().unwrap_or_default().turn_point();
    Ok(Setup::new(ctx, Operator::Loss(Loss::SmoothL1Turned { turn_point }), [Shape::scalar()]))
}

fn of_faster_rcnn(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let weights = ctx.bottoms.len() - 2;
    ensure!(weights != 1, "bottom", "with weights there have to be four bottoms, inside and outside weights last");
    check_sizes(ctx)?;
    let sigma = ctx.param.smooth_l1_loss_param().unwrap_or_default().sigma();
    Ok(Setup::new(ctx, Operator::Loss(over_batch(sigma)), with_places(ctx)?))
}

/// The tops: the loss, and that of each place, where there is a second one.
fn with_places(ctx: &SetupContext<'_>) -> Result<Vec<Shape>, Refusal> {
    let mut tops = vec![Shape::scalar()];
    if ctx.top_count() > 1 {
        let [num, height, width] = [0, 2, 3].map(|axis| ctx.legacy_dim(0, axis));
        tops.push(Shape::new([num?, 1, height?, width?]).at("bottom")?);
    }
    Ok(tops)
}

fn of_synopsys(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_sizes(ctx)?;
    Ok(scalar_loss(ctx, over_batch(ctx.param.smooth_l1_loss_param().unwrap_or_default().sigma())))
}

/// It does not look at `sigma`.
fn of_rfcn(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_sizes(ctx)?;
    let loss = Loss::SmoothL1 { sigma: 1.0, normalization: normalization(ctx, NormalizationMode::Valid) };
    Ok(Setup::new(ctx, Operator::Loss(loss), with_places(ctx)?))
}

/// The loss divided by the number of items.
fn over_batch(sigma: f32) -> Loss {
    Loss::SmoothL1 { sigma, normalization: NormalizationMode::BatchSize }
}

/// Checks that all bottoms agree, of the weights all but the first axis.
fn check_sizes(ctx: &SetupContext<'_>) -> Result<(), Refusal> {
    check_batches(ctx)?;
    let prediction = ctx.bottom(0);
    let compared: &[usize] = if ctx.dialect.traits.losses_compare_batches { &[0, 1, 2, 3] } else { &[2, 3] };
    for (bottom, other) in ctx.bottoms.iter().enumerate().skip(1) {
        for &axis in compared {
            let (a, b) = (ctx.legacy_dim(0, axis)?, ctx.legacy_dim(bottom, axis)?);
            ensure!(
                a == b || (axis == 0 && bottom > 1),
                "bottom",
                "the bottoms differ at axis {axis}: {prediction} and {other}, where missing axes count as 1"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const NAME: &str = "SmoothL1Loss";

    #[test]
    fn missing_axes_count_as_one() {
        let ssd = Surroundings::of("ssd");
        let made = ssd.run(NAME, "", &[&[2, 3, 1, 1], &[2, 3]], 1).unwrap();
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
        assert!(ssd.run(NAME, "", &[&[4], &[4, 1]], 1).is_ok());
    }

    #[test]
    fn that_of_volumes_takes_five_axes() {
        let caffe3d = Surroundings::of("caffe3d");
        let made = caffe3d.run(NAME, "", &[&[2, 3, 4, 5, 6], &[2, 3, 4, 5, 6], &[7]], 1).unwrap();
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, None));
        let message = "bottom: the bottoms need 5 axes that agree: (2, 3, 4, 5) and (2, 3, 4, 5)";
        assert_eq!(caffe3d.refusal(NAME, "", &[&[2, 3, 4, 5], &[2, 3, 4, 5]]), message);
    }

    #[test]
    fn only_that_of_ssd_is_a_loss_without_a_weight() {
        for dialect in ["fast-rcnn", "rfcn", "soeaver", "yjxiong", "happynear"] {
            let made = Surroundings::of(dialect).run(NAME, "", &[&[2, 3], &[2, 3]], 1).unwrap();
            assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, None), "{dialect}");
        }
    }

    #[test]
    fn weights_are_one_bottom_or_two() {
        let counts = |dialect: &str| {
            let takes = |bottoms: &usize| {
                let bottoms = vec![&[2, 3][..]; *bottoms];
                Surroundings::of(dialect).run(NAME, "", &bottoms, 1).is_ok()
            };
            (1..=5).filter(takes).collect::<Vec<_>>()
        };
        assert_eq!(counts("ssd"), [2]);
        assert_eq!(counts("yjxiong"), [2, 3]);
        assert_eq!(counts("happynear"), [2, 3]);
        assert_eq!(counts("rfcn"), [2, 3]);
        assert_eq!(counts("fast-rcnn"), [2, 4]);
    }

    #[test]
    fn a_second_top_has_the_loss_of_each_place() {
        let bottoms: &[&[i32]] = &[&[2, 3, 4, 5], &[2, 3, 4, 5], &[9, 3, 4, 5]];
        for (dialect, name) in [("rfcn", NAME), ("soeaver", "SmoothL1LossOHEM")] {
            let made = Surroundings::of(dialect).run(name, "", bottoms, 2).unwrap();
            assert_eq!(made.tops[1].dims(), [2, 1, 4, 5]);
        }
    }

    #[test]
    fn refusals() {
        let error = |bottoms: &[&[i32]]| Surroundings::of("ssd").refusal(NAME, "", bottoms);
        let message = "bottom: the bottoms differ in their first dimension: (2, 3) and (3, 3)";
        assert_eq!(error(&[&[2, 3], &[3, 3]]), message);
        let message = "bottom: the bottoms differ at axis 2: (2, 3, 4) and (2, 3), where missing axes count as 1";
        assert_eq!(error(&[&[2, 3, 4], &[2, 3]]), message);
        let message = "bottom: bottom 0 has more than 4 axes: its shape is (2, 1, 1, 1, 1)";
        assert_eq!(error(&[&[2, 1, 1, 1, 1], &[2]]), message);
        assert_eq!(error(&[&[2], &[2], &[2]]), "bottom: SmoothL1Loss takes 2 bottoms, 3 given");
        let message = "bottom: with weights there have to be four bottoms, inside and outside weights last";
        assert_eq!(Surroundings::of("fast-rcnn").refusal(NAME, "", &[&[2], &[2], &[2]]), message);
    }
}
