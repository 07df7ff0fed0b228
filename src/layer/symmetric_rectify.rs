//! SymmetricRectify: values whose size is up to a learned threshold become zero (Light CNN).
//!
//! ```text
//! top   = bottom.dims, of 2 to 4 axes
//! blobs = threshold (C), or without axes if channel_shared
//! ```
//!
//! Draws: the threshold, 0 where the net gives no filler. A negative constant is refused; so are blobs given in the
//! net.

use super::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "SymmetricRectify",
    "Sets values up to a learned threshold to zero",
    Arity::exactly(1),
    Arity::exactly(1),
    &symmetric_rectify,
)
.params(&["symmetric_rectify_param"])
.known(Known::WithField("symmetric_rectify_param"))];

fn symmetric_rectify(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const FILLER: &str = "symmetric_rectify_param.filler";
    let param = ctx.param.symmetric_rectify_param().unwrap_or_default();
    let bottom = ctx.bottom(0);
    ensure!((2..=4).contains(&bottom.axes()), "bottom", "SymmetricRectify takes 2 to 4 axes, the input is {bottom}");
    ensure!(ctx.given.is_empty(), "blobs", "SymmetricRectify does not take blobs from the net");
    let shape = if param.channel_shared() { Shape::scalar() } else { Shape::new(&bottom.dims()[1..2]).at("bottom")? };
    if let Some(filler) = param.filler.as_ref().filter(|filler| filler.r#type() == "constant") {
        let value = filler.value();
        let in_range = value >= 0.0;
        ensure!(in_range, FILLER, "the threshold {value} is below 0");
    }
    let mut setup = Setup::like_bottom(ctx, Operator::Opaque);
    setup.push_blob(BlobSpec::filled(Role::Weight, shape, FILLER, param.filler.as_ref()));
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn each_channel_has_a_threshold_or_all_have_one() {
        let wu = Surroundings::of("wu-lightcnn");
        let blob = |text: &str| {
            let made = wu.run("SymmetricRectify", text, &[&[2, 3, 4]], 1).unwrap();
            (made.blobs[0].shape.dims().to_vec(), made.draws.len())
        };
        assert_eq!(blob(""), (vec![3], 1));
        assert_eq!(blob("symmetric_rectify_param { channel_shared: true }"), (vec![], 1));
        let text = "symmetric_rectify_param { filler { value: -1 } }";
        let message = "symmetric_rectify_param.filler: the threshold -1 is below 0";
        assert_eq!(wu.refusal("SymmetricRectify", text, &[&[2, 3]]), message);
        let message = "blobs: SymmetricRectify does not take blobs from the net";
        assert_eq!(wu.refusal("SymmetricRectify", "blobs { shape { dim: 3 } }", &[&[2, 3]]), message);
    }
}
