//! LocLoss and STLoss: losses of the affine maps of a spatial transformer (daerduoCarey).
//!
//! ```text
//! LocLoss  how far the numbers of its bottom are beyond a threshold
//! STLoss   how far maps (N, 6) reach beyond the picture
//! ```
//!
//! One bottom, a scalar top.

use super::opaque_loss;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, Layer, LayerType, Setup, SetupContext};

pub(super) const LOCATION: LayerType = of("LocLoss", "Punishes locations beyond a threshold", &location)
    .params(&["loc_loss_param"])
    .known(Known::WithField("loc_loss_param"));

pub(super) const MAP: LayerType = of("STLoss", "Punishes affine maps that leave the picture", &map)
    .params(&["st_loss_param"])
    .known(Known::WithField("st_loss_param"));

const fn of(name: &'static str, summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(1), Arity::exactly(1), rule).auto_tops().loss().judges_first()
}

fn location(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let threshold = ctx.param.loc_loss_param().unwrap_or_default().threshold();
    let in_range = threshold > 0.0;
    ensure!(in_range, "loc_loss_param.threshold", "threshold {threshold} is not above 0");
    Ok(opaque_loss(ctx, Shape::scalar()))
}

fn map(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let maps = ctx.bottom(0);
    let fits = maps.axes() > 0 && maps.count_from(1) == 6;
    ensure!(fits, "bottom", "a map has 6 numbers, the shape of the maps is {maps}");
    let param = ctx.param.st_loss_param().unwrap_or_default();
    let (items, height, width) = (i64::from(maps.dims()[0]), param.output_h().into(), param.output_w().into());
    // Caffe keeps a number for each place of each picture, and six for their gradients.
    Shape::new([items, height, width]).and_then(|_| Shape::new([items, 6, height, width])).at("st_loss_param")?;
    Ok(opaque_loss(ctx, Shape::scalar()))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn one_bottom_makes_a_number() {
        let own = Surroundings::of("caffe-pp2");
        let made = own.run("LocLoss", "loc_loss_param { threshold: 0.5 }", &[&[2, 3]], 1).unwrap();
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
        let text = "st_loss_param { output_H: 4 output_W: 5 }";
        let made = own.run("STLoss", text, &[&[2, 6]], 1).unwrap();
        assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, Some(1.0)));
        let message = "loc_loss_param.threshold: threshold 0 is not above 0";
        assert_eq!(own.refusal("LocLoss", "loc_loss_param { threshold: 0 }", &[&[2]]), message);
        let message = "bottom: a map has 6 numbers, the shape of the maps is (2, 5)";
        assert_eq!(own.refusal("STLoss", text, &[&[2, 5]]), message);
        let message = "st_loss_param: dimension 1 is negative (-4)";
        assert_eq!(own.refusal("STLoss", "st_loss_param { output_H: -4 output_W: 5 }", &[&[2, 6]]), message);
        let message = "st_loss_param: a blob holds at most 2147483647 elements, 2 x 6 x 20000 x 20000 are more";
        assert_eq!(own.refusal("STLoss", "st_loss_param { output_H: 20000 output_W: 20000 }", &[&[2, 6]]), message);
    }
}
