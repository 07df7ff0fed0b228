//! Sample: for each item a position, drawn with the item's values as probabilities in TRAIN, that of the largest in
//! TEST (lisa-caffe).
//!
//! (N, ...) gives (N). No blobs, and no draws while the net is built.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Sample",
    "Draws a position for each item, by probabilities",
    Arity::exactly(1),
    Arity::exactly(1),
    &sample,
)
.weightless()
.known(Known::In(&["lisa-recurrent"]))];

fn sample(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let probabilities = ctx.bottom(0);
    ensure!(probabilities.axes() > 0, "bottom", "a bottom without axes has no items");
    let top = Shape::new(&probabilities.dims()[..1]).at("bottom")?;
    Ok(Setup::new(ctx, Operator::Opaque, [top]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn each_item_has_a_position() {
        let lisa = Surroundings::of("lisa-recurrent");
        assert_eq!(lisa.top("Sample", "", &[&[4, 7, 2]]), [4]);
        assert_eq!(lisa.refusal("Sample", "", &[&[]]), "bottom: a bottom without axes has no items");
    }
}
