//! LayerNorm: each item normalised over all of its axes, times a learned scale and plus a learned shift.
//!
//! ```text
//! top   = bottom.dims
//! blobs = scale, shift, of the bottom's shape without axis 0, unless elementwise_affine is false
//! ```
//!
//! The scale is 1, the shift 0; nothing is drawn. Exactly two blobs that the net gives are kept, in any shape; others
//! are replaced.

use super::SYNOPSYS;
use crate::Shape;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext};

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[LayerType::new(
    "LayerNorm",
    "Normalises each item to mean 0 and variance 1 and scales it",
    Arity::exactly(1),
    Arity::exactly(1),
    &layer_norm,
)
.params(&["layer_norm_param"])
.keeps_signal()
.known(SYNOPSYS)];

fn layer_norm(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let roles = [Role::Weight, Role::Bias];
    let mut setup = Setup::like_bottom(ctx, Operator::Opaque).given_roles(&roles);
    if ctx.param.layer_norm_param().unwrap_or_default().elementwise_affine() && ctx.given.len() != 2 {
        ensure!(bottom.axes() > 0, "bottom", "LayerNorm needs an axis of items");
        let shape = Shape::new(&bottom.dims()[1..]).at("bottom")?;
        setup.blobs.clear();
        setup.push_blob(BlobSpec::constant(Role::Weight, shape.clone(), "layer_norm_param", 1.0));
        setup.push_blob(BlobSpec::zeros(Role::Bias, shape));
    }
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn scale_and_shift_have_the_shape_of_an_item() {
        let synopsys = Surroundings::of("synopsys");
        let made = synopsys.run("LayerNorm", "", &[&[2, 3, 4]], 1).unwrap();
        assert!(made.blobs.iter().all(|blob| blob.shape.dims() == [3, 4]));
        assert_eq!(made.blobs.len(), 2);
        let made = synopsys.run("LayerNorm", "layer_norm_param { elementwise_affine: false }", &[&[2, 3]], 1).unwrap();
        assert!(made.blobs.is_empty());
    }
}
