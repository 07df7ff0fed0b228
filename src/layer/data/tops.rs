//! The tops that data layers have in common: a batch of pictures, and a label for each.

use crate::Shape;
use crate::data::PictureSize;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::SetupContext;
use crate::proto::caffe::DataParameter;

/// Stored pictures as the user describes them.
pub(super) struct GivenPictures {
    /// How many there are in a batch.
    pub(super) batch: u32,
    /// Their size, before the layer resizes or crops them.
    pub(super) size: PictureSize,
}

impl GivenPictures {
    /// The shape N x C x H x W of the pictures.
    ///
    /// # Errors
    /// They have too many values.
    pub(super) fn shape(&self) -> Result<Shape, Refusal> {
        let PictureSize { channels, height, width } = self.size;
        Shape::new([self.batch.into(), i64::from(channels), height.into(), width.into()]).at("top")
    }

    /// The shape of the data top, which the layer makes of the pictures; what it changes of them goes to `notices`.
    pub(super) fn made(&self, ctx: &SetupContext<'_>, top: Shape, notices: &mut Vec<String>) -> Shape {
        if !top.dims().ends_with(&[self.size.height, self.size.width]) {
            let (layer, name) = (ctx.param.name(), ctx.top_name(0));
            notices.push(format!(
                "layer {layer:?} crops or resizes the pictures of {} that are given: its top {name:?} is {top}",
                self.size
            ));
        }
        top
    }
}

/// The stored pictures N x C x H x W that the user gives for the data top, if any; without N, the batch is that of the
/// layer.
///
/// # Errors
/// The shape has another number of axes.
pub(super) fn given_pictures(ctx: &SetupContext<'_>, batch: u32) -> Result<Option<GivenPictures>, Refusal> {
    let Some(shape) = ctx.user_shape(0) else {
        return Ok(None);
    };
    let (batch, [channels, height, width]) = match *shape.dims() {
        [batch, channels, height, width] => (batch.cast_unsigned(), [channels, height, width]),
        [channels, height, width] => (batch, [channels, height, width]),
        _ => {
            let message = "the data top has 4 axes, N x C x H x W, where N may be left out; the shape given is";
            return Err(Refusal::at("top", format!("{message} {shape}")));
        }
    };
    Ok(Some(GivenPictures { batch, size: PictureSize { channels, height, width } }))
}

/// The tops of a layer that makes `data` and, where a second top is asked for, a label for each item.
///
/// # Errors
/// None for a `data` with axes.
pub(super) fn with_labels(ctx: &SetupContext<'_>, data: Shape) -> Result<Vec<Shape>, Refusal> {
    let mut tops = vec![data];
    if ctx.top_count() > 1 {
        let labels = match ctx.user_shape(1) {
            Some(shape) => shape.clone(),
            None => Shape::new(&tops[0].dims()[..tops[0].axes().min(1)]).at("top")?,
        };
        tops.push(labels);
    }
    Ok(tops)
}

/// Whether the layer sets up prefetch buffers. Every prefetching layer reads their number in `data_param`.
pub(super) fn prefetches(ctx: &SetupContext<'_>) -> bool {
    let default = DataParameter::default();
    ctx.param.data_param.as_deref().unwrap_or(&default).prefetch() > 0
}

/// Checks that the tops have elements: a prefetch buffer without any cannot be set up.
///
/// # Errors
/// A top is empty, though the layer prefetches.
pub(super) fn check_prefetched(ctx: &SetupContext<'_>, tops: &[Shape]) -> Result<(), Refusal> {
    if prefetches(ctx) { check_not_empty(tops) } else { Ok(()) }
}

/// Checks that the tops have elements.
///
/// # Errors
/// A top is empty.
pub(super) fn check_not_empty(tops: &[Shape]) -> Result<(), Refusal> {
    for (top, shape) in tops.iter().enumerate() {
        ensure!(shape.count() > 0, "top", "top {top} would be empty: its shape is {shape}");
    }
    Ok(())
}

/// Checks the batch size of a prefetching layer.
///
/// # Errors
/// The batch does not fit an `i32`, or is 0, though the layer prefetches.
pub(super) fn check_batch(ctx: &SetupContext<'_>, field: &'static str, batch: u32) -> Result<(), Refusal> {
    ensure!(i32::try_from(batch).is_ok(), field, "batch_size {batch} is more than 2147483647");
    ensure!(batch > 0 || !prefetches(ctx), field, "batch_size must be at least 1");
    Ok(())
}
