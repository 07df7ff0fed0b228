//! TileND, BroadcastTo and OneHot: axes filled by repetition, and indices spread along a new axis.
//!
//! TileND multiplies each axis; BroadcastTo gives the whole shape, to which the bottom is aligned at the end and whose
//! dimensions of 1 grow; OneHot puts an axis of `depth` in. No blobs, no draws.

use super::{SYNOPSYS, shaped, wide};
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    LayerType::new("BroadcastTo", "Repeats its input until it has a shape", ONE, ONE, &broadcast_to)
        .params(&["broadcast_to_param"])
        .keeps_signal()
        .known(SYNOPSYS),
    LayerType::new("OneHot", "Turns indices into one-hot rows", ONE, ONE, &one_hot)
        .params(&["one_hot_param"])
        .known(SYNOPSYS),
    LayerType::new("TileND", "Repeats its input along each axis", ONE, ONE, &tile_nd)
        .params(&["tile_nd_param"])
        .keeps_signal()
        .known(SYNOPSYS),
];

fn tile_nd(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const MULTIPLES: &str = "tile_nd_param.multiples";
    let bottom = ctx.bottom(0);
    let multiples = ctx.param.tile_nd_param().unwrap_or_default().multiples;
    let (given, axes) = (multiples.len(), bottom.axes());
    ensure!(given == axes, MULTIPLES, "{given} multiples given for the {axes} axes of {bottom}");
    let mut dims = wide(bottom);
    for (dim, &multiple) in dims.iter_mut().zip(&multiples) {
        ensure!(multiple.cast_signed() > 0, MULTIPLES, "multiple {multiple} is not between 1 and 2147483647");
        *dim *= i64::from(multiple);
    }
    shaped(ctx, dims, MULTIPLES)
}

fn broadcast_to(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const SHAPE: &str = "broadcast_to_param.shape";
    let bottom = ctx.bottom(0);
    let shape = ctx.param.broadcast_to_param().unwrap_or_default().shape;
    let (given, axes) = (shape.len(), bottom.axes());
    ensure!(given >= axes, SHAPE, "shape has {given} axes, fewer than the bottom {bottom}");
    for (&wanted, &dim) in shape[given - axes..].iter().zip(bottom.dims()) {
        ensure!(wanted > 0, SHAPE, "the dimensions that the bottom has must be at least 1 in shape");
        ensure!(
            i64::from(wanted) == i64::from(dim) || dim == 1,
            SHAPE,
            "{dim} of {bottom} cannot become {wanted}: only axes of length 1 grow"
        );
    }
    shaped(ctx, shape.iter().map(|&dim| i64::from(dim)).collect::<Vec<i64>>(), SHAPE)
}

fn one_hot(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.one_hot_param().unwrap_or_default();
    let mut dims = wide(ctx.bottom(0));
    let (axis, axes) = (param.axis(), dims.len());
    let place = if axis == -1 { Some(axes) } else { usize::try_from(axis).ok() };
    let Some(place) = place.filter(|&place| place <= axes) else {
        let message = format!("axis {axis} is neither -1 nor between 0 and {axes}");
        return Err(Refusal::at("one_hot_param.axis", message));
    };
    dims.insert(place, param.depth.unwrap_or_default().into());
    shaped(ctx, dims, "one_hot_param.depth")
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn axes_are_repeated() {
        let synopsys = Surroundings::of("synopsys");
        assert_eq!(synopsys.top("TileND", "tile_nd_param { multiples: [2, 1] }", &[&[2, 3]]), [4, 3]);
        assert_eq!(synopsys.top("BroadcastTo", "broadcast_to_param { shape: [4, 2, 3] }", &[&[1, 3]]), [4, 2, 3]);
        let message = "tile_nd_param.multiples: 1 multiples given for the 2 axes of (2, 3)";
        assert_eq!(synopsys.refusal("TileND", "tile_nd_param { multiples: 1 }", &[&[2, 3]]), message);
        let message = "broadcast_to_param.shape: 2 of (2, 3) cannot become 4: only axes of length 1 grow";
        assert_eq!(synopsys.refusal("BroadcastTo", "broadcast_to_param { shape: [4, 3] }", &[&[2, 3]]), message);
    }

    #[test]
    fn indices_get_an_axis() {
        let synopsys = Surroundings::of("synopsys");
        assert_eq!(synopsys.top("OneHot", "one_hot_param { depth: 7 }", &[&[2, 3]]), [2, 3, 7]);
        assert_eq!(synopsys.top("OneHot", "one_hot_param { depth: 7 axis: 0 }", &[&[2, 3]]), [7, 2, 3]);
        let message = "one_hot_param.axis: axis -2 is neither -1 nor between 0 and 2";
        assert_eq!(synopsys.refusal("OneHot", "one_hot_param { depth: 7 axis: -2 }", &[&[2, 3]]), message);
    }
}
