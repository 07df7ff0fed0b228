//! Embed: looks a learned vector up for every index in the bottom.
//!
//! ```text
//! top   = bottom.dims ++ [num_output]
//! blobs = weight (input_dim, num_output); bias (num_output) if bias_term
//! ```
//!
//! In the tree of bottom-up attention the vectors take the place of a last axis of 1. Draws: weight, then bias. Blobs
//! given in the net are taken as they are. A bias over an empty bottom is refused, as Caffe does for its multiplier of
//! ones.

use super::size::positive_size;
use super::{Arity, BlobSpec, Layer, LayerType, Operator, Role, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

const NUM_OUTPUT: &str = "embed_param.num_output";
const INPUT_DIM: &str = "embed_param.input_dim";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry(&embed).known(Known::WithFieldBut { field: "embed_param", not: &["bottom-up-attention"] }),
    entry(&in_last_axis).known(Known::In(&["bottom-up-attention"])),
];

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "Embed",
        "Looks up a learned vector for every index in its input",
        Arity::exactly(1),
        Arity::exactly(1),
        rule,
    )
    .params(&["embed_param"])
}

/// Learned vectors, looked up by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Embed {
    /// How many vectors there are.
    pub input_dim: i64,
    /// The length of each.
    pub num_output: i64,
    /// Whether there is a bias, the second blob.
    pub bias: bool,
}

fn embed(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    embedded(ctx, ctx.bottom(0).dims())
}

/// A last axis of 1 makes room for the vectors.
fn in_last_axis(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    match ctx.bottom(0).dims() {
        [outer @ .., 1] => embedded(ctx, outer),
        [] => Err(Refusal::at("bottom", "Embed needs an axis of its input, which has none")),
        dims => embedded(ctx, dims),
    }
}

/// The layer with these axes before that of the vectors.
fn embedded(ctx: &SetupContext<'_>, outer: &[i32]) -> Result<Setup, Refusal> {
    let param = ctx.param.embed_param.clone().unwrap_or_default();
    let bottom = ctx.bottom(0);
    let outputs = positive_size(param.num_output(), NUM_OUTPUT)?;
    let inputs = positive_size(param.input_dim(), INPUT_DIM)?;
    ensure!(
        !param.bias_term() || bottom.count() > 0,
        "embed_param.bias_term",
        "an embedding with a bias cannot take the empty input {bottom}"
    );

    let top: Vec<i64> = outer.iter().map(|&dim| dim.into()).chain([outputs]).collect();
    let operator = Embed { input_dim: inputs, num_output: outputs, bias: param.bias_term() };
    let mut setup = Setup::new(ctx, Operator::Embed(operator), [Shape::new(top).at(NUM_OUTPUT)?])
        .given_roles(&[Role::Weight, Role::Bias]);
    if !ctx.given.is_empty() {
        return Ok(setup);
    }
    setup.push_blob(BlobSpec::filled(
        Role::Weight,
        Shape::new([inputs, outputs]).at(INPUT_DIM)?,
        "embed_param.weight_filler",
        param.weight_filler.as_ref(),
    ));
    if param.bias_term() {
        setup.push_blob(BlobSpec::filled(
            Role::Bias,
            Shape::new([outputs]).at(NUM_OUTPUT)?,
            "embed_param.bias_filler",
            param.bias_filler.as_ref(),
        ));
    }
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use super::super::{Draw, testing};
    use super::*;
    use crate::proto::caffe::{EmbedParameter, LayerParameter};

    fn run(num_output: u32, input_dim: u32, bias_term: bool, bottom: &[i32]) -> Result<Setup, Refusal> {
        let embed_param = EmbedParameter {
            num_output: Some(num_output),
            input_dim: Some(input_dim),
            bias_term: Some(bias_term),
            ..Default::default()
        };
        let layer = LayerParameter { embed_param: Some(embed_param.into()), ..Default::default() };
        testing::setup(&TYPES[0], &layer, &[bottom], 1)
    }

    #[test]
    fn appends_an_axis() {
        let setup = run(4, 7, true, &[3, 2]).unwrap();
        assert_eq!(setup.tops[0].dims(), [3, 2, 4]);
        assert_eq!(setup.blobs[0].shape.dims(), [7, 4]);
        assert_eq!(setup.blobs[1].shape.dims(), [4]);
        assert_eq!(setup.draws, [Draw::Blob(0), Draw::Blob(1)]);
        assert_eq!(run(4, 7, false, &[0]).unwrap().blobs.len(), 1);
    }

    #[test]
    fn refusals_name_field_and_values() {
        let refuse = |n, k, bottom| {
            let refusal = run(n, k, true, bottom).unwrap_err();
            (refusal.field, refusal.message)
        };
        assert_eq!(refuse(0, 7, &[3]), (NUM_OUTPUT, "num_output must be at least 1".to_string()));
        assert_eq!(refuse(4, 0, &[3]), (INPUT_DIM, "input_dim must be at least 1".to_string()));
        assert_eq!(
            refuse(4, 7, &[0]),
            ("embed_param.bias_term", "an embedding with a bias cannot take the empty input (0)".to_string())
        );
        assert_eq!(refuse(4, 7, &[1; 32]), (NUM_OUTPUT, "a blob has at most 32 axes, this one has 33".to_string()));
    }

    #[test]
    fn vectors_may_take_the_place_of_an_axis() {
        let tree = crate::layer::testing::Surroundings::of("bottom-up-attention");
        let text = "embed_param { num_output: 4 input_dim: 9 }";
        assert_eq!(tree.top("Embed", text, &[&[2, 3, 1]]), [2, 3, 4]);
        assert_eq!(tree.top("Embed", text, &[&[2, 3]]), [2, 3, 4]);
        assert_eq!(tree.refusal("Embed", text, &[&[]]), "bottom: Embed needs an axis of its input, which has none");
    }
}
