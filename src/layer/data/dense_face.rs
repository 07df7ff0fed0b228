//! DenseFaceImageData: pictures of faces, pictures of the labels of their pixels, and clean pictures of them, named in
//! a list file (Light CNN).
//!
//! Tops: batch_size x C x H x W of the first picture used, batch_size x 1 x H x W of its labels, and batch_size x C x H
//! x W of the clean one. C is 3, or 1 without `is_color`, and without `is_color_clean`; H and W are those of the
//! picture, which the others must have too, replaced by `new_height` and `new_width`, and then cropped by
//! `transform_param`. Draws: those of a prefetching layer, see [`transform`](super::transform), one more for `shuffle`,
//! and one more for `rand_skip`.

use std::ffi::{OsStr, OsString};

use super::DataSource;
use super::list::{Beginning, NewSize};
use super::source::ShapeSource;
use super::tops::{check_batch, check_prefetched, given_pictures};
use super::transform::Transform;
use crate::data::image_list::{self, ListForm};
use crate::data::{PictureSize, SourceError, SourcePlace, picture};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::DenseFaceImageDataParameter;

pub(super) const TYPE: LayerType = LayerType::new(
    "DenseFaceImageData",
    "Reads pictures, the labels of their pixels and clean pictures, named in a list file",
    Arity::exactly(0),
    Arity::exactly(3),
    &setup,
)
.params(&["dense_face_image_data_param", "transform_param"])
.brings_data()
.shaped_by_draws(|layer| layer.dense_face_image_data_param().is_some_and(|param| beginning(&param).is_random()))
.known(Known::In(&["wu-lightcnn"]));

const NEW: [&str; 3] =
    ["dense_face_image_data_param", "dense_face_image_data_param.new_height", "dense_face_image_data_param.new_width"];
const BATCH: &str = "dense_face_image_data_param.batch_size";

fn beginning(param: &DenseFaceImageDataParameter) -> Beginning {
    Beginning { shuffle: param.shuffle(), rand_skip: param.rand_skip() }
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.dense_face_image_data_param().unwrap_or_default();
    let batch = param.batch_size();
    let mut notices = Vec::new();
    let transform = Transform::new(ctx, &mut notices)?;
    let new_size = NewSize::new(param.new_height(), param.new_width(), &NEW)?;
    ensure!(batch > 0, BATCH, "batch_size must be at least 1");
    check_batch(ctx, BATCH, batch)?;
    let given = given_pictures(ctx, batch)?;
    let (batch, picture) = match &given {
        Some(given) => (given.batch, new_size.map_or(given.size, |new| new.of(given.size))),
        None => (batch, first_picture(ctx, &param, &transform, new_size, &mut notices)?),
    };
    let data = transform.batch_shape(batch, picture)?;
    let data = match given {
        Some(given) => given.made(ctx, data, &mut notices),
        None => data,
    };
    let other = |top: usize, is_color: bool| match ctx.user_shape(top) {
        Some(shape) => Ok(shape.clone()),
        None => transform.batch_shape(batch, PictureSize { channels: if is_color { 3 } else { 1 }, ..picture }),
    };
    let tops = vec![data, other(1, false)?, other(2, param.is_color_clean())?];
    check_prefetched(ctx, &tops)?;
    let draws = transform.prefetching_draws(ctx, beginning(&param).draws());
    Ok(Setup { draws, notices, ..Setup::new(ctx, Operator::Data(DataSource::Dataset), tops) })
}

/// The size of the first picture used, once it is resized. That of its labels and the clean one must be there, and as
/// large.
fn first_picture(
    ctx: &SetupContext<'_>,
    param: &DenseFaceImageDataParameter,
    transform: &Transform,
    new_size: Option<NewSize>,
    notices: &mut Vec<String>,
) -> Result<PictureSize, Refusal> {
    let source = ShapeSource { field: "dense_face_image_data_param.source", name: param.source(), pattern: "C,H,W" };
    let list = source.find(ctx, 0, notices)?;
    let unknown = |error: SourceError| source.unknown_shape(ctx, 0, error);
    let gives_shape = new_size.is_none() && transform.follows_first_item();
    let start = beginning(param).start(ctx, transform, gives_shape, notices);
    let listed = image_list::first_picture(&list, start, ListForm::Triples).map_err(unknown)?;
    let at_line = |message: String| unknown(SourceError::at(&list, SourcePlace::Line(listed.line), message));
    let mut size = |name: &OsStr, is_color| -> Result<PictureSize, Refusal> {
        let mut path = OsString::from(param.root_folder());
        path.push(name);
        let size = picture::size_of_file(&ctx.sources.find(path, notices), is_color);
        let size = size.map_err(|error| at_line(error.to_string()))?;
        Ok(new_size.map_or(size, |new| new.of(size)))
    };
    let picture = size(&listed.name, param.is_color())?;
    let clean = size(&listed.third, param.is_color_clean())?;
    let labels = size(&listed.second, false)?;
    for (other, what) in [(labels, "that of its labels"), (clean, "the clean one")] {
        if (picture.height, picture.width) != (other.height, other.width) {
            return Err(at_line(format!("the picture is {picture}, {what} {other}")));
        }
    }
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use crate::Shape;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;
    use crate::layer::{Draw, Setup};

    const NAME: &str = "DenseFaceImageData";

    fn run(text: &str, user_shapes: &[Option<Shape>]) -> Result<Setup, String> {
        Surroundings { user_shapes, ..Surroundings::of("wu-lightcnn") }.run(NAME, text, &[], 3)
    }

    #[test]
    fn all_tops_have_the_size_of_the_picture() {
        let text = "dense_face_image_data_param { batch_size: 2 shuffle: true is_color_clean: false }
                    transform_param { crop_size_h: 4 crop_size_w: 5 }";
        let made = run(text, &[given(&[3, 5, 6])]).unwrap();
        let tops: Vec<_> = made.tops.iter().map(|top| top.dims()).collect();
        assert_eq!(tops, [[2, 3, 4, 5], [2, 1, 4, 5], [2, 1, 4, 5]]);
        assert_eq!(made.draws, [Draw::Skip(4)]);
    }

    #[test]
    fn refusals() {
        let error = |text: &str| run(text, &[]).unwrap_err();
        assert_eq!(error(""), "dense_face_image_data_param.batch_size: batch_size must be at least 1");
        let message = "dense_face_image_data_param: new_height 2 and new_width 0 must both be 0 or both be more";
        assert_eq!(error("dense_face_image_data_param { batch_size: 1 new_height: 2 }"), message);
        let message = "the shape of top \"\" is not known: there is no source";
        let text = "dense_face_image_data_param { batch_size: 1 }";
        assert_eq!(error(text), format!("dense_face_image_data_param.source: {message}"));
    }
}
