//! `transform_param`, as the layers that transform their items read it, and the random numbers it costs.
//!
//! Pictures are [resized](super::resize), and then cropped: by `crop_size` in both directions, or else by `crop_h` and
//! `crop_w`, each where it is not 0.
//!
//! A transformer takes a seed of its own, one draw, if `mirror` is on, or if `crop_size` is set and the layer's phase
//! is TRAIN; in some dialects always in TRAIN, in one always, and in one only in TRAIN, and only once. The prefetching
//! layers (Data, ImageData, WindowData) set their transformer up twice, and then take one more draw for the seed of the
//! prefetch thread. In some dialects they do not, and in some a layer that reads a database
//! takes a seed for its reader before all that.

use super::cropping::CropFields;
use super::resize::Resizing;
use super::tops::prefetches;
use crate::Shape;
use crate::data::PictureSize;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::checked_size;
use crate::layer::{Draw, SetupContext, blob_file};
use crate::proto::caffe::{Phase, TransformationParameter};
use crate::setting::{Advice, Setting};

/// The longest mean file that is read: 64 million numbers, a colour picture of 4700 x 4700.
const MAX_MEAN_BYTES: u64 = 256 << 20;

/// What set-up needs of `transform_param`, checked.
pub(in crate::layer) struct Transform {
    crop: CropFields,
    resizing: Resizing,
    /// Whether items are mirrored at random.
    pub(super) mirror: bool,
    /// How many means are given: none, one for all channels, or one for each.
    pub(super) mean_values: usize,
    takes_seed: bool,
    /// What messages call the pictures whose size is looked at.
    pictures: &'static str,
    /// How wide a border pictures get, once they are cropped (Intel's Caffe).
    border: i64,
    /// The height and width that decoded pictures have in the end, whatever becomes of them before (Xilinx' Caffe).
    fixed: Option<[u32; 2]>,
}

/// What is said where nobody can know how many seeds are drawn.
const SEEDS_BY_THREAD: &str = "this Caffe draws a seed for each thread that transforms pictures, and finds their \
                               number at run time: the values after them may differ from its own (random_seed in \
                               transform_param leaves the seeds out)";

impl Transform {
    /// Reads and checks the layer's `transform_param`.
    ///
    /// The mean file goes with the source: it is looked at unless the user gives the shape of the data top. What the
    /// user should know of its place goes to `notices`.
    ///
    /// # Errors
    /// A crop that does not fit an `i32`, means given twice, a mean file that cannot be read, a size to resize to that
    /// is missing, or an expansion that does not enlarge.
    pub(in crate::layer) fn new(ctx: &SetupContext<'_>, notices: &mut Vec<String>) -> Result<Transform, Refusal> {
        Transform::of_items(ctx, notices, ["pictures", "C,H,W"])
    }

    /// The same for clips of videos, whose shape is C x L x H x W.
    ///
    /// # Errors
    /// As [`Transform::new`].
    pub(super) fn of_clips(ctx: &SetupContext<'_>, notices: &mut Vec<String>) -> Result<Transform, Refusal> {
        Transform::of_items(ctx, notices, ["clips", "C,L,H,W"])
    }

    /// The same for items of this name and pattern of shape.
    fn of_items(ctx: &SetupContext<'_>, notices: &mut Vec<String>, items: [&str; 2]) -> Result<Transform, Refusal> {
        const MEAN_FILE: &str = "transform_param.mean_file";
        let default = TransformationParameter::default();
        let param = ctx.param.transform_param.as_deref().unwrap_or(&default);
        let of_bvlc = (!ctx.dialect.traits.reads_fields_of_intel).then(|| fields_of_bvlc(param));
        let param = of_bvlc.as_ref().unwrap_or(param);
        let crop = CropFields::new(param, &ctx.dialect.traits)?;
        if let Some(mean_file) = &param.mean_file {
            ensure!(param.mean_value.is_empty(), MEAN_FILE, "mean_file and mean_value are given together");
            if ctx.user_shape(0).is_none() {
                let found = ctx.sources.find(mean_file, notices);
                let read = blob_file::read_shape(&found, MEAN_FILE, mean_file, MAX_MEAN_BYTES, ctx.dialect);
                read.map_err(|refusal| refusal.help(without_mean_file(ctx, items)))?;
            }
        }
        if let Some(expand) = &param.expand_param {
            let ratio = expand.max_expand_ratio();
            let field = "transform_param.expand_param.max_expand_ratio";
            let enlarges = ratio > 1.0;
            ensure!(enlarges, field, "max_expand_ratio {ratio} is not above 1");
        }
        if ctx.dialect.traits.seeds_by_thread && param.random_seed() < 0 {
            notices.push(SEEDS_BY_THREAD.to_owned());
        }
        Ok(Transform {
            takes_seed: takes_one_seed(ctx, param).unwrap_or_else(|| crop.takes_seed(ctx, param)),
            crop,
            resizing: Resizing::new(ctx, param)?,
            mirror: param.mirror(),
            mean_values: param.mean_value.len(),
            pictures: if ctx.user_shape(0).is_some() { "the pictures given" } else { "the first picture" },
            border: checked_size(param.pad(), "transform_param.pad")?,
            fixed: fixed_size(param),
        })
    }

    /// The shape of a batch of pictures of this size once they are resized and cropped.
    ///
    /// # Errors
    /// The crop is larger than the picture, or the batch has too many values.
    pub(super) fn batch_shape(&self, batch: u32, size: PictureSize) -> Result<Shape, Refusal> {
        let PictureSize { channels, height, width } = match &self.resizing {
            Resizing::None => self.crop.cropped(size, &format!("{},", self.pictures))?,
            Resizing::To(resize) => {
                self.crop.cropped(resize.resized(size), &format!("{}, resized to", self.pictures))?
            }
            Resizing::Bounds(bounds) => self.crop.cropped_within(bounds, size, self.pictures)?,
        };
        Shape::new([batch.into(), channels.into(), i64::from(height), width.into()]).at("")
    }

    /// The same for pictures that are decoded, which may get a size of their own in the end.
    ///
    /// # Errors
    /// Those of [`batch_shape`](Transform::batch_shape).
    pub(super) fn decoded_shape(&self, batch: u32, size: PictureSize) -> Result<Shape, Refusal> {
        let shape = self.batch_shape(batch, size)?;
        let Some([height, width]) = self.fixed else { return Ok(shape) };
        let channels = i64::from(shape.dims()[1]);
        Shape::new([batch.into(), channels, height.into(), width.into()]).at("transform_param.yolo_height")
    }

    /// The same for pictures in files, which get a border; raw values get none.
    ///
    /// # Errors
    /// Those of [`batch_shape`](Transform::batch_shape).
    pub(super) fn picture_shape(&self, batch: u32, size: PictureSize) -> Result<Shape, Refusal> {
        let shape = self.decoded_shape(batch, size)?;
        let mut dims: Vec<i64> = shape.dims().iter().map(|&dim| i64::from(dim)).collect();
        for side in &mut dims[2..] {
            *side += 2 * self.border;
        }
        Shape::new(dims).at("transform_param.pad")
    }

    /// The side of the square that items are cropped to; 0 for no cropping.
    pub(super) fn crop_size(&self) -> u32 {
        self.crop.size
    }

    /// Whether the first item decides the shape of the batch, and not the transformation alone.
    pub(super) fn follows_first_item(&self) -> bool {
        !self.resizing.fixes_size() && self.crop.sides.contains(&0)
    }

    /// Whether a batch of more than one item may come to differ in shape.
    pub(super) fn keeps_aspects(&self) -> bool {
        self.resizing.keeps_aspects()
    }

    /// How many seeds the transformer takes each time it is set up.
    pub(super) fn seeds(&self) -> u64 {
        self.takes_seed.into()
    }

    /// The draws of setting the transformer up once.
    pub(in crate::layer) fn draws(&self) -> Vec<Draw> {
        skipped(self.seeds())
    }

    /// The draws of a prefetching layer that takes `own` seeds beside those of its transformer and its thread.
    pub(super) fn prefetching_draws(&self, ctx: &SetupContext<'_>, own: u64) -> Vec<Draw> {
        let times = if ctx.dialect.traits.one_transform_seed { 1 } else { 2 };
        skipped(times * self.seeds() + own + u64::from(ctx.dialect.traits.prefetch_draws))
    }

    /// The draws of a prefetching layer that reads a database.
    ///
    /// # Errors
    /// Its reader would wait for ever.
    pub(super) fn reading_draws(&self, ctx: &SetupContext<'_>) -> Result<Vec<Draw>, Refusal> {
        self.reading_draws_beside(ctx, 0)
    }

    /// The same for a layer that takes `own` seeds beside those.
    ///
    /// # Errors
    /// Its reader would wait for ever.
    pub(super) fn reading_draws_beside(&self, ctx: &SetupContext<'_>, own: u64) -> Result<Vec<Draw>, Refusal> {
        let traits = &ctx.dialect.traits;
        let prefetch = "data_param.prefetch";
        ensure!(
            !traits.reader_draws || prefetches(ctx),
            prefetch,
            "with prefetch 0 the layer waits for its reader forever"
        );
        let skips =
            traits.data_skips_at_random && ctx.param.data_param.as_ref().is_some_and(|param| param.rand_skip() > 0);
        Ok(self.prefetching_draws(ctx, own + u64::from(traits.reader_draws) + u64::from(skips)))
    }
}

/// The size that `yolo_height` and `yolo_width` give, both of them.
fn fixed_size(param: &TransformationParameter) -> Option<[u32; 2]> {
    let size = [param.yolo_height(), param.yolo_width()];
    (!size.contains(&0)).then_some(size)
}

/// The fields that BVLC's Caffe has.
fn fields_of_bvlc(param: &TransformationParameter) -> TransformationParameter {
    TransformationParameter {
        scale: param.scale,
        mirror: param.mirror,
        crop_size: param.crop_size,
        mean_file: param.mean_file.clone(),
        mean_value: param.mean_value.clone(),
        force_color: param.force_color,
        force_gray: param.force_gray,
        ..TransformationParameter::default()
    }
}

/// Whether a layer takes a seed for all it does at random, in a Caffe where it takes but one for that: in TRAIN, where
/// it mirrors or crops; but WindowData always there, and ImageData also where it shuffles.
fn takes_one_seed(ctx: &SetupContext<'_>, param: &TransformationParameter) -> Option<bool> {
    let transforms = param.mirror() || param.crop_size() > 0;
    let trains = ctx.phase == Phase::Train;
    let shuffles = ctx.param.image_data_param.as_deref().is_some_and(|param| param.shuffle());
    ctx.dialect.traits.one_transform_seed.then(|| match ctx.param.r#type() {
        "WindowData" => transforms,
        "ImageData" => shuffles || transforms && trains,
        _ => transforms && trains,
    })
}

/// How many seeds a second transformer takes that has these settings, each time it is set up.
///
/// # Errors
/// A crop does not fit an `i32`, or means are given twice.
pub(super) fn seeds_of(
    ctx: &SetupContext<'_>,
    param: &TransformationParameter,
    field: &'static str,
) -> Result<u64, Refusal> {
    let given_twice = param.mean_file.is_some() && !param.mean_value.is_empty();
    ensure!(!given_twice, field, "mean_file and mean_value are given together");
    let crop = CropFields::new(param, &ctx.dialect.traits)?;
    Ok(crop.takes_seed(ctx, param).into())
}

/// What to do about a mean file that cannot be read.
fn without_mean_file(ctx: &SetupContext<'_>, [items, pattern]: [&str; 2]) -> Advice {
    let shape = Setting::Shape { top: ctx.top_name(0).to_owned(), pattern: pattern.to_owned().into() };
    Advice::naming(format!("give the shape of the {items} with `"), shape, "`: the mean file is not read then")
}

/// So many draws that are thrown away.
fn skipped(count: u64) -> Vec<Draw> {
    if count > 0 { vec![Draw::Skip(count)] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::super::resize::{Bounds, Resize};
    use super::*;
    use crate::dialect::Traits;
    use crate::layer::data::tests::{given, run};
    use crate::layer::testing::Surroundings;
    use crate::proto::caffe::resize_parameter::ResizeMode;

    fn memory(transform: &str) -> String {
        let fields = "memory_data_param { batch_size: 2 channels: 3 height: 4 width: 4 }";
        format!("{fields} transform_param {{ {transform} }}")
    }

    #[test]
    fn a_mean_is_given_once_and_can_be_read() {
        let error = |text: &str| run("MemoryData", &memory(text), 2, &[]).unwrap_err();
        let message = "transform_param.mean_file: mean_file and mean_value are given together";
        assert_eq!(error("mean_file: 'm' mean_value: 1"), message);
        let absent = error("mean_file: 'no_such_file'");
        let start = "transform_param.mean_file: cannot read the blob file \"no_such_file\": ";
        assert!(absent.starts_with(start), "{absent}");
    }

    #[test]
    fn the_mean_file_is_left_alone_where_the_user_gives_the_shape() {
        assert!(run("MemoryData", &memory("mean_file: 'no_such_file'"), 2, &[given(&[2, 3, 4, 4])]).is_ok());
    }

    fn crop(size: u32, height: u32, width: u32) -> CropFields {
        let [crop_size, crop_h, crop_w] = [size, height, width].map(Some);
        let param = TransformationParameter { crop_size, crop_h, crop_w, ..Default::default() };
        CropFields::new(&param, &Traits::MASTER).unwrap()
    }

    fn transform(crop: CropFields, resizing: Resizing, border: i64) -> Transform {
        let pictures = "the first picture";
        Transform { crop, resizing, mirror: false, mean_values: 0, takes_seed: false, pictures, border, fixed: None }
    }

    fn batch(crop: CropFields, resizing: Resizing) -> Result<Vec<i32>, String> {
        let transform = transform(crop, resizing, 0);
        let made = transform.batch_shape(2, PictureSize { channels: 3, height: 5, width: 6 });
        made.map(|shape| shape.dims().to_vec()).map_err(|refusal| refusal.message)
    }

    #[test]
    fn a_crop_replaces_both_sides_and_fits_into_the_picture() {
        let shape = |size| batch(crop(size, 0, 0), Resizing::None);
        assert_eq!(shape(0), Ok(vec![2, 3, 5, 6]));
        assert_eq!(shape(5), Ok(vec![2, 3, 5, 5]));
        assert_eq!(shape(6), Err("crop_size 6 is larger than the first picture, 3 x 5 x 6".into()));
    }

    #[test]
    fn a_border_is_put_around_the_crop() {
        let transform = transform(crop(4, 0, 0), Resizing::None, 3);
        let size = PictureSize { channels: 3, height: 5, width: 6 };
        assert_eq!(transform.picture_shape(2, size).unwrap().dims(), [2, 3, 10, 10]);
        assert_eq!(transform.batch_shape(2, size).unwrap().dims(), [2, 3, 4, 4]);
    }

    #[test]
    fn sides_are_cropped_one_by_one() {
        let shape = |size, height, width| batch(crop(size, height, width), Resizing::None);
        assert_eq!(shape(0, 4, 0), Ok(vec![2, 3, 4, 6]));
        assert_eq!(shape(0, 4, 2), Ok(vec![2, 3, 4, 2]));
        assert_eq!(shape(3, 9, 9), Ok(vec![2, 3, 3, 3]));
        assert_eq!(shape(0, 0, 7), Err("crop_w 7 is larger than the first picture, 3 x 5 x 6".into()));
    }

    #[test]
    fn pictures_are_resized_before_they_are_cropped() {
        let resize = |mode, height, width| Resizing::To(Resize { mode, height, width });
        let none = || crop(0, 0, 0);
        assert_eq!(batch(none(), resize(ResizeMode::Warp, 8, 9)), Ok(vec![2, 3, 8, 9]));
        assert_eq!(batch(none(), resize(ResizeMode::FitLargeSizeAndPad, 8, 9)), Ok(vec![2, 3, 8, 9]));
        assert_eq!(batch(none(), resize(ResizeMode::FitSmallSize, 10, 10)), Ok(vec![2, 3, 10, 12]));
        assert_eq!(batch(none(), resize(ResizeMode::FitSmallSize, 5, 12)), Ok(vec![2, 3, 10, 12]));
        let message = "crop_size 5 is larger than the first picture, resized to 3 x 4 x 4";
        assert_eq!(batch(crop(5, 0, 0), resize(ResizeMode::Warp, 4, 4)), Err(message.into()));
    }

    #[test]
    fn a_crop_fits_into_what_pictures_are_resized_to() {
        let within = |size, height, bounds: &[(Option<i64>, Option<i64>)]| {
            let bounds = bounds.iter().map(|&(height, width)| Bounds { height, width }).collect();
            batch(crop(size, height, 0), Resizing::Bounds(bounds))
        };
        assert_eq!(within(0, 9, &[]), Ok(vec![2, 3, 9, 6]));
        assert_eq!(within(7, 0, &[]), Err("crop_size 7 is larger than the first picture, 3 x 5 x 6".into()));
        assert_eq!(within(7, 0, &[(Some(8), Some(7))]), Ok(vec![2, 3, 7, 7]));
        assert_eq!(within(0, 0, &[(Some(0), None)]), Ok(vec![2, 3, 5, 6]));
        let error = within(4, 0, &[(Some(4), None), (None, Some(3))]).unwrap_err();
        assert_eq!(error, "crop_size 4 is larger than 3, which pictures are resized to");
    }

    #[test]
    fn sizes_and_expansions_are_checked_wherever_they_stand() {
        let error = |fields: &str| {
            let text = memory(fields);
            Surroundings::of("ssd").run("MemoryData", &text, &[], 2).unwrap_err()
        };
        let message = "transform_param.resize_param.width: width must be at least 1";
        assert_eq!(error("resize_param { height: 3 }"), message);
        let message = "transform_param.resize_param.height: height 2147483648 is more than 2147483647";
        assert_eq!(error("resize_param { height: 2147483648 width: 1 }"), message);
        let message = "transform_param.expand_param.max_expand_ratio: max_expand_ratio 1 is not above 1";
        assert_eq!(error("expand_param { }"), message);
    }

    #[test]
    fn a_size_may_be_given_for_whatever_comes() {
        let user_shapes = [given(&[3, 8, 9])];
        let xilinx = Surroundings { user_shapes: &user_shapes, ..Surroundings::of("xilinx") };
        let top = |transform: &str| {
            let text = format!("image_data_param {{ }} transform_param {{ {transform} }}");
            xilinx.run("ImageData", &text, &[], 2).unwrap().tops[0].dims().to_vec()
        };
        assert_eq!(top("yolo_height: 4 yolo_width: 5 crop_size: 2"), [1, 3, 4, 5]);
        assert_eq!(top("yolo_height: 4"), [1, 3, 8, 9]);
    }

    #[test]
    fn a_seed_is_taken_where_the_dialect_says() {
        let draws = |dialect: &str, transform: &str| {
            Surroundings::of(dialect).run("MemoryData", &memory(transform), &[], 2).unwrap().draws
        };
        let (one, both) = ("crop_h: 2", "crop_h: 2 crop_w: 2");
        assert_eq!((draws("xilinx", one), draws("xilinx", both)), (vec![], vec![Draw::Skip(1)]));
        assert_eq!((draws("cambricon", both), draws("curve-text", "")), (vec![], vec![Draw::Skip(1)]));
    }

    #[test]
    fn a_crop_fits_an_i32() {
        let error = run("MemoryData", &memory("crop_size: 2147483648"), 2, &[]).unwrap_err();
        assert_eq!(error, "transform_param.crop_size: crop_size 2147483648 is more than 2147483647");
    }
    #[test]
    fn trees_take_seeds_for_different_crops() {
        let pictures = [given(&[3, 9, 9])];
        let seeds = |dialect: &str, fields: &str| {
            let text = format!("top: 'data' data_param {{ batch_size: 2 }} transform_param {{ {fields} }}");
            let surroundings = Surroundings { user_shapes: &pictures, ..Surroundings::of(dialect) };
            let skipped = |text: &str| match surroundings.run("Data", text, &[], 1).unwrap().draws[..] {
                [] => 0,
                [Draw::Skip(count)] => count,
                _ => panic!("Data draws by skipping"),
            };
            skipped(&text) - skipped("top: 'data' data_param { batch_size: 2 }")
        };
        for (dialect, fields, taken) in [
            ("ssd", "crop_h: 4 crop_w: 5", 0),
            ("seqface", "crop_h: 4 crop_w: 5", 2),
            ("seqface", "crop_h: 4", 0),
            ("xilinx", "crop_h: 4 crop_w: 5", 2),
            ("wu-lightcnn", "crop_size_h: 4 crop_size_w: 5", 2),
            ("wu-lightcnn", "crop_size_h: 4", 0),
            ("happynear", "crop_h: 4", 2),
            ("happynear", "crop_h: 4 center_crop: true", 0),
            ("happynear", "crop_size: 4 center_crop: true", 0),
            ("happynear", "crop_size: 4 crop_h: 0 crop_w: 0", 2),
            ("happynear", "erase_ratio: 0", 2),
        ] {
            assert_eq!(seeds(dialect, fields), taken, "{dialect}: {fields}");
        }
        let happynear = Surroundings { user_shapes: &pictures, ..Surroundings::of("happynear") };
        let cropped = |fields: &str| {
            let text = format!("top: 'data' data_param {{ batch_size: 2 }} transform_param {{ {fields} }}");
            happynear.run("Data", &text, &[], 1).map(|made| made.tops[0].dims()[2..].to_vec())
        };
        assert_eq!(cropped("crop_size: 4 crop_h: 5"), Ok(vec![5, 4]));
        assert_eq!(cropped("crop_size: 10 crop_h: 0 crop_w: 3"), Ok(vec![9, 3]));
        let message = "transform_param.crop_size: crop_size 10 is larger than the pictures given, 3 x 9 x 9";
        assert_eq!(cropped("crop_size: 10 crop_h: 5"), Err(message.to_owned()));
        let text = "top: 'data' data_param { batch_size: 2 } transform_param { crop_size_h: 10 }";
        let wu = Surroundings { user_shapes: &pictures, ..Surroundings::of("wu-lightcnn") };
        let message = "transform_param.crop_size_h: crop_size_h 10 is larger than the pictures given, 3 x 9 x 9";
        assert_eq!(wu.run("Data", text, &[], 1).unwrap_err(), message);
    }
}
