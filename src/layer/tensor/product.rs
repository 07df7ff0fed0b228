//! MatMul and Gemm: products of matrices.
//!
//! MatMul multiplies the last two axes of the first bottom, those before being batch axes, by those of the second
//! bottom or of a blob, the one that the net gives or else zeros of `blob_shape`. With as many axes in both, the batch
//! axes must agree and `transpose_a` and `transpose_b` count; a second operand of fewer axes goes with the last axis of
//! the first. Gemm takes A, B and C, of which C's shape is not checked. No draws.
//!
//! In Sophgo's Caffe the sizes of MatMul are settings: `dim_1` by `dim_2` times `dim_2` by `dim_3`, by default 1,
//! whatever the bottoms are.

use super::{SYNOPSYS, shaped, wide};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::checked_size;
use crate::layer::{Arity, BlobSpec, LayerType, Role, Setup, SetupContext};

const MATMUL: &str = "matmul_param";

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    LayerType::new("Gemm", "Multiplies two matrices and adds a third", Arity::exactly(3), Arity::exactly(1), &gemm)
        .params(&["gemm_param"])
        .known(SYNOPSYS),
    LayerType::new("MatMul", "Multiplies matrices", Arity::at_least(1), Arity::exactly(1), &matmul)
        .params(&[MATMUL])
        .known(SYNOPSYS),
    LayerType::new("MatMul", "Multiplies two matrices of given sizes", Arity::exactly(2), Arity::exactly(1), &of_sizes)
        .params(&[MATMUL])
        .weightless()
        .known(Known::In(&["sophgo"])),
];

/// The rows and columns of a matrix, swapped where it is transposed.
fn matrix(rows: i32, columns: i32, transposed: bool) -> (i32, i32) {
    if transposed { (columns, rows) } else { (rows, columns) }
}

fn check_inner(a: i32, b: i32) -> Result<(), Refusal> {
    ensure!(a == b, "bottom", "the first matrix has {a} columns, the second one {b} rows");
    Ok(())
}

fn gemm(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.gemm_param().unwrap_or_default();
    let of = |bottom: usize, transposed: u32| match *ctx.bottom(bottom).dims() {
        [rows, columns, ..] => Ok(matrix(rows, columns, transposed != 0)),
        _ => Err(Refusal::at("bottom", format!("bottom {bottom} {} is not a matrix", ctx.bottom(bottom)))),
    };
    let ((rows, inner), (inner_of_b, columns)) = (of(0, param.trans_a())?, of(1, param.trans_b())?);
    check_inner(inner, inner_of_b)?;
    shaped(ctx, [i64::from(rows), i64::from(columns)], "bottom")
}

fn matmul(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.matmul_param().unwrap_or_default();
    let own = match (ctx.bottoms.len(), ctx.given.len(), param.blob_shape.is_empty()) {
        (1, 1, _) | (_, _, true) => None,
        (1, ..) => Some(Shape::new(&param.blob_shape).at("matmul_param.blob_shape")?),
        _ => None,
    };
    let Some(b) = ctx.bottoms.get(1).or(own.as_ref()).or(ctx.given.first()) else {
        return Err(Refusal::at("bottom", "the second operand is missing: Caffe crashes")
            .help("give a second bottom, or the layer a blob or a blob_shape"));
    };
    let dims = product(ctx.bottom(0), b, param.transpose_a(), param.transpose_b())?;
    let mut setup = shaped(ctx, dims, MATMUL)?;
    if let Some(shape) = own {
        setup.blobs = vec![BlobSpec::zeros(Role::Weight, shape)];
    }
    Ok(setup)
}

fn of_sizes(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.matmul_param().unwrap_or_default();
    let rows = checked_size(param.dim_1(), "matmul_param.dim_1")?;
    let columns = checked_size(param.dim_3(), "matmul_param.dim_3")?;
    shaped(ctx, [rows, columns], "matmul_param.dim_1")
}

/// The dimensions of the product of two stacks of matrices.
fn product(a: &Shape, b: &Shape, transpose_a: bool, transpose_b: bool) -> Result<Vec<i64>, Refusal> {
    ensure!(a.axes() >= b.axes(), "bottom", "the second operand {b} has more axes than the first {a}");
    let ([.., a_rows, a_columns], [.., b_rows, b_columns]) = (a.dims(), b.dims()) else {
        return Err(Refusal::at("bottom", format!("{a} and {b} are not matrices")));
    };
    let mut dims = wide(a);
    let last = dims.len() - 1;
    if a.axes() > b.axes() {
        check_inner(*a_columns, *b_rows)?;
        ensure!(*a_columns > 0, "bottom", "the first operand {a} has no columns");
        dims[last] = i64::from(*b_columns);
        return Ok(dims);
    }
    let (rows, inner) = matrix(*a_rows, *a_columns, transpose_a);
    let (inner_of_b, columns) = matrix(*b_rows, *b_columns, transpose_b);
    check_inner(inner, inner_of_b)?;
    let batch = a.axes() - 2;
    ensure!(a.dims()[..batch] == b.dims()[..batch], "bottom", "{a} and {b} differ before the last two axes");
    dims[last - 1] = rows.into();
    dims[last] = columns.into();
    Ok(dims)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn top(name: &str, text: &str, bottoms: &[&[i32]]) -> Result<Vec<i32>, String> {
        Surroundings::of("synopsys").run(name, text, bottoms, 1).map(|made| made.tops[0].dims().to_vec())
    }

    #[test]
    fn matrices_are_multiplied() {
        assert_eq!(top("MatMul", "", &[&[5, 2, 3], &[5, 3, 4]]), Ok(vec![5, 2, 4]));
        let text = "matmul_param { transpose_a: true transpose_b: true }";
        assert_eq!(top("MatMul", text, &[&[3, 2], &[4, 3]]), Ok(vec![2, 4]));
        assert_eq!(top("MatMul", "", &[&[5, 2, 3], &[3, 4]]), Ok(vec![5, 2, 4]));
        assert_eq!(top("MatMul", "matmul_param { blob_shape: [3, 7] }", &[&[5, 3]]), Ok(vec![5, 7]));
        assert_eq!(top("Gemm", "gemm_param { transA: 1 }", &[&[3, 2], &[3, 4], &[9]]), Ok(vec![2, 4]));
    }

    #[test]
    fn sizes_may_be_settings() {
        let sophgo = Surroundings::of("sophgo");
        let text = "matmul_param { dim_1: 4 dim_2: 9 dim_3: 5 }";
        assert_eq!(sophgo.top("MatMul", text, &[&[2, 3], &[7]]), [4, 5]);
        assert_eq!(sophgo.top("MatMul", "", &[&[2, 3], &[7]]), [1, 1]);
        let message = "matmul_param.dim_3: dim_3 2147483648 is more than 2147483647";
        assert_eq!(sophgo.refusal("MatMul", "matmul_param { dim_3: 2147483648 }", &[&[2], &[7]]), message);
    }

    #[test]
    fn refusals() {
        let message = "bottom: the first matrix has 3 columns, the second one 2 rows";
        assert_eq!(top("MatMul", "", &[&[4, 3], &[2, 3]]), Err(message.into()));
        assert_eq!(top("Gemm", "", &[&[4, 3], &[2, 3], &[1]]), Err(message.into()));
        let message = "bottom: (2, 4, 3) and (3, 3, 3) differ before the last two axes";
        assert_eq!(top("MatMul", "", &[&[2, 4, 3], &[3, 3, 3]]), Err(message.into()));
        let message = "bottom: the second operand is missing: Caffe crashes";
        assert_eq!(top("MatMul", "", &[&[2, 4]]), Err(message.into()));
    }
}
