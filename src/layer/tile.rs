//! Tile: repeats its bottom `tiles` times along `axis` (1 by default); in the tree of bottom-up attention as often as
//! `tiles_from_axis`, which names an axis of the bottom, is long.
//!
//! The top has the bottom's shape with that axis `tiles` times as long. No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] =
    &[LayerType::new("Tile", "Repeats a blob along an axis", Arity::exactly(1), Arity::exactly(1), &tile)
        .params(&["tile_param"])
        .known(Known::WithField("tile_param"))
        .weightless()];

const TILES: &str = "tile_param.tiles";

/// The bottom, repeated along an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tile {
    /// The axis.
    pub axis: usize,
    /// How many times.
    pub tiles: i64,
}

fn tile(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.tile_param.unwrap_or_default();
    let axis = ctx.bottom_axis(0, param.axis(), "tile_param.axis")?;
    let tiles = match (param.tiles_from_axis, param.tiles) {
        (Some(axis), _) => {
            const FROM: &str = "tile_param.tiles_from_axis";
            let axis = ctx.bottom_axis(0, axis, FROM)?;
            ctx.bottom(0).dims()[axis]
        }
        (None, Some(tiles)) => tiles,
        (None, None) => {
            return Err(Refusal::at(TILES, "tiles is missing").help("say how many times the blob is repeated"));
        }
    };
    ensure!(tiles > 0, TILES, "tiles {tiles} is not positive");
    let mut dims: Vec<i64> = ctx.bottom(0).dims().iter().copied().map(i64::from).collect();
    let operator = Tile { axis, tiles: tiles.into() };
    dims[axis] *= operator.tiles;
    Ok(Setup::new(ctx, Operator::Tile(operator), [Shape::new(dims).at(TILES)?]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{refusal, top, tops};

    #[test]
    fn one_axis_grows() {
        let bottom: [&[i32]; 1] = [&[2, 3, 4]];
        assert_eq!(top("Tile", "tile_param { tiles: 2 }", &bottom), [2, 6, 4]);
        assert_eq!(top("Tile", "tile_param { tiles: 3 axis: 0 }", &bottom), [6, 3, 4]);
        assert_eq!(top("Tile", "tile_param { tiles: 2 axis: -1 }", &bottom), [2, 3, 8]);
        assert_eq!(tops("Tile", "tile_param { tiles: 3 }", &bottom, &[0]), [[2, 9, 4]]);
        assert_eq!(top("Tile", "tile_param { tiles: 3 }", &[&[2, 0]]), [2, 0]);
    }

    #[test]
    fn an_axis_may_tell_how_often() {
        let tree = crate::layer::testing::Surroundings::of("bottom-up-attention");
        assert_eq!(tree.top("Tile", "tile_param { tiles_from_axis: -1 tiles: 9 }", &[&[2, 3, 4]]), [2, 12, 4]);
        let error = tree.refusal("Tile", "tile_param { tiles_from_axis: 3 }", &[&[2, 3]]);
        assert_eq!(error, "tile_param.tiles_from_axis: axis 3 is out of range for the 2-axis shape (2, 3)");
    }

    #[test]
    fn refusals() {
        let refusal = |text| refusal("Tile", text, &[&[2, 3, 4]], 1);
        assert_eq!(refusal(""), ("tile_param.tiles", "tiles is missing".to_owned()));
        assert_eq!(refusal("tile_param { tiles: 0 }").1, "tiles 0 is not positive");
        assert_eq!(
            refusal("tile_param { tiles: 2 axis: 3 }"),
            ("tile_param.axis", "axis 3 is out of range for the 3-axis shape (2, 3, 4)".to_owned())
        );
        assert_eq!(
            refusal("tile_param { tiles: 2147483647 }").1,
            "a blob holds at most 2147483647 elements, 2 x 6442450941 x 4 are more"
        );
    }
}
