//! WindowData: windows cut out of the pictures named in a window file.
//!
//! Tops: batch_size x C x `crop_size` x `crop_size`, with C of the file's last picture, and the labels. Draws: those of
//! a prefetching layer, see [`transform`](super::transform), and one more with `mirror` or `crop_size`, whatever the
//! phase. In video-caffe there is a length of 1 behind C.

use std::ffi::OsString;

use super::DataSource;
use super::source::ShapeSource;
use super::tops::{check_batch, check_prefetched, given_pictures, with_labels};
use super::transform::Transform;
use crate::Shape;
use crate::data::{check_readable, window_file};
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::WindowDataParameter;

pub(super) const TYPE: LayerType = LayerType::new(
    "WindowData",
    "Reads windows of pictures and their labels, named in a window file",
    Arity::exactly(0),
    Arity::exactly(2),
    &setup,
)
.params(&["window_data_param", "transform_param"])
.brings_data();

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = WindowDataParameter::default();
    let param = ctx.param.window_data_param.as_deref().unwrap_or(&default);
    let mut notices = Vec::new();
    let transform = Transform::new(ctx, &mut notices)?;
    ensure!(transform.crop_size() > 0, "transform_param.crop_size", "crop_size must be at least 1");
    check_batch(ctx, "window_data_param.batch_size", param.batch_size())?;
    let data = match given_pictures(ctx, param.batch_size())? {
        Some(given) => given.made(ctx, batch_shape(ctx, given.batch, given.size.channels, &transform)?, &mut notices),
        None => batch_shape(ctx, param.batch_size(), channels(ctx, param, &mut notices)?, &transform)?,
    };
    let tops = with_labels(ctx, data)?;
    check_mean_values(&transform, &tops[0])?;
    check_prefetched(ctx, &tops)?;
    let own_seeds = u64::from(transform.mirror || transform.crop_size() > 0);
    let operator = Operator::Data(DataSource::Dataset);
    Ok(Setup { draws: transform.prefetching_draws(ctx, own_seeds), notices, ..Setup::new(ctx, operator, tops) })
}

/// The shape of a batch of windows, which are stretched to the crop.
///
/// # Errors
/// The batch has too many values.
fn batch_shape(ctx: &SetupContext<'_>, batch: u32, channels: i32, transform: &Transform) -> Result<Shape, Refusal> {
    let side = i64::from(transform.crop_size());
    Shape::new([batch.into(), channels.into(), side, side]).and_then(|windows| ctx.pictures(&windows)).at("")
}

/// The channels of the file's pictures.
fn channels(ctx: &SetupContext<'_>, param: &WindowDataParameter, notices: &mut Vec<String>) -> Result<i32, Refusal> {
    let source = ShapeSource { field: "window_data_param.source", name: param.source(), pattern: "C,H,W" };
    let file = source.find(ctx, 0, notices)?;
    let check_picture = |name: &OsString| {
        if !param.cache_images() {
            return Ok(());
        }
        let mut path = OsString::from(param.root_folder());
        path.push(name);
        check_readable(&ctx.sources.find(path, notices))
    };
    window_file::channels(&file, param.fg_threshold(), check_picture)
        .map_err(|error| source.unknown_shape(ctx, 0, error))
}

/// Checks that there is no mean, one for all channels, or one for each.
pub(super) fn check_mean_values(transform: &Transform, data: &Shape) -> Result<(), Refusal> {
    let (means, channels) = (transform.mean_values, data.dim(1).unwrap_or(1));
    ensure!(
        means <= 1 || means as i64 == i64::from(channels),
        "transform_param.mean_value",
        "{means} mean values for {channels} channels: give one for all or one for each"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::layer::data::tests::{given, run};

    #[test]
    fn a_crop_a_batch_and_fitting_means_are_needed() {
        let error = |text: &str| run("WindowData", text, 2, &[given(&[4, 3, 6, 6])]).unwrap_err();
        assert_eq!(
            error("window_data_param { batch_size: 4 }"),
            "transform_param.crop_size: crop_size must be at least 1"
        );
        let message = "window_data_param.batch_size: batch_size must be at least 1";
        assert_eq!(error("transform_param { crop_size: 6 }"), message);
        let message = "transform_param.mean_value: 2 mean values for 3 channels: give one for all or one for each";
        let text = "window_data_param { batch_size: 4 } transform_param { crop_size: 6 mean_value: 1 mean_value: 2 }";
        assert_eq!(error(text), message);
    }

    #[test]
    fn the_channels_come_from_the_file() {
        let text = "top: 'w' window_data_param { source: 'w.txt' batch_size: 4 } transform_param { crop_size: 6 }";
        let error = run("WindowData", text, 2, &[]).unwrap_err();
        let message = "the shape of top \"w\" is not known: cannot read w.txt: No such file or directory (os error 2)";
        assert_eq!(error, format!("window_data_param.source: {message}"));
    }
}
