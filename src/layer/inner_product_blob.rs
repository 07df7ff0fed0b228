//! InnerProductBlob: the inner products of the items of two bottoms (soeaver).
//!
//! ```text
//! bottoms = (M, K, ...), (N, ...)
//! top     = (M, N, 1, 1)
//! ```
//!
//! The items are not compared while the net is built. `transpose` is that of `inner_product_param`; the message
//! `inner_product_blob_param` is not read. No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "InnerProductBlob",
    "Computes the inner products of the items of two inputs",
    Arity::exactly(2),
    Arity::exactly(1),
    &inner_product_blob,
)
.params(&["inner_product_param"])
.weightless()
.known(Known::In(&["soeaver", "bottom-up-attention"]))];

fn inner_product_blob(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let transpose = ctx.param.inner_product_param.as_ref().is_some_and(|param| param.transpose());
    let (one, other) = (ctx.bottom(0), ctx.bottom(1));
    ensure!(one.axes() >= 2, "bottom", "InnerProductBlob needs 2 axes of its first input, which is {one}");
    let Some(&items) = other.dims().first() else {
        return Err(Refusal::at("bottom", "InnerProductBlob needs an axis of its second input, which has none"));
    };
    let top = Shape::new([one.dims()[0], items, 1, 1]).at("bottom")?;
    Ok(Setup::new(ctx, Operator::InnerProductBlob { transpose }, [top]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const NAME: &str = "InnerProductBlob";

    #[test]
    fn only_the_first_axes_count() {
        let soeaver = Surroundings::of("soeaver");
        assert_eq!(soeaver.top(NAME, "", &[&[4, 2, 3, 3], &[5]]), [4, 5, 1, 1]);
        assert_eq!(soeaver.top(NAME, "", &[&[4, 2], &[5, 7]]), [4, 5, 1, 1]);
    }

    #[test]
    fn refusals() {
        let error = |bottoms: &[&[i32]]| Surroundings::of("soeaver").refusal(NAME, "", bottoms);
        assert_eq!(error(&[&[4], &[5]]), "bottom: InnerProductBlob needs 2 axes of its first input, which is (4)");
        let message = "bottom: InnerProductBlob needs an axis of its second input, which has none";
        assert_eq!(error(&[&[4, 2], &[]]), message);
    }
}
