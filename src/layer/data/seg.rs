//! SegData: pictures one at a time, and the labels of their pixels, named in a list file (temporal segment networks).
//!
//! Tops: 1 x 3 x H x W, and 1 x 1 x H x W. H and W are those of the first picture, cut down to multiples of
//! `transform_param`'s `stride`, then to `upper_size`, or else to `upper_height` and `upper_width` if both are given.
//! `root_dir` goes in front of both names. A list that is shuffled begins always alike, as the seed is fixed. Draws:
//! those of a prefetching layer, see [`transform`](super::transform).

use std::ffi::{OsStr, OsString};

use super::DataSource;
use super::source::ShapeSource;
use super::tops::{check_not_empty, given_pictures};
use super::transform::Transform;
use crate::Shape;
use crate::data::image_list::{self, ListForm, Start};
use crate::data::{PictureSize, SourceError, SourcePlace, picture};
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::TransformationParameter;

/// The seed that lists are shuffled by.
const SEED: u32 = 17;

pub(super) const TYPE: LayerType = LayerType::new(
    "SegData",
    "Reads pictures one at a time, and the labels of their pixels, named in a list file",
    Arity::exactly(0),
    Arity::exactly(2),
    &setup,
)
.params(&["seg_data_param", "transform_param"])
.brings_data()
.known(Known::WithField("seg_data_param"));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let mut notices = Vec::new();
    let transform = Transform::new(ctx, &mut notices)?;
    let default = TransformationParameter::default();
    let param = ctx.param.transform_param.as_deref().unwrap_or(&default);
    let data = match given_pictures(ctx, 1)? {
        Some(given) => {
            let [height, width] = limited(param, given.size)?;
            let top = Shape::new([given.batch.cast_signed(), given.size.channels, height, width]).at("top")?;
            given.made(ctx, top, &mut notices)
        }
        None => {
            let [height, width] = limited(param, first_picture(ctx, &mut notices)?)?;
            Shape::new([1, 3, height, width]).at("seg_data_param.source")?
        }
    };
    let labels = match (ctx.user_shape(1), data.dims()) {
        (Some(shape), _) => shape.clone(),
        (None, &[items, _, height, width]) => Shape::new([items, 1, height, width]).at("top")?,
        (None, _) => return Err(Refusal::at("top", format!("the data top has no height and width: {data}"))),
    };
    let tops = [data, labels];
    check_not_empty(&tops)?;
    let draws = transform.prefetching_draws(ctx, 0);
    Ok(Setup { draws, notices, ..Setup::new(ctx, Operator::Data(DataSource::Dataset), tops) })
}

/// The height and the width of what is made of a picture of this size.
fn limited(param: &TransformationParameter, size: PictureSize) -> Result<[i32; 2], Refusal> {
    let stride = param.stride();
    ensure!(stride > 0, "transform_param.stride", "stride {stride} is not above 0");
    let multiples = [size.height, size.width].map(|side| side / stride * stride);
    let limits = match (param.upper_size, param.upper_height, param.upper_width) {
        (Some(both), ..) => [both; 2],
        (None, Some(height), Some(width)) => [height, width],
        _ => return Ok(multiples),
    };
    Ok([0, 1].map(|side| multiples[side].min(limits[side])))
}

/// The size of the first picture. That of its labels must be there, too.
fn first_picture(ctx: &SetupContext<'_>, notices: &mut Vec<String>) -> Result<PictureSize, Refusal> {
    let param = ctx.param.seg_data_param().unwrap_or_default();
    let source = ShapeSource { field: "seg_data_param.source", name: param.source(), pattern: "C,H,W" };
    let list = source.find(ctx, 0, notices)?;
    let unknown = |error: SourceError| source.unknown_shape(ctx, 0, error);
    let start = Start { shuffle: param.shuffle().then_some(SEED), skip: 0 };
    let listed = image_list::first_picture(&list, start, ListForm::Pairs).map_err(unknown)?;
    let mut size = |name: &OsStr, is_color| {
        let mut path = OsString::from(param.root_dir());
        path.push(name);
        picture::size_of_file(&ctx.sources.find(path, notices), is_color)
            .map_err(|error| unknown(SourceError::at(&list, SourcePlace::Line(listed.line), error.to_string())))
    };
    let picture = size(&listed.name, true)?;
    size(&listed.second, false)?;
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{Surroundings, layer_of};

    #[test]
    fn sides_are_multiples_and_limited() {
        let sides = |fields: &str| {
            let yjxiong = Surroundings::of("yjxiong");
            let param = layer_of(yjxiong.dialect, &format!("transform_param {{ {fields} }}")).transform_param.unwrap();
            let size = PictureSize { channels: 3, height: 11, width: 14 };
            limited(&param, size)
        };
        assert_eq!(sides(""), Ok([11, 14]));
        assert_eq!(sides("stride: 4"), Ok([8, 12]));
        assert_eq!(sides("stride: 4 upper_size: 9"), Ok([8, 9]));
        assert_eq!(sides("upper_height: 5 upper_width: 20"), Ok([5, 14]));
        assert_eq!(sides("upper_height: 5"), Ok([11, 14]));
        assert_eq!(sides("stride: 0").unwrap_err().message, "stride 0 is not above 0");
    }
}
