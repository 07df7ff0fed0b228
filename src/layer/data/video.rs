//! VideoData: the frames of a video file or of a camera (SSD).
//!
//! Tops: batch_size x 3 x H x W of the first frame, resized and cropped by `transform_param`, and the labels; the batch
//! is that of `data_param`. Draws: those of a prefetching layer, see [`transform`](super::transform). The size of a
//! frame is read from AVI files; that of a camera, which is what `video_type` has by default, or of other files the
//! user has to give.

use super::DataSource;
use super::source::ShapeSource;
use super::tops::{check_batch, check_prefetched, given_pictures, with_labels};
use super::transform::Transform;
use crate::data::{PictureSize, video};
use crate::dialect::Known;
use crate::error::Refusal;
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::DataParameter;
use crate::proto::caffe::video_data_parameter::VideoType;

pub(super) const TYPE: LayerType =
    LayerType::new("VideoData", "Reads the frames of a video", Arity::exactly(0), Arity::between(1, 2), &setup)
        .params(&["video_data_param", "data_param", "transform_param"])
        .brings_data()
        .known(Known::In(&[
            "ssd",
            "refinedet",
            "intel",
            "nvidia",
            "yolo9000",
            "textboxes",
            "textboxes-pp",
            "sstd",
            "jacinto",
            "seqface",
            "xilinx",
            "synopsys",
        ]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = DataParameter::default();
    let batch = ctx.param.data_param.as_deref().unwrap_or(&default).batch_size();
    check_batch(ctx, "data_param.batch_size", batch)?;
    let mut notices = Vec::new();
    let transform = Transform::new(ctx, &mut notices)?;
    let data = match given_pictures(ctx, batch)? {
        Some(given) => given.made(ctx, transform.batch_shape(given.batch, given.size)?, &mut notices),
        None => transform.batch_shape(batch, first_frame(ctx, &mut notices)?)?,
    };
    let tops = with_labels(ctx, data)?;
    check_prefetched(ctx, &tops)?;
    let operator = Operator::Data(DataSource::Dataset);
    Ok(Setup { draws: transform.prefetching_draws(ctx, 0), notices, ..Setup::new(ctx, operator, tops) })
}

/// The size of the first frame.
fn first_frame(ctx: &SetupContext<'_>, notices: &mut Vec<String>) -> Result<PictureSize, Refusal> {
    let param = ctx.param.video_data_param.as_deref().cloned().unwrap_or_default();
    let camera = ShapeSource { field: "video_data_param.video_type", name: "", pattern: "C,H,W" };
    if param.video_type() == VideoType::Webcam {
        return Err(camera.unknown_shape(ctx, 0, "cameras are not read (video_type is WEBCAM by default)"));
    }
    let source = ShapeSource { field: "video_data_param.video_file", name: param.video_file(), ..camera };
    let file = source.find(ctx, 0, notices)?;
    video::frame_size(&file).map_err(|error| source.unknown_shape(ctx, 0, error))
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    const NAME: &str = "VideoData";

    #[test]
    fn the_batch_is_that_of_the_data_param() {
        let user_shapes = [given(&[3, 8, 16])];
        let ssd = Surroundings { user_shapes: &user_shapes, ..Surroundings::of("ssd") };
        let made = ssd.run(NAME, "top: 'data' top: 'label' data_param { batch_size: 2 }", &[], 2).unwrap();
        assert_eq!(made.tops.iter().map(|top| top.dims().to_vec()).collect::<Vec<_>>(), [vec![2, 3, 8, 16], vec![2]]);
        assert_eq!(made.draws, [Draw::Skip(1)]);
    }

    #[test]
    fn refusals() {
        let error = |fields: &str| {
            let text = format!("top: 'data' data_param {{ batch_size: 1 }} video_data_param {{ {fields} }}");
            Surroundings::of("ssd").run(NAME, &text, &[], 1).unwrap_err()
        };
        let unknown = "the shape of top \"data\" is not known:";
        let message = "cameras are not read (video_type is WEBCAM by default)";
        assert_eq!(error("device_id: 63"), format!("video_data_param.video_type: {unknown} {message}"));
        let message = "there is no source";
        assert_eq!(error("video_type: VIDEO"), format!("video_data_param.video_file: {unknown} {message}"));
        let message = "cannot read absent.avi: No such file or directory (os error 2)";
        let text = "video_type: VIDEO video_file: 'absent.avi'";
        assert_eq!(error(text), format!("video_data_param.video_file: {unknown} {message}"));
    }
}
