//! The number of windows that pooling has along an axis.

use crate::error::{Refusal, ensure};
use crate::proto::caffe::pooling_parameter::RoundMode;

/// A window that moves along an axis; every size is at most `i32::MAX`.
#[derive(Debug, Clone, Copy)]
pub(super) struct PoolWindow {
    /// Its elements.
    pub(super) kernel: i64,
    /// The steps between two windows, at least 1.
    pub(super) stride: i64,
    /// Elements added in front and at the end.
    pub(super) pads: [i64; 2],
}

impl PoolWindow {
    /// How many windows there are over `size` elements, in single precision; `clips` says that a last window that would
    /// start behind the elements and their leading pad is dropped.
    ///
    /// # Errors
    /// It would be negative, or the pad is too large: `field` is at fault.
    pub(super) fn count(self, size: i64, round: RoundMode, clips: bool, field: &'static str) -> Result<i64, Refusal> {
        let PoolWindow { kernel, stride, pads: [front, end] } = self;
        let pads = if front == end { format!("pad {front}") } else { format!("pads {front} and {end}") };
        let room = size + front + end - kernel;
        let sides = if front == end { "on both sides is" } else { "are" };
        ensure!(i32::try_from(room).is_ok(), field, "{pads} {sides} too much");
        let steps = room as f32 / stride as f32;
        let steps = match round {
            RoundMode::Ceil => steps.ceil(),
            RoundMode::Floor => steps.floor(),
        };
        let mut count = steps as i64 + 1;
        // At most one window is in excess, unless the pad at the end is large or the division too coarse: that Caffe
        // refuses.
        let excess = |count: i64| clips && (count - 1) * stride >= size + front;
        if excess(count) {
            count -= 1;
        }
        ensure!(
            count >= 0 && !excess(count),
            field,
            "the output size would be {count}: kernel size {kernel} over {size} elements, {pads}, stride {stride}"
        );
        Ok(count)
    }
}
