//! BinaryLabel and TripletSelection: labels of pairs, and triplets, of faces (Light CNN).
//!
//! ```text
//! BinaryLabel       two blobs of labels that agree but for the items  -> like the first: whether they are the same
//! TripletSelection  vectors (N, ...) and labels                      -> three times (max_num, numbers of a vector)
//! ```
//!
//! No blobs, no draws. Further tops get no shape.

use super::size::checked_size;
use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    LayerType::new("BinaryLabel", "Tells whether labels are the same", Arity::exactly(2), Arity::at_least(1), &binary)
        .params(&["binary_label_param"])
        .weightless()
        .known(Known::In(&["wu-lightcnn"])),
    LayerType::new(
        "TripletSelection",
        "Selects anchors, vectors of their kind and other vectors",
        Arity::exactly(2),
        Arity::at_least(3),
        &selection,
    )
    .params(&["triplet_selection_param"])
    .weightless()
    .keeps_signal()
    .known(Known::In(&["wu-lightcnn"])),
];

fn binary(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (one, other) = (ctx.bottom(0), ctx.bottom(1));
    for axis in 1..=3 {
        let same = ctx.legacy_dim(0, axis)? == ctx.legacy_dim(1, axis)?;
        ensure!(same, "bottom", "the bottoms differ at axis {axis}: {one} and {other}");
    }
    let tops = ctx.first_top(one.clone());
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

fn selection(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const MAX_NUM: &str = "triplet_selection_param.max_num";
    let param = ctx.param.triplet_selection_param().unwrap_or_default();
    let (items, others) = (ctx.legacy_dim(0, 0)?, ctx.legacy_dim(1, 0)?);
    let (vectors, labels) = (ctx.bottom(0), ctx.bottom(1));
    ensure!(items == others, "bottom", "the bottoms differ in their first dimension: {vectors} and {labels}");
    ensure!(items > 0, "bottom", "there are no vectors: their shape is {vectors}");
    let triplets = checked_size(param.max_num(), MAX_NUM)?;
    let selected = Shape::new([triplets, vectors.count() as i64 / i64::from(items)]).at(MAX_NUM)?;
    let mut tops = vec![selected; 3];
    tops.resize(ctx.top_count(), Shape::unshaped());
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn shapes() {
        let wu = Surroundings::of("wu-lightcnn");
        assert_eq!(wu.top("BinaryLabel", "", &[&[4, 1], &[5]]), [4, 1]);
        let text = "triplet_selection_param { max_num: 6 }";
        let made = wu.run("TripletSelection", text, &[&[4, 3, 2], &[4]], 3).unwrap();
        assert!(made.tops.iter().all(|top| top.dims() == [6, 6]));
    }

    #[test]
    fn refusals() {
        let wu = Surroundings::of("wu-lightcnn");
        let message = "bottom: the bottoms differ at axis 1: (4, 2) and (4)";
        assert_eq!(wu.refusal("BinaryLabel", "", &[&[4, 2], &[4]]), message);
        let error = |bottoms: &[&[i32]]| wu.run("TripletSelection", "", bottoms, 3).unwrap_err();
        let message = "bottom: the bottoms differ in their first dimension: (4, 2) and (3)";
        assert_eq!(error(&[&[4, 2], &[3]]), message);
        assert_eq!(error(&[&[0, 2], &[0]]), "bottom: there are no vectors: their shape is (0, 2)");
    }
}
