//! Range and SparseToDense: blobs that their fields describe. No bottoms, no blobs, no draws.
//!
//! Range counts from `start` up to `limit`, which is excluded, in steps of `delta`, in single precision. SparseToDense
//! has `output_shape`, in which `sparse_values` stand at the places of `sparse_indices`.

use super::gather::check_count;
use super::{SYNOPSYS, shaped};
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};
use crate::proto::caffe::SparseToDenseParameter;

const NONE: Arity = Arity::exactly(0);
const ONE: Arity = Arity::exactly(1);
const INDICES: &str = "sparse_to_dense_param.sparse_indices";

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    LayerType::new("Range", "Counts from a start up to a limit", NONE, ONE, &range)
        .params(&["range_param"])
        .known(SYNOPSYS),
    LayerType::new("SparseToDense", "Makes a blob from single values and their indices", NONE, ONE, &sparse_to_dense)
        .params(&["sparse_to_dense_param"])
        .known(SYNOPSYS),
];

fn range(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const DELTA: &str = "range_param.delta";
    let param = ctx.param.range_param().unwrap_or_default();
    let (limit, delta) = (param.limit.unwrap_or_default(), param.delta());
    ensure!(delta != 0.0, DELTA, "delta is 0");
    let (mut number, mut count) = (param.start(), 0);
    while if delta > 0.0 { number < limit } else { number > limit } {
        let next = number + delta;
        ensure!(next != number, DELTA, "delta {delta} is too small to reach {limit}: {number} stays {number}");
        number = next;
        count += 1;
    }
    shaped(ctx, [count], DELTA)
}

fn sparse_to_dense(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.sparse_to_dense_param().unwrap_or_default();
    check_sparse(&param)?;
    let dims: Vec<i64> = param.output_shape.iter().map(|&dim| i64::from(dim)).collect();
    shaped(ctx, dims, "sparse_to_dense_param.output_shape")
}

fn check_sparse(param: &SparseToDenseParameter) -> Result<(), Refusal> {
    const SHAPE: &str = "sparse_to_dense_param.sparse_indices_shape";
    let (values, axes) = (param.sparse_values.len() as u64, param.output_shape.len() as u64);
    check_count(param.sparse_indices.len(), &param.sparse_indices_shape, INDICES)?;
    let (count, row) = match param.sparse_indices_shape[..] {
        [count] => (count, 1),
        [count, row] => (count, row),
        _ => return Err(Refusal::at(SHAPE, "sparse_indices_shape must have one or two numbers")),
    };
    ensure!(count > 0 && row > 0, SHAPE, "there are no indices");
    ensure!(axes == u64::from(row), SHAPE, "a place has {row} indices, output_shape has {axes} axes");
    let fits = values == 1 || values == u64::from(count);
    ensure!(fits, "sparse_to_dense_param.sparse_values", "{values} values given for {count} places");
    if let [_] = param.sparse_indices_shape[..] {
        let (limit, last) = (param.output_shape[0], param.sparse_indices.iter().max().copied().unwrap_or_default());
        ensure!(last < limit, INDICES, "index {last} is past the {limit} elements of the output");
    }
    if param.validate_indices() {
        // Of a row of indices the first alone is compared.
        let firsts: Vec<u32> = param.sparse_indices.iter().step_by(row as usize).copied().collect();
        ensure!(firsts.is_sorted_by(|a, b| a < b), INDICES, "sparse_indices do not increase");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn run(name: &str, text: &str) -> Result<Vec<i32>, String> {
        Surroundings::of("synopsys").run(name, text, &[], 1).map(|made| made.tops[0].dims().to_vec())
    }

    #[test]
    fn ranges_count_in_single_precision() {
        assert_eq!(run("Range", "range_param { limit: 5 }"), Ok(vec![5]));
        assert_eq!(run("Range", "range_param { start: 3 limit: 0 delta: -2 }"), Ok(vec![2]));
        assert_eq!(run("Range", "range_param { limit: 1 delta: 0.1 }"), Ok(vec![10]));
        let message = "range_param.delta: delta 1 is too small to reach 20000000: 16777216 stays 16777216";
        assert_eq!(run("Range", "range_param { limit: 2e7 }"), Err(message.into()));
    }

    #[test]
    fn indices_are_checked() {
        let run = |indices: &str, output: &str| {
            let values = "sparse_indices_shape: 2 sparse_values: 1";
            run("SparseToDense", &format!("sparse_to_dense_param {{ sparse_indices: [{indices}] {values} {output} }}"))
        };
        assert_eq!(run("0, 2", "output_shape: 5"), Ok(vec![5]));
        assert_eq!(run("2, 0", "output_shape: 5 validate_indices: false"), Ok(vec![5]));
        let field = "sparse_to_dense_param.sparse_indices";
        assert_eq!(run("2, 0", "output_shape: 5"), Err(format!("{field}: sparse_indices do not increase")));
        assert_eq!(
            run("0, 5", "output_shape: 5"),
            Err(format!("{field}: index 5 is past the 5 elements of the output"))
        );
    }
}
