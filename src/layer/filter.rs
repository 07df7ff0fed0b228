//! Filter: keeps the items of a batch that the last bottom, the selector, marks with a value other than zero.
//!
//! The selector is (N, 1, ..., 1), every other bottom (N, ...); there is a top for each of the others. Until data
//! arrives nothing is filtered: while the net is built each top has the shape of its bottom. No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Filter",
    "Keeps the items of a batch that a selector marks",
    Arity::at_least(2),
    Arity::at_least(1),
    &filter,
)
.known(Known::WithField("reduction_param"))
.weightless()];

fn filter(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let Some((selector, filtered)) = ctx.bottoms.split_last() else {
        return Err(Refusal::at("bottom", "there is no selector"));
    };
    let (count, tops) = (filtered.len(), ctx.top_count());
    ensure!(tops == count, "top", "{tops} tops do not match {count} bottoms and a selector");
    let Some((&batch, rest)) = selector.dims().split_first() else {
        return Err(Refusal::at("bottom", "the selector has no axes"));
    };
    ensure!(rest.iter().all(|&dim| dim == 1), "bottom", "the selector {selector} has more than one value per item");
    for (index, bottom) in filtered.iter().enumerate() {
        ensure!(
            bottom.dim(0) == Some(batch),
            "bottom",
            "bottom {index} {bottom} has a different batch than the selector {selector}"
        );
    }
    // Caffe reads the selector already, and a blob without elements has no memory.
    ensure!(batch > 0, "bottom", "the selector {selector} has no elements");
    Ok(Setup::new(ctx, Operator::Filter, filtered))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{refusal, top, tops};

    #[test]
    fn the_whole_batch_is_kept() {
        assert_eq!(top("Filter", "", &[&[4, 3, 2], &[4]]), [4, 3, 2]);
        assert_eq!(tops("Filter", "", &[&[4, 3], &[4], &[4, 1, 1]], &[0, 3]), [vec![4, 3], vec![4]]);
    }

    #[test]
    fn refusals() {
        let message = |bottoms: &[&[i32]]| refusal("Filter", "", bottoms, 1).1;
        assert_eq!(message(&[&[4, 3], &[4, 2]]), "the selector (4, 2) has more than one value per item");
        assert_eq!(message(&[&[3, 2], &[2]]), "bottom 0 (3, 2) has a different batch than the selector (2)");
        assert_eq!(message(&[&[], &[2]]), "bottom 0 () has a different batch than the selector (2)");
        assert_eq!(message(&[&[2], &[]]), "the selector has no axes");
        assert_eq!(message(&[&[0, 3], &[0]]), "the selector (0) has no elements");
        assert_eq!(message(&[&[2], &[2], &[2]]), "1 tops do not match 2 bottoms and a selector");
    }
}
