//! VideoData of C3D and video-caffe: clips of so many frames of the videos named in a list file.
//!
//! Tops: batch_size x C x L x H x W and the labels, (batch_size), or in C3D's tree (batch_size, num_of_labels) with
//! `use_multiple_label`. C is 3, in video-caffe 1 without `is_color`; L is `new_length`; H and W are
//! `transform_param`'s `crop_size`, else `new_height` and `new_width`. C3D 1.0 has one top or two, and crops only what
//! is larger. Where none of them is given, the shape has to be: videos are not read. Draws: those of a prefetching
//! layer, see [`transform`](super::transform), one more for `shuffle`, and one more for `rand_skip`.

use super::DataSource;
use super::list::{Beginning, NewSize};
use super::source::ShapeSource;
use super::tops::{check_batch, check_prefetched};
use super::transform::Transform;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::positive_size;
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::VideoDataParameter;

/// That of C3D, and of Cambricon's Caffe.
pub(super) const OF_C3D: LayerType = entry(Arity::exactly(2), &C3D).known(Known::In(&["c3d-1.1", "cambricon"]));

/// That of C3D's first release.
pub(super) const OF_FIRST_C3D: LayerType = entry(Arity::between(1, 2), &FIRST_C3D).known(Known::In(&["c3d-1.0"]));

/// That of video-caffe.
pub(super) const OF_VIDEO_CAFFE: LayerType = entry(Arity::exactly(2), &VIDEO_CAFFE).known(Known::In(&["video-caffe"]));

const fn entry(tops: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new("VideoData", "Reads clips of videos, named in a list file", Arity::exactly(0), tops, rule)
        .params(&["video_data_param", "transform_param"])
        .brings_data()
}

const BATCH: &str = "video_data_param.batch_size";
const LENGTH: &str = "video_data_param.new_length";
const NEW: [&str; 3] = ["video_data_param", "video_data_param.new_height", "video_data_param.new_width"];

/// What trees differ in.
struct Clips {
    /// Whether frames may be gray.
    may_be_gray: bool,
    /// Whether a clip may have several labels.
    has_label_sets: bool,
    /// The frames of a clip where the net does not say.
    length: u32,
    /// The clips of a batch where the net does not say.
    batch: u32,
    /// Whether what is cropped must be larger than the crop.
    crops_larger: bool,
}

static C3D: Clips = Clips { may_be_gray: false, has_label_sets: true, length: 0, batch: 1, crops_larger: false };
static FIRST_C3D: Clips = Clips { has_label_sets: false, batch: 0, crops_larger: true, ..C3D };
static VIDEO_CAFFE: Clips = Clips { may_be_gray: true, has_label_sets: false, length: 1, ..C3D };

impl Layer for Clips {
    fn setup(&self, ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
        let param = ctx.param.video_data_param.as_deref().cloned().unwrap_or_default();
        let batch = param.batch_size.unwrap_or(self.batch);
        let mut notices = Vec::new();
        let transform = Transform::of_clips(ctx, &mut notices)?;
        check_batch(ctx, BATCH, batch)?;
        let items = positive_size(batch, BATCH)?;
        let data = match given_clips(ctx, items)? {
            Some(shape) => shape,
            None => self.clips(ctx, &param, &transform, items)?,
        };
        let mut tops = vec![data];
        if ctx.top_count() > 1 {
            tops.push(match ctx.user_shape(1) {
                Some(shape) => shape.clone(),
                None => self.labels(&param, tops[0].dims().first().copied().unwrap_or(1))?,
            });
        }
        check_prefetched(ctx, &tops)?;
        let start = Beginning { shuffle: param.shuffle(), rand_skip: param.rand_skip.unwrap_or(0) };
        let draws = transform.prefetching_draws(ctx, start.draws());
        Ok(Setup { draws, notices, ..Setup::new(ctx, Operator::Data(DataSource::Dataset), tops) })
    }
}

impl Clips {
    fn clips(
        &self,
        ctx: &SetupContext<'_>,
        param: &VideoDataParameter,
        transform: &Transform,
        items: i64,
    ) -> Result<Shape, Refusal> {
        let length = positive_size(param.new_length.unwrap_or(self.length), LENGTH)?;
        let new_size = NewSize::new(param.new_height.unwrap_or(0), param.new_width.unwrap_or(0), &NEW)?;
        let channels = if self.may_be_gray && !param.is_color.unwrap_or(true) { 1 } else { 3 };
        let crop = transform.crop_size();
        let [height, width] = match (crop, new_size) {
            (0, Some(size)) => size.sides(),
            (0, None) => {
                let name = param.source.as_deref().unwrap_or_default();
                let source = ShapeSource { field: "video_data_param.source", name, pattern: "C,L,H,W" };
                return Err(source.unknown_shape(ctx, 0, "videos are not read, and no setting gives their size"));
            }
            (crop, size) => {
                let least = crop + u32::from(self.crops_larger);
                let fits = size.is_none_or(|size| size.sides().iter().all(|&side| side.unsigned_abs() >= least));
                if self.crops_larger {
                    let message = "new_height and new_width must be larger than crop_size";
                    ensure!(fits, "transform_param.crop_size", "{message} {crop}");
                }
                ensure!(fits, "transform_param.crop_size", "crop_size {crop} is larger than new_height or new_width");
                [crop.cast_signed(); 2]
            }
        };
        Shape::new([items, channels, length, height.into(), width.into()]).at(LENGTH)
    }

    fn labels(&self, param: &VideoDataParameter, items: i32) -> Result<Shape, Refusal> {
        const LABELS: &str = "video_data_param.num_of_labels";
        if !self.has_label_sets || !param.use_multiple_label.unwrap_or(false) {
            return Shape::new([items]).at("top");
        }
        let labels =
            param.num_of_labels.ok_or_else(|| Refusal::at(LABELS, "use_multiple_label needs num_of_labels"))?;
        Shape::new([i64::from(items), positive_size(labels, LABELS)?]).at(LABELS)
    }
}

/// The shape N x C x L x H x W that the user gives, if any; without N, the batch is that of the layer.
pub(super) fn given_clips(ctx: &SetupContext<'_>, items: i64) -> Result<Option<Shape>, Refusal> {
    let Some(shape) = ctx.user_shape(0) else { return Ok(None) };
    match shape.axes() {
        5 => Ok(Some(shape.clone())),
        4 => {
            let own = shape.dims().iter().map(|&dim| i64::from(dim));
            Ok(Some(Shape::new([items].into_iter().chain(own).collect::<Vec<i64>>()).at("top")?))
        }
        _ => {
            let message = "the data top has 5 axes, N x C x L x H x W, where N may be left out; the shape given is";
            Err(Refusal::at("top", format!("{message} {shape}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::{Surroundings, layer_of};

    fn tops(dialect: &str, text: &str) -> Result<Vec<Vec<i32>>, String> {
        let made = Surroundings::of(dialect).run("VideoData", text, &[], 2)?;
        Ok(made.tops.iter().map(|top| top.dims().to_vec()).collect())
    }

    #[test]
    fn settings_tell_the_size_of_clips() {
        let text = "video_data_param { batch_size: 2 new_length: 16 new_height: 9 new_width: 12 }";
        assert_eq!(tops("c3d-1.1", text), Ok(vec![vec![2, 3, 16, 9, 12], vec![2]]));
        let text = "video_data_param { new_length: 16 is_color: false } transform_param { crop_size: 8 }";
        assert_eq!(tops("video-caffe", text), Ok(vec![vec![1, 1, 16, 8, 8], vec![1]]));
        let text = "video_data_param { new_length: 4 use_multiple_label: true num_of_labels: 5 } transform_param { crop_size: 8 }";
        assert_eq!(tops("c3d-1.1", text).unwrap()[1], [1, 5]);
        let message = "video_data_param.new_length: new_length must be at least 1";
        assert_eq!(tops("c3d-1.1", "").unwrap_err(), message);
        let message = "the shape of top \"\" is not known: videos are not read, and no setting gives their size";
        assert_eq!(tops("video-caffe", "").unwrap_err(), format!("video_data_param.source: {message}"));
    }

    #[test]
    fn the_first_release_has_one_top_or_two_and_draws_one_seed_in_train() {
        let first = |fields: &str, tops: usize| {
            let text = format!(
                "video_data_param {{ batch_size: 2 new_length: 16 {fields} }} transform_param {{ crop_size: 8 }}"
            );
            Surroundings::of("c3d-1.0").run("VideoData", &text, &[], tops)
        };
        let made = first("new_height: 9 new_width: 12 shuffle: true", 1).unwrap();
        assert_eq!(
            (made.tops.len(), made.tops[0].dims(), &made.draws[..]),
            (1, &[2, 3, 16, 8, 8][..], &[Draw::Skip(2)][..])
        );
        assert_eq!(first("", 2).unwrap().tops[1].dims(), [2]);
        let message = "transform_param.crop_size: new_height and new_width must be larger than crop_size 8";
        assert_eq!(first("new_height: 8 new_width: 12", 1).unwrap_err(), message);
    }

    #[test]
    fn the_user_may_tell_it() {
        let user_shapes = [given(&[3, 16, 5, 6])];
        let surroundings = Surroundings { user_shapes: &user_shapes, ..Surroundings::of("c3d-1.1") };
        let text = "video_data_param { batch_size: 2 shuffle: true rand_skip: 3 }";
        let made = surroundings.run("VideoData", text, &[], 2).unwrap();
        assert_eq!((made.tops[0].dims(), &made.draws[..]), (&[2, 3, 16, 5, 6][..], &[Draw::Skip(3)][..]));

        let text = "top: 'data' transform_param { mean_file: 'mean' }";
        let surroundings = Surroundings::of("c3d-1.1");
        let refusal = surroundings.setup(&super::OF_C3D, &layer_of(surroundings.dialect, text), &[], 2).unwrap_err();
        let help =
            "give the shape of the clips with `PlanOptions::shapes: data=C,L,H,W`: the mean file is not read then";
        assert_eq!(refusal.help.unwrap(), help);
    }
}
