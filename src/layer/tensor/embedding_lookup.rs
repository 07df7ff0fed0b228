//! EmbeddingLookup and EmbeddingLookupSparse: rows of tables by their numbers.
//!
//! The bottoms are the tables, parts of one, which agree behind their first axis. EmbeddingLookup puts the shape of the
//! ids in that axis' place, whatever the number of ids. EmbeddingLookupSparse joins the rows of each segment;
//! `ids_indices` are pairs of a segment, in ascending order, and a place in it. No blobs, no draws.

use super::{SYNOPSYS, shaped, wide};
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    LayerType::new(
        "EmbeddingLookup",
        "Takes rows of tables by their ids",
        Arity::at_least(1),
        Arity::exactly(1),
        &lookup,
    )
    .params(&["embedding_lookup_param"])
    .known(SYNOPSYS),
    LayerType::new(
        "EmbeddingLookupSparse",
        "Takes rows of tables by their ids and joins those of each segment",
        Arity::at_least(1),
        Arity::exactly(1),
        &sparse,
    )
    .params(&["embedding_lookup_sparse_param"])
    .known(SYNOPSYS),
];

/// Checks that the tables are parts of one.
fn check_tables(ctx: &SetupContext<'_>) -> Result<(), Refusal> {
    let first = ctx.bottom(0);
    for (index, table) in ctx.bottoms.iter().enumerate() {
        let fits = table.axes() == first.axes() && table.axes() > 0 && table.dims()[1..] == first.dims()[1..];
        ensure!(fits, "bottom", "table {index} {table} does not match table 0 {first}");
    }
    Ok(())
}

fn lookup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_tables(ctx)?;
    let param = ctx.param.embedding_lookup_param().unwrap_or_default();
    let mut dims = wide(ctx.bottom(0));
    dims.splice(..1, param.ids_shape.iter().map(|&dim| i64::from(dim)));
    shaped(ctx, dims, "embedding_lookup_param.ids_shape")
}

fn sparse(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const INDICES: &str = "embedding_lookup_sparse_param.ids_indices";
    const WEIGHTS: &str = "embedding_lookup_sparse_param.weight_values";
    check_tables(ctx)?;
    let param = ctx.param.embedding_lookup_sparse_param().unwrap_or_default();
    let (numbers, ids, weights) = (param.ids_indices.len(), param.ids_values.len(), param.weight_values.len());
    ensure!(numbers == 2 * ids && ids > 0, INDICES, "{numbers} numbers given for {ids} ids: there are two for each");
    ensure!(weights == 0 || weights == ids, WEIGHTS, "{weights} weights given for {ids} ids");
    let [segments, places, ..] = param.ids_shape[..] else {
        return Err(Refusal::at("embedding_lookup_sparse_param.ids_shape", "ids_shape must have two numbers"));
    };
    let mut last = 0;
    for pair in param.ids_indices.chunks_exact(2) {
        for (index, limit) in [(pair[0], segments), (pair[1], places)] {
            ensure!(
                (0..i64::from(limit)).contains(&index.into()),
                INDICES,
                "index {index} is not between 0 and {limit}"
            );
        }
        ensure!(pair[0] >= last, INDICES, "segment {} comes after segment {last}", pair[0]);
        last = pair[0];
    }
    let mut dims = wide(ctx.bottom(0));
    dims[0] = i64::from(last) + 1;
    shaped(ctx, dims, INDICES)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn run(name: &str, text: &str, bottoms: &[&[i32]]) -> Result<Vec<i32>, String> {
        Surroundings::of("synopsys").run(name, text, bottoms, 1).map(|made| made.tops[0].dims().to_vec())
    }

    #[test]
    fn ids_take_the_place_of_rows() {
        let text = "embedding_lookup_param { ids: [0, 1] ids_shape: [2, 1] }";
        assert_eq!(run("EmbeddingLookup", text, &[&[4, 3], &[5, 3]]), Ok(vec![2, 1, 3]));
        let error = run("EmbeddingLookup", text, &[&[4, 3], &[5, 2]]).unwrap_err();
        assert_eq!(error, "bottom: table 1 (5, 2) does not match table 0 (4, 3)");
    }

    #[test]
    fn segments_are_joined() {
        let run = |indices: &str| {
            let text = format!("ids_indices: [{indices}] ids_values: [3, 1] ids_shape: [4, 2]");
            run("EmbeddingLookupSparse", &format!("embedding_lookup_sparse_param {{ {text} }}"), &[&[9, 5]])
        };
        assert_eq!(run("0, 0, 2, 1"), Ok(vec![3, 5]));
        let field = "embedding_lookup_sparse_param.ids_indices";
        assert_eq!(run("2, 0, 1, 1"), Err(format!("{field}: segment 1 comes after segment 2")));
        assert_eq!(run("0, 0, 2, 2"), Err(format!("{field}: index 2 is not between 0 and 2")));
    }
}
