//! Conadd: the sum of its bottoms (Deformable ConvNets).
//!
//! ```text
//! top = dims of the first bottom; a single bottom is the top
//! ```
//!
//! Caffe gives a bottom of another shape that of the first one, for all layers behind, and copies past its end: it is
//! refused. The settings have no fields. No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext, TopMemory};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] =
    &[LayerType::new("Conadd", "Adds up its inputs", Arity::at_least(1), Arity::exactly(1), &conadd)
        .params(&["conadd_param"])
        .weightless()
        .keeps_signal()
        .known(Known::In(&["deformable"]))];

fn conadd(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let first = ctx.bottom(0);
    for (index, other) in ctx.bottoms.iter().enumerate().skip(1) {
        ensure!(other == first, "bottom", "bottoms 0 and {index} differ in shape: {first} and {other}");
    }
    let setup = Setup::like_bottom(ctx, Operator::Opaque);
    Ok(if ctx.bottoms.len() == 1 { setup.view(TopMemory::Bottom(0)) } else { setup })
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn bottoms_agree_in_shape() {
        let deformable = Surroundings::of("deformable");
        assert_eq!(deformable.top("Conadd", "", &[&[2, 3], &[2, 3]]), [2, 3]);
        let message = "bottom: bottoms 0 and 1 differ in shape: (2, 3) and (3, 2)";
        assert_eq!(deformable.refusal("Conadd", "conadd_param { }", &[&[2, 3], &[3, 2]]), message);
    }
}
