//! Slice: cuts its bottom along `axis` (1 by default; `slice_dim` in older nets), one part a top.
//!
//! Each top has the bottom's shape but for the length of its part: from one slice point to the next, or equal parts
//! where no slice points are given. A last point at the end of the axis leaves an empty part. Caffes of 2015 and before
//! make two tops at least. No blobs, no draws.

use super::parts::AxisParts;
use super::{Arity, LayerType, Operator, Setup, SetupContext, TopMemory};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::SliceParameter;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry(Arity::at_least(1)).known(Known::Where(|traits| traits.joins_single_blobs)),
    entry(Arity::at_least(2)).known(Known::Where(|traits| !traits.joins_single_blobs)),
];

const fn entry(tops: Arity) -> LayerType {
    LayerType::new("Slice", "Cuts a blob along an axis", Arity::exactly(1), tops, &slice)
        .params(&["slice_param"])
        .weightless()
}

const POINTS: &str = "slice_param.slice_point";

fn slice(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = SliceParameter::default();
    let param = ctx.param.slice_param.as_deref().unwrap_or(&default);
    let axis = slice_axis(ctx, param)?;
    let bottom = ctx.bottom(0);
    let length = i64::from(bottom.dims()[axis]);
    let parts = if param.slice_point.is_empty() {
        equal_parts(length, ctx.top_count(), axis)?
    } else {
        parts_between(&param.slice_point, length, ctx.top_count(), axis)?
    };

    let mut dims: Vec<i64> = bottom.dims().iter().copied().map(i64::from).collect();
    let parts = AxisParts::new(axis, parts);
    let mut tops = Vec::with_capacity(ctx.top_count());
    for part in parts.lengths() {
        dims[axis] = part;
        tops.push(Shape::new(&dims).at(POINTS)?);
    }
    // In place the first part takes the bottom's place before the lengths are compared.
    if ctx.in_place(0, 0) && tops[0].count() != bottom.count() {
        let message = format!("the first part {} takes the place of the bottom {bottom}", tops[0]);
        return Err(Refusal::at("top", message).help("give the top a name of its own"));
    }
    // A single top shares the bottom's memory, and a blob without elements has none.
    ensure!(tops.len() > 1 || bottom.count() > 0, "bottom", "the bottom {bottom} of a single top has no elements");
    let single = tops.len() == 1;
    let setup = Setup::new(ctx, Operator::Slice(parts), tops);
    Ok(if single { setup.view(TopMemory::Bottom(0)) } else { setup })
}

fn slice_axis(ctx: &SetupContext<'_>, param: &SliceParameter) -> Result<usize, Refusal> {
    let Some(dim) = param.slice_dim else {
        return ctx.bottom_axis(0, param.axis(), "slice_param.axis");
    };
    let field = "slice_param.slice_dim";
    ensure!(param.axis.is_none(), field, "axis {} and slice_dim {dim} are both given", param.axis());
    let bottom = ctx.bottom(0);
    ensure!((dim as usize) < bottom.axes(), field, "slice_dim {dim} is out of range for the shape {bottom}");
    Ok(dim as usize)
}

fn equal_parts(length: i64, tops: usize, axis: usize) -> Result<Vec<i64>, Refusal> {
    let count = tops as i64;
    ensure!(
        length.checked_rem(count) == Some(0),
        "top",
        "axis {axis} of length {length} cannot be cut into {tops} equal parts"
    );
    Ok(vec![length / count; tops])
}

fn parts_between(points: &[u32], length: i64, tops: usize, axis: usize) -> Result<Vec<i64>, Refusal> {
    let given = points.len();
    ensure!(given + 1 == tops, POINTS, "{given} slice points make {} parts, not {tops} tops", given + 1);
    ensure!(tops as i64 <= length, POINTS, "axis {axis} of length {length} is too short for {tops} parts");
    let mut parts = Vec::with_capacity(tops);
    let mut previous = 0;
    for &point in points {
        let point = i64::from(point);
        ensure!(point > previous, POINTS, "slice point {point} is not above {previous}");
        ensure!(point <= length, POINTS, "slice point {point} is beyond axis {axis} of length {length}");
        parts.push(point - previous);
        previous = point;
    }
    parts.push(length - previous);
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{refusal, refusal_in_place, tops};

    fn parts(param: &str, dims: &[i32], count: usize) -> Vec<Vec<i32>> {
        let top_ids: Vec<usize> = (1..=count).collect();
        tops("Slice", &format!("slice_param {{ {param} }}"), &[dims], &top_ids)
    }

    fn refused(param: &str, dims: &[i32], tops: usize) -> (&'static str, String) {
        refusal("Slice", &format!("slice_param {{ {param} }}"), &[dims], tops)
    }

    #[test]
    fn equal_parts() {
        assert_eq!(parts("", &[2, 6, 4], 3), [[2, 2, 4]; 3]);
        assert_eq!(parts("slice_dim: 0", &[2, 6, 4], 2), [[1, 6, 4]; 2]);
        assert_eq!(parts("axis: -1", &[2, 6, 4], 1), [[2, 6, 4]]);
        assert_eq!(parts("", &[2, 0], 3), [[2, 0]; 3]);
    }

    #[test]
    fn a_single_top_was_refused_once() {
        let old = crate::layer::testing::Surroundings::of("bvlc-rc2");
        assert_eq!(old.refusal("Slice", "", &[&[2, 6]]), "top: Slice makes at least 2 tops, 1 given");
        assert_eq!(old.run("Slice", "", &[&[2, 6]], 2).unwrap().tops[1].dims(), [2, 3]);
    }

    #[test]
    fn parts_between_points() {
        assert_eq!(parts("slice_point: 1 slice_point: 4", &[2, 6, 4], 3), [[2, 1, 4], [2, 3, 4], [2, 2, 4]]);
        assert_eq!(parts("slice_point: 2 slice_point: 6", &[2, 6], 3), [[2, 2], [2, 4], [2, 0]]);
    }

    #[test]
    fn points_that_do_not_fit() {
        let refused = |param, tops| refused(param, &[2, 6, 4], tops);
        let (field, message) = refused("slice_point: 4 slice_point: 2", 3);
        assert_eq!((field, message.as_str()), ("slice_param.slice_point", "slice point 2 is not above 4"));
        assert_eq!(refused("slice_point: 0", 2).1, "slice point 0 is not above 0");
        assert_eq!(refused("slice_point: 7", 2).1, "slice point 7 is beyond axis 1 of length 6");
        assert_eq!(refused("slice_point: 4294967295", 2).1, "slice point 4294967295 is beyond axis 1 of length 6");
        assert_eq!(refused("slice_point: 2", 3).1, "1 slice points make 2 parts, not 3 tops");
        assert_eq!(
            refused("axis: 0 slice_point: 1 slice_point: 2", 3).1,
            "axis 0 of length 2 is too short for 3 parts"
        );
    }

    #[test]
    fn tops_and_axes_that_do_not_fit() {
        assert_eq!(refused("", &[2, 7], 2), ("top", "axis 1 of length 7 cannot be cut into 2 equal parts".to_owned()));
        assert_eq!(refused("", &[2, 7], 0).1, "Slice makes at least 1 top, 0 given");
        assert_eq!(refused("", &[0, 7], 1).1, "the bottom (0, 7) of a single top has no elements");
        assert_eq!(refused("axis: 2", &[2, 7], 1).1, "axis 2 is out of range for the 2-axis shape (2, 7)");
        assert_eq!(refused("slice_dim: 2", &[2, 7], 1).1, "slice_dim 2 is out of range for the shape (2, 7)");
        assert_eq!(
            refused("axis: 0 slice_dim: 1", &[2, 7], 1),
            ("slice_param.slice_dim", "axis 0 and slice_dim 1 are both given".to_owned())
        );
    }

    #[test]
    fn in_place_only_if_the_first_part_is_all() {
        assert_eq!(tops("Slice", "", &[&[2, 6]], &[0]), [[2, 6]]);
        assert_eq!(tops("Slice", "slice_param { slice_point: 6 }", &[&[2, 6]], &[0, 1]), [[2, 6], [2, 0]]);
        assert_eq!(tops("Slice", "", &[&[0, 6]], &[0, 1]), [[0, 3]; 2]);
        let (field, message) = refusal_in_place("Slice", "", &[&[2, 6]], 2);
        assert_eq!((field, message.as_str()), ("top", "the first part (2, 3) takes the place of the bottom (2, 6)"));
    }
}
