//! Connectionist temporal classification (Graves et al. 2006): CtcLoss, WarpCTCLoss and CTCLoss.
//!
//! Of the scores (T, N, C) of T timesteps and N sequences:
//!
//! ```text
//! CtcLoss      labels (N, ..)
//! WarpCTCLoss  labels (N, ..); or (T, N) sequence indicators and labels (L, N); or N lengths of the input, N lengths of
//!              the labels, and labels (L, N)
//! CTCLoss      sequence indicators (T, N) and labels (L, N)
//! ```
//!
//! The latter two take four axes at most, the fourth of the scores 1.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

const SUMMARY: &str = "Computes the negative log-likelihood of label sequences over all alignments";

pub(super) const OF_LABELS: LayerType =
    LayerType::new("CtcLoss", SUMMARY, Arity::exactly(2), Arity::exactly(1), &of_labels)
        .params(&["ctc_loss_param"])
        .auto_tops()
        .judges_first()
        .loss()
        .known(Known::In(&["warpctc"]));

pub(super) const WARP: LayerType =
    LayerType::new("WarpCTCLoss", SUMMARY, Arity::between(2, 4), Arity::exactly(1), &warp)
        .params(&["ctc_loss_param"])
        .auto_tops()
        .judges_first()
        .loss()
        .known(Known::In(&["caffe-ocr"]));

pub(super) const TYPE: LayerType =
    LayerType::new("CTCLoss", SUMMARY, Arity::exactly(3), Arity::exactly(1), &of_indicators)
        .params(&["ctc_loss_param"])
        .auto_tops()
        .judges_first()
        .loss()
        .known(Known::In(&["textboxes-pp"]));

fn loss(ctx: &SetupContext<'_>) -> Setup {
    Setup { default_loss_weight: Some(1.0), ..Setup::new(ctx, Operator::Opaque, [Shape::scalar()]) }
}

fn of_labels(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.ctc_loss_param().unwrap_or_default();
    let (letters, steps) = (param.alphabet_size(), param.time_step());
    ensure!(letters as i32 > 0, "ctc_loss_param.alphabet_size", "alphabet_size {letters} is not above 0");
    ensure!(steps as i32 > 0, "ctc_loss_param.time_step", "time_step {steps} is not above 0");
    let (scores, labels) = (ctx.bottom(0), ctx.bottom(1));
    let sequences = scores.dim(1);
    let has_both = sequences.is_some() && labels.axes() > 0;
    ensure!(has_both, "bottom", "the scores {scores} need 2 axes and the labels {labels} one");
    ensure!(sequences == labels.dim(0), "bottom", "expected labels for each sequence: {scores} and {labels} given");
    Ok(loss(ctx))
}

fn warp(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let sequences = sequences(ctx)?;
    match ctx.bottoms.len() {
        2 => check_dim(ctx, 1, 0, sequences)?,
        3 => check_indicators(ctx, sequences)?,
        _ => {
            for bottom in [1, 2] {
                let lengths = ctx.bottom(bottom);
                let fits = lengths.count() as i64 == i64::from(sequences);
                ensure!(
                    fits,
                    "bottom",
                    "bottom {bottom} {lengths} must have a length for each of {sequences} sequences"
                );
            }
            check_dim(ctx, 3, 1, sequences)?;
        }
    }
    Ok(loss(ctx))
}

fn of_indicators(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_indicators(ctx, sequences(ctx)?)?;
    Ok(loss(ctx))
}

/// The number of sequences of the scores.
fn sequences(ctx: &SetupContext<'_>) -> Result<i32, Refusal> {
    check_dim(ctx, 0, 3, 1)?;
    ctx.legacy_dim(0, 1)
}

/// Checks sequence indicators and labels.
fn check_indicators(ctx: &SetupContext<'_>, sequences: i32) -> Result<(), Refusal> {
    check_dim(ctx, 1, 0, ctx.legacy_dim(0, 0)?)?;
    check_dim(ctx, 1, 1, sequences)?;
    check_dim(ctx, 2, 1, sequences)
}

fn check_dim(ctx: &SetupContext<'_>, bottom: usize, axis: usize, wanted: i32) -> Result<(), Refusal> {
    let (dim, shape) = (ctx.legacy_dim(bottom, axis)?, ctx.bottom(bottom));
    ensure!(
        dim == wanted,
        "bottom",
        "bottom {bottom} must have dimension {wanted} at axis {axis}, its shape is {shape}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const SCORES: &[i32] = &[7, 2, 11];

    #[test]
    fn each_tree_takes_its_bottoms() {
        let text = "ctc_loss_param { alphabet_size: 11 time_step: 7 }";
        let made = Surroundings::of("warpctc").run("CtcLoss", text, &[SCORES, &[2, 5]], 1).unwrap();
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
        let ocr = Surroundings::of("caffe-ocr");
        let fits = |bottoms: &[&[i32]]| ocr.run("WarpCTCLoss", "", bottoms, 1).map(|made| made.tops[0].axes());
        assert_eq!(fits(&[SCORES, &[2, 5]]), Ok(0));
        assert_eq!(fits(&[SCORES, &[7, 2], &[5, 2]]), Ok(0));
        assert_eq!(fits(&[SCORES, &[2], &[2], &[5, 2]]), Ok(0));
        let message = "bottom: bottom 1 must have dimension 2 at axis 0, its shape is (5, 2)";
        assert_eq!(fits(&[SCORES, &[5, 2]]), Err(message.to_owned()));
        assert!(Surroundings::of("textboxes-pp").run("CTCLoss", "", &[SCORES, &[7, 2], &[5, 2]], 1).is_ok());
    }

    #[test]
    fn refusals() {
        let error = |text: &str, bottoms: &[&[i32]]| Surroundings::of("warpctc").refusal("CtcLoss", text, bottoms);
        let message = "ctc_loss_param.alphabet_size: alphabet_size 0 is not above 0";
        assert_eq!(error("", &[SCORES, &[2]]), message);
        let message = "bottom: expected labels for each sequence: (7, 2, 11) and (3) given";
        assert_eq!(error("ctc_loss_param { alphabet_size: 11 time_step: 7 }", &[SCORES, &[3]]), message);
        let ocr = Surroundings::of("caffe-ocr");
        let message = "bottom: bottom 1 (3) must have a length for each of 2 sequences";
        assert_eq!(ocr.refusal("WarpCTCLoss", "", &[SCORES, &[3], &[2], &[5, 2]]), message);
    }
}
