//! ImageData: pictures named in a list file.
//!
//! Tops: batch_size x C x H x W of the first picture used, and the labels. C is 3, or 1 without `is_color`; H and W are
//! replaced by `new_height` and `new_width`, and then by `crop_size`. Draws: those of a prefetching layer, see
//! [`transform`](super::transform), one more for `shuffle`, and one more for `rand_skip`.
//!
//! With `shuffle` or `rand_skip` the first picture follows from these draws, and so from all draws of the layers
//! before. Where Caffe's generator does not fill the net there are none; the first picture of the list is taken, with a
//! notice if the shape depends on it.
//!
//! `min_height` and `min_width` of Intel's Caffe and lisa-caffe enlarge a smaller picture, where no new size is given:
//! the side that lacks more gets its least size, the other one follows.
//!
//! `smaller_side_size` of caffe_pp2 then gives the [smaller side](super::smaller_side), at random between two sizes.
//! In happynear's a third top has the weights of the labels.
//! In caffe-ocr a picture may have [any number of labels](super::several_labels).
//!
//! In Sophgo's Caffe, which is built without OpenCV, the layer is an input of the net: nothing is read or drawn, and
//! the one top is (1, 3, H, W), H and W being `crop_size`, or else `new_height` and `new_width`, either of which may
//! stand for both, or
//! 224. Further tops are not made there, and are empty here.

use std::ffi::OsString;

use super::list::{Beginning, NewSize};
use super::smaller_side::{SmallerSide, drawn_side, is_drawn};
use super::source::ShapeSource;
use super::tops::{check_batch, check_prefetched, given_pictures, with_labels};
use super::transform::Transform;
use super::{DataSource, several_labels};
use crate::Shape;
use crate::data::image_list::{self, ListForm};
use crate::data::{PictureSize, SourceError, SourcePlace, picture};
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::checked_size;
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::ImageDataParameter;
use crate::setting::{Advice, Setting};

pub(super) const TYPE: LayerType = entry(Arity::exactly(2), &setup).known(Known::Except(&["happynear", "sophgo"]));

pub(super) const WEIGHED: LayerType = entry(Arity::between(2, 3), &weighed).known(Known::In(&["happynear"]));

const fn entry(tops: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new("ImageData", "Reads pictures and labels named in a list file", Arity::exactly(0), tops, rule)
        .params(&["image_data_param", "transform_param"])
        .brings_data()
        .shaped_by_draws(|layer| {
            layer.image_data_param.as_deref().is_some_and(|param| beginning(param).is_random() || is_drawn(param))
        })
}

pub(super) const INPUT: LayerType =
    LayerType::new("ImageData", "Takes pictures from the user", Arity::exactly(0), Arity::at_least(1), &input)
        .params(&["image_data_param", "transform_param"])
        .brings_data()
        .known(Known::In(&["sophgo"]));

const FIELDS: [&str; 3] = ["image_data_param", "image_data_param.new_height", "image_data_param.new_width"];

const LEAST: [&str; 3] = ["image_data_param", "image_data_param.min_height", "image_data_param.min_width"];

/// What becomes of the size of a picture that is read.
#[derive(Clone, Copy)]
struct PictureSizes {
    new: Option<NewSize>,
    least: Option<NewSize>,
    smaller: Option<SmallerSide>,
}

impl PictureSizes {
    fn new(param: &ImageDataParameter, smaller: Option<SmallerSide>) -> Result<PictureSizes, Refusal> {
        Ok(PictureSizes {
            smaller,
            new: NewSize::new(param.new_height(), param.new_width(), &FIELDS)?,
            least: NewSize::new(param.min_height(), param.min_width(), &LEAST)?,
        })
    }

    fn of(self, size: PictureSize) -> Result<PictureSize, Refusal> {
        let size = match (self.new, self.least) {
            (Some(new), _) => new.of(size),
            (None, Some(least)) => least.enlarged(size),
            (None, None) => size,
        };
        self.smaller.map_or(Ok(size), |smaller| smaller.of(size))
    }
}

/// Where the list begins.
pub(super) fn beginning(param: &ImageDataParameter) -> Beginning {
    Beginning { shuffle: param.shuffle(), rand_skip: param.rand_skip() }
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_channels(ctx)?;
    match ctx.dialect.traits.several_labels {
        true => listed_pictures(ctx, ListForm::SeveralLabels, several_labels::of_list),
        false => listed_pictures(ctx, ctx.dialect.traits.image_lists.into(), with_labels),
    }
}

/// A third top has a weight for each label.
fn weighed(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    listed_pictures(ctx, ctx.dialect.traits.image_lists.into(), |ctx, data| {
        let mut tops = with_labels(ctx, data)?;
        let weights = tops[1].clone();
        tops.resize(ctx.top_count(), weights);
        Ok(tops)
    })
}

fn input(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const CROP: &str = "transform_param.crop_size";
    const SIDE: u32 = 224;
    let crop = ctx.param.transform_param.as_deref().map_or(0, |param| param.crop_size());
    let new = ctx.param.image_data_param.as_deref().map_or([0; 2], |param| [param.new_height(), param.new_width()]);
    let sides = match (crop, new) {
        (0, [0, 0]) => [(SIDE, CROP); 2],
        (0, [0, width]) => [(width, FIELDS[2]); 2],
        (0, [height, 0]) => [(height, FIELDS[1]); 2],
        (0, [height, width]) => [(height, FIELDS[1]), (width, FIELDS[2])],
        (crop, _) => [(crop, CROP); 2],
    };
    let [height, width] = sides.map(|(side, field)| checked_size(side, field));
    let own = Shape::new([1, 3, height?, width?]).at(sides[0].1)?;
    let tops = ctx.first_top(ctx.user_shape(0).cloned().unwrap_or(own));
    Ok(Setup::new(ctx, Operator::Data(DataSource::User), tops))
}

/// Asks for the shape of pictures that are taken as they are, with `is_unchanged` (Xilinx' Caffe).
///
/// # Errors
/// They are, and the user does not give it.
pub(super) fn check_channels(ctx: &SetupContext<'_>) -> Result<(), Refusal> {
    let as_they_are = ctx.param.image_data_param.as_deref().is_some_and(|param| param.is_unchanged());
    if !as_they_are || ctx.user_shape(0).is_some() {
        return Ok(());
    }
    let shape = Setting::Shape { top: ctx.top_name(0).to_owned(), pattern: "C,H,W".into() };
    let message = "pictures keep the channels of their files, which are not looked at";
    let refusal = Refusal::at("image_data_param.is_unchanged", message);
    Err(refusal.help(Advice::naming("give the shape with `", shape, "`")))
}

/// A layer that reads the pictures of a list of this form; `with_labels` makes its tops of the first one.
///
/// # Errors
/// A field is out of its range, or the list or its first picture cannot be read.
pub(super) fn listed_pictures(
    ctx: &SetupContext<'_>,
    form: ListForm,
    with_labels: impl Fn(&SetupContext<'_>, Shape) -> Result<Vec<Shape>, Refusal>,
) -> Result<Setup, Refusal> {
    let default = ImageDataParameter::default();
    let param = ctx.param.image_data_param.as_deref().unwrap_or(&default);
    let mut notices = Vec::new();
    let transform = Transform::new(ctx, &mut notices)?;
    let drawn = drawn_side(ctx, param, beginning(param), &transform, &mut notices)?;
    let sizes = PictureSizes::new(param, drawn.side)?;
    ensure!(param.batch_size() > 0, "image_data_param.batch_size", "batch_size must be at least 1");
    check_batch(ctx, "image_data_param.batch_size", param.batch_size())?;
    let data = match given_pictures(ctx, param.batch_size())? {
        Some(given) => {
            let size = sizes.of(given.size)?;
            given.made(ctx, transform.picture_shape(given.batch, size)?, &mut notices)
        }
        None => {
            let size = first_picture(ctx, param, form, &transform, sizes, &mut notices)?;
            transform.picture_shape(param.batch_size(), size)?
        }
    };
    let tops = with_labels(ctx, data)?;
    check_prefetched(ctx, &tops)?;
    let operator = Operator::Data(DataSource::Dataset);
    Ok(Setup {
        draws: transform.prefetching_draws(ctx, beginning(param).draws() + drawn.draws),
        notices,
        ..Setup::new(ctx, operator, tops)
    })
}

/// The size of the first picture used, once it is resized.
fn first_picture(
    ctx: &SetupContext<'_>,
    param: &ImageDataParameter,
    form: ListForm,
    transform: &Transform,
    sizes: PictureSizes,
    notices: &mut Vec<String>,
) -> Result<PictureSize, Refusal> {
    let source = ShapeSource { field: "image_data_param.source", name: param.source(), pattern: "C,H,W" };
    let list = source.find(ctx, 0, notices)?;
    let unknown = |error: SourceError| source.unknown_shape(ctx, 0, error);
    let gives_shape = sizes.new.is_none() && transform.follows_first_item();
    let start = beginning(param).start(ctx, transform, gives_shape, notices);
    let listed = image_list::first_picture(&list, start, form).map_err(unknown)?;
    let mut name = OsString::from(param.root_folder());
    name.push(&listed.name);
    let size = picture::size_of_file(&ctx.sources.find(name, notices), param.is_color())
        .map_err(|error| unknown(SourceError::at(&list, SourcePlace::Line(listed.line), error.to_string())))?;
    sizes.of(size)
}

#[cfg(test)]
mod tests {
    use crate::Shape;
    use crate::layer::Draw;
    use crate::layer::data::tests::{given, run};
    use crate::layer::testing::Surroundings;

    #[test]
    fn shuffle_and_rand_skip_draw_once_each() {
        let draws = |text: &str| run("ImageData", text, 2, &[given(&[1, 3, 4, 4])]).unwrap().draws;
        assert_eq!(draws("image_data_param { shuffle: true }"), [Draw::Skip(2)]);
        assert_eq!(draws("image_data_param { shuffle: true rand_skip: 3 }"), [Draw::Skip(3)]);
        let all = "transform_param { mirror: true } image_data_param { shuffle: true rand_skip: 3 }";
        assert_eq!(draws(all), [Draw::Skip(5)]);
    }

    #[test]
    fn happynear_s_labels_may_have_weights() {
        let user_shapes = [given(&[3, 8, 9])];
        let happynear = Surroundings { user_shapes: &user_shapes, ..Surroundings::of("happynear") };
        let text = "image_data_param { batch_size: 2 } transform_param { crop_size: 5 crop_w: 4 }";
        for count in [2, 3] {
            let tops: Vec<Vec<i32>> = happynear
                .run("ImageData", text, &[], count)
                .unwrap()
                .tops
                .iter()
                .map(|top| top.dims().to_vec())
                .collect();
            assert_eq!(tops, [&[vec![2, 3, 5, 4]][..], &vec![vec![2]; count - 1]].concat());
        }
        assert_eq!(happynear.run("ImageData", text, &[], 1).unwrap_err(), "top: ImageData makes 2 to 3 tops, 1 given");
    }

    #[test]
    fn inputs_have_a_size_from_the_settings() {
        let sophgo = Surroundings::of("sophgo");
        let made = |text: &str| sophgo.run("ImageData", text, &[], 1).unwrap();
        assert!(made("image_data_param { source: 'absent' shuffle: true batch_size: 9 }").draws.is_empty());
        let top = |text: &str| made(text).tops[0].dims().to_vec();
        assert_eq!(top(""), [1, 3, 224, 224]);
        assert_eq!(top("image_data_param { new_width: 7 }"), [1, 3, 7, 7]);
        assert_eq!(top("image_data_param { new_height: 5 new_width: 7 }"), [1, 3, 5, 7]);
        assert_eq!(top("image_data_param { new_height: 5 } transform_param { crop_size: 3 crop_h: 2 }"), [1, 3, 3, 3]);
        let message = "transform_param.crop_size: crop_size 4294967295 is more than 2147483647";
        let text = "transform_param { crop_size: 4294967295 }";
        assert_eq!(sophgo.run("ImageData", text, &[], 1).unwrap_err(), message);
    }

    #[test]
    fn the_batch_is_one_by_default() {
        let made = run("ImageData", "", 2, &[given(&[1, 3, 4, 4])]).unwrap();
        assert_eq!(made.tops[1], Shape::new([1]).unwrap());
        let error = run("ImageData", "image_data_param { batch_size: 0 }", 2, &[]).unwrap_err();
        assert_eq!(error, "image_data_param.batch_size: batch_size must be at least 1");
    }

    #[test]
    fn small_pictures_are_enlarged() {
        for dialect in ["intel", "lisa"] {
            let top = |size: [i32; 2], text: &str| {
                let shapes = [given(&[1, 3, size[0], size[1]])];
                let own = Surroundings { user_shapes: &shapes, ..Surroundings::of(dialect) };
                let text = format!("image_data_param {{ min_height: 10 min_width: 20 {text} }}");
                own.run("ImageData", &text, &[], 2).unwrap().tops[0].dims()[2..].to_vec()
            };
            assert_eq!(top([10, 20], ""), [10, 20]);
            assert_eq!(top([8, 15], ""), [11, 20]);
            assert_eq!(top([4, 15], ""), [10, 38]);
            assert_eq!(top([12, 15], ""), [16, 20]);
            assert_eq!(top([4, 15], "new_height: 3 new_width: 5"), [3, 5]);
            let message = "image_data_param: min_height 3 and min_width 0 must both be 0 or both be more";
            assert_eq!(
                Surroundings::of(dialect).run("ImageData", "image_data_param { min_height: 3 }", &[], 2),
                Err(message.into())
            );
        }
    }

    #[test]
    fn both_new_sizes_go_together() {
        let error = |text: &str| run("ImageData", text, 2, &[]).unwrap_err();
        let message = "image_data_param: new_height 4 and new_width 0 must both be 0 or both be more";
        assert_eq!(error("image_data_param { new_height: 4 }"), message);
        let message = "image_data_param.new_width: new_width 2147483648 is more than 2147483647";
        assert_eq!(error("image_data_param { new_height: 4 new_width: 2147483648 }"), message);
        let message =
            "the shape of top \"d\" is not known: cannot read list.txt: No such file or directory (os error 2)";
        let text = "top: 'd' top: 'l' image_data_param { source: 'list.txt' }";
        assert_eq!(error(text), format!("image_data_param.source: {message}"));
        assert_eq!(run("ImageData", "", 1, &[]).unwrap_err(), "top: ImageData makes 2 tops, 1 given");
    }
}
