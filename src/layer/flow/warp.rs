//! FlowWarp, ChannelNorm and Mean: pictures moved along a flow, the norm over the channels, and a mean added or taken
//! away.
//!
//! FlowWarp's second bottom is the flow, of two channels and the picture's size. Mean has as many tops as bottoms; of
//! the mean, a file or values, each picture has a multiple of the channels. No blobs, no draws.

use super::{TREES, picture, shaped};
use crate::Shape;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext, blob_file};

const ONE: Arity = Arity::exactly(1);

/// The longest mean file that is read: 64 million numbers.
const MAX_MEAN_BYTES: u64 = 256 << 20;

pub(super) const TYPE: LayerType =
    LayerType::new("FlowWarp", "Moves a picture along a flow", Arity::exactly(2), ONE, &flow_warp)
        .keeps_signal()
        .known(TREES);

pub(super) const CHANNEL_NORM: LayerType =
    LayerType::new("ChannelNorm", "Takes the 2-norm over the channels of each position", ONE, ONE, &channel_norm)
        .known(TREES);

pub(super) const MEAN: LayerType =
    LayerType::new("Mean", "Adds or subtracts a mean", Arity::at_least(1), Arity::at_least(1), &mean)
        .params(&["mean_param"])
        .matching_tops()
        .keeps_signal()
        .known(TREES);

fn flow_warp(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let (own, flow) = (picture(ctx, 0)?, picture(ctx, 1)?);
    ensure!(flow[1] == 2, "bottom", "the flow {} must have 2 channels", ctx.bottom(1));
    let fits = own[0] == flow[0] && own[2..] == flow[2..];
    ensure!(fits, "bottom", "the picture {} and the flow {} differ in size", ctx.bottom(0), ctx.bottom(1));
    shaped(ctx, own, "bottom")
}

fn channel_norm(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let [items, _, height, width] = picture(ctx, 0)?;
    shaped(ctx, [items, 1, height, width], "bottom")
}

fn mean(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const FILE: &str = "mean_param.file";
    const VALUE: &str = "mean_param.value";
    let param = ctx.param.mean_param().unwrap_or_default();
    let mut notices = Vec::new();
    let file = match &param.file {
        Some(name) => {
            let found = ctx.sources.find(name, &mut notices);
            Some(blob_file::read_shape(&found, FILE, name, MAX_MEAN_BYTES, ctx.dialect)?)
        }
        None => None,
    };
    let sides = |shape: &Shape, axis: usize| shape.legacy_dim(axis).map_or(0, i64::from);
    for bottom in 0..ctx.bottoms.len() {
        let [_, channels, height, width] = picture(ctx, bottom)?;
        let shape = ctx.bottom(bottom);
        let (own, field) = match &file {
            Some(mean) => {
                let fits = sides(mean, 2) == height && sides(mean, 3) == width;
                ensure!(fits, FILE, "the mean {mean} differs in size from bottom {bottom} {shape}");
                (sides(mean, 1), FILE)
            }
            None => (param.value.len() as i64, VALUE),
        };
        ensure!(own > 0, field, "there is no mean: Caffe divides by the number of its channels");
        ensure!(channels % own == 0, field, "the {channels} channels of bottom {bottom} are not a multiple of {own}");
    }
    let tops = (0..ctx.bottoms.len()).map(|bottom| ctx.four_axes(bottom)).collect::<Result<Vec<Shape>, _>>()?;
    Ok(Setup { notices, ..Setup::new(ctx, Operator::Opaque, tops) })
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn a_flow_has_two_channels() {
        let synopsys = Surroundings::of("synopsys");
        let flow: &[i32] = &[2, 2, 4, 5];
        assert_eq!(synopsys.top("FlowWarp", "", &[&[2, 3, 4, 5], flow]), [2, 3, 4, 5]);
        assert_eq!(synopsys.top("ChannelNorm", "", &[flow]), [2, 1, 4, 5]);
        let message = "bottom: the flow (2, 3, 4, 5) must have 2 channels";
        assert_eq!(synopsys.refusal("FlowWarp", "", &[flow, &[2, 3, 4, 5]]), message);
    }

    #[test]
    fn channels_are_a_multiple_of_the_means() {
        let synopsys = Surroundings::of("synopsys");
        let error = |text: &str| synopsys.refusal("Mean", text, &[&[2, 3]]);
        assert_eq!(synopsys.top("Mean", "mean_param { operation: ADD value: 1 }", &[&[2, 3]]), [2, 3, 1, 1]);
        let message = "mean_param.value: the 3 channels of bottom 0 are not a multiple of 2";
        assert_eq!(error("mean_param { operation: ADD value: [1, 2] }"), message);
        let message = "mean_param.value: there is no mean: Caffe divides by the number of its channels";
        assert_eq!(error("mean_param { operation: ADD }"), message);
    }
}
