//! Axpy: the second bottom, each channel times a factor, plus the third (hujie-frank/SENet).
//!
//! ```text
//! bottoms = factors (N, C) or (N, C, 1, 1), x (N, C, ...), y like x
//! top     = x.dims
//! ```
//!
//! Of the factors Caffe compares the first two axes, and those behind with 1 if there are four in all. No blobs, no
//! draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Axpy",
    "Multiplies each channel by a factor and adds another input",
    Arity::exactly(3),
    Arity::exactly(1),
    &axpy,
)
.known(Known::Added {
    from: "hujie-frank/SENet",
    own: &["happynear", "intel", "nvidia", "mobilenet-yolo", "cambricon", "soeaver", "jacinto", "sophgo"],
})
.weightless()];

fn axpy(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (factors, x, y) = (ctx.bottom(0), ctx.bottom(1), ctx.bottom(2));
    let fits = factors.axes() >= 2 && factors.dims().get(..2) == x.dims().get(..2);
    ensure!(fits, "bottom", "the factors {factors} must agree with {x} in the first two axes");
    let single = factors.axes() != 4 || factors.dims()[2..] == [1, 1];
    ensure!(single, "bottom", "the factors {factors} must have one value for each channel");
    ensure!(x == y, "bottom", "the inputs to add up differ: {x} and {y}");
    Ok(Setup::new(ctx, Operator::Axpy, [x.clone()]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{refusal, top};

    #[test]
    fn the_top_is_like_x() {
        assert_eq!(top("Axpy", "", &[&[2, 3], &[2, 3, 4, 5], &[2, 3, 4, 5]]), [2, 3, 4, 5]);
        assert_eq!(top("Axpy", "", &[&[2, 3, 1, 1], &[2, 3], &[2, 3]]), [2, 3]);
        assert_eq!(top("Axpy", "", &[&[2, 3, 7], &[2, 3, 4], &[2, 3, 4]]), [2, 3, 4]);
    }

    #[test]
    fn refusals() {
        let error = |factors: &[i32], x: &[i32], y: &[i32]| refusal("Axpy", "", &[factors, x, y], 1).1;
        let message = "the factors (2) must agree with (2, 3) in the first two axes";
        assert_eq!(error(&[2], &[2, 3], &[2, 3]), message);
        let message = "the factors (2, 4) must agree with (2, 3) in the first two axes";
        assert_eq!(error(&[2, 4], &[2, 3], &[2, 3]), message);
        let message = "the factors (2, 3, 2, 1) must have one value for each channel";
        assert_eq!(error(&[2, 3, 2, 1], &[2, 3], &[2, 3]), message);
        assert_eq!(error(&[2, 3], &[2, 3], &[2, 3, 1]), "the inputs to add up differ: (2, 3) and (2, 3, 1)");
        assert_eq!(refusal("Axpy", "", &[&[2, 3], &[2, 3]], 1).1, "Axpy takes 3 bottoms, 2 given");
    }
}
