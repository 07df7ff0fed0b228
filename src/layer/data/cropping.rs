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

/// How items are cropped; 0 stands for no cropping.
pub(super) struct CropFields {
    pub(super) size: u32,
    pub(super) height: u32,
    pub(super) width: u32,
    /// Whether height and width count beside the square's side, which stands in them where they are not given.
    pub(super) sides_win: bool,
    /// The names of the fields for height and width, and their paths.
    pub(super) names: [(&'static str, &'static str); 2],
}

/// The fields of most trees for the sides of a crop, and those of Light CNN's.
pub(super) const SIDES: [(&str, &str); 2] =
    [("crop_h", "transform_param.crop_h"), ("crop_w", "transform_param.crop_w")];
const SIZE_SIDES: [(&str, &str); 2] =
    [("crop_size_h", "transform_param.crop_size_h"), ("crop_size_w", "transform_param.crop_size_w")];

impl CropFields {
    pub(super) fn new(param: &TransformationParameter, traits: &Traits) -> Result<CropFields, Refusal> {
        let is_named_size = param.crop_size_h.is_some() || param.crop_size_w.is_some();
        let (names, [height, width]) = match is_named_size {
            true => (SIZE_SIDES, [param.crop_size_h(), param.crop_size_w()]),
            false if traits.crop_sides_win => return CropFields::of_sides(param),
            false if traits.crops_by_sides => (SIDES, [param.crop_h(), param.crop_w()]),
            false => (SIDES, [0; 2]),
        };
        let crop = CropFields { size: param.crop_size(), height, width, sides_win: false, names };
        crop.checked()
    }

    /// Itself, with sides that fit an `i32`.
    fn checked(self) -> Result<CropFields, Refusal> {
        let CropFields { size, height, width, names, .. } = self;
        for (side, (name, field)) in
            [(size, ("crop_size", "transform_param.crop_size")), (height, names[0]), (width, names[1])]
        {
            ensure!(i32::try_from(side).is_ok(), field, "{name} {side} is more than 2147483647");
        }
        Ok(self)
    }

    /// Those of a tree where `crop_h` and `crop_w` win over `crop_size`.
    fn of_sides(param: &TransformationParameter) -> Result<CropFields, Refusal> {
        const SQUARE: (&str, &str) = ("crop_size", "transform_param.crop_size");
        let side = |given: Option<u32>, name| given.map_or((param.crop_size(), SQUARE), |side| (side, name));
        let (height, width) = (side(param.crop_h, SIDES[0]), side(param.crop_w, SIDES[1]));
        let crop = CropFields {
            size: param.crop_size(),
            height: height.0,
            width: width.0,
            sides_win: true,
            names: [height.1, width.1],
        };
        crop.checked()
    }

    /// Whether a transformer with these crops takes a seed.
    pub(super) fn takes_seed(&self, ctx: &SetupContext<'_>, param: &TransformationParameter) -> bool {
        let traits = &ctx.dialect.traits;
        let crops = match traits.crop_seeds {
            CropSeeds::Squares => self.size > 0,
            CropSeeds::BothSides => !self.sides().contains(&0),
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

    /// The height and the width to crop to.
    pub(super) fn sides(&self) -> [i32; 2] {
        let sides = if self.size > 0 && !self.sides_win { [self.size; 2] } else { [self.height, self.width] };
        sides.map(u32::cast_signed)
    }

    /// The size of a picture once it is cropped; `whole` says what is.
    pub(super) fn cropped(&self, size: PictureSize, whole: &str) -> Result<PictureSize, Refusal> {
        let [height, width] = self.sides();
        let names = self.names();
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
        let [height, width] = self.sides();
        let names = self.names();
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

    /// The names of the fields that give the height and the width, and their paths.
    fn names(&self) -> [(&'static str, &'static str); 2] {
        match self.size {
            _ if self.sides_win => self.names,
            0 => self.names,
            _ => [("crop_size", "transform_param.crop_size"); 2],
        }
    }

    /// The size of a picture that the crop fits into.
    fn filled(&self, size: PictureSize) -> PictureSize {
        let [height, width] = self.sides();
        let side = |side: i32, of: i32| if side > 0 { side } else { of };
        PictureSize { height: side(height, size.height), width: side(width, size.width), ..size }
    }
}
