//! RNNv2: a long short-term memory without fillers, forward, in reverse or both ways at once (Synopsys).
//!
//! With `T` timesteps, `N` streams, `H = hidden_size`, `K` the features of a timestep and `D` the number of ways:
//!
//! ```text
//! bottoms = input (T, N, K), unless continue_recur continuation (T, N), unless default_initial the first hidden state and
//!           the first cell state (D, N, H)
//! tops    = output (T, N, D H), the last hidden state and the last cell state (D, N, H)
//! blobs   = W_x (4 H, K), b (4 H), W_h (4 H, H): zeros; with an axis of 2 in front of each for both ways
//! ```
//!
//! Nothing is drawn. One more bottom is allowed and ignored. The activations are those of `recurrent_param`. Blobs
//! given in the net are replaced.

use super::{check_activations, check_continuation};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::positive_size;
use crate::layer::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext};
use crate::proto::caffe::RnNv2Parameter;

const HIDDEN_SIZE: &str = "rnn_v2_param.hidden_size";

pub(super) const TYPE: LayerType = LayerType::new(
    "RNNv2",
    "Runs a long short-term memory over the timesteps of its input, both ways if asked for",
    Arity::between(1, 5),
    Arity::exactly(3),
    &rnn_v2,
)
.params(&["rnn_v2_param", "recurrent_param"])
.known(Known::In(&["synopsys"]));

fn rnn_v2(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.rnn_v2_param().unwrap_or_default();
    let own = 1 + usize::from(!param.continue_recur());
    let least = own + if param.default_initial() { 0 } else { 2 };
    let (bottoms, given) = (Arity::between(least, least + 1), ctx.bottoms.len());
    ensure!(bottoms.allows(given), "bottom", "RNNv2 takes {} here, {given} given", bottoms.of("bottom"));
    let input = ctx.bottom(0);
    let &[steps, streams, features] = input.dims() else {
        let message = format!("the input needs 3 axes (timesteps, streams, features), its shape is {input}");
        return Err(Refusal::at("bottom", message));
    };
    ensure!(input.count() > 0, "bottom", "RNNv2 cannot take the empty input {input}");
    if !param.continue_recur() {
        check_continuation(ctx.bottom(1), steps, streams)?;
    }
    let hidden = positive_size(param.hidden_size.unwrap_or_default(), HIDDEN_SIZE)?;
    let ways = ways(&param)?;
    let state = Shape::new([ways, streams.into(), hidden]).at(HIDDEN_SIZE)?;
    if !param.default_initial() {
        for (index, shape) in ctx.bottoms.iter().enumerate().skip(own).take(2) {
            ensure!(*shape == state, "bottom", "the state in bottom {index} has the shape {shape} instead of {state}");
        }
    }
    if let Some(recurrent) = ctx.param.recurrent_param.as_ref() {
        check_activations(ctx, &recurrent.activations, 3)?;
    }
    let output = Shape::new([steps.into(), streams.into(), ways * hidden]).at(HIDDEN_SIZE)?;
    let mut setup = Setup::new(ctx, Operator::Opaque, vec![output, state.clone(), state]);
    setup.blobs.clear();
    let gates = 4 * hidden;
    for (role, dims) in
        [(Role::Weight, vec![gates, features.into()]), (Role::Bias, vec![gates]), (Role::Weight, vec![gates, hidden])]
    {
        let both = if ways > 1 { vec![ways] } else { Vec::new() };
        setup.push_blob(BlobSpec::zeros(role, Shape::new([both, dims].concat()).at(HIDDEN_SIZE)?));
    }
    Ok(setup)
}

/// In how many directions the timesteps are gone through.
fn ways(param: &RnNv2Parameter) -> Result<i64, Refusal> {
    match param.direction() {
        "forward" | "reverse" => Ok(1),
        "bidirectional" => {
            let mode = param.merge_mode();
            ensure!(mode == "concat", "rnn_v2_param.merge_mode", "merge_mode {mode:?} is not \"concat\"");
            Ok(2)
        }
        other => Err(Refusal::at("rnn_v2_param.direction", format!("direction {other:?} is not known"))
            .help("write forward, reverse or bidirectional")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::Surroundings;

    fn run(fields: &str, bottoms: &[&[i32]]) -> Result<Setup, String> {
        let text = format!("rnn_v2_param {{ hidden_size: 3 {fields} }}");
        Surroundings::of("synopsys").run("RNNv2", &text, bottoms, 3)
    }

    #[test]
    fn both_ways_have_an_axis() {
        let made = run("default_initial: true direction: 'bidirectional'", &[&[4, 2, 5], &[4, 2]]).unwrap();
        assert!(made.draws.is_empty());
        assert_eq!(made.blobs.iter().map(|blob| blob.shape.axes()).collect::<Vec<_>>(), [3, 2, 3]);
        assert_eq!((made.tops[0].dims(), made.tops[1].dims()), (&[4, 2, 6][..], &[2, 2, 3][..]));
    }

    #[test]
    fn refusals() {
        let error = |fields: &str| run(fields, &[&[4, 2, 5], &[4, 2]]).unwrap_err();
        assert_eq!(error(""), "bottom: RNNv2 takes 4 to 5 bottoms here, 2 given");
        let message = "rnn_v2_param.direction: direction \"backward\" is not known";
        assert_eq!(error("default_initial: true direction: 'backward'"), message);
        let message = "rnn_v2_param.merge_mode: merge_mode \"sum\" is not \"concat\"";
        assert_eq!(error("default_initial: true direction: 'bidirectional' merge_mode: 'sum'"), message);
    }
}
