//! PReLU: `max(0, x) + slope min(0, x)` with a learned slope for each channel, or one for all.
//!
//! With `C` the dimension of axis 1:
//!
//! ```text
//! top   = bottom.dims, of 2 to 4 axes; in video-caffe of 2 to 5, in Intel's tree of 2 or more
//! blobs = slope (C), or a scalar without axes if channel_shared
//! ```
//!
//! Draws: the slope. Without a filler it is 0.25; an empty `filler { }` makes it 0. A slope given in the net must count
//! `C` values (or 1), in any shape. The batch may be empty, other axes may not.

use super::{Arity, BlobSpec, Layer, LayerType, Operator, Role, Setup, SetupContext, ZeroStart};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry(&prelu).known(Known::WithFieldBut { field: "prelu_param", not: &["intel"] }),
    entry(&of_volumes).known(Known::In(&["intel"])),
];

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "PReLU",
        "Rectifies its input, with a learned slope below zero",
        Arity::exactly(1),
        Arity::exactly(1),
        rule,
    )
    .params(&["prelu_param"])
    .zero_start(ZeroStart::Harmless)
    .keeps_signal()
}

/// A rectifier with learned slopes, in the only blob.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prelu {
    /// Whether one slope is for all channels.
    pub channel_shared: bool,
}

pub(super) fn prelu(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let most = if ctx.dialect.traits.pictures_have_length { 5 } else { 4 };
    ensure!((2..=most).contains(&bottom.axes()), "bottom", "PReLU takes 2 to {most} axes, the input is {bottom}");
    rectified(ctx)
}

/// Volumes are taken as well.
fn of_volumes(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    ensure!(bottom.axes() >= 2, "bottom", "PReLU takes 2 axes or more, the input is {bottom}");
    rectified(ctx)
}

/// The layer over a bottom with channels.
fn rectified(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.prelu_param.clone().unwrap_or_default();
    let bottom = ctx.bottom(0);
    let sample = bottom.count_from(1);
    ensure!(sample > 0, "bottom", "PReLU cannot take the empty input {bottom}");
    // Caffe keeps a multiplier of one sample's size.
    Shape::new([sample]).at("bottom")?;

    let slope = if param.channel_shared() { Shape::scalar() } else { Shape::new(&bottom.dims()[1..2]).at("bottom")? };
    let operator = Prelu { channel_shared: param.channel_shared() };
    let mut setup = Setup::like_bottom(ctx, Operator::Prelu(operator)).given_roles(&[Role::Weight]);
    match ctx.given.first() {
        Some(given) => ensure!(
            given.count() == slope.count(),
            "blobs",
            "the given slope has {} values instead of {}",
            given.count(),
            slope.count()
        ),
        None => setup.push_blob(
            BlobSpec::filled(Role::Weight, slope, "prelu_param.filler", param.filler.as_ref()).or_constant(0.25),
        ),
    }
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use super::super::{BlobValues, Draw, testing};
    use super::*;
    use crate::proto::caffe::{BlobProto, BlobShape, FillerParameter, LayerParameter, PReLuParameter};

    fn run(param: PReLuParameter, given: &[&[i64]], bottom: &[i32]) -> Result<Setup, Refusal> {
        let blob = |dims: &&[i64]| BlobProto { shape: Some(BlobShape { dim: dims.to_vec() }), ..Default::default() };
        let blobs = given.iter().map(blob).collect();
        let layer = LayerParameter { prelu_param: Some(param.into()), blobs, ..Default::default() };
        testing::setup(&TYPES[0], &layer, &[bottom], 1)
    }

    fn shared() -> PReLuParameter {
        PReLuParameter { channel_shared: Some(true), ..Default::default() }
    }

    fn constant(setup: &Setup) -> f32 {
        let BlobValues::Filled(filler) = &setup.blobs[0].values else { panic!("not filled") };
        filler.param.value()
    }

    #[test]
    fn has_a_slope_a_channel_or_one() {
        let setup = run(PReLuParameter::default(), &[], &[0, 3, 4]).unwrap();
        assert_eq!(setup.tops[0].dims(), [0, 3, 4]);
        assert_eq!(setup.blobs[0].shape.dims(), [3]);
        assert_eq!(setup.draws, [Draw::Blob(0)]);
        assert_eq!(run(shared(), &[], &[2, 3]).unwrap().blobs[0].shape, Shape::scalar());
    }

    #[test]
    fn an_empty_filler_is_not_the_default() {
        assert_eq!(constant(&run(PReLuParameter::default(), &[], &[2, 3]).unwrap()), 0.25);
        let empty = PReLuParameter { filler: Some(FillerParameter::default()), ..Default::default() };
        assert_eq!(constant(&run(empty, &[], &[2, 3]).unwrap()), 0.0);
    }

    #[test]
    fn a_given_slope_must_count_right() {
        let setup = run(PReLuParameter::default(), &[&[1, 3], &[9]], &[2, 3]).unwrap();
        assert_eq!(setup.blobs.len(), 2);
        assert!(setup.draws.is_empty());
        let refusal = run(shared(), &[&[3]], &[2, 3]).unwrap_err();
        assert_eq!((refusal.field, &*refusal.message), ("blobs", "the given slope has 3 values instead of 1"));
    }

    #[test]
    fn refuses_other_numbers_of_axes_and_empty_samples() {
        let refuse = |bottom| run(PReLuParameter::default(), &[], bottom).unwrap_err().message;
        assert_eq!(refuse(&[5]), "PReLU takes 2 to 4 axes, the input is (5)");
        assert_eq!(refuse(&[1, 2, 1, 1, 3]), "PReLU takes 2 to 4 axes, the input is (1, 2, 1, 1, 3)");
        assert_eq!(refuse(&[2, 3, 0]), "PReLU cannot take the empty input (2, 3, 0)");
        assert_eq!(refuse(&[0, 65536, 65536]), "a blob holds at most 2147483647 elements, 4294967296 are more");
    }

    #[test]
    fn intel_takes_volumes() {
        let intel = testing::Surroundings::of("intel");
        let made = intel.run("PReLU", "", &[&[1, 2, 4, 5, 6]], 1).unwrap();
        assert_eq!((made.tops[0].dims(), made.blobs[0].shape.dims()), (&[1, 2, 4, 5, 6][..], &[2][..]));
        let message = "bottom: PReLU takes 2 axes or more, the input is (5)";
        assert_eq!(intel.refusal("PReLU", "", &[&[5]]), message);
    }
}
