//! Convert: maps of features as a sequence along their last axis (Curve-Text-Detector).
//!
//! (N, C, .., W) becomes (W, N, C); a second top, (W, N), is where sequences go on. What lies between is not looked at
//! while the net is built. No blobs, no draws.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "Convert",
    "Makes maps of features a sequence along their last axis",
    Arity::at_least(1),
    Arity::at_least(1),
    &convert,
)
.weightless()
.keeps_signal()
.known(Known::In(&["curve-text"]));

fn convert(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let &[items, channels, ..] = bottom.dims() else {
        return Err(Refusal::at("bottom", format!("Convert needs at least 2 axes, the input is {bottom}")));
    };
    let steps = bottom.dims()[bottom.axes() - 1];
    let mut tops = ctx.first_top(Shape::new([steps, items, channels]).at("bottom")?);
    if let [_, goes_on, ..] = &mut tops[..] {
        *goes_on = Shape::new([steps, items]).at("bottom")?;
    }
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_last_axis_is_time() {
        let own = Surroundings::of("curve-text");
        let made = own.run("Convert", "", &[&[2, 3, 1, 7]], 2).unwrap();
        assert_eq!((made.tops[0].dims(), made.tops[1].dims()), (&[7, 2, 3][..], &[7, 2][..]));
        assert_eq!(own.top("Convert", "", &[&[2, 3]]), [3, 2, 3]);
        let message = "bottom: Convert needs at least 2 axes, the input is (3)";
        assert_eq!(own.refusal("Convert", "", &[&[3]]), message);
    }
}
