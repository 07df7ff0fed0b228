//! Covariance: that of the channels, over the positions of each item (ducha-aiki); Gram: their inner products
//! (happynear).
//!
//! The top is (N, C, C, 1). No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    LayerType::new(
        "Covariance",
        "Computes the covariance of the channels of each item",
        Arity::exactly(1),
        Arity::exactly(1),
        &covariance,
    )
    .known(Known::In(&["ducha-aiki"])),
    LayerType::new(
        "Gram",
        "Computes the inner products of the channels of each item",
        Arity::exactly(1),
        Arity::at_least(1),
        &gram,
    )
    .weightless()
    .known(Known::In(&["happynear"])),
];

fn covariance(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::new(ctx, Operator::Covariance, [of_channels(ctx)?]))
}

fn gram(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let tops = ctx.first_top(of_channels(ctx)?);
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

/// The shape with a number for each pair of channels.
fn of_channels(ctx: &SetupContext<'_>) -> Result<Shape, Refusal> {
    let (num, channels) = (ctx.legacy_dim(0, 0)?, ctx.legacy_dim(0, 1)?);
    Shape::new([num, channels, channels, 1]).at("bottom")
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn channels_go_with_channels() {
        assert_eq!(Surroundings::of("ducha-aiki").top("Covariance", "", &[&[2, 3, 4, 5]]), [2, 3, 3, 1]);
        assert_eq!(Surroundings::of("happynear").top("Gram", "", &[&[2, 3, 4, 5]]), [2, 3, 3, 1]);
    }
}
