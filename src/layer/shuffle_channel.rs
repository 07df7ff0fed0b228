//! ShuffleChannel: the channels of several groups in turns (farmingyard/ShuffleNet).
//!
//! Channel c of group g goes to place `c * group + g`. The top always has four axes, missing ones being 1. Whether
//! `group` divides the channels is not checked while the net is built. No blobs, no draws.

use super::size::positive_size;
use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "ShuffleChannel",
    "Takes the channels of several groups in turn",
    Arity::exactly(1),
    Arity::exactly(1),
    &shuffle_channel,
)
.params(&["shuffle_channel_param"])
.keeps_signal()
.known(Known::WithField("shuffle_channel_param"))
.weightless()];

fn shuffle_channel(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let group = ctx.param.shuffle_channel_param().map_or(1, |param| param.group());
    let group = positive_size(group, "shuffle_channel_param.group")?;
    let [num, channels, height, width] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis));
    let top = Shape::new([num?, channels?, height?, width?]).at("bottom")?;
    Ok(Setup::new(ctx, Operator::ShuffleChannel { group }, [top]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const NAME: &str = "ShuffleChannel";

    #[test]
    fn the_top_has_four_axes() {
        let addons = Surroundings::of("addons");
        assert_eq!(addons.top(NAME, "shuffle_channel_param { group: 4 }", &[&[2, 6]]), [2, 6, 1, 1]);
        assert_eq!(addons.top(NAME, "", &[&[2, 6, 3, 4]]), [2, 6, 3, 4]);
    }

    #[test]
    fn refusals() {
        let error = |text: &str, dims: &[i32]| Surroundings::of("addons").refusal(NAME, text, &[dims]);
        let message = "shuffle_channel_param.group: group must be at least 1";
        assert_eq!(error("shuffle_channel_param { group: 0 }", &[2, 6]), message);
        assert_eq!(error("", &[1; 5]), "bottom: bottom 0 has more than 4 axes: its shape is (1, 1, 1, 1, 1)");
    }
}
