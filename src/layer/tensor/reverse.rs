//! Reverse, ReverseSequence and ReverseTime: axes back to front. The shape stays. No blobs, no draws.
//!
//! Reverse turns the axes that `axis` lists (Synopsys), or one axis, counted from the front and by default the first,
//! and then not in place; in Cambricon's Caffe there are no settings, and it may be in place. ReverseTime turns the
//! beginnings of sequences (T, N, ..), whose lengths (N) are its second bottom.

use super::SYNOPSYS;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    LayerType::new("Reverse", "Reverses axes", ONE, ONE, &reverse)
        .params(&["reverse_param"])
        .keeps_signal()
        .known(SYNOPSYS),
    LayerType::new("Reverse", "Reverses an axis", ONE, ONE, &reverse_one)
        .params(&["reverse_param"])
        .keeps_signal()
        .weightless()
        .known(Known::WithFieldBut { field: "reverse_param", not: &["synopsys"] }),
    LayerType::new("Reverse", "Reverses an axis", ONE, ONE, &any_axis)
        .keeps_signal()
        .weightless()
        .known(Known::In(&["cambricon"])),
    LayerType::new("ReverseTime", "Reverses the beginning of each sequence", Arity::exactly(2), ONE, &time)
        .params(&["reverse_time_param"])
        .keeps_signal()
        .known(Known::WithField("reverse_time_param")),
    LayerType::new("ReverseSequence", "Reverses the beginning of each sequence", Arity::exactly(2), ONE, &sequence)
        .params(&["reverse_sequence_param"])
        .keeps_signal()
        .known(SYNOPSYS),
];

fn reverse(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    for &axis in &ctx.param.reverse_param().unwrap_or_default().axis {
        ctx.bottom_axis(0, axis, "reverse_param.axis")?;
    }
    Ok(Setup::like_bottom(ctx, Operator::Opaque))
}

fn reverse_one(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    let named = ctx.param.reverse_param().unwrap_or_default().axis;
    let (axis, bottom) = (named.last().copied().unwrap_or(0), ctx.bottom(0));
    let fits = usize::try_from(axis).is_ok_and(|axis| axis < bottom.axes());
    ensure!(fits, "reverse_param.axis", "{bottom} has no axis {axis}, counted from the front");
    Ok(Setup::like_bottom(ctx, Operator::Opaque))
}

/// Nothing is checked.
fn any_axis(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::like_bottom(ctx, Operator::Opaque))
}

fn time(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    let (sequences, lengths) = (ctx.bottom(0), ctx.bottom(1));
    let fits = lengths.axes() == 1 && sequences.dim(1) == lengths.dim(0);
    ensure!(fits, "bottom", "the lengths {lengths} must have one axis, with one for each sequence of {sequences}");
    Ok(Setup::like_bottom(ctx, Operator::Opaque))
}

fn sequence(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.reverse_sequence_param().unwrap_or_default();
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
    fn one_axis_or_the_beginnings_of_sequences_are_turned() {
        for dialect in ["caffe-ocr", "textboxes-pp"] {
            let own = Surroundings::of(dialect);
            assert_eq!(own.top("Reverse", "reverse_param { axis: 1 }", &[&[2, 3]]), [2, 3]);
            let message = "reverse_param.axis: (2, 3) has no axis 2, counted from the front";
            assert_eq!(own.refusal("Reverse", "reverse_param { axis: 2 }", &[&[2, 3]]), message);
            let message = "reverse_param.axis: (2, 3) has no axis -1, counted from the front";
            assert_eq!(own.refusal("Reverse", "reverse_param { axis: -1 }", &[&[2, 3]]), message);
        }
        let ocr = Surroundings::of("caffe-ocr");
        assert_eq!(ocr.top("ReverseTime", "", &[&[7, 2, 5], &[2]]), [7, 2, 5]);
        let message = "bottom: the lengths (7) must have one axis, with one for each sequence of (7, 2, 5)";
        assert_eq!(ocr.refusal("ReverseTime", "", &[&[7, 2, 5], &[7]]), message);
    }

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
