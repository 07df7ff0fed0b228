//! L1Loss and LpqLoss, FlowNet's: norms of a blob or of the difference of two.
//!
//! One or two bottoms, of which in Synopsys' Caffe the second may be smaller, as for its Eltwise. The layers inside
//! draw nothing; where they sum over the channels, which L1Loss does with `l2_per_location`, there must be some.
//! LpqLoss needs one `p` and one `q`, or as many of each as iterations at which they begin, the first of them 0.

use super::opaque_loss;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::eltwise::check_from_axis;
use crate::layer::{Arity, Layer, LayerType, Setup, SetupContext};

const L1_SUMMARY: &str = "Computes the sum of absolute values, of the difference of two blobs if there are two";
const LPQ_SUMMARY: &str = "Computes the sum of powers, of the difference of two blobs if there are two, to another \
                           power";

pub(super) const L1: LayerType = l1_entry(&|ctx: &SetupContext<'_>| l1(ctx, same)).known(Known::In(&["flownet2"]));

pub(super) const L1_SPREAD: LayerType =
    l1_entry(&|ctx: &SetupContext<'_>| l1(ctx, spread)).known(Known::In(&["synopsys"]));

pub(super) const LPQ: LayerType = lpq_entry(&|ctx: &SetupContext<'_>| lpq(ctx, same)).known(Known::In(&["flownet2"]));

pub(super) const LPQ_SPREAD: LayerType =
    lpq_entry(&|ctx: &SetupContext<'_>| lpq(ctx, spread)).known(Known::In(&["synopsys"]));

const fn l1_entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new("L1Loss", L1_SUMMARY, Arity::between(1, 2), Arity::exactly(1), rule)
        .params(&["l1_loss_param"])
        .auto_tops()
        .judges_both()
}

const fn lpq_entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new("LpqLoss", LPQ_SUMMARY, Arity::between(1, 2), Arity::exactly(1), rule)
        .params(&["lpq_loss_param"])
        .auto_tops()
        .judges_both()
}

/// Checks that two bottoms go together.
type CheckPair = fn(&SetupContext<'_>) -> Result<(), Refusal>;

fn same(ctx: &SetupContext<'_>) -> Result<(), Refusal> {
    let (first, second) = (ctx.bottom(0), ctx.bottom(1));
    ensure!(first == second, "bottom", "bottom 1 {second} has a different shape than bottom 0 {first}");
    Ok(())
}

fn spread(ctx: &SetupContext<'_>) -> Result<(), Refusal> {
    check_from_axis(ctx, 0, "bottom")
}

fn l1(ctx: &SetupContext<'_>, check_pair: CheckPair) -> Result<Setup, Refusal> {
    let sums_channels = ctx.param.l1_loss_param().is_some_and(|param| param.l2_per_location());
    norm(ctx, check_pair, sums_channels)
}

fn norm(ctx: &SetupContext<'_>, check_pair: CheckPair, sums_channels: bool) -> Result<Setup, Refusal> {
    if ctx.bottoms.len() > 1 {
        check_pair(ctx)?;
    }
    let shape = ctx.bottom(0);
    ensure!(shape.axes() > 1 || !sums_channels, "bottom", "bottom 0 {shape} has no channels to sum over");
    ctx.four_axes(0)?;
    Ok(opaque_loss(ctx, Shape::scalar()))
}

fn lpq(ctx: &SetupContext<'_>, check_pair: CheckPair) -> Result<Setup, Refusal> {
    const STARTS: &str = "lpq_loss_param.pq_episode_starts_at_iter";
    let param = ctx.param.lpq_loss_param().unwrap_or_default();
    let (starts, ps, qs) = (&param.pq_episode_starts_at_iter, param.p.len(), param.q.len());
    let is_constant = starts.is_empty() && ps == 1 && qs == 1;
    ensure!(
        is_constant || starts.len() == ps && ps == qs && ps > 0,
        "lpq_loss_param",
        "{ps} p, {qs} q and {} iterations are given: give one p and one q, or as many of each",
        starts.len()
    );
    ensure!(starts.is_sorted_by(|a, b| a < b), STARTS, "the iterations do not increase");
    ensure!(starts.first().is_none_or(|&first| first == 0), STARTS, "the first iteration is not 0");
    norm(ctx, check_pair, true)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_second_bottom_may_be_smaller() {
        let synopsys = Surroundings::of("synopsys");
        let made = synopsys.run("L1Loss", "", &[&[2, 3, 4], &[2, 3]], 1).unwrap();
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
        assert!(synopsys.run("L1Loss", "", &[&[2, 3, 4]], 1).is_ok());
        let message = "bottom: bottom 1 (3) differs from bottom 0 (2, 3) from axis 0 on";
        assert_eq!(synopsys.refusal("L1Loss", "", &[&[2, 3], &[3]]), message);
    }

    #[test]
    fn in_flownets_own_tree_both_have_one_shape() {
        let flownet = Surroundings::of("flownet2");
        assert!(flownet.run("L1Loss", "", &[&[2, 3], &[2, 3]], 1).is_ok());
        let message = "bottom: bottom 1 (2) has a different shape than bottom 0 (2, 3)";
        assert_eq!(flownet.refusal("L1Loss", "", &[&[2, 3], &[2]]), message);
        assert_eq!(flownet.refusal("LpqLoss", "lpq_loss_param { p: 1 q: 1 }", &[&[2, 3], &[2]]), message);
    }

    #[test]
    fn channels_are_summed_over() {
        let flownet = Surroundings::of("flownet2");
        assert!(flownet.run("L1Loss", "", &[&[2]], 1).is_ok());
        let message = "bottom: bottom 0 (2) has no channels to sum over";
        assert_eq!(flownet.refusal("L1Loss", "l1_loss_param { l2_per_location: true }", &[&[2]]), message);
        assert_eq!(flownet.refusal("LpqLoss", "lpq_loss_param { p: 1 q: 1 }", &[&[2]]), message);
    }

    #[test]
    fn powers_have_a_schedule() {
        let synopsys = Surroundings::of("synopsys");
        let error = |fields: &str| synopsys.refusal("LpqLoss", &format!("lpq_loss_param {{ {fields} }}"), &[&[2, 3]]);
        assert!(synopsys.run("LpqLoss", "lpq_loss_param { p: 2 q: 0.5 }", &[&[2, 3]], 1).is_ok());
        let field = "lpq_loss_param.pq_episode_starts_at_iter";
        assert_eq!(error("p: 1 q: 1 pq_episode_starts_at_iter: 5"), format!("{field}: the first iteration is not 0"));
        let starts = "pq_episode_starts_at_iter: [0, 0]";
        assert_eq!(error(&format!("p: [1, 2] q: [1, 2] {starts}")), format!("{field}: the iterations do not increase"));
        let message = "0 p, 0 q and 0 iterations are given: give one p and one q, or as many of each";
        assert_eq!(error(""), format!("lpq_loss_param: {message}"));
    }
}
