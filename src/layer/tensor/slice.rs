//! StridedSlice and Piece: a part of a blob.
//!
//! Piece takes `size` elements from `begin` on along every axis, or all that follow where `size` is -1. StridedSlice
//! takes those from `begin` up to `end`, which is excluded, in steps; negative numbers count from the end of the axis.
//! Its entries belong to the first axes, or to the `axes` named, as ONNX has it. Without `axes` five masks apply, bit
//! by bit for each entry, as TensorFlow has them: entries whose begin or end is left open, one that stands for all axes
//! not mentioned, new axes of length 1, and axes of which one element is taken and that go. No blobs, no draws.

use super::{SYNOPSYS, shaped, wide};
use crate::Shape;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Setup, SetupContext};
use crate::proto::caffe::StridedSliceParameter;

const ONE: Arity = Arity::exactly(1);
const FIELD: &str = "strided_slice_param";

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    LayerType::new("Piece", "Takes a part of a blob", ONE, ONE, &piece)
        .params(&["piece_param"])
        .keeps_signal()
        .known(SYNOPSYS),
    LayerType::new("StridedSlice", "Takes elements of a blob in steps", ONE, ONE, &strided_slice)
        .params(&[FIELD])
        .keeps_signal()
        .known(SYNOPSYS),
];

fn piece(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const PIECE: &str = "piece_param";
    let bottom = ctx.bottom(0);
    let param = ctx.param.piece_param().unwrap_or_default();
    let (begins, sizes, axes) = (param.begin.len(), param.size.len(), bottom.axes());
    ensure!(begins == axes && sizes == axes, PIECE, "{begins} begins and {sizes} sizes given for the axes of {bottom}");
    let mut dims = Vec::with_capacity(axes);
    for (axis, &dim) in bottom.dims().iter().enumerate() {
        let begin = i64::from(param.begin[axis]);
        let size = match param.size[axis] {
            -1 => i64::from(dim) - begin,
            size => size.into(),
        };
        ensure!(
            begin >= 0 && size >= 1 && begin + size <= i64::from(dim),
            PIECE,
            "{size} elements from {begin} on are not within the {dim} of axis {axis}"
        );
        dims.push(size);
    }
    shaped(ctx, dims, PIECE)
}

/// The elements taken of an axis.
#[derive(Clone, Copy)]
struct AxisRange {
    begin: i64,
    end: i64,
    stride: i64,
}

impl AxisRange {
    /// All of an axis of this length.
    fn whole(dim: i64) -> AxisRange {
        AxisRange { begin: 0, end: dim, stride: 1 }
    }

    /// Counts a begin from the front, and keeps it within the axis.
    fn clamp_begin(&mut self, dim: i64) {
        self.begin = if self.begin >= 0 { self.begin.min(dim - 1) } else { (self.begin + dim).max(0) };
    }

    fn clamp(&mut self, dim: i64) {
        self.clamp_begin(dim);
        self.end = if self.end >= 0 { self.end.min(dim) } else { (self.end + dim).max(-1) };
    }

    /// How many elements there are, by a division that truncates towards zero.
    fn count(self) -> i64 {
        (self.end - self.begin - self.stride.signum()) / self.stride + 1
    }
}

fn strided_slice(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.strided_slice_param().unwrap_or_default();
    let bottom = ctx.bottom(0);
    let (begins, ends, strides) = (param.begin.len(), param.end.len(), param.strides.len());
    ensure!(
        begins == ends && (strides == 0 || strides == begins),
        FIELD,
        "{begins} begins, {ends} ends and {strides} strides are given: there is one of each for an axis"
    );
    ensure!(!param.strides.contains(&0), "strided_slice_param.strides", "a stride is 0");
    let stride = |entry: usize| param.strides.get(entry).map_or(1, |&stride| i64::from(stride));
    let entry = |entry: usize| AxisRange {
        begin: param.begin[entry].into(),
        end: param.end[entry].into(),
        stride: stride(entry),
    };
    let taken: Vec<AxisRange> = (0..begins).map(entry).collect();
    let dims = if param.axes.is_empty() { masked(bottom, taken, &param)? } else { named(ctx, &taken, &param.axes)? };
    shaped(ctx, dims, FIELD)
}

/// ONNX's way: an entry for each of the axes named.
fn named(ctx: &SetupContext<'_>, taken: &[AxisRange], axes: &[i32]) -> Result<Vec<i64>, Refusal> {
    const AXES: &str = "strided_slice_param.axes";
    let bottom = ctx.bottom(0);
    ensure!(axes.len() == taken.len(), AXES, "{} axes named for {} entries", axes.len(), taken.len());
    let mut dims = wide(bottom);
    for (&axis, mut taken) in axes.iter().zip(taken.iter().copied()) {
        let axis = ctx.bottom_axis(0, axis, AXES)?;
        taken.clamp(bottom.dims()[axis].into());
        dims[axis] = taken.count();
    }
    Ok(dims)
}

/// The bits of a mask, one for each entry.
fn bit(mask: i32, entry: usize) -> bool {
    mask >> entry & 1 == 1
}

/// TensorFlow's way, with Caffe's order of doing it.
fn masked(bottom: &Shape, mut taken: Vec<AxisRange>, param: &StridedSliceParameter) -> Result<Vec<i64>, Refusal> {
    let ellipses = param.ellipsis_mask();
    ensure!(
        ellipses & ellipses.wrapping_sub(1) == 0,
        "strided_slice_param.ellipsis_mask",
        "ellipsis_mask has more than one bit"
    );
    let entries = taken.len();
    let too_many = || Refusal::at(FIELD, format!("{entries} entries given for the axes of {bottom}"));
    let (shrinks, adds) = (|entry| bit(param.shrink_axis_mask(), entry), |entry| bit(param.new_axis_mask(), entry));
    let new = AxisRange::whole(1);
    let mut dims = wide(bottom);
    let mut ellipsis = None;
    // The masks have no more bits.
    ensure!(entries <= 32, FIELD, "{entries} entries are given, more than 32");
    for (entry, own) in taken.iter_mut().enumerate() {
        let dim = *dims.get(entry).ok_or_else(too_many)?;
        if bit(ellipses, entry) {
            ellipsis = Some(entry);
        }
        own.clamp_begin(dim);
        if shrinks(entry) && ellipsis != Some(entry) {
            let step = own.stride.signum();
            *own = AxisRange { end: own.begin + step, stride: step, ..*own };
        }
        if adds(entry) && ellipsis.is_none() {
            dims.insert(entry, 1);
            *own = new;
        }
    }
    let behind = |entry: usize| ellipsis.is_some_and(|ellipsis| entry > ellipsis);
    for entry in (0..entries).rev().filter(|&entry| adds(entry) && behind(entry)) {
        dims.insert(dims.len() + entry + 1 - entries, 1);
        taken[entry] = new;
    }
    let unmentioned = dims.len().checked_sub(entries).ok_or_else(too_many)?;
    spread(&mut taken, &dims, ellipsis);
    for (taken, &dim) in taken.iter_mut().zip(&dims) {
        taken.clamp(dim);
    }
    let place = |entry: usize| if behind(entry) { entry + unmentioned } else { entry };
    for entry in (0..entries).filter(|&entry| ellipsis != Some(entry) && !shrinks(entry) && !adds(entry)) {
        let (own, dim) = (&mut taken[place(entry)], dims[place(entry)]);
        let (first, last) = if own.stride > 0 { (0, dim) } else { (dim - 1, -1) };
        if bit(param.begin_mask(), entry) {
            own.begin = first;
        }
        if bit(param.end_mask(), entry) {
            own.end = last;
        }
    }
    let mut dims: Vec<i64> = taken.iter().map(|taken| taken.count()).collect();
    for entry in (0..entries).rev().filter(|&entry| shrinks(entry) && !adds(entry) && ellipsis != Some(entry)) {
        dims.remove(place(entry));
    }
    Ok(dims)
}

/// Gives each axis its entry: those behind the ellipsis belong to the last axes, and what is not mentioned is whole.
fn spread(taken: &mut Vec<AxisRange>, dims: &[i64], ellipsis: Option<usize>) {
    let entries = taken.len();
    taken.extend(dims[entries..].iter().map(|&dim| AxisRange::whole(dim)));
    if let Some(ellipsis) = ellipsis {
        let unmentioned = dims.len() - entries;
        taken.copy_within(ellipsis + 1..entries, ellipsis + 1 + unmentioned);
        for axis in ellipsis..=ellipsis + unmentioned {
            taken[axis] = AxisRange::whole(dims[axis]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn slice(fields: &str, bottom: &[i32]) -> Result<Vec<i32>, String> {
        let text = format!("strided_slice_param {{ {fields} }}");
        let made = Surroundings::of("synopsys").run("StridedSlice", &text, &[bottom], 1)?;
        Ok(made.tops[0].dims().to_vec())
    }

    #[test]
    fn elements_are_taken_in_steps() {
        assert_eq!(slice("begin: [1, 5] end: [4, 0] strides: [2, -2]", &[4, 6, 5]), Ok(vec![2, 3, 5]));
        assert_eq!(slice("begin: -3 end: 100 axes: 1", &[4, 6]), Ok(vec![4, 3]));
        assert_eq!(slice("begin: [1, 2] end: [2, 3] begin_mask: 1 end_mask: 2", &[4, 6]), Ok(vec![2, 4]));
    }

    #[test]
    fn axes_come_and_go() {
        assert_eq!(slice("begin: -1 end: 0 shrink_axis_mask: 1", &[4, 6]), Ok(vec![6]));
        assert_eq!(slice("begin: [0, 1] end: [0, 3] new_axis_mask: 1", &[4, 6, 5]), Ok(vec![1, 2, 6, 5]));
        let text = "begin: [1, 0, 1] end: [2, 0, 4] ellipsis_mask: 2";
        assert_eq!(slice(text, &[2, 3, 4, 5]), Ok(vec![1, 3, 4, 3]));
    }

    #[test]
    fn refusals() {
        let message = "1 begins, 2 ends and 0 strides are given: there is one of each for an axis";
        assert_eq!(slice("begin: 1 end: [2, 3]", &[4, 6]), Err(format!("strided_slice_param: {message}")));
        let message = "strided_slice_param.strides: a stride is 0";
        assert_eq!(slice("begin: 1 end: 2 strides: 0", &[4, 6]), Err(message.into()));
        let message = "strided_slice_param.ellipsis_mask: ellipsis_mask has more than one bit";
        assert_eq!(slice("begin: [0, 0] end: [1, 1] ellipsis_mask: 3", &[4, 6]), Err(message.into()));
        let message = "strided_slice_param: 3 entries given for the axes of (4, 6)";
        assert_eq!(slice("begin: [0, 0, 0] end: [1, 1, 1]", &[4, 6]), Err(message.into()));
        let many = ["0"; 33].join(", ");
        let message = "strided_slice_param: 33 entries are given, more than 32";
        assert_eq!(slice(&format!("begin: [{many}] end: [{many}] new_axis_mask: -1"), &[4]), Err(message.into()));
        let text = "piece_param { begin: [0, 2] size: [-1, 3] }";
        let error = Surroundings::of("synopsys").refusal("Piece", text, &[&[4, 4]]);
        assert_eq!(error, "piece_param: 3 elements from 2 on are not within the 4 of axis 1");
    }
}
