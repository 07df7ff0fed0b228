//! Reorg: squares of positions become channels, or the other way round (YOLO).
//!
//! ```text
//! top = (N, C s s, H / s, W / s), of bottom (N, C, H, W) with s = stride
//!       (N, C / (s s), H s, W s) with `reverse`
//! ```
//!
//! Missing axes count as 1; what does not divide is cut off. No blobs, no draws.

use super::size::positive_size;
use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};

const STRIDE: &str = "reorg_param.stride";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Reorg",
    "Makes squares of positions into channels, or channels into squares",
    Arity::exactly(1),
    Arity::exactly(1),
    &reorg,
)
.params(&["reorg_param"])
.keeps_signal()
.known(Known::WithField("reorg_param"))];

/// Squares of positions as channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reorg {
    /// The side of a square.
    pub stride: i64,
    /// Whether channels become squares.
    pub reverse: bool,
}

fn reorg(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    let param = ctx.param.reorg_param.as_ref();
    let Some(stride) = param.and_then(|param| param.stride) else {
        return Err(Refusal::at(STRIDE, "stride is missing").help("give the side of the squares"));
    };
    let stride = positive_size(stride, STRIDE)?;
    let reverse = param.is_some_and(|param| param.reverse());
    let [num, channels, height, width] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis).map(i64::from));
    let (num, channels, height, width) = (num?, channels?, height?, width?);
    let square = stride.saturating_mul(stride);
    let dims = if reverse {
        [num, channels / square, height.saturating_mul(stride), width.saturating_mul(stride)]
    } else {
        [num, channels.saturating_mul(square), height / stride, width / stride]
    };
    let top = Shape::new(dims).at("reorg_param")?;
    Ok(Setup::new(ctx, Operator::Reorg(Reorg { stride, reverse }), [top]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn top(text: &str, bottom: &[i32]) -> Vec<i32> {
        Surroundings::of("intel").run("Reorg", text, &[bottom], 1).unwrap().tops[0].dims().to_vec()
    }

    #[test]
    fn what_does_not_divide_is_cut_off() {
        assert_eq!(top("reorg_param { stride: 2 }", &[1, 3, 5, 7]), [1, 12, 2, 3]);
        assert_eq!(top("reorg_param { stride: 2 reverse: true }", &[1, 9, 5, 7]), [1, 2, 10, 14]);
    }

    #[test]
    fn refusals() {
        let error = |text: &str| Surroundings::of("intel").refusal("Reorg", text, &[&[1, 3, 4, 4]]);
        assert_eq!(error(""), "reorg_param.stride: stride is missing");
        assert_eq!(error("reorg_param { stride: 0 }"), "reorg_param.stride: stride must be at least 1");
    }
}
