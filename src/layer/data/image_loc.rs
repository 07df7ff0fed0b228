//! ImageLocData: pictures named in a list file, each with a label and a box (ducha-aiki).
//!
//! Tops: the pictures as [ImageData](super::image) makes them, and (batch_size, 5, 1, 1): label and box. The list is
//! made of words: a name, a label and the four sides of the box. `image_loc_data_param` changes nothing here. Draws: as
//! ImageData.

use super::image::{beginning, listed_pictures};
use crate::Shape;
use crate::data::image_list::ListForm;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};
use crate::layer::{Arity, LayerType, Setup, SetupContext};

/// How many numbers stand behind a name in the list, and so in the second top.
const NUMBERS: usize = 5;

pub(super) const TYPE: LayerType = LayerType::new(
    "ImageLocData",
    "Reads pictures, labels and boxes named in a list file",
    Arity::exactly(0),
    Arity::exactly(2),
    &setup,
)
.params(&["image_data_param", "image_loc_data_param", "transform_param"])
.brings_data()
.shaped_by_draws(|layer| layer.image_data_param.as_deref().is_some_and(|param| beginning(param).is_random()))
.known(Known::WithField("image_loc_data_param"));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    listed_pictures(ctx, ListForm::Words { numbers: NUMBERS }, |ctx, data| {
        let labels = match ctx.user_shape(1) {
            Some(shape) => shape.clone(),
            None => Shape::new([data.dims()[0], NUMBERS as i32, 1, 1]).at("top")?,
        };
        Ok(vec![data, labels])
    })
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    #[test]
    fn each_picture_has_a_label_and_a_box() {
        let user = [given(&[2, 3, 4, 4])];
        let ducha = Surroundings { user_shapes: &user, ..Surroundings::of("ducha-aiki") };
        let made = ducha.run("ImageLocData", "image_data_param { shuffle: true }", &[], 2).unwrap();
        assert_eq!(made.tops[1].dims(), [2, 5, 1, 1]);
        assert_eq!(made.draws, [Draw::Skip(2)]);
        let error = ducha.run("ImageLocData", "", &[], 1).unwrap_err();
        assert_eq!(error, "top: ImageLocData makes 2 tops, 1 given");
    }
}
