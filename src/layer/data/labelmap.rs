//! ImageLabelmapData: pictures and pictures of their labels, named in a list file (HED).
//!
//! Tops: the pictures as [ImageData](super::image) makes them, and batch_size x 1 x H x W. The list is made of words in
//! pairs: the names of a picture and of that of its labels, which must be as large, but is not read here. Draws: as
//! ImageData.

use super::image::{beginning, listed_pictures};
use crate::Shape;
use crate::data::image_list::ListForm;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};
use crate::layer::{Arity, LayerType, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "ImageLabelmapData",
    "Reads pictures and pictures of their labels, named in a list file",
    Arity::exactly(0),
    Arity::exactly(2),
    &setup,
)
.params(&["image_data_param", "transform_param"])
.brings_data()
.shaped_by_draws(|layer| layer.image_data_param.as_deref().is_some_and(|param| beginning(param).is_random()))
.known(Known::In(&["hed"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    listed_pictures(ctx, ListForm::Pairs, |ctx, data| {
        let labels = match (ctx.user_shape(1), data.dims()) {
            (Some(shape), _) => shape.clone(),
            (None, &[batch, _, height, width]) => Shape::new([batch, 1, height, width]).at("top")?,
            (None, _) => return Err(Refusal::at("top", format!("the data top has no height and width: {data}"))),
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
    fn labels_are_as_large_as_pictures() {
        let user = [given(&[2, 3, 4, 5])];
        let hed = Surroundings { user_shapes: &user, ..Surroundings::of("hed") };
        let made = hed.run("ImageLabelmapData", "image_data_param { shuffle: true }", &[], 2).unwrap();
        assert_eq!(made.tops[1].dims(), [2, 1, 4, 5]);
        assert_eq!(made.draws, [Draw::Skip(2)]);
    }
}
