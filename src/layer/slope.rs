//! Slope: two channels more, which tell the row and the column of each position (happynear).
//!
//! (N, C, H, W) becomes (N, C + 2, H, W). No settings, no blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Slope",
    "Adds the row and the column of each position as channels",
    Arity::at_least(1),
    Arity::exactly(1),
    &slope,
)
.weightless()
.keeps_signal()
.known(Known::In(&["happynear"]))];

fn slope(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let mut dims: Vec<i64> = ctx.four_axes(0)?.dims().iter().map(|&dim| i64::from(dim)).collect();
    dims[1] += 2;
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(dims).at("bottom")?]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn there_are_two_channels_more() {
        assert_eq!(Surroundings::of("happynear").top("Slope", "", &[&[2, 3, 4, 5]]), [2, 5, 4, 5]);
        let message = "bottom: bottom 0 has more than 4 axes: its shape is (1, 1, 1, 1, 1)";
        assert_eq!(Surroundings::of("happynear").refusal("Slope", "", &[&[1; 5]]), message);
    }
}
