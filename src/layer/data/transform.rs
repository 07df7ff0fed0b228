//! `transform_param`, as the layers that transform their items read it, and the random numbers it costs.
//!
//! A transformer takes a seed of its own, one draw, if `mirror` is on, or if `crop_size` is set and the layer's phase
//! is TRAIN. The prefetching layers (Data, ImageData, WindowData) set their transformer up twice, and then take one
//! more draw for the seed of the prefetch thread.

use crate::Shape;
use crate::data::PictureSize;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Draw, SetupContext, blob_file};
use crate::proto::caffe::{Phase, TransformationParameter};

/// The longest mean file that is read: 64 million numbers, a colour picture of 4700 x 4700.
const MAX_MEAN_BYTES: u64 = 256 << 20;

/// What set-up needs of `transform_param`, checked.
pub(super) struct Transform {
    /// The height and width of the cropped items; 0 for no cropping.
    pub(super) crop_size: u32,
    /// Whether items are mirrored at random.
    pub(super) mirror: bool,
    /// How many means are given: none, one for all channels, or one for each.
    pub(super) mean_values: usize,
    takes_seed: bool,
}

impl Transform {
    /// Reads and checks the layer's `transform_param`.
    ///
    /// The mean file goes with the source: it is looked at unless the user gives the shape of the data top. What the
    /// user should know of its place goes to `notices`.
    ///
    /// # Errors
    /// A crop that does not fit an `i32`, means given twice, or a mean file that cannot be read.
    pub(super) fn new(ctx: &SetupContext<'_>, notices: &mut Vec<String>) -> Result<Transform, Refusal> {
        const MEAN_FILE: &str = "transform_param.mean_file";
        let default = TransformationParameter::default();
        let param = ctx.param.transform_param.as_deref().unwrap_or(&default);
        let crop_size = param.crop_size();
        ensure!(
            i32::try_from(crop_size).is_ok(),
            "transform_param.crop_size",
            "crop_size {crop_size} is more than 2147483647"
        );
        if let Some(mean_file) = &param.mean_file {
            ensure!(param.mean_value.is_empty(), MEAN_FILE, "mean_file and mean_value are given together");
            if ctx.user_shape(0).is_none() {
                let found = ctx.sources.find(mean_file, notices);
                blob_file::read_shape(&found, MEAN_FILE, mean_file, MAX_MEAN_BYTES)?;
            }
        }
        Ok(Transform {
            crop_size,
            mirror: param.mirror(),
            mean_values: param.mean_value.len(),
            takes_seed: param.mirror() || (crop_size > 0 && ctx.phase == Phase::Train),
        })
    }

    /// The shape of a batch of pictures of this size once they are cropped.
    ///
    /// # Errors
    /// The crop is larger than the picture, or the batch has too many values.
    pub(super) fn batch_shape(&self, batch: u32, size: PictureSize) -> Result<Shape, Refusal> {
        let PictureSize { channels, height, width } = size;
        let crop = i64::from(self.crop_size);
        ensure!(
            crop <= height.into() && crop <= width.into(),
            "transform_param.crop_size",
            "crop_size {crop} is larger than the first picture, {size}"
        );
        let side = |side: i32| if crop > 0 { crop } else { side.into() };
        Shape::new([batch.into(), channels.into(), side(height), side(width)]).at("")
    }

    /// How many seeds the transformer takes each time it is set up.
    pub(super) fn seeds(&self) -> u64 {
        self.takes_seed.into()
    }

    /// The draws of setting the transformer up once.
    pub(super) fn draws(&self) -> Vec<Draw> {
        if self.takes_seed { vec![Draw::Skip(1)] } else { Vec::new() }
    }

    /// The draws of a prefetching layer that takes `own` seeds beside those of its transformer and its thread.
    pub(super) fn prefetching_draws(&self, own: u64) -> Vec<Draw> {
        vec![Draw::Skip(2 * self.seeds() + own + 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::{PictureSize, Shape, Transform};
    use crate::layer::data::tests::{given, run};

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

    #[test]
    fn a_crop_replaces_both_sides_and_fits_into_the_picture() {
        let (channels, height, width) = (3, 5, 6);
        let shape = |crop_size| {
            let transform = Transform { crop_size, mirror: false, mean_values: 0, takes_seed: false };
            transform.batch_shape(2, PictureSize { channels, height, width }).map_err(|refusal| refusal.message)
        };
        assert_eq!(shape(0), Ok(Shape::new([2, 3, 5, 6]).unwrap()));
        assert_eq!(shape(5), Ok(Shape::new([2, 3, 5, 5]).unwrap()));
        assert_eq!(shape(6), Err("crop_size 6 is larger than the first picture, 3 x 5 x 6".into()));
    }

    #[test]
    fn a_crop_fits_an_i32() {
        let error = run("MemoryData", &memory("crop_size: 2147483648"), 2, &[]).unwrap_err();
        assert_eq!(error, "transform_param.crop_size: crop_size 2147483648 is more than 2147483647");
    }
}
