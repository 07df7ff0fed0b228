//! Lists of pictures: where a layer begins with its list, and what it resizes the pictures to.

use super::transform::Transform;
use crate::data::PictureSize;
use crate::data::image_list::Start;
use crate::error::{Refusal, ensure};
use crate::layer::SetupContext;
use crate::layer::size::field_name;
use crate::random::Generator;

/// Where a layer begins with its list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beginning {
    /// Whether the list is shuffled first.
    pub(super) shuffle: bool,
    /// How many entries may be passed over, plus one; 0 for none.
    pub(super) rand_skip: u32,
}

impl Beginning {
    /// Whether random numbers decide which entry comes first.
    pub(super) fn is_random(self) -> bool {
        self.shuffle || self.rand_skip > 0
    }

    /// How many numbers it takes from the net's generator.
    pub(super) fn draws(self) -> u64 {
        u64::from(self.shuffle) + u64::from(self.rand_skip > 0)
    }

    /// Which entry comes first: where Caffe's generator decides and is not known, that of the list. `gives_shape` says
    /// that the shape of the top follows from it.
    pub(super) fn start(
        self,
        ctx: &SetupContext<'_>,
        transform: &Transform,
        gives_shape: bool,
        notices: &mut Vec<String>,
    ) -> Start {
        if !self.is_random() {
            return Start::default();
        }
        let Some(mut generator) = ctx.generator.cloned() else {
            if gives_shape {
                notices.push(format!(
                    "layer {:?}: the first picture of the list gives the shape, as only Caffe's generator decides \
                     which one a shuffled list begins with",
                    ctx.param.name()
                ));
            }
            return Start::default();
        };
        let before = if ctx.dialect.traits.lists_draw_first { 0 } else { transform.seeds() };
        for _ in 0..before {
            generator.next_u32();
        }
        Start {
            shuffle: self.shuffle.then(|| generator.next_u32()),
            skip: if self.rand_skip > 0 { generator.next_u32() % self.rand_skip } else { 0 },
        }
    }
}

/// Height and width that pictures are resized to.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewSize {
    height: i32,
    width: i32,
}

impl NewSize {
    /// The two sides, none where both are 0; `fields` are the message and its fields with the height and the width.
    ///
    /// # Errors
    /// Only one of them is 0, or one does not fit an `i32`.
    pub(super) fn new(height: u32, width: u32, fields: &[&'static str; 3]) -> Result<Option<NewSize>, Refusal> {
        let [message, of_height, of_width] = *fields;
        let names = [field_name(of_height), field_name(of_width)];
        ensure!(
            (height == 0) == (width == 0),
            message,
            "{} {height} and {} {width} must both be 0 or both be more",
            names[0],
            names[1]
        );
        for (side, name, field) in [(height, names[0], of_height), (width, names[1], of_width)] {
            ensure!(i32::try_from(side).is_ok(), field, "{name} {side} is more than 2147483647");
        }
        Ok((height > 0).then_some(NewSize { height: height.cast_signed(), width: width.cast_signed() }))
    }

    /// Height and width.
    pub(super) fn sides(self) -> [i32; 2] {
        [self.height, self.width]
    }

    /// A picture of this size, enlarged where a side is smaller: of the two sides the one that lacks more becomes this
    /// one's, and the other keeps the proportions, in single precision.
    pub(super) fn enlarged(self, size: PictureSize) -> PictureSize {
        if size.height >= self.height && size.width >= self.width {
            return size;
        }
        let scaled = |side: i32, other: i32, of: i32| {
            let scaled = f64::from(side as f32 * (other as f32 / of as f32));
            (scaled + 0.5) as i32
        };
        let lacks = [(self.height, size.height), (self.width, size.width)]
            .map(|(least, side)| i64::from(least) - i64::from(side));
        if lacks[1] > lacks[0] {
            PictureSize { height: scaled(self.width, size.height, size.width), width: self.width, ..size }
        } else {
            PictureSize { height: self.height, width: scaled(self.height, size.width, size.height), ..size }
        }
    }

    /// A picture of this size, resized.
    pub(super) fn of(self, size: PictureSize) -> PictureSize {
        PictureSize { height: self.height, width: self.width, ..size }
    }
}
