//! DisparityData: disparities in PFM files, named in a list file (FlowNet).
//!
//! Tops: batch_size x C x new_height x new_width, which the files must have themselves, cropped by `transform_param`,
//! and the labels. C is 3, or 1 without `is_color`. The list and its files are not read here: the settings tell the
//! shape. Draws: as [ImageData](super::image).

use super::DataSource;
use super::image::beginning;
use super::list::NewSize;
use super::tops::{check_batch, check_prefetched, given_pictures, with_labels};
use super::transform::Transform;
use crate::data::PictureSize;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::ImageDataParameter;

const NEW: [&str; 3] = ["image_data_param", "image_data_param.new_height", "image_data_param.new_width"];

pub(super) const TYPE: LayerType = LayerType::new(
    "DisparityData",
    "Reads disparities from PFM files, named in a list file",
    Arity::exactly(0),
    Arity::exactly(2),
    &setup,
)
.params(&["image_data_param", "transform_param"])
.brings_data()
.known(Known::In(&["flownet2"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = ImageDataParameter::default();
    let param = ctx.param.image_data_param.as_deref().unwrap_or(&default);
    let mut notices = Vec::new();
    let transform = Transform::new(ctx, &mut notices)?;
    ensure!(param.batch_size() > 0, "image_data_param.batch_size", "batch_size must be at least 1");
    check_batch(ctx, "image_data_param.batch_size", param.batch_size())?;
    let new_size = NewSize::new(param.new_height(), param.new_width(), &NEW)?;
    let data = match (given_pictures(ctx, param.batch_size())?, new_size) {
        (Some(given), _) => given.made(ctx, transform.picture_shape(given.batch, given.size)?, &mut notices),
        (None, Some(size)) => {
            let channels = if param.is_color() { 3 } else { 1 };
            let size = size.of(PictureSize { channels, height: 0, width: 0 });
            transform.picture_shape(param.batch_size(), size)?
        }
        (None, None) => {
            let message = "new_height and new_width must be given: disparities of another size are refused";
            return Err(Refusal::at(NEW[1], message));
        }
    };
    let tops = with_labels(ctx, data)?;
    check_prefetched(ctx, &tops)?;
    let operator = Operator::Data(DataSource::Dataset);
    Ok(Setup {
        draws: transform.prefetching_draws(ctx, beginning(param).draws()),
        notices,
        ..Setup::new(ctx, operator, tops)
    })
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_settings_tell_the_size() {
        let flownet = Surroundings::of("flownet2");
        let text = "image_data_param { batch_size: 2 new_height: 6 new_width: 8 is_color: false shuffle: true }";
        let made = flownet.run("DisparityData", text, &[], 2).unwrap();
        assert_eq!((made.tops[0].dims(), made.tops[1].dims()), (&[2, 1, 6, 8][..], &[2][..]));
        assert_eq!(made.draws, [Draw::Skip(2)]);
        let message = "new_height and new_width must be given: disparities of another size are refused";
        let error = flownet.run("DisparityData", "", &[], 2).unwrap_err();
        assert_eq!(error, format!("image_data_param.new_height: {message}"));
    }
}
