//! LSTMUnit: one timestep of an LSTM: new cell and hidden states from the old cell state and the gate inputs.
//!
//! ```text
//! bottoms = cell (1, N, H), gates (1, N, 4 H), continuation (1, N)
//! tops    = cell (1, N, H), hidden (1, N, H)
//! ```
//!
//! In lisa-caffe the continuation is (1, 1, N). No blobs, no draws.

use super::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry(&lstm_unit)
        .known(Known::WithFieldBut { field: "recurrent_param", not: &["cambricon", "lisa", "lisa-recurrent"] }),
    entry(&of_one_row).known(Known::In(&["lisa", "lisa-recurrent"])),
];

const fn entry(rule: &'static dyn Layer) -> LayerType {
    let (three, two) = (Arity::exactly(3), Arity::exactly(2));
    LayerType::new("LSTMUnit", "Computes one timestep of an LSTM", three, two, rule).weightless()
}

fn lstm_unit(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    continued_by(ctx, &[1])
}

fn of_one_row(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    continued_by(ctx, &[1, 1])
}

/// The layer where the continuation has these axes before that of the streams.
fn continued_by(ctx: &SetupContext<'_>, before: &[i32]) -> Result<Setup, Refusal> {
    let (cell, gates, continuation) = (ctx.bottom(0), ctx.bottom(1), ctx.bottom(2));
    let &[1, streams, hidden] = cell.dims() else {
        return Err(Refusal::at("bottom", format!("the cell state's shape is {cell} instead of (1, streams, units)")));
    };
    let expected = [1, i64::from(streams), 4 * i64::from(hidden)];
    ensure!(
        gates.dims().iter().map(|&dim| i64::from(dim)).eq(expected),
        "bottom",
        "the gate inputs' shape is {gates} instead of (1, {streams}, {})",
        expected[2]
    );
    let wanted = Shape::new([before, &[streams]].concat()).at("bottom")?;
    ensure!(
        *continuation == wanted,
        "bottom",
        "the continuation indicators' shape is {continuation} instead of {wanted}"
    );
    Ok(Setup::new(ctx, Operator::LstmUnit, [cell.clone(), cell.clone()]))
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::proto::caffe::LayerParameter;

    fn run(bottoms: [&[i32]; 3]) -> Result<Setup, Refusal> {
        testing::setup(&TYPES[0], &LayerParameter::default(), &bottoms, 2)
    }

    #[test]
    fn both_states_have_the_shape_of_the_first() {
        let setup = run([&[1, 2, 3], &[1, 2, 12], &[1, 2]]).unwrap();
        assert_eq!(setup.tops.iter().map(|top| top.dims()).collect::<Vec<_>>(), [[1, 2, 3], [1, 2, 3]]);
    }

    #[test]
    fn lisa_s_continuation_is_a_row() {
        for dialect in ["lisa", "lisa-recurrent"] {
            let lisa = testing::Surroundings::of(dialect);
            let made = lisa.run("LSTMUnit", "", &[&[1, 2, 3], &[1, 2, 12], &[1, 1, 2]], 2).unwrap();
            assert_eq!(made.tops[1].dims(), [1, 2, 3]);
            let error = lisa.run("LSTMUnit", "", &[&[1, 2, 3], &[1, 2, 12], &[1, 2]], 2).unwrap_err();
            assert_eq!(error, "bottom: the continuation indicators' shape is (1, 2) instead of (1, 1, 2)");
        }
    }

    #[test]
    fn refuses_bottoms_that_do_not_fit() {
        let refuse = |bottoms| run(bottoms).unwrap_err().message;
        assert_eq!(
            refuse([&[2, 2, 3], &[1, 2, 12], &[1, 2]]),
            "the cell state's shape is (2, 2, 3) instead of (1, streams, units)"
        );
        assert_eq!(
            refuse([&[1, 2, 3], &[1, 2, 9], &[1, 2]]),
            "the gate inputs' shape is (1, 2, 9) instead of (1, 2, 12)"
        );
        assert_eq!(
            refuse([&[1, 1, i32::MAX], &[1, 1, 252], &[1, 1]]),
            "the gate inputs' shape is (1, 1, 252) instead of (1, 1, 8589934588)"
        );
        assert_eq!(
            refuse([&[1, 2, 3], &[1, 2, 12], &[1, 2, 1]]),
            "the continuation indicators' shape is (1, 2, 1) instead of (1, 2)"
        );
    }
}
