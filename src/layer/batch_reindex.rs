//! BatchReindex: picks items of the first bottom, in the order that the second bottom lists.
//!
//! (N, ...) and (M) give (M, ...). No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "BatchReindex",
    "Picks items of a batch by a list of indices",
    Arity::exactly(2),
    Arity::exactly(1),
    &batch_reindex,
)
// It came to Caffe after convolutions had got any number of axes, and before the next release.
.known(Known::Where(|traits| traits.convolutions_take_any_axes))
.weightless()];

fn batch_reindex(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let indices = ctx.bottom(1);
    let &[picked] = indices.dims() else {
        return Err(Refusal::at("bottom", format!("the list of indices has 1 axis, not the shape {indices}")));
    };
    let mut dims = vec![picked];
    dims.extend(ctx.bottom(0).dims().iter().skip(1));
    Ok(Setup::new(ctx, Operator::BatchReindex, [Shape::new(dims).at("bottom")?]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{refusal, top, tops};

    #[test]
    fn the_list_gives_the_batch() {
        assert_eq!(top("BatchReindex", "", &[&[5, 3, 2], &[7]]), [7, 3, 2]);
        assert_eq!(top("BatchReindex", "", &[&[5], &[0]]), [0]);
        assert_eq!(top("BatchReindex", "", &[&[], &[4]]), [4]);
        assert_eq!(tops("BatchReindex", "", &[&[5, 3], &[7]], &[0]), [[7, 3]]);
    }

    #[test]
    fn refusals() {
        let (field, message) = refusal("BatchReindex", "", &[&[5, 3], &[7, 1]], 1);
        assert_eq!((field, message.as_str()), ("bottom", "the list of indices has 1 axis, not the shape (7, 1)"));
        let (_, message) = refusal("BatchReindex", "", &[&[1, 65536], &[65536]], 1);
        assert_eq!(message, "a blob holds at most 2147483647 elements, 65536 x 65536 are more");
    }
}
