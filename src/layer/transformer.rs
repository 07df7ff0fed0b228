//! Transformer: pictures resampled by an affine map of their positions, one for each item (ducha-aiki, happynear).
//!
//! ```text
//! bottoms = pictures (N, C, H, W), maps (N, 6)
//! top     = pictures.dims
//! ```
//!
//! The maps' items are not counted while the net is built. No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Transformer",
    "Resamples pictures by an affine map of their positions",
    Arity::exactly(2),
    Arity::exactly(1),
    &transformer,
)
.offset_bottoms(&[1])
.known(Known::In(&["ducha-aiki", "happynear"]))];

fn transformer(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (pictures, maps) = (ctx.bottom(0), ctx.bottom(1));
    ensure!(pictures.axes() == 4, "bottom", "Transformer takes pictures of 4 axes, their shape is {pictures}");
    ensure!(maps.dim(1) == Some(6), "bottom", "a map has 6 numbers along axis 1, the shape of the maps is {maps}");
    Ok(Setup::like_bottom(ctx, Operator::Transformer))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn pictures_keep_their_size() {
        let ducha = Surroundings::of("ducha-aiki");
        assert_eq!(ducha.top("Transformer", "", &[&[2, 3, 4, 5], &[2, 6]]), [2, 3, 4, 5]);
        let message = "bottom: a map has 6 numbers along axis 1, the shape of the maps is (2, 5)";
        assert_eq!(ducha.refusal("Transformer", "", &[&[2, 3, 4, 5], &[2, 5]]), message);
    }
}
