//! Attention and LuongAttention: the weights that a query gives to the timesteps of a memory.
//!
//! The top is (batch_size, alignments_size) of `attention_param` for Attention, whatever the bottoms are, and always
//! (2, 500) for LuongAttention. No blobs, no draws.

use super::{SYNOPSYS, shaped};
use crate::error::Refusal;
use crate::layer::size::checked_size;
use crate::layer::{Arity, LayerType, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    LayerType::new("Attention", "Weighs the timesteps of a memory by a query", Arity::exactly(4), ONE, &attention)
        .params(&["attention_param"])
        .known(SYNOPSYS),
    LayerType::new("LuongAttention", "Weighs the timesteps of a memory by a query", Arity::exactly(3), ONE, &luong)
        .known(SYNOPSYS),
];

fn attention(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.attention_param().unwrap_or_default();
    let batch = checked_size(param.batch_size(), "attention_param.batch_size")?;
    let alignments = checked_size(param.alignments_size(), "attention_param.alignments_size")?;
    shaped(ctx, [batch, alignments], "attention_param")
}

fn luong(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    shaped(ctx, [2, 500], "top")
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn parameters_alone_give_the_shape() {
        let synopsys = Surroundings::of("synopsys");
        let bottoms: [&[i32]; 4] = [&[3, 8], &[3, 9, 8], &[8], &[8]];
        assert_eq!(synopsys.top("Attention", "", &bottoms), [2, 500]);
        assert_eq!(synopsys.top("Attention", "attention_param { alignments_size: 9 }", &bottoms), [2, 9]);
        assert_eq!(synopsys.top("LuongAttention", "attention_param { batch_size: 7 }", &bottoms[..3]), [2, 500]);
    }
}
