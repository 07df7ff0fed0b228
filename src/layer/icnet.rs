//! ICNetSubgraph: the pyramid of averages of ICNet in one layer, each resized and added up (Synopsys).
//!
//! The top is like the bottom, which has four axes. No blobs, no draws.

use super::pooling::picture_size;
use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::dialect::Known;
use crate::error::Refusal;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "ICNetSubgraph",
    "Adds up averages over windows of four sizes, resized to the input",
    Arity::exactly(1),
    Arity::exactly(1),
    &subgraph,
)
.known(Known::In(&["synopsys"]))];

fn subgraph(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    picture_size(ctx.bottom(0))?;
    Ok(Setup::like_bottom(ctx, Operator::Opaque))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_shape_stays() {
        let synopsys = Surroundings::of("synopsys");
        assert_eq!(synopsys.top("ICNetSubgraph", "", &[&[1, 2, 33, 65]]), [1, 2, 33, 65]);
        let message = "bottom: the bottom (1, 2, 33) must have 4 axes";
        assert_eq!(synopsys.refusal("ICNetSubgraph", "", &[&[1, 2, 33]]), message);
    }
}
