//! OrthogonalConstraint, RelevanceConstraint and MultiView: inner products whose matrices a penalty holds together
//! while they are learned (Light CNN).
//!
//! With `K` the product of the dimensions of the first bottom from axis 1 on:
//!
//! ```text
//! OrthogonalConstraint  one bottom    -> (N, num_output); weight (num_output, K), bias (num_output)
//! RelevanceConstraint   two bottoms   -> the same twice; two weights, then two biases
//! MultiView             two bottoms   -> shared, own, shared, own of (N, num_output_shared) and (N, num_output_unique); weights
//!                                        (num_output_shared, K), twice (num_output_unique, K), bias (num_output_shared)
//! ```
//!
//! Draws: the blobs in this order, zeros without a filler. The layers make their blobs anew whatever the net gives, if
//! only it gives enough of them. Nothing of a second bottom is looked at.

use super::size::checked_size;
use super::{Arity, BlobSpec, Layer, LayerType, Operator, Role, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::FillerParameter;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    of("MultiView", "Multiplies two views by a shared matrix and by one for each", 2, 4, &multi_view)
        .params(&["multi_view_param"]),
    of("OrthogonalConstraint", "Multiplies its input by a learned matrix of orthogonal rows", 1, 1, &orthogonal)
        .params(&["orthogonal_constraint_param"]),
    of("RelevanceConstraint", "Multiplies two inputs by related matrices", 2, 2, &relevance)
        .params(&["relevance_constraint_param"]),
];

const fn of(
    name: &'static str,
    summary: &'static str,
    bottoms: usize,
    tops: usize,
    rule: &'static dyn Layer,
) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(bottoms), Arity::exactly(tops), rule)
        .known(Known::In(&["wu-lightcnn"]))
}

/// A matrix or a bias, its field and its filler.
type ConstrainedBlob<'a> = (Role, i64, &'static str, Option<&'a FillerParameter>);

/// The layer with tops of so many numbers an item, and these blobs.
fn products(
    ctx: &SetupContext<'_>,
    field: &'static str,
    tops: &[i64],
    blobs: &[ConstrainedBlob<'_>],
) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    ensure!(bottom.axes() >= 2, "bottom", "the layer flattens axis 1, which the bottom {bottom} lacks");
    let inputs = bottom.count_from(1);
    ensure!(inputs > 0, "bottom", "the shape {bottom} leaves nothing to multiply from axis 1 on");
    let (given, needed) = (ctx.given.len(), blobs.len());
    let whole = given == 0 || given == needed;
    ensure!(whole, "blobs", "{given} blobs are given, the layer makes {needed}");
    let items = i64::from(bottom.dims()[0]);
    let top = |&outputs: &i64| Shape::new([items, outputs]).at(field);
    let tops: Vec<Shape> = tops.iter().map(top).collect::<Result<_, _>>()?;
    let macs = tops.iter().map(|top| (top.count() as u64).saturating_mul(inputs.unsigned_abs())).sum();
    let mut setup = Setup::new(ctx, Operator::Opaque, tops).costs(macs);
    setup.blobs.clear();
    for &(role, outputs, filler_field, filler) in blobs {
        ensure!(outputs > 0, field, "0 outputs leave the blobs empty");
        let shape = match role {
            Role::Weight => Shape::new([outputs, inputs]),
            _ => Shape::new([outputs]),
        };
        setup.push_blob(BlobSpec::filled(role, shape.at(field)?, filler_field, filler));
    }
    Ok(setup)
}

fn multi_view(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const SHARED: &str = "multi_view_param.num_output_shared";
    let param = ctx.param.multi_view_param().unwrap_or_default();
    let shared = checked_size(param.num_output_shared(), SHARED)?;
    let unique = checked_size(param.num_output_unique(), "multi_view_param.num_output_unique")?;
    let mut blobs = vec![
        (Role::Weight, shared, "multi_view_param.weight_filler_shared", param.weight_filler_shared.as_ref()),
        (Role::Weight, unique, "multi_view_param.weight_filler_unique_1", param.weight_filler_unique_1.as_ref()),
        (Role::Weight, unique, "multi_view_param.weight_filler_unique_2", param.weight_filler_unique_2.as_ref()),
    ];
    if param.bias_term_shared() {
        let filler = param.bias_filler_shared.as_ref();
        blobs.push((Role::Bias, shared, "multi_view_param.bias_filler_shared", filler));
    }
    products(ctx, SHARED, &[shared, unique, shared, unique], &blobs)
}

fn orthogonal(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const NUM_OUTPUT: &str = "orthogonal_constraint_param.num_output";
    let param = ctx.param.orthogonal_constraint_param().unwrap_or_default();
    let outputs = checked_size(param.num_output(), NUM_OUTPUT)?;
    let filler = param.weight_filler.as_ref();
    let mut blobs = vec![(Role::Weight, outputs, "orthogonal_constraint_param.weight_filler", filler)];
    if param.bias_term() {
        let filler = param.bias_filler.as_ref();
        blobs.push((Role::Bias, outputs, "orthogonal_constraint_param.bias_filler", filler));
    }
    products(ctx, NUM_OUTPUT, &[outputs], &blobs)
}

fn relevance(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const NUM_OUTPUT: &str = "relevance_constraint_param.num_output";
    let param = ctx.param.relevance_constraint_param().unwrap_or_default();
    let outputs = checked_size(param.num_output(), NUM_OUTPUT)?;
    let filler = param.weight_filler.as_ref();
    let mut blobs = vec![(Role::Weight, outputs, "relevance_constraint_param.weight_filler", filler); 2];
    if param.bias_term() {
        let filler = param.bias_filler.as_ref();
        blobs.extend([(Role::Bias, outputs, "relevance_constraint_param.bias_filler", filler); 2]);
    }
    products(ctx, NUM_OUTPUT, &[outputs; 2], &blobs)
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::testing::Surroundings;

    /// The shapes of tops and of blobs.
    type Shapes = (Vec<Vec<i32>>, Vec<Vec<i32>>);

    fn run(name: &str, text: &str, bottoms: &[&[i32]], tops: usize) -> Result<Shapes, String> {
        let made = Surroundings::of("wu-lightcnn").run(name, text, bottoms, tops)?;
        assert_eq!(made.draws, (0..made.blobs.len()).map(Draw::Blob).collect::<Vec<_>>());
        let tops = made.tops.iter().map(|top| top.dims().to_vec());
        Ok((tops.collect(), made.blobs.iter().map(|blob| blob.shape.dims().to_vec()).collect()))
    }

    #[test]
    fn matrices_and_biases() {
        let text = "orthogonal_constraint_param { num_output: 5 }";
        let bottom: &[i32] = &[2, 3, 4];
        let expected = (vec![vec![2, 5]], vec![vec![5, 12], vec![5]]);
        assert_eq!(run("OrthogonalConstraint", text, &[bottom], 1), Ok(expected));
        let text = "relevance_constraint_param { num_output: 5 bias_term: false }";
        let expected = (vec![vec![2, 5]; 2], vec![vec![5, 12]; 2]);
        assert_eq!(run("RelevanceConstraint", text, &[bottom, bottom], 2), Ok(expected));
        let text = "multi_view_param { num_output_shared: 5 num_output_unique: 6 }";
        let tops = vec![vec![2, 5], vec![2, 6], vec![2, 5], vec![2, 6]];
        let blobs = vec![vec![5, 12], vec![6, 12], vec![6, 12], vec![5]];
        assert_eq!(run("MultiView", text, &[bottom, bottom], 4), Ok((tops, blobs)));
    }

    #[test]
    fn refusals() {
        let text = "orthogonal_constraint_param { num_output: 5 }";
        let message = "bottom: the layer flattens axis 1, which the bottom (2) lacks";
        assert_eq!(run("OrthogonalConstraint", text, &[&[2]], 1).unwrap_err(), message);
        let message = "orthogonal_constraint_param.num_output: 0 outputs leave the blobs empty";
        assert_eq!(run("OrthogonalConstraint", "", &[&[2, 3]], 1).unwrap_err(), message);
        let blob = "blobs { shape { dim: 5 dim: 3 } }";
        let error = run("OrthogonalConstraint", &format!("{text} {blob}"), &[&[2, 3]], 1).unwrap_err();
        assert_eq!(error, "blobs: 1 blobs are given, the layer makes 2");
    }
}
