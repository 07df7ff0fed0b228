//! How pictures are cropped: by `crop_size` in both directions, or else by `crop_h` and `crop_w`, each where it is
//! not 0. In happynear's tree these win, each where it is given, be it 0.
//!
//! Light CNN's Caffe calls the latter `crop_size_h` and `crop_size_w`. Dialects differ in the crops for which a
//! transformer takes a seed.

use super::resize::Bounds;
use crate::data::PictureSize;
use crate::dialect::{CropSeeds, Traits, TransformSeeds};
use crate::error::{Refusal, ensure};
use crate::layer::SetupContext;
use crate::proto::caffe::{Phase, TransformationParameter};

/// The name of a field, and its path.
type CropField = (&'static str, &'static str);

/// How items are cropped; 0 stands for no cropping.
pub(super) struct CropFields {
    /// `crop_size`, which some layers look at alone.
    pub(super) size: u32,
    /// The height and the width to crop to.
    pub(super) sides: [i32; 2],
    /// The fields that give them.
    fields: [CropField; 2],
}

const SQUARE: CropField = ("crop_size", "transform_param.crop_size");
/// The fields of most trees for the sides of a crop, and those of Light CNN's.
const SIDES: [CropField; 2] = [("crop_h", "transform_param.crop_h"), ("crop_w", "transform_param.crop_w")];
const SIZE_SIDES: [CropField; 2] =
    [("crop_size_h", "transform_param.crop_size_h"), ("crop_size_w", "transform_param.crop_size_w")];

impl CropFields {
    pub(super) fn new(param: &TransformationParameter, traits: &Traits) -> Result<CropFields, Refusal> {
        let is_named_size = param.crop_size_h.is_some() || param.crop_size_w.is_some();
        let (fields, [height, width]) = match is_named_size {
            true => (SIZE_SIDES, [param.crop_size_h, param.crop_size_w]),
            false if traits.crops_by_sides => (SIDES, [param.crop_h, param.crop_w]),
            false => (SIDES, [None; 2]),
        };
        let size = param.crop_size();
        let square = (checked(size, SQUARE)?, SQUARE);
        let side = |given: Option<u32>, field| {
            let own = (checked(given.unwrap_or(0), field)?, field);
            let is_own = size == 0 || (traits.crop_sides_win && given.is_some());
            Ok(if is_own { own } else { square })
        };
        let [height, width] = [side(height, fields[0])?, side(width, fields[1])?];
        Ok(CropFields { size, sides: [height.0, width.0], fields: [height.1, width.1] })
    }

    /// Whether a transformer with these crops takes a seed.
    pub(super) fn takes_seed(&self, ctx: &SetupContext<'_>, param: &TransformationParameter) -> bool {
        let traits = &ctx.dialect.traits;
        let crops = match traits.crop_seeds {
            CropSeeds::Squares => self.size > 0,
            CropSeeds::BothSides => !self.sides.contains(&0),
            CropSeeds::OffCentre => {
                [param.crop_size(), param.crop_h(), param.crop_w()] != [0; 3] && !param.center_crop()
            }
        };
        let trains = ctx.phase == Phase::Train;
        let at_any_rate = match traits.transform_seeds {
            TransformSeeds::WhereRandom => false,
            TransformSeeds::InTrain => trains,
            TransformSeeds::Always => true,
        };
        let resizes = param.random_resize_param.is_some() || param.random_aspect_ratio_param.is_some();
        let erases = traits.crop_seeds == CropSeeds::OffCentre && param.erase_ratio.is_some();
        at_any_rate || param.mirror() || resizes || erases || (crops && trains)
    }

    /// The size of a picture once it is cropped; `whole` says what is.
    pub(super) fn cropped(&self, size: PictureSize, whole: &str) -> Result<PictureSize, Refusal> {
        let [height, width] = self.sides;
        let names = self.fields;
        for ((name, field), side, of) in [(names[0], height, size.height), (names[1], width, size.width)] {
            ensure!(side <= of, field, "{name} {side} is larger than {whole} {size}");
        }
        Ok(self.filled(size))
    }

    /// The same where the bounds of resizing, and not the picture, have to hold the crop.
    pub(super) fn cropped_within(
        &self,
        bounds: &[Bounds],
        size: PictureSize,
        pictures: &str,
    ) -> Result<PictureSize, Refusal> {
        if bounds.is_empty() && self.size > 0 {
            return self.cropped(size, &format!("{pictures},"));
        }
        let [height, width] = self.sides;
        let names = self.fields;
        for bound in bounds {
            let (high, wide) = (bound.height.unwrap_or(size.height.into()), bound.width.unwrap_or(size.width.into()));
            for ((name, field), side, of) in [(names[0], height, high), (names[1], width, wide)] {
                ensure!(
                    i64::from(side) <= of,
                    field,
                    "{name} {side} is larger than {of}, which pictures are resized to"
                );
            }
        }
        Ok(self.filled(size))
    }

    /// The size of a picture that the crop fits into.
    fn filled(&self, size: PictureSize) -> PictureSize {
        let [height, width] = self.sides;
        let side = |side: i32, of: i32| if side > 0 { side } else { of };
        PictureSize { height: side(height, size.height), width: side(width, size.width), ..size }
    }
}

/// The side of a crop that a field gives.
fn checked(side: u32, (name, field): CropField) -> Result<i32, Refusal> {
    i32::try_from(side).map_err(|_| Refusal::at(field, format!("{name} {side} is more than 2147483647")))
}
