//! `smaller_side_size` of caffe_pp2's ImageData: pictures are scaled so that their smaller side has a size, or one
//! drawn between two.
//!
//! The draw is one of the uniform distribution between both sizes, whichever comes first, behind those for the place in
//! the list. With more than two sizes pictures stay as they are. Where Caffe's generator does not fill the net, the
//! least size is taken, with a notice; pictures whose shape the user gives are taken as scaled to the size drawn.

use super::list::Beginning;
use super::transform::Transform;
use crate::data::PictureSize;
use crate::error::{Refusal, ensure};
use crate::layer::SetupContext;
use crate::proto::caffe::ImageDataParameter;
use crate::random::Generator;

const FIELD: &str = "image_data_param.smaller_side_size";

/// The size that the smaller side of pictures comes to have.
#[derive(Debug, Clone, Copy)]
pub(super) struct SmallerSide(f64);

impl SmallerSide {
    /// A picture of this size, scaled: the factor is a float, and sides are rounded to the nearest number, halves to
    /// even ones.
    ///
    /// # Errors
    /// A side is left with nothing, or too large.
    pub(super) fn of(self, size: PictureSize) -> Result<PictureSize, Refusal> {
        let smaller = size.height.min(size.width);
        let factor = f64::from((self.0 / f64::from(smaller)) as f32);
        let [height, width] = [size.height, size.width].map(|side| (f64::from(side) * factor).round_ties_even());
        let fits = [height, width].iter().all(|side| (1.0..=f64::from(i32::MAX)).contains(side));
        ensure!(fits, FIELD, "a picture of {size} cannot be scaled to a smaller side of {}", self.0);
        Ok(PictureSize { height: height as i32, width: width as i32, ..size })
    }
}

/// The size of a layer's pictures, as far as it is given, and how many draws it took.
#[derive(Default)]
pub(super) struct DrawnSide {
    pub(super) side: Option<SmallerSide>,
    pub(super) draws: u64,
}

/// Whether the size is drawn.
pub(super) fn is_drawn(param: &ImageDataParameter) -> bool {
    param.smaller_side_size.len() == 2
}

/// The size of the first picture's smaller side, for a layer that begins there in its list.
///
/// # Errors
/// A size is 0.
pub(super) fn drawn_side(
    ctx: &SetupContext<'_>,
    param: &ImageDataParameter,
    beginning: Beginning,
    transform: &Transform,
    notices: &mut Vec<String>,
) -> Result<DrawnSide, Refusal> {
    match *param.smaller_side_size {
        [side] => {
            ensure!(side > 0, FIELD, "smaller_side_size must be at least 1");
            Ok(DrawnSide { side: Some(SmallerSide(side.into())), draws: 0 })
        }
        [one, other] => {
            let (min, max) = (one.min(other), one.max(other));
            ensure!(max > 0, FIELD, "smaller_side_size must be at least 1");
            if ctx.user_shape(0).is_some() {
                return Ok(DrawnSide { side: None, draws: 1 });
            }
            let Some(mut generator) = ctx.generator.cloned() else {
                if transform.follows_first_item() {
                    notices.push(format!(
                        "layer {:?}: pictures are scaled to a smaller side of {min}, as only Caffe's generator decides \
                         which one it is between {min} and {max}",
                        ctx.param.name()
                    ));
                }
                return Ok(DrawnSide { side: Some(SmallerSide(min.into())), draws: 1 });
            };
            for _ in 0..transform.seeds() + beginning.draws() {
                generator.next_u32();
            }
            let drawn = generator.one_uniform(min as f32, max as f32);
            let (side, draws) = drawn.unwrap_or((min as f32, 1));
            Ok(DrawnSide { side: Some(SmallerSide(side.into())), draws })
        }
        _ => Ok(DrawnSide::default()),
    }
}

#[cfg(test)]
mod tests {
    use crate::Shape;
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    fn top(size: [i32; 2], text: &str) -> Result<(Vec<i32>, Vec<Draw>), String> {
        let shapes: [Option<Shape>; 1] = [given(&[1, 3, size[0], size[1]])];
        let own = Surroundings { user_shapes: &shapes, ..Surroundings::of("caffe-pp2") };
        let made = own.run("ImageData", &format!("image_data_param {{ {text} }}"), &[], 2)?;
        Ok((made.tops[0].dims()[2..].to_vec(), made.draws))
    }

    #[test]
    fn the_smaller_side_gets_the_size() {
        let size = |size, text: &str| top(size, text).unwrap().0;
        assert_eq!(size([480, 640], "smaller_side_size: 256"), [256, 341]);
        assert_eq!(size([3, 4], "smaller_side_size: 6"), [6, 8]);
        assert_eq!(size([3, 4], "smaller_side_size: 6 new_height: 10 new_width: 5"), [12, 6]);
        // 10 / 4 and 5 * 3 / 2 are halves, which become even numbers.
        assert_eq!(size([4, 10], "smaller_side_size: 1"), [1, 2]);
        assert_eq!(size([2, 5], "smaller_side_size: 3"), [3, 8]);
        assert_eq!(size([3, 4], "smaller_side_size: [6, 7, 8]"), [3, 4]);
    }

    #[test]
    fn a_size_between_two_is_drawn() {
        assert_eq!(top([3, 4], "smaller_side_size: 6").unwrap().1, [Draw::Skip(1)]);
        let drawn = top([3, 4], "smaller_side_size: [256, 480] shuffle: true").unwrap();
        assert_eq!(drawn, (vec![3, 4], vec![Draw::Skip(3)]));
    }

    #[test]
    fn refusals() {
        let message = "image_data_param.smaller_side_size: smaller_side_size must be at least 1";
        assert_eq!(top([3, 4], "smaller_side_size: 0"), Err(message.into()));
        assert_eq!(top([3, 4], "smaller_side_size: [0, 0]"), Err(message.into()));
        let message = "image_data_param.smaller_side_size: a picture of 3 x 1 x 2000000 cannot be scaled to a smaller side of 2000";
        assert_eq!(top([1, 2_000_000], "smaller_side_size: 2000"), Err(message.into()));
    }
}
