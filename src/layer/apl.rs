//! APL: an adaptive piecewise linear unit, a rectifier plus a sum of learned hinges (Agostinelli et al. 2014).
//!
//! With `S = sums` hinges and `K` the elements of an item:
//!
//! ```text
//! top   = bottom.dims, of 2 to 4 axes
//! blobs = slope (1, 1, S, K), offset (1, 1, S, K)
//! ```
//!
//! Draws: the slope, then the offset. Without fillers they are uniform in ±0.5 / S and gaussian with a `std` of 0.5.
//! Blobs given in the net are taken as they are.

use super::size::positive_size;
use super::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::FillerParameter;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] =
    &[LayerType::new("APL", "Rectifies its input and adds learned hinges", Arity::exactly(1), Arity::exactly(1), &apl)
        .params(&["apl_param"])
        .keeps_signal()
        .known(Known::In(&["apl"]))];

fn apl(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const SUMS: &str = "apl_param.sums";
    let param = ctx.param.apl_param().unwrap_or_default();
    let bottom = ctx.bottom(0);
    ensure!((2..=4).contains(&bottom.axes()), "bottom", "APL takes 2 to 4 axes, the input is {bottom}");
    ensure!(bottom.count() > 0, "bottom", "APL cannot take the empty input {bottom}");
    let mut setup = Setup::like_bottom(ctx, Operator::Opaque).given_roles(&[Role::Weight, Role::Bias]);
    if !ctx.given.is_empty() {
        return Ok(setup);
    }
    let sums = positive_size(param.sums(), SUMS)?;
    let shape = Shape::new([1, 1, sums, bottom.count_from(1)]).at(SUMS)?;
    let bound = 0.5 / sums as f32;
    let slope = FillerParameter { min: Some(-bound), max: Some(bound), ..of_type("uniform") };
    let offset = FillerParameter { std: Some(0.5), ..of_type("gaussian") };
    for (role, field, given, default) in [
        (Role::Weight, "apl_param.slope_filler", param.slope_filler, slope),
        (Role::Bias, "apl_param.offset_filler", param.offset_filler, offset),
    ] {
        setup.push_blob(BlobSpec::filled(role, shape.clone(), field, given.as_ref()).or_filler(default));
    }
    Ok(setup)
}

fn of_type(name: &str) -> FillerParameter {
    FillerParameter { r#type: Some(name.to_owned()), ..Default::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::Surroundings;
    use crate::layer::{BlobValues, Draw};

    #[test]
    fn both_blobs_draw_unless_the_net_says_otherwise() {
        let run = |text: &str| Surroundings::of("apl").run("APL", text, &[&[2, 3, 4]], 1).unwrap();
        let fillers = |made: &Setup| {
            let filler = |blob: &BlobSpec| match &blob.values {
                BlobValues::Filled(spec) => (spec.param.r#type().to_owned(), spec.param.max(), spec.param.std()),
                other => panic!("{other:?}"),
            };
            made.blobs.iter().map(filler).collect::<Vec<_>>()
        };
        let made = run("apl_param { sums: 5 }");
        assert_eq!(made.draws, [Draw::Blob(0), Draw::Blob(1)]);
        assert!(made.blobs.iter().all(|blob| blob.shape.dims() == [1, 1, 5, 12]));
        assert_eq!(fillers(&made), [("uniform".into(), 0.1, 1.0), ("gaussian".into(), 1.0, 0.5)]);
        let made = run("apl_param { slope_filler { } }");
        assert_eq!((made.blobs[0].shape.dims(), &*fillers(&made)[0].0), (&[1, 1, 2, 12][..], "constant"));
    }

    #[test]
    fn refusals() {
        let error = |text: &str, bottom| Surroundings::of("apl").refusal("APL", text, &[bottom]);
        assert_eq!(error("", &[2]), "bottom: APL takes 2 to 4 axes, the input is (2)");
        assert_eq!(error("", &[2, 0]), "bottom: APL cannot take the empty input (2, 0)");
        assert_eq!(error("apl_param { sums: 0 }", &[2, 3]), "apl_param.sums: sums must be at least 1");
    }
}
