//! MVN: mean and variance normalisation of each channel, or of all channels of an item (`across_channels`).
//!
//! The top has the bottom's shape with ones behind it up to four axes; more are refused. No blobs, no draws.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] =
    &[LayerType::new("MVN", "Normalises mean and variance", Arity::exactly(1), Arity::exactly(1), &mvn)
        .params(&["mvn_param"])
        .weightless()];

/// Mean and variance normalisation: (x - mean) / (standard deviation + eps).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Mvn {
    /// Whether mean and variance are those of an item instead of those of a channel.
    pub across_channels: bool,
    /// Whether it divides by the standard deviation, too.
    pub normalize_variance: bool,
    /// What is added to the standard deviation.
    pub eps: f32,
}

fn mvn(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let traits = &ctx.dialect.traits;
    let most = if traits.pictures_have_length { 5 } else { 4 };
    let fits = bottom.axes() <= most || traits.takes_first_four_axes;
    ensure!(fits, "bottom", "MVN handles at most {most} axes, not the shape {bottom}");
    let pictures = ctx.four_axes(0)?;

    let param = ctx.param.mvn_param.unwrap_or_default();
    let operator = Mvn {
        across_channels: param.across_channels(),
        normalize_variance: param.normalize_variance(),
        eps: param.eps(),
    };
    let first = if operator.across_channels { 1 } else { 2 };
    // Caffe makes a blob of as many ones as a mean has terms and fills it at once.
    let terms = Shape::new(&pictures.dims()[first..]).at("bottom")?;
    ensure!(terms.count() > 0, "bottom", "the bottom {bottom} has no elements to take a mean of");
    let operator = if traits.pictures_have_length { Operator::Opaque } else { Operator::Mvn(operator) };
    Ok(Setup::new(ctx, operator, [ctx.pictures(&pictures).at("bottom")?]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{refusal, top, tops};

    #[test]
    fn ones_fill_up_to_four_axes() {
        assert_eq!(top("MVN", "", &[&[2, 5]]), [2, 5, 1, 1]);
        assert_eq!(top("MVN", "", &[&[]]), [1, 1, 1, 1]);
        assert_eq!(top("MVN", "", &[&[1, 2, 3, 4]]), [1, 2, 3, 4]);
        assert_eq!(tops("MVN", "", &[&[2, 3, 4]], &[0]), [[2, 3, 4, 1]]);
    }

    #[test]
    fn only_the_axes_of_a_mean_need_elements() {
        let across = "mvn_param { across_channels: true }";
        assert_eq!(top("MVN", across, &[&[0, 3]]), [0, 3, 1, 1]);
        assert_eq!(top("MVN", "", &[&[2, 0]]), [2, 0, 1, 1]);
        let message = "the bottom (2, 0) has no elements to take a mean of";
        assert_eq!(refusal("MVN", across, &[&[2, 0]], 1), ("bottom", message.to_owned()));
        assert_eq!(refusal("MVN", "", &[&[2, 3, 0]], 1).1, "the bottom (2, 3, 0) has no elements to take a mean of");
        assert_eq!(
            refusal("MVN", "", &[&[0, 1, 65536, 65536]], 1).1,
            "a blob holds at most 2147483647 elements, 65536 x 65536 are more"
        );
    }

    #[test]
    fn c3d_takes_the_first_four_axes() {
        let c3d = crate::layer::testing::Surroundings::of("c3d-1.1");
        assert_eq!(c3d.top("MVN", "", &[&[1, 2, 3, 4, 5]]), [1, 2, 3, 4]);
        let pair: [&[i32]; 3] = [&[2, 3, 1, 1, 7], &[2, 3, 1, 1, 7], &[2]];
        assert!(c3d.run("ContrastiveLoss", "", &pair, 1).is_ok());
    }

    #[test]
    fn five_axes_are_too_many() {
        let message = "MVN handles at most 4 axes, not the shape (1, 2, 3, 4, 5)";
        assert_eq!(refusal("MVN", "", &[&[1, 2, 3, 4, 5]], 1), ("bottom", message.to_owned()));
    }
}
