//! PredictBox: boxes from the scores of a fully convolutional net, position by position (happynear).
//!
//! ```text
//! bottoms = scores (N, 2, H, W), perhaps boxes (N, 4, H, W), and a third (N, 2 or 3, H, W)
//! tops    = (N, 5, H, W), and of two tops a list of boxes (N, 1, 5), whose length is known only with the scores
//! ```
//!
//! A third bottom of another number of channels is not looked at. No blobs, no draws.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "PredictBox",
    "Makes boxes of the scores at each position",
    Arity::at_least(1),
    Arity::at_least(1),
    &setup,
)
.params(&["predict_box_param"])
.weightless()
.known(Known::In(&["happynear"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let dims = |bottom| -> Result<Vec<i32>, Refusal> { Ok(ctx.four_axes(bottom)?.dims().to_vec()) };
    let scores = dims(0)?;
    ensure!(scores[1] == 2, "bottom", "the scores {} must have 2 channels", ctx.bottom(0));
    let check = |bottom: usize, channels: i32| -> Result<(), Refusal> {
        let wanted = [scores[0], channels, scores[2], scores[3]];
        let (first, own) = (ctx.bottom(0), ctx.bottom(bottom));
        ensure!(
            dims(bottom)? == wanted,
            "bottom",
            "bottom {bottom} {own} must have {channels} channels and agree with the scores {first} otherwise"
        );
        Ok(())
    };
    if ctx.bottoms.len() >= 2 {
        check(1, 4)?;
    }
    if ctx.bottoms.len() == 3
        && let channels @ (2 | 3) = ctx.legacy_dim(2, 1)?
    {
        check(2, channels)?;
    }
    let mut tops = ctx.first_top(Shape::new([scores[0], 5, scores[2], scores[3]]).at("bottom")?);
    if let [_, list] = &mut tops[..] {
        *list = Shape::new([scores[0], 1, 5]).at("bottom")?;
    }
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn tops(bottoms: &[&[i32]], tops: usize) -> Result<Vec<Vec<i32>>, String> {
        let made = Surroundings::of("happynear").run("PredictBox", "", bottoms, tops)?;
        Ok(made.tops.iter().map(|top| top.dims().to_vec()).collect())
    }

    #[test]
    fn each_position_has_a_box() {
        let scores: &[i32] = &[2, 2, 6, 7];
        assert_eq!(tops(&[scores], 1), Ok(vec![vec![2, 5, 6, 7]]));
        let bottoms: &[&[i32]] = &[scores, &[2, 4, 6, 7], &[2, 3, 6, 7]];
        assert_eq!(tops(bottoms, 2), Ok(vec![vec![2, 5, 6, 7], vec![2, 1, 5]]));
        assert_eq!(tops(&[scores, &[2, 4, 6, 7], &[1, 9]], 1), Ok(vec![vec![2, 5, 6, 7]]));
    }

    #[test]
    fn refusals() {
        assert_eq!(tops(&[&[2, 3, 6, 7]], 1).unwrap_err(), "bottom: the scores (2, 3, 6, 7) must have 2 channels");
        let message =
            "bottom: bottom 1 (2, 4, 6, 8) must have 4 channels and agree with the scores (2, 2, 6, 7) otherwise";
        assert_eq!(tops(&[&[2, 2, 6, 7], &[2, 4, 6, 8]], 1).unwrap_err(), message);
    }
}
