//! Resample, Downsample and Accum: pictures of another size, and several one behind the other.
//!
//! Resample and Downsample take the size from their second bottom, or else from their settings; `factor` is ignored.
//! They are saved with `reshape_every_iter: false`. Accum's channels are those of all bottoms; its size is the largest
//! height and width of them, or what is asked for where that is larger in both, or that of the last bottom with
//! `have_reference`, which is then no part of the channels. No blobs, no draws.

use super::{TREES, picture, shaped, shaped_once};
use crate::error::{Refusal, ensure};
use crate::layer::size::checked_size;
use crate::layer::{Arity, LayerType, Setup, SetupContext};
use crate::proto::caffe::AccumParameter;
use crate::proto::caffe::resample_parameter::ResampleType;

const ONE: Arity = Arity::exactly(1);
const ACCUM_PARAM: &str = "accum_param";

pub(super) const TYPE: LayerType =
    LayerType::new("Resample", "Resizes pictures, smoothly", Arity::between(1, 2), ONE, &resample)
        .params(&["resample_param"])
        .keeps_signal()
        .known(TREES);

pub(super) const DOWNSAMPLE: LayerType =
    LayerType::new("Downsample", "Resizes pictures to smaller ones", Arity::between(1, 2), ONE, &downsample)
        .params(&["downsample_param"])
        .keeps_signal()
        .known(TREES);

pub(super) const ACCUM: LayerType =
    LayerType::new("Accum", "Concatenates pictures, padded to one size", Arity::at_least(1), ONE, &accum)
        .params(&[ACCUM_PARAM])
        .keeps_signal()
        .known(TREES);

fn resample(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.resample_param().unwrap_or_default();
    let is_known = param.r#type() != ResampleType::Area;
    ensure!(is_known, "resample_param.type", "AREA is not implemented: only NEAREST, LINEAR and CUBIC are");
    resized(ctx, [param.height(), param.width()], "resample_param")
}

fn downsample(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.downsample_param().unwrap_or_default();
    resized(ctx, [param.top_height(), param.top_width()], "downsample_param")
}

/// The layer with the size of its second bottom, or else this one.
fn resized(ctx: &SetupContext<'_>, [height, width]: [u32; 2], field: &'static str) -> Result<Setup, Refusal> {
    let [items, channels, ..] = picture(ctx, 0)?;
    let (height, width) = match ctx.bottoms.len() {
        1 => (checked_size(height, field)?, checked_size(width, field)?),
        _ => {
            let [_, _, height, width] = picture(ctx, 1)?;
            (height, width)
        }
    };
    ensure!(height >= 1 && width >= 1, field, "height and width must be at least 1");
    Ok(shaped_once(ctx, shaped(ctx, [items, channels, height, width], field)?))
}

fn accum(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.accum_param().unwrap_or_default();
    let pictures = (0..ctx.bottoms.len()).map(|bottom| picture(ctx, bottom)).collect::<Result<Vec<_>, _>>()?;
    let (summed, reference) = match (param.have_reference(), &pictures[..]) {
        (true, [summed @ .., last]) if !summed.is_empty() => (summed, Some(last)),
        (true, _) => return Err(Refusal::at("bottom", "with have_reference there must be 2 bottoms at least")),
        (false, all) => (all, None),
    };
    let items = pictures[0][0];
    ensure!(summed.iter().all(|own| own[0] == items), "bottom", "the bottoms differ in their first dimension");
    let channels: i64 = summed.iter().map(|own| own[1]).sum();
    ensure!(channels >= 1, "bottom", "the bottoms have no channels");
    let [height, width] = match reference {
        Some(&[_, _, height, width]) => [height, width],
        None => enlarged(&param, [2, 3].map(|axis| summed.iter().map(|own| own[axis]).max().unwrap_or(0))),
    };
    shaped(ctx, [items, channels, height, width], ACCUM_PARAM)
}

/// The size asked for where it is larger than this one in both directions.
fn enlarged(param: &AccumParameter, largest: [i64; 2]) -> [i64; 2] {
    let wanted = match param.size_divisible_by {
        Some(divisor) => largest.map(|side| ((side as f32 / divisor as f32).ceil() * divisor as f32) as i64),
        None => [param.top_height().into(), param.top_width().into()],
    };
    if wanted[0] > largest[0] && wanted[1] > largest[1] { wanted } else { largest }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn a_second_bottom_gives_the_size() {
        let synopsys = Surroundings::of("synopsys");
        let picture: &[i32] = &[2, 3, 9, 12];
        assert_eq!(synopsys.top("Resample", "resample_param { width: 20 height: 5 }", &[picture]), [2, 3, 5, 20]);
        let made = synopsys.run("Downsample", "", &[picture, &[1, 1, 4, 2]], 1).unwrap();
        assert_eq!(made.tops[0].dims(), [2, 3, 4, 2]);
        assert_eq!(made.saved.unwrap().reshape_every_iter, Some(false));
        let message = "downsample_param: height and width must be at least 1";
        assert_eq!(synopsys.refusal("Downsample", "", &[picture]), message);
        let message = "resample_param.type: AREA is not implemented: only NEAREST, LINEAR and CUBIC are";
        assert_eq!(synopsys.refusal("Resample", "resample_param { type: AREA }", &[picture]), message);
    }

    #[test]
    fn channels_add_up() {
        let synopsys = Surroundings::of("synopsys");
        let accum =
            |fields: &str, bottoms: &[&[i32]]| synopsys.top("Accum", &format!("accum_param {{ {fields} }}"), bottoms);
        let pictures: [&[i32]; 3] = [&[2, 3, 9, 12], &[2, 2, 7, 13], &[2, 5, 4, 4]];
        assert_eq!(accum("top_height: 20 top_width: 30", &pictures[..2]), [2, 5, 20, 30]);
        assert_eq!(accum("top_height: 20 top_width: 13", &pictures[..2]), [2, 5, 9, 13]);
        assert_eq!(accum("size_divisible_by: 8", &pictures[..2]), [2, 5, 16, 16]);
        assert_eq!(accum("have_reference: true", &pictures), [2, 5, 4, 4]);
    }
}
