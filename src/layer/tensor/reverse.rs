//! Reverse and ReverseSequence: axes back to front. The shape stays. No blobs, no draws.

use super::SYNOPSYS;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    LayerType::new("Reverse", "Turns axes back to front", ONE, ONE, &reverse)
        .params(&["reverse_param"])
        .keeps_signal()
        .known(SYNOPSYS),
    LayerType::new(
        "ReverseSequence",
        "Turns the beginning of each sequence back to front",
        Arity::exactly(2),
        ONE,
        &sequence,
    )
    .params(&["reverse_sequence_param"])
    .keeps_signal()
    .known(SYNOPSYS),
];

fn reverse(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    for &axis in &ctx.param.reverse_param.clone().unwrap_or_default().axis {
        ctx.bottom_axis(0, axis, "reverse_param.axis")?;
    }
    Ok(Setup::like_bottom(ctx, Operator::Opaque))
}

fn sequence(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.reverse_sequence_param.unwrap_or_default();
    let (sequence, batch) = (param.seq_axis.unwrap_or_default(), param.batch_axis());
    let bottom = ctx.bottom(0);
    for (axis, field) in [(sequence, "reverse_sequence_param.seq_axis"), (batch, "reverse_sequence_param.batch_axis")] {
        ensure!((axis as usize) < bottom.axes(), field, "axis {axis} is past the last one of {bottom}");
    }
    ensure!(sequence != batch, "reverse_sequence_param.seq_axis", "seq_axis and batch_axis are both {batch}");
    Ok(Setup::like_bottom(ctx, Operator::Opaque))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn axes_must_be_there() {
        let synopsys = Surroundings::of("synopsys");
        assert_eq!(synopsys.top("Reverse", "reverse_param { axis: 0 axis: -1 }", &[&[2, 3]]), [2, 3]);
        let text = "reverse_sequence_param { seq_axis: 1 }";
        assert_eq!(synopsys.top("ReverseSequence", text, &[&[2, 3], &[2]]), [2, 3]);
        let message = "reverse_sequence_param.seq_axis: seq_axis and batch_axis are both 0";
        let text = "reverse_sequence_param { seq_axis: 0 }";
        assert_eq!(synopsys.refusal("ReverseSequence", text, &[&[2, 3], &[2]]), message);
    }
}
