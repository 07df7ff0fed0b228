//! SignedPower: each element to a power, its sign kept, with the exponent as a blob (caffe_pp2).
//!
//! The top is like the bottom; not in place. The blob, (1), is filled with `power_param`'s `power`, by default 1,
//! whatever the net gives. Draws: that fill, which takes no random numbers.

use super::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext, ZeroStart};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "SignedPower",
    "Takes elements to a learned power and keeps their signs",
    Arity::exactly(1),
    Arity::exactly(1),
    &signed_power,
)
.params(&["power_param"])
.zero_start(ZeroStart::WhereSaid)
.known(Known::In(&["caffe-pp2"]))];

fn signed_power(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    let power = ctx.param.power_param.unwrap_or_default().power();
    let mut setup = Setup::like_bottom(ctx, Operator::Opaque);
    setup.blobs.clear();
    setup.push_blob(BlobSpec::constant(Role::Weight, Shape::new([1]).at("")?, "power_param.power", power));
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use crate::layer::BlobValues;
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_blob_is_the_exponent() {
        let text = "power_param { power: 0.5 }";
        let made = Surroundings::of("caffe-pp2").run("SignedPower", text, &[&[2, 3]], 1).unwrap();
        assert_eq!((made.tops[0].dims(), made.blobs[0].shape.dims()), (&[2, 3][..], &[1][..]));
        let BlobValues::Filled(filler) = &made.blobs[0].values else { panic!("it is filled") };
        assert_eq!((filler.param.r#type(), filler.param.value()), ("constant", 0.5));
    }
}
