//! VideoData of temporal segment networks: stacks of frames, each frame a file, of the videos named in a list file.
//!
//! Tops: batch_size x C x H x W of a frame, cropped by `crop_size`, and batch_size x 1 x 1 x 1 labels. C is the number
//! of frames, `new_length` from each of `num_segments` segments, times 2 for the directions of FLOW, the modality by
//! default, or times 3 for RGB, 1 with `grayscale`; H and W are replaced by `new_height` and `new_width`, if both are
//! given. A line of the list holds the folder of the frames, their number and a label. Draws: those of a prefetching
//! layer, see [`transform`](super::transform), one for `shuffle`, and one for the generator that picks the frames, in
//! phase TEST, too.

use std::ffi::OsString;

use super::DataSource;
use super::list::Beginning;
use super::source::ShapeSource;
use super::tops::{check_batch, given_pictures};
use super::transform::Transform;
use crate::Shape;
use crate::data::frame_name::frame_name;
use crate::data::image_list::{self, ListForm, Listed};
use crate::data::{PictureSize, SourceError, SourcePlace, check_readable, picture};
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::VideoDataParameter;
use crate::proto::caffe::video_data_parameter::Modality;
use crate::random::{Draws, Generator, Mt19937};

pub(super) const TYPE: LayerType = LayerType::new(
    "VideoData",
    "Reads stacks of frames of videos, named in a list file",
    Arity::exactly(0),
    Arity::exactly(2),
    &setup,
)
.params(&["video_data_param", "transform_param"])
.brings_data()
.shaped_by_draws(|_| true)
.known(Known::In(&["yjxiong"]));

const BATCH: &str = "video_data_param.batch_size";

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.video_data_param.as_deref().cloned().unwrap_or_default();
    let batch = param.batch_size();
    let mut notices = Vec::new();
    let transform = Transform::new(ctx, &mut notices)?;
    check_batch(ctx, BATCH, batch)?;
    ensure!(batch > 0, BATCH, "batch_size must be at least 1");
    let stack = Stack::new(&param)?;
    let data = match given_pictures(ctx, batch)? {
        Some(given) => given.made(ctx, transform.batch_shape(given.batch, given.size)?, &mut notices),
        None => transform.batch_shape(batch, stack.first(ctx, &transform, &mut notices)?)?,
    };
    let labels = match (ctx.user_shape(1), data.dims().first()) {
        (Some(shape), _) => shape.clone(),
        (None, items) => Shape::new([items.copied().unwrap_or(1), 1, 1, 1]).at("top")?,
    };
    let draws = transform.prefetching_draws(ctx, u64::from(param.shuffle()) + 1);
    Ok(Setup { draws, notices, ..Setup::new(ctx, Operator::Data(DataSource::Dataset), [data, labels]) })
}

/// What frames make an item.
struct Stack<'a> {
    param: &'a VideoDataParameter,
    segments: i32,
    length: i32,
    channels: i32,
    /// The directions of the flow; none for pictures.
    directions: &'static [Option<char>],
}

impl Stack<'_> {
    fn new(param: &VideoDataParameter) -> Result<Stack<'_>, Refusal> {
        const SEGMENTS: &str = "video_data_param.num_segments";
        const LENGTH: &str = "video_data_param.new_length";
        let count = |value: u32, name: &str, field| {
            let count = i32::try_from(value).ok().filter(|&count| count > 0);
            count.ok_or_else(|| Refusal::at(field, format!("{name} {value} is not between 1 and 2147483647")))
        };
        // Other forks have fields of these names without defaults.
        let segments = count(param.num_segments.unwrap_or(1), "num_segments", SEGMENTS)?;
        let length = count(param.new_length.unwrap_or(1), "new_length", LENGTH)?;
        let (each, directions): (i32, &[Option<char>]) = match param.modality() {
            Modality::Flow => (2, &[Some('x'), Some('y')]),
            Modality::Rgb => (if param.grayscale() { 1 } else { 3 }, &[None]),
        };
        let channels = segments.checked_mul(length).and_then(|frames| frames.checked_mul(each));
        let message = || format!("{segments} segments of {length} frames make more than 2147483647 channels");
        let channels = channels.ok_or_else(|| Refusal::at(LENGTH, message()))?;
        Ok(Stack { param, segments, length, channels, directions })
    }

    /// The size of the first item, once its frames are resized. All of them must be there.
    fn first(
        &self,
        ctx: &SetupContext<'_>,
        transform: &Transform,
        notices: &mut Vec<String>,
    ) -> Result<PictureSize, Refusal> {
        let source = ShapeSource { field: "video_data_param.source", name: self.param.source(), pattern: "C,H,W" };
        let list = source.find(ctx, 0, notices)?;
        let unknown = |error: SourceError| source.unknown_shape(ctx, 0, error);
        let beginning = Beginning { shuffle: self.param.shuffle(), rand_skip: 0 };
        let start = beginning.start(ctx, transform, true, notices);
        let video = image_list::first_picture(&list, start, ListForm::Words { numbers: 2 }).map_err(unknown)?;
        let at_line = |message: String| unknown(SourceError::at(&list, SourcePlace::Line(video.line), message));
        let numbers = self.numbers(ctx, transform, &video).map_err(at_line)?;
        let mut first = None;
        for number in numbers {
            for &direction in self.directions {
                let mut path = video.name.clone();
                path.push("/");
                path.push(frame_name(self.pattern(), direction, number).map_err(at_line)?);
                let path = ctx.sources.find(OsString::from(&path), notices);
                let read = match first {
                    None => picture::size_of_file(&path, direction.is_none() && !self.param.grayscale())
                        .map(|size| first = Some(size)),
                    Some(_) => check_readable(&path),
                };
                read.map_err(|error| at_line(error.to_string()))?;
            }
        }
        let size = first.ok_or_else(|| at_line("the video has no frames".to_owned()))?;
        let (height, width) = (self.param.new_height().cast_signed(), self.param.new_width().cast_signed());
        let resized = if height > 0 && width > 0 { PictureSize { height, width, ..size } } else { size };
        Ok(PictureSize { channels: self.channels, ..resized })
    }

    /// The numbers of the frames of an item, from 1, as far as they are known: the first of each segment, where Caffe's
    /// generator does not tell.
    fn numbers(&self, ctx: &SetupContext<'_>, transform: &Transform, video: &Listed) -> Result<Vec<i32>, String> {
        let frames = video.second.to_str().and_then(|count| count.parse::<i32>().ok());
        let frames = frames.ok_or_else(|| format!("{:?} is not a number of frames", video.second))?;
        let in_segment = frames / self.segments;
        let room = i64::from(in_segment) - i64::from(self.length) + 1;
        let room = u32::try_from(room).ok().filter(|&room| room > 0).ok_or_else(|| {
            format!(
                "the {frames} frames make {} segments of {in_segment}, fewer than new_length {}: Caffe picks none there",
                self.segments, self.length
            )
        })?;
        let mut picks = self.picks(ctx, transform);
        let mut numbers = Vec::new();
        for segment in 0..self.segments {
            let offset = picks.as_mut().map_or(0, |picks| picks.draw() % room);
            let first = i64::from(segment) * i64::from(in_segment) + i64::from(offset) + 1;
            for number in first..first + i64::from(self.length) {
                numbers.push(i32::try_from(number).map_err(|_| format!("a frame has the number {number}"))?);
            }
        }
        Ok(numbers)
    }

    /// The generator that picks the frames, if it is known.
    fn picks(&self, ctx: &SetupContext<'_>, transform: &Transform) -> Option<Mt19937> {
        let mut generator = ctx.generator.cloned()?;
        for _ in 0..transform.seeds() + u64::from(self.param.shuffle()) {
            generator.next_u32();
        }
        Some(Mt19937::new(generator.next_u32()))
    }

    fn pattern(&self) -> &str {
        match (self.param.name_pattern(), self.param.modality()) {
            ("", Modality::Rgb) => "image_%04d.jpg",
            ("", Modality::Flow) => "flow_%c_%04d.jpg",
            (given, _) => given,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    const NAME: &str = "VideoData";

    #[test]
    fn labels_have_four_axes_and_the_frames_a_seed() {
        let user_shapes = [given(&[6, 8, 16])];
        let surroundings = Surroundings { user_shapes: &user_shapes, ..Surroundings::of("yjxiong") };
        let text = "transform_param { mirror: true } video_data_param { batch_size: 2 shuffle: true }";
        let made = surroundings.run(NAME, text, &[], 2).unwrap();
        let tops: Vec<_> = made.tops.iter().map(|top| top.dims().to_vec()).collect();
        assert_eq!(tops, [vec![2, 6, 8, 16], vec![2, 1, 1, 1]]);
        assert_eq!(made.draws, [Draw::Skip(4)]);
    }

    #[test]
    fn refusals() {
        let error = |fields: &str| {
            let text = format!("top: 'data' top: 'label' video_data_param {{ batch_size: 1 {fields} }}");
            Surroundings::of("yjxiong").run(NAME, &text, &[], 2).unwrap_err()
        };
        let message = "video_data_param.num_segments: num_segments 0 is not between 1 and 2147483647";
        assert_eq!(error("num_segments: 0"), message);
        let message = "video_data_param.new_length: 65536 segments of 65536 frames make more than 2147483647 channels";
        assert_eq!(error("num_segments: 65536 new_length: 65536"), message);
        let unknown = "video_data_param.source: the shape of top \"data\" is not known:";
        assert_eq!(error(""), format!("{unknown} there is no source"));
    }

    #[test]
    fn a_segment_is_as_long_as_the_stack() {
        let list = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(list.path(), "v 7 0\n").unwrap();
        let fields = format!("source: {:?} new_length: 4 num_segments: 2", list.path());
        let text = format!("top: 'data' top: 'label' video_data_param {{ batch_size: 1 {fields} }}");
        let error = Surroundings::of("yjxiong").run(NAME, &text, &[], 2).unwrap_err();
        let message = "the 7 frames make 2 segments of 3, fewer than new_length 4: Caffe picks none there";
        assert!(error.ends_with(message), "{error}");
    }
}
