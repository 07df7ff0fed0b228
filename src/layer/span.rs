//! The axes of a bottom that a smaller blob is spread over.

use crate::Shape;
use crate::error::{AtField, Refusal, ensure};

/// The axes of a bottom that a smaller blob, a factor or a bias, is spread over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AxisSpan {
    /// The first one.
    pub axis: usize,
    /// How many there are; none where one value is for the whole bottom.
    pub num_axes: usize,
}

impl AxisSpan {
    /// The elements of the bottom before the axes, along them and behind them.
    pub fn counts(self, bottom: &Shape) -> [i64; 3] {
        let end = self.axis + self.num_axes;
        [bottom.count_range(0, self.axis), bottom.count_range(self.axis, end), bottom.count_from(end)]
    }
}

/// The settings of a layer that say which axes a blob spans.
pub(super) struct SpanSettings {
    /// What the blob is called.
    pub what: &'static str,
    /// The first axis; a negative one counts from the end.
    pub axis: i32,
    /// The field that holds `axis`.
    pub axis_field: &'static str,
    /// How many axes there are, or -1 for all to the last.
    pub num_axes: i32,
    /// The field that holds `num_axes`.
    pub num_axes_field: &'static str,
}

impl SpanSettings {
    /// The shape of a new blob that spans these axes of `bottom`.
    ///
    /// # Errors
    /// The axes go past those of the bottom.
    pub fn blob_shape(&self, bottom: &Shape) -> Result<Shape, Refusal> {
        let (what, num_axes) = (self.what, self.num_axes);
        let axis = bottom.canonical_axis(self.axis).at(self.axis_field)?;
        ensure!(num_axes >= -1, self.num_axes_field, "num_axes is {num_axes}, but the least is -1 (to the last axis)");
        let rest = &bottom.dims()[axis..];
        let Some(dims) = rest.get(..usize::try_from(num_axes).unwrap_or(rest.len())) else {
            let message =
                format!("the {what} spans {num_axes} axes from axis {axis} on, past the last one of {bottom}");
            return Err(Refusal::at(self.num_axes_field, message));
        };
        Shape::new(dims).at(self.num_axes_field)
    }

    /// The axes of `bottom` that `blob` spans: it matches its dimensions from the axis on; a scalar spans none.
    ///
    /// # Errors
    /// It does not match, or a product of dimensions does not fit an `i32`.
    pub fn fit(&self, bottom: &Shape, blob: &Shape, field: &'static str) -> Result<AxisSpan, Refusal> {
        let axis = if blob.axes() == 0 { 0 } else { bottom.canonical_axis(self.axis).at(self.axis_field)? };
        ensure!(
            bottom.dims().get(axis..axis + blob.axes()) == Some(blob.dims()),
            field,
            "the {}'s shape {blob} does not match that of the input {bottom} from axis {axis} on",
            self.what
        );
        let span = AxisSpan { axis, num_axes: blob.axes() };
        let [outer, dim, inner] = span.counts(bottom);
        for count in [outer.saturating_mul(dim), dim.saturating_mul(inner), inner] {
            Shape::new([count]).at("bottom")?;
        }
        Ok(span)
    }

    /// Like [`SpanSettings::fit`] for a bias, behind whose axes there must be elements.
    pub fn fit_bias(&self, bottom: &Shape, bias: &Shape, field: &'static str) -> Result<AxisSpan, Refusal> {
        let span = self.fit(bottom, bias, field)?;
        let [.., inner] = span.counts(bottom);
        ensure!(inner > 0, "bottom", "a bias cannot be added to the input {bottom}, empty after the bias's axes");
        Ok(span)
    }
}
