//! ImageSegData: pictures, pictures of the labels of their pixels and the sizes of both, named in a list file
//! (DeepLab). DeconvNet has further layers of the kind, which cut windows out of their pictures.
//!
//! Tops: batch_size x C x H x W of the first picture used, batch_size x 1 x H x W, and batch_size x 1 x 1 x 2; those
//! that the net does not name are made all the same. C is 3, or 1 without `is_color`; H and W are those of
//! `transform_param`'s `crop_size`, or its `crop_height` and `crop_width`, else `new_height` and `new_width`, else
//! those of the picture. The labels are not read while the net is built. Draws: those of a prefetching layer, see
//! [`transform`](super::transform), one more for `shuffle`, and one more for `rand_skip`.

use std::ffi::OsString;

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
use crate::proto::caffe::{ImageDataParameter, TransformationParameter};

pub(super) const TYPE: LayerType = entry(&IMAGES).params(&["image_data_param", "transform_param"]).known(Known::In(&[
    "deconvnet",
    "deeplab-v2",
    "pspnet",
    "soeaver",
    "synopsys",
]));

/// A window of each picture.
pub(super) const WINDOWS: LayerType = of_deconvnet(&SegmentedPictures { name: "WindowSegData", ..IMAGES });

/// A window of each picture, and which of its pixels are an object.
pub(super) const BINARY: LayerType = of_deconvnet(&SegmentedPictures { name: "WindowSegBinary", ..IMAGES });

/// A window of each picture, and which of its pixels are one object.
pub(super) const INSTANCES: LayerType = of_deconvnet(&SegmentedPictures { name: "WindowInstSegData", ..IMAGES });

/// A window of each picture, and which classes it shows.
pub(super) const CLASSES: LayerType =
    of_deconvnet(&SegmentedPictures { name: "WindowClsData", second: SegmentedTop::Classes, ..IMAGES });

/// A window of each picture, which of its pixels are of a class, and that class.
pub(super) const SELECTED: LayerType =
    of_deconvnet(&SegmentedPictures { name: "SelectSegBinary", third: SegmentedTop::Classes, ..IMAGES });

/// What a layer makes beside its pictures.
struct SegmentedPictures {
    name: &'static str,
    second: SegmentedTop,
    third: SegmentedTop,
}

/// A top beside the pictures.
enum SegmentedTop {
    /// A label for each pixel: (N, 1, H, W).
    Labels,
    /// The height and width of each picture: (N, 1, 1, 2).
    Sizes,
    /// A number for each class: (N, `label_dim`, 1, 1).
    Classes,
}

const IMAGES: SegmentedPictures =
    SegmentedPictures { name: "ImageSegData", second: SegmentedTop::Labels, third: SegmentedTop::Sizes };

const fn of_deconvnet(rule: &'static SegmentedPictures) -> LayerType {
    let params = &["image_data_param", "transform_param", "window_cls_data_param"];
    entry(rule).params(params).known(Known::In(&["deconvnet"]))
}

const fn entry(rule: &'static SegmentedPictures) -> LayerType {
    LayerType::new(
        rule.name,
        "Reads pictures, the labels of their pixels and their sizes, named in a list file",
        Arity::exactly(0),
        Arity::exactly(3),
        rule,
    )
    .brings_data()
    .auto_tops()
    .shaped_by_draws(|layer| layer.image_data_param.as_deref().is_some_and(|param| beginning(param).is_random()))
}

const NEW: [&str; 3] = ["image_data_param", "image_data_param.new_height", "image_data_param.new_width"];
const CROP: [&str; 3] = ["transform_param", "transform_param.crop_height", "transform_param.crop_width"];

fn beginning(param: &ImageDataParameter) -> Beginning {
    Beginning { shuffle: param.shuffle(), rand_skip: param.rand_skip() }
}

impl Layer for SegmentedPictures {
    fn setup(&self, ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
        setup(ctx, self)
    }
}

fn setup(ctx: &SetupContext<'_>, of: &SegmentedPictures) -> Result<Setup, Refusal> {
    let default = ImageDataParameter::default();
    let param = ctx.param.image_data_param.as_deref().unwrap_or(&default);
    let batch = param.batch_size();
    let mut notices = Vec::new();
    let crop = crop(ctx, of.name)?;
    let transform = Transform::new(ctx, &mut notices)?;
    let new_size = NewSize::new(param.new_height(), param.new_width(), &NEW)?;
    check_batch(ctx, "image_data_param.batch_size", batch)?;
    let shape = |batch: u32, size: PictureSize| {
        let PictureSize { channels, height, width } = crop.or(new_size).map_or(size, |new| new.of(size));
        Shape::new([batch.into(), channels.into(), i64::from(height), width.into()]).at("")
    };
    let data = match given_pictures(ctx, batch)? {
        Some(given) => given.made(ctx, shape(given.batch, given.size)?, &mut notices),
        None => {
            let gives_shape = crop.is_none() && new_size.is_none();
            shape(batch, first_picture(ctx, param, &transform, gives_shape, &mut notices)?)?
        }
    };
    let tops = tops(ctx, data, of)?;
    check_prefetched(ctx, &tops)?;
    let draws = transform.prefetching_draws(ctx, beginning(param).draws());
    Ok(Setup { draws, notices, ..Setup::new(ctx, Operator::Data(DataSource::Dataset), tops) })
}

/// What pictures are cropped to, by `crop_size` or else by both sides.
fn crop(ctx: &SetupContext<'_>, name: &str) -> Result<Option<NewSize>, Refusal> {
    let default = TransformationParameter::default();
    let param = ctx.param.transform_param.as_deref().unwrap_or(&default);
    ensure!(param.mean_file.is_none(), "transform_param.mean_file", "{name} takes no mean_file");
    let both = "transform_param.crop_size";
    match (param.crop_size, param.crop_height, param.crop_width) {
        (None, Some(height), Some(width)) => NewSize::new(height, width, &CROP),
        (size, None, None) => NewSize::new(size.unwrap_or(0), size.unwrap_or(0), &["", both, both]),
        _ => Err(Refusal::at(CROP[0], "give crop_size, or crop_height and crop_width, or none of them")),
    }
}

fn tops(ctx: &SetupContext<'_>, data: Shape, of: &SegmentedPictures) -> Result<Vec<Shape>, Refusal> {
    let &[batch, _, height, width] = data.dims() else {
        return Err(Refusal::at("top", format!("the data top has no height and width: {data}")));
    };
    let classes = ctx.param.window_cls_data_param().unwrap_or_default().label_dim();
    let made = |top: &SegmentedTop| match top {
        SegmentedTop::Labels => Shape::new([batch, 1, height, width]).at("top"),
        SegmentedTop::Sizes => Shape::new([batch, 1, 1, 2]).at("top"),
        SegmentedTop::Classes => {
            let field = "window_cls_data_param.label_dim";
            Shape::new([batch.into(), positive_size(classes, field)?, 1, 1]).at(field)
        }
    };
    let second = ctx.user_shape(1).cloned().map_or_else(|| made(&of.second), Ok)?;
    let third = ctx.user_shape(2).cloned().map_or_else(|| made(&of.third), Ok)?;
    Ok(vec![data, second, third])
}

/// The size of the first picture used; `gives_shape` says that nothing else tells the shape of the tops.
fn first_picture(
    ctx: &SetupContext<'_>,
    param: &ImageDataParameter,
    transform: &Transform,
    gives_shape: bool,
    notices: &mut Vec<String>,
) -> Result<PictureSize, Refusal> {
    let source = ShapeSource { field: "image_data_param.source", name: param.source(), pattern: "C,H,W" };
    let list = source.find(ctx, 0, notices)?;
    let unknown = |error: SourceError| source.unknown_shape(ctx, 0, error);
    let start = beginning(param).start(ctx, transform, gives_shape, notices);
    let listed = image_list::first_picture(&list, start, ListForm::FirstWords).map_err(unknown)?;
    let mut path = OsString::from(param.root_folder());
    path.push(&listed.name);
    picture::size_of_file(&ctx.sources.find(path, notices), param.is_color())
        .map_err(|error| unknown(SourceError::at(&list, SourcePlace::Line(listed.line), error.to_string())))
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    const NAME: &str = "ImageSegData";

    #[test]
    fn three_tops_follow_the_pictures() {
        let user_shapes = [given(&[3, 5, 6])];
        let surroundings = Surroundings { user_shapes: &user_shapes, ..Surroundings::of("pspnet") };
        let made = surroundings.run(NAME, "image_data_param { batch_size: 2 shuffle: true }", &[], 3).unwrap();
        let tops: Vec<_> = made.tops.iter().map(|top| top.dims().to_vec()).collect();
        assert_eq!(tops, [vec![2, 3, 5, 6], vec![2, 1, 5, 6], vec![2, 1, 1, 2]]);
        assert_eq!(made.draws, [Draw::Skip(2)]);
    }

    #[test]
    fn windows_of_deconvnet_may_have_classes() {
        let user_shapes = [given(&[3, 5, 6])];
        let surroundings = Surroundings { user_shapes: &user_shapes, ..Surroundings::of("deconvnet") };
        let text = "image_data_param { batch_size: 2 shuffle: true } transform_param { crop_size: 4 mirror: true } \
                    window_cls_data_param { label_dim: 20 }";
        let tops = |name: &str| {
            let made = surroundings.run(name, text, &[], 3).unwrap();
            assert_eq!(made.draws, [Draw::Skip(3)], "{name}");
            made.tops.iter().map(|top| top.dims().to_vec()).collect::<Vec<_>>()
        };
        let (data, labels, sizes, classes) = (vec![2, 3, 4, 4], vec![2, 1, 4, 4], vec![2, 1, 1, 2], vec![2, 20, 1, 1]);
        for name in ["ImageSegData", "WindowSegData", "WindowSegBinary", "WindowInstSegData"] {
            assert_eq!(tops(name), [data.clone(), labels.clone(), sizes.clone()], "{name}");
        }
        assert_eq!(tops("WindowClsData"), [data.clone(), classes.clone(), sizes]);
        assert_eq!(tops("SelectSegBinary"), [data, labels, classes]);
        let error = surroundings.run("WindowClsData", "transform_param { mean_file: 'm' }", &[], 3).unwrap_err();
        assert_eq!(error, "transform_param.mean_file: WindowClsData takes no mean_file");
    }

    #[test]
    fn refusals() {
        let error = |transform: &str| {
            let text = format!("transform_param {{ {transform} }} image_data_param {{ batch_size: 1 }}");
            Surroundings::of("pspnet").run(NAME, &text, &[], 3).unwrap_err()
        };
        assert_eq!(error("mean_file: 'm'"), "transform_param.mean_file: ImageSegData takes no mean_file");
        let message = "transform_param: give crop_size, or crop_height and crop_width, or none of them";
        assert_eq!(error("crop_height: 3"), message);
        assert_eq!(error("crop_size: 2 crop_height: 3 crop_width: 3"), message);
        let message = "transform_param.crop_size: crop_size 2147483648 is more than 2147483647";
        assert_eq!(error("crop_size: 2147483648"), message);
    }
}
