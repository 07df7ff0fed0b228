//! BLSTM: two long short-term memories, one of which reads its input backwards (Curve-Text-Detector).
//!
//! Each is an [LSTM](super) of the same settings. The outputs are joined along the last axis: (T, N, 2 H). Blobs and
//! draws are those of the first one, then those of the second.

use super::{Cell, NUM_OUTPUT};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};
use crate::layer::{Arity, Draw, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "BLSTM",
    "Runs long short-term memories over the timesteps of its input, one forwards and one backwards",
    Arity::between(2, 3),
    Arity::exactly(1),
    &setup,
)
.params(&["recurrent_param"])
.known(Known::In(&["curve-text"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let forwards = super::setup(ctx, "BLSTM", Cell::Lstm)?;
    let mut dims: Vec<i64> = forwards.tops[0].dims().iter().map(|&dim| i64::from(dim)).collect();
    if let Some(outputs) = dims.last_mut() {
        *outputs *= 2;
    }
    let top = Shape::new(dims).at(NUM_OUTPUT)?;
    let blobs = forwards.blobs.len();
    let backwards = forwards.draws.iter().map(|draw| behind(*draw, blobs));
    Ok(Setup {
        draws: forwards.draws.iter().copied().chain(backwards).collect(),
        blobs: [forwards.blobs.clone(), forwards.blobs].concat(),
        macs: forwards.macs.saturating_mul(2),
        ..Setup::new(ctx, Operator::Opaque, [top])
    })
}

/// The same draw for blobs that are so many places behind.
fn behind(draw: Draw, blobs: usize) -> Draw {
    match draw {
        Draw::Blob(index) => Draw::Blob(index + blobs),
        Draw::Discard { first, end, times } => Draw::Discard { first: first + blobs, end: end + blobs, times },
        Draw::Skip(numbers) => Draw::Skip(numbers),
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw::{Blob, Discard};
    use crate::layer::testing::Surroundings;

    const FIELDS: &str = "num_output: 3 weight_filler { type: 'xavier' }";

    #[test]
    fn the_second_memory_draws_behind_the_first() {
        let own = Surroundings::of("curve-text");
        let text = format!("recurrent_param {{ {FIELDS} }}");
        let made = own.run("BLSTM", &text, &[&[5, 2, 4], &[5, 2]], 1).unwrap();
        assert_eq!(made.tops[0].dims(), [5, 2, 6]);
        let shapes: Vec<&[i32]> = made.blobs.iter().map(|blob| blob.shape.dims()).collect();
        assert_eq!(shapes, [&[12, 4][..], &[12], &[12, 3], &[12, 4], &[12], &[12, 3]]);
        let first = [Blob(0), Blob(1), Blob(2), Discard { first: 2, end: 3, times: 4 }];
        let second = [Blob(3), Blob(4), Blob(5), Discard { first: 5, end: 6, times: 4 }];
        assert_eq!(made.draws, [first, second].concat());
        let one = own.run("LSTM", &text, &[&[5, 2, 4], &[5, 2]], 1).unwrap();
        assert_eq!(made.macs, 2 * one.macs);
    }

    #[test]
    fn dropout_leaves_something() {
        let own = Surroundings::of("curve-text");
        for name in ["LSTM", "BLSTM"] {
            let error = |ratio: &str| {
                let text = format!("recurrent_param {{ {FIELDS} dropout_ratio: {ratio} }}");
                own.refusal(name, &text, &[&[5, 2, 4], &[5, 2]])
            };
            let field = "recurrent_param.dropout_ratio";
            assert_eq!(error("0"), format!("{field}: dropout_ratio 0 is not between 0 and 1"));
            assert_eq!(error("1"), format!("{field}: dropout_ratio 1 is not between 0 and 1"));
        }
    }
}
