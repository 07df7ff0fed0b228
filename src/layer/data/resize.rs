//! `resize_param` of `transform_param`.
//!
//! In SSD and its like it gives the size that pictures have before they are cropped; in the trees of an early SSD it
//! may give one side alone; in the later ports of YOLO one side is enough for pictures that keep the ratio of theirs.
//! In ducha-aiki's tree there may be several, of which some are taken at random, and pictures keep their size; but a
//! crop has to fit into each of them.

use crate::data::PictureSize;
use crate::dialect::PictureResize;
use crate::error::{Refusal, ensure};
use crate::layer::SetupContext;
use crate::layer::size::checked_size;
use crate::proto::caffe::resize_parameter::ResizeMode;
use crate::proto::caffe::{ResizeParameter, TransformationParameter};

/// What becomes of the size of pictures before they are cropped.
pub(super) enum Resizing {
    /// Nothing.
    None,
    /// They are resized.
    To(Resize),
    /// Nothing, but the crop has to fit into each of these.
    Bounds(Vec<Bounds>),
}

/// What a crop has to fit into; the picture's own side where none is given.
pub(super) struct Bounds {
    pub(super) height: Option<i64>,
    pub(super) width: Option<i64>,
}

impl Resizing {
    /// Reads `resize_param` as the dialect has it.
    ///
    /// # Errors
    /// A size to resize to is missing, or does not fit an `i32`.
    pub(super) fn new(ctx: &SetupContext<'_>, param: &TransformationParameter) -> Result<Resizing, Refusal> {
        Ok(match ctx.dialect.traits.picture_resize {
            PictureResize::GivesSize => match param.resize_param.first() {
                Some(resize) => Resizing::To(Resize::new(resize)?),
                None => Resizing::None,
            },
            PictureResize::GivesSizeOrSide => match param.resize_param.first() {
                Some(resize) => Resizing::To(Resize::of_either_side(resize)?),
                None => Resizing::None,
            },
            PictureResize::GivesSides => match param.resize_param.first() {
                Some(resize) => Resizing::To(Resize::of_sides(resize)?),
                None => Resizing::None,
            },
            PictureResize::BoundsCrop => {
                let bounds = |resize: &ResizeParameter| Bounds {
                    height: resize.height.map(i64::from),
                    width: resize.width.map(i64::from),
                };
                Resizing::Bounds(param.resize_param.iter().map(bounds).collect())
            }
        })
    }

    /// Whether all pictures come to have one size.
    pub(super) fn fixes_size(&self) -> bool {
        let fixed = |resize: &Resize| resize.mode != ResizeMode::FitSmallSize && resize.height > 0 && resize.width > 0;
        matches!(self, Resizing::To(resize) if fixed(resize))
    }

    /// Whether pictures are resized and keep the ratio of their sides.
    pub(super) fn keeps_aspects(&self) -> bool {
        matches!(self, Resizing::To(resize) if resize.mode == ResizeMode::FitSmallSize)
    }
}

/// How pictures are resized; a side of 0 stays as it is.
pub(super) struct Resize {
    pub(super) mode: ResizeMode,
    pub(super) height: i32,
    pub(super) width: i32,
}

impl Resize {
    fn new(param: &ResizeParameter) -> Result<Resize, Refusal> {
        let (height, width) = (param.height(), param.width());
        for (side, name, field) in [
            (height, "height", "transform_param.resize_param.height"),
            (width, "width", "transform_param.resize_param.width"),
        ] {
            ensure!(side > 0, field, "{name} must be at least 1");
            ensure!(i32::try_from(side).is_ok(), field, "{name} {side} is more than 2147483647");
        }
        Ok(Resize { mode: param.resize_mode(), height: height.cast_signed(), width: width.cast_signed() })
    }

    /// The same where one of the sides will do for pictures that keep the ratio of theirs.
    fn of_either_side(param: &ResizeParameter) -> Result<Resize, Refusal> {
        let sides = [param.height(), param.width()];
        let is_one = sides.contains(&0) && sides != [0, 0] && param.resize_mode() == ResizeMode::FitSmallSize;
        let resize = if is_one { Resize::of_sides(param)? } else { Resize::new(param)? };
        Ok(Resize { mode: param.resize_mode(), ..resize })
    }

    /// The sides alone, of which some may be missing.
    fn of_sides(param: &ResizeParameter) -> Result<Resize, Refusal> {
        let side = |side: u32, field| checked_size(side, field).map(|side| side as i32);
        Ok(Resize {
            mode: ResizeMode::Warp,
            height: side(param.height(), "transform_param.resize_param.height")?,
            width: side(param.width(), "transform_param.resize_param.width")?,
        })
    }

    /// The size of a picture once it is resized, by Caffe's arithmetic in single precision.
    pub(super) fn resized(&self, size: PictureSize) -> PictureSize {
        let &Resize { mode, height, width } = self;
        if mode != ResizeMode::FitSmallSize {
            let side = |new: i32, own| if new > 0 { new } else { own };
            return PictureSize { height: side(height, size.height), width: side(width, size.width), ..size };
        }
        let aspect = size.width as f32 / size.height as f32;
        if aspect < width as f32 / height as f32 {
            PictureSize { height: (width as f32 / aspect) as i32, width, ..size }
        } else {
            PictureSize { height, width: (aspect * height as f32) as i32, ..size }
        }
    }
}
