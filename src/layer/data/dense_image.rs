//! DenseImageData: pictures, and pictures of the labels of their pixels, named in a list file (SegNet).
//!
//! Tops: batch_size x C x H x W of the first picture used, and batch_size x 1 x H x W. C is 3, or 1 without `is_color`;
//! H and W are those of `transform_param`'s `crop_size`, else `crop_height` and `crop_width`, else `new_height` and
//! `new_width`, else those of the picture, which its labels must have too. Draws: those of a prefetching layer, see
//! [`transform`](super::transform), one more for `shuffle`, and one more for `rand_skip`.
//!
//! ENet's labels are `label_divide_factor` times smaller where nothing is cropped.
//!
//! SegNet's own trees end in the thread that prefetches where `transform_param` mirrors or crops.

use std::ffi::{OsStr, OsString};

use super::DataSource;
use super::list::{Beginning, NewSize};
use super::source::ShapeSource;
use super::tops::{check_batch, check_prefetched, given_pictures};
use super::transform::Transform;
use crate::Shape;
use crate::data::image_list::{self, ListForm};
use crate::data::{PictureSize, SourceError, SourcePlace, picture};
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::positive_size;
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::DenseImageDataParameter;

/// That of SegNet's older tree, where all threads draw from the net's generator.
pub(super) const SHARED: LayerType = entry(&SHARING).known(Known::In(&["segnet"]));

/// That of ENet, whose labels may be smaller.
pub(super) const ENET: LayerType = entry(&DIVIDING).known(Known::In(&["enet"]));

/// That of SegNet's newer tree.
pub(super) const SEGNET: LayerType = entry(&FIXED).known(Known::In(&["segnet-cudnn5"]));

/// That of trees whose transformers can mirror and crop.
pub(super) const TYPE: LayerType = entry(&TRANSFORMING).known(Known::In(&["synopsys"]));

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "DenseImageData",
        "Reads pictures and the labels of their pixels, named in a list file",
        Arity::exactly(0),
        Arity::exactly(2),
        rule,
    )
    .params(&["dense_image_data_param", "transform_param"])
    .brings_data()
    .shaped_by_draws(|layer| layer.dense_image_data_param().is_some_and(|param| beginning(&param).is_random()))
}

/// What trees differ in.
struct DenseImages {
    /// Whether `transform_param` may mirror and crop.
    transforms: bool,
    /// Whether the thread that prefetches draws from the net's generator.
    shares_generator: bool,
    /// Whether `label_divide_factor` tells how many times smaller labels are than pictures.
    divides_labels: bool,
}

static FIXED: DenseImages = DenseImages { transforms: false, shares_generator: false, divides_labels: false };
static SHARING: DenseImages = DenseImages { shares_generator: true, ..FIXED };
static DIVIDING: DenseImages = DenseImages { divides_labels: true, ..FIXED };
static TRANSFORMING: DenseImages = DenseImages { transforms: true, ..FIXED };

const NEW: [&str; 3] =
    ["dense_image_data_param", "dense_image_data_param.new_height", "dense_image_data_param.new_width"];
const CROP: [&str; 3] =
    ["dense_image_data_param", "dense_image_data_param.crop_height", "dense_image_data_param.crop_width"];

fn beginning(param: &DenseImageDataParameter) -> Beginning {
    Beginning { shuffle: param.shuffle(), rand_skip: param.rand_skip() }
}

impl Layer for DenseImages {
    fn setup(&self, ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
        let param = ctx.param.dense_image_data_param().unwrap_or_default();
        let batch = param.batch_size();
        let mut notices = Vec::new();
        let transform = Transform::new(ctx, &mut notices)?;
        ensure!(
            self.transforms || !(transform.mirror || transform.crop_size() > 0),
            "transform_param",
            "mirror and crop_size crash this Caffe once it reads pictures: use those of dense_image_data_param"
        );
        let new_size = NewSize::new(param.new_height(), param.new_width(), &NEW)?;
        let crop = NewSize::new(param.crop_height(), param.crop_width(), &CROP)?;
        let factor = if self.divides_labels { param.label_divide_factor.unwrap_or(1) } else { 1 };
        let factor = positive_size(factor, "dense_image_data_param.label_divide_factor")?;
        ensure!(batch > 0, "dense_image_data_param.batch_size", "batch_size must be at least 1");
        check_batch(ctx, "dense_image_data_param.batch_size", batch)?;
        let shape = |batch: u32, size: PictureSize| {
            let size = if transform.crop_size() > 0 { size } else { crop.map_or(size, |crop| crop.of(size)) };
            transform.batch_shape(batch, size)
        };
        let data = match given_pictures(ctx, batch)? {
            Some(given) => {
                let size = new_size.map_or(given.size, |new| new.of(given.size));
                given.made(ctx, shape(given.batch, size)?, &mut notices)
            }
            None => {
                let sizes = Sizes { new: new_size, crop };
                shape(batch, first_picture(ctx, &param, &transform, &sizes, !self.divides_labels, &mut notices)?)?
            }
        };
        let is_cropped = transform.crop_size() > 0 || crop.is_some();
        let factor = if is_cropped { 1 } else { factor };
        let tops = vec![data.clone(), labels(ctx, &data, factor)?];
        check_prefetched(ctx, &tops)?;
        if self.shares_generator && (param.mirror() || crop.is_some()) {
            notices.push(format!(
                "layer {:?} mirrors or crops by the net's own generator while the net is built: the values that this \
                 Caffe gives the layers after it differ from run to run, and these are those without such draws",
                ctx.param.name()
            ));
        }
        let draws = transform.prefetching_draws(ctx, beginning(&param).draws());
        Ok(Setup { draws, notices, ..Setup::new(ctx, Operator::Data(DataSource::Dataset), tops) })
    }
}

/// The labels that go with pictures of this shape, so many times smaller.
fn labels(ctx: &SetupContext<'_>, data: &Shape, factor: i64) -> Result<Shape, Refusal> {
    match (ctx.user_shape(1), data.dims()) {
        (Some(shape), _) => Ok(shape.clone()),
        (None, &[batch, _, height, width]) => {
            Shape::new([i64::from(batch), 1, i64::from(height) / factor, i64::from(width) / factor]).at("top")
        }
        (None, _) => Err(Refusal::at("top", format!("the data top has no height and width: {data}"))),
    }
}

/// What becomes of pictures.
struct Sizes {
    new: Option<NewSize>,
    crop: Option<NewSize>,
}

/// The size of the first picture used, once it is resized. The picture of its labels must be there and, if that counts,
/// fit.
fn first_picture(
    ctx: &SetupContext<'_>,
    param: &DenseImageDataParameter,
    transform: &Transform,
    sizes: &Sizes,
    must_fit: bool,
    notices: &mut Vec<String>,
) -> Result<PictureSize, Refusal> {
    let source = ShapeSource { field: "dense_image_data_param.source", name: param.source(), pattern: "C,H,W" };
    let list = source.find(ctx, 0, notices)?;
    let unknown = |error: SourceError| source.unknown_shape(ctx, 0, error);
    let gives_shape = sizes.new.is_none() && sizes.crop.is_none() && transform.follows_first_item();
    let start = beginning(param).start(ctx, transform, gives_shape, notices);
    let listed = image_list::first_picture(&list, start, ListForm::Pairs).map_err(unknown)?;
    let at_line = |message: String| unknown(SourceError::at(&list, SourcePlace::Line(listed.line), message));
    let mut size = |name: &OsStr, is_color| {
        let mut path = OsString::from(param.root_folder());
        path.push(name);
        picture::size_of_file(&ctx.sources.find(path, notices), is_color).map_err(|error| at_line(error.to_string()))
    };
    let (picture, labels) = (size(&listed.name, param.is_color())?, size(&listed.second, false)?);
    let resized = |size| sizes.new.map_or(size, |new| new.of(size));
    let (picture, labels) = (resized(picture), resized(labels));
    if must_fit && (picture.height, picture.width) != (labels.height, labels.width) {
        return Err(at_line(format!("the picture is {picture}, that of its labels {labels}")));
    }
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    const NAME: &str = "DenseImageData";

    #[test]
    fn labels_are_as_large_as_pictures() {
        let user_shapes = [given(&[3, 5, 6])];
        let surroundings = Surroundings { user_shapes: &user_shapes, ..Surroundings::of("segnet-cudnn5") };
        let text = "dense_image_data_param { batch_size: 2 shuffle: true rand_skip: 3 }";
        let made = surroundings.run(NAME, text, &[], 2).unwrap();
        let tops: Vec<_> = made.tops.iter().map(|top| top.dims().to_vec()).collect();
        assert_eq!(tops, [vec![2, 3, 5, 6], vec![2, 1, 5, 6]]);
        assert_eq!(made.draws, [Draw::Skip(2)]);
    }

    #[test]
    fn labels_may_be_smaller() {
        let user_shapes = [given(&[3, 9, 6])];
        let enet = Surroundings { user_shapes: &user_shapes, ..Surroundings::of("enet") };
        let labels = |fields: &str| {
            let text = format!("dense_image_data_param {{ batch_size: 2 {fields} }}");
            enet.run(NAME, &text, &[], 2).map(|made| made.tops[1].dims().to_vec())
        };
        assert_eq!(labels("label_divide_factor: 2"), Ok(vec![2, 1, 4, 3]));
        assert_eq!(labels("label_divide_factor: 2 crop_height: 9 crop_width: 6"), Ok(vec![2, 1, 9, 6]));
        let message = "dense_image_data_param.label_divide_factor: label_divide_factor must be at least 1";
        assert_eq!(labels("label_divide_factor: 0"), Err(message.to_owned()));
    }

    #[test]
    fn a_shared_generator_is_told_of() {
        let user_shapes = [given(&[3, 5, 6])];
        let notices = |dialect: &str, fields: &str| {
            let surroundings = Surroundings { user_shapes: &user_shapes, ..Surroundings::of(dialect) };
            let text = format!("dense_image_data_param {{ batch_size: 2 {fields} }}");
            surroundings.run(NAME, &text, &[], 2).unwrap().notices.len()
        };
        assert_eq!((notices("segnet", "mirror: true"), notices("segnet", "")), (1, 0));
        assert_eq!(notices("segnet-cudnn5", "mirror: true"), 0);
    }

    #[test]
    fn refusals() {
        let error = |text: &str| Surroundings::of("segnet-cudnn5").run(NAME, text, &[], 2).unwrap_err();
        let message = "dense_image_data_param: crop_height 2 and crop_width 0 must both be 0 or both be more";
        assert_eq!(error("dense_image_data_param { batch_size: 1 crop_height: 2 }"), message);
        assert_eq!(error(""), "dense_image_data_param.batch_size: batch_size must be at least 1");
        let message = "mirror and crop_size crash this Caffe once it reads pictures: use those of \
                       dense_image_data_param";
        assert_eq!(error("transform_param { mirror: true }"), format!("transform_param: {message}"));
    }
}
