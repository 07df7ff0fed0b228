//! GaussianAttention: channels in groups, each weakened away from a position of its own (caffe_pp2).
//!
//! The top is like the first bottom; the second, (N, .., L, ..), has L positions, which divide the channels up. `sigma`
//! is at least 0.1. No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "GaussianAttention",
    "Weakens channels away from positions",
    Arity::exactly(2),
    Arity::exactly(1),
    &attention,
)
.params(&["gaussian_attention_param"])
.weightless()
.keeps_signal()
.known(Known::In(&["caffe-pp2"]))];

fn attention(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let sigma = ctx.param.gaussian_attention_param().unwrap_or_default().sigma();
    let is_wide = f64::from(sigma) >= 0.1;
    ensure!(is_wide, "gaussian_attention_param.sigma", "sigma {sigma} is below 0.1");
    let (maps, positions) = (ctx.bottom(0), ctx.bottom(1));
    let fits = (2..=4).contains(&maps.axes());
    ensure!(fits, "bottom", "GaussianAttention takes maps of 2 to 4 axes, their shape is {maps}");
    ensure!(ctx.legacy_dim(1, 2)? > 0, "bottom", "the shape {positions} leaves no positions along axis 2");
    Ok(Setup::like_bottom(ctx, Operator::Opaque))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn maps_keep_their_shape() {
        let own = Surroundings::of("caffe-pp2");
        let bottoms: &[&[i32]] = &[&[2, 6, 4, 5], &[2, 1, 3, 2]];
        assert_eq!(own.top("GaussianAttention", "", bottoms), [2, 6, 4, 5]);
        let text = "gaussian_attention_param { sigma: 0.05 }";
        let message = "gaussian_attention_param.sigma: sigma 0.05 is below 0.1";
        assert_eq!(own.refusal("GaussianAttention", text, bottoms), message);
        let message = "bottom: the shape (2, 1, 0) leaves no positions along axis 2";
        assert_eq!(own.refusal("GaussianAttention", "", &[&[2, 6, 4, 5], &[2, 1, 0]]), message);
        let message = "bottom: GaussianAttention takes maps of 2 to 4 axes, their shape is (2)";
        assert_eq!(own.refusal("GaussianAttention", "", &[&[2], &[2]]), message);
    }
}
