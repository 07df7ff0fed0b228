//! Add, Sub and Mult, and CycleAdd, CycleSub and CycleMult: arithmetic of two blobs (Cambricon).
//!
//! The top has the shape of the first bottom. Of the second one nothing is looked at, but in the Cycle layers it has a
//! value for each channel: (1, C, 1, 1), missing axes counting as 1. No blobs, no draws.

use super::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    of_one("Add", "Adds two blobs"),
    of_one("Mult", "Multiplies two blobs"),
    of_one("Sub", "Subtracts a blob from another"),
    of_channels("CycleAdd", "Adds a value to each channel"),
    of_channels("CycleMult", "Multiplies each channel by a value"),
    of_channels("CycleSub", "Subtracts a value from each channel"),
];

const fn of_one(name: &'static str, summary: &'static str) -> LayerType {
    entry(name, summary, Arity::exactly(1), &like_first)
}

const fn of_channels(name: &'static str, summary: &'static str) -> LayerType {
    entry(name, summary, Arity::at_least(1), &by_channel)
}

const fn entry(name: &'static str, summary: &'static str, tops: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(2), tops, rule).weightless().known(Known::In(&["cambricon"]))
}

fn like_first(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::like_bottom(ctx, Operator::Opaque))
}

fn by_channel(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (values, factors) = (ctx.bottom(0), ctx.bottom(1));
    let channels = ctx.legacy_dim(0, 1)?;
    let fits = ctx.four_axes(1)?.dims() == [1, channels, 1, 1];
    ensure!(fits, "bottom", "the second bottom of {values} must be (1, {channels}, 1, 1), its shape is {factors}");
    let top: Shape = values.copied();
    Ok(Setup::new(ctx, Operator::Opaque, ctx.first_top(top)))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_top_is_like_the_first_bottom() {
        let cambricon = Surroundings::of("cambricon");
        for name in ["Add", "Mult", "Sub"] {
            assert_eq!(cambricon.top(name, "", &[&[2, 3], &[4]]), [2, 3]);
        }
        for name in ["CycleAdd", "CycleMult", "CycleSub"] {
            assert_eq!(cambricon.top(name, "", &[&[2, 3, 4, 5], &[1, 3]]), [2, 3, 4, 5]);
            let message = "bottom: the second bottom of (2, 3) must be (1, 3, 1, 1), its shape is (2, 3)";
            assert_eq!(cambricon.refusal(name, "", &[&[2, 3], &[2, 3]]), message);
        }
    }
}
