//! Split: hands its bottom on to several readers, one top each.
//!
//! Each top has the bottom's shape, and shows the bottom's memory. Nets need not name the layer: it is inserted where a
//! blob has several readers. Not in place. No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext, TopMemory};
use crate::error::{Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] =
    &[LayerType::new("Split", "Passes a blob on to several readers", Arity::exactly(1), Arity::at_least(1), &split)
        .with_engines()
        .weightless()];

fn split(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    // Where the first copy keeps the name, it is the blob itself.
    let first = usize::from(ctx.dialect.traits.first_copy_keeps_name);
    for top in first..ctx.top_count() {
        ctx.refuse_in_place(top, 0)?;
    }
    let bottom = ctx.bottom(0);
    let copy = bottom.copied();
    // A copy of an unshaped blob has one element, and Caffe compares the counts.
    ensure!(copy.count() == bottom.count(), "bottom", "the bottom has no shape that its copies could have");
    Ok(Setup::new(ctx, Operator::View, vec![copy; ctx.top_count()]).view(TopMemory::Bottom(0)))
}

#[cfg(test)]
mod tests {
    use crate::Shape;
    use crate::layer::testing::{refusal_in_place, setup_blobs, tops};

    #[test]
    fn every_top_is_like_the_bottom() {
        assert_eq!(tops("Split", "", &[&[2, 3]], &[1, 2, 3]), [[2, 3]; 3]);
        assert_eq!(tops("Split", "", &[&[0, 3]], &[1]), [[0, 3]]);
        assert_eq!(tops("Split", "", &[&[]], &[1]), [[0; 0]]);
    }

    #[test]
    fn refusals() {
        assert_eq!(refusal_in_place("Split", "", &[&[2, 3]], 2), ("top", "the layer cannot work in place".to_owned()));
        let unshaped = setup_blobs("Split", "", &[Shape::unshaped()], &[1, 2]);
        assert_eq!(unshaped.unwrap_err().message, "the bottom has no shape that its copies could have");
    }
}
