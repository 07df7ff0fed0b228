//! Concat: joins its bottoms along `axis` (1 by default; `concat_dim` in older nets).
//!
//! The top has the first bottom's shape, with the sum of the bottoms' lengths along the axis. Caffes of 2015 and before
//! take two bottoms at least. No blobs, no draws.

use super::parts::AxisParts;
use super::{Arity, LayerType, Operator, Setup, SetupContext, Signal, TopMemory};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::ConcatParameter;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry(Arity::at_least(1)).known(Known::Where(|traits| traits.joins_single_blobs)),
    entry(Arity::at_least(2)).known(Known::Where(|traits| !traits.joins_single_blobs)),
];

const fn entry(bottoms: Arity) -> LayerType {
    LayerType::new("Concat", "Joins blobs along an axis", bottoms, Arity::exactly(1), &concat)
        .with_engines()
        .params(&["concat_param"])
        .signal(|_| Signal::Joined)
        .weightless()
}

fn concat(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let axis = concat_axis(ctx, &ctx.param.concat_param.unwrap_or_default())?;
    let first = ctx.bottom(0);
    for (index, other) in ctx.bottoms.iter().enumerate().skip(1) {
        let same = other.axes() == first.axes() && {
            let mut pairs = first.dims().iter().zip(other.dims()).enumerate();
            pairs.all(|(at, (a, b))| at == axis || a == b)
        };
        ensure!(same, "bottom", "bottom {index} {other} and bottom 0 {first} differ in more than axis {axis}");
    }
    // The top of a single bottom shares its memory, and a blob without elements has none.
    ensure!(ctx.bottoms.len() > 1 || first.count() > 0, "bottom", "the only bottom {first} has no elements");
    let parts = AxisParts::new(axis, ctx.bottoms.iter().map(|bottom| i64::from(bottom.dims()[axis])));
    let mut dims: Vec<i64> = first.dims().iter().copied().map(i64::from).collect();
    dims[axis] = parts.total();
    let setup = Setup::new(ctx, Operator::Concat(parts), [Shape::new(dims).at("bottom")?]);
    Ok(if ctx.bottoms.len() == 1 { setup.view(TopMemory::Bottom(0)) } else { setup })
}

fn concat_axis(ctx: &SetupContext<'_>, param: &ConcatParameter) -> Result<usize, Refusal> {
    let Some(dim) = param.concat_dim else {
        return ctx.bottom_axis(0, param.axis(), "concat_param.axis");
    };
    let field = "concat_param.concat_dim";
    ensure!(param.axis.is_none(), field, "axis {} and concat_dim {dim} are both given", param.axis());
    let bottom = ctx.bottom(0);
    ensure!((dim as usize) < bottom.axes(), field, "concat_dim {dim} is out of range for the shape {bottom}");
    Ok(dim as usize)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{refusal, top, tops};

    #[test]
    fn lengths_add_up() {
        assert_eq!(top("Concat", "", &[&[2, 3, 4], &[2, 5, 4], &[2, 0, 4]]), [2, 8, 4]);
        assert_eq!(top("Concat", "concat_param { axis: -1 }", &[&[2, 3, 4], &[2, 3, 4]]), [2, 3, 8]);
        assert_eq!(top("Concat", "concat_param { concat_dim: 0 }", &[&[2, 3], &[1, 3]]), [3, 3]);
        assert_eq!(top("Concat", "", &[&[0, 3], &[0, 4]]), [0, 7]);
        assert_eq!(top("Concat", "", &[&[2, 3]]), [2, 3]);
        assert_eq!(tops("Concat", "", &[&[1, 2, 3], &[1, 4, 3]], &[0]), [[1, 6, 3]]);
    }

    #[test]
    fn bottoms_that_do_not_fit() {
        let message = |bottoms: &[&[i32]]| refusal("Concat", "", bottoms, 1).1;
        assert_eq!(
            message(&[&[2, 3, 4], &[2, 3, 5]]),
            "bottom 1 (2, 3, 5) and bottom 0 (2, 3, 4) differ in more than axis 1"
        );
        assert_eq!(
            message(&[&[2, 3], &[2, 3, 1]]),
            "bottom 1 (2, 3, 1) and bottom 0 (2, 3) differ in more than axis 1"
        );
        assert_eq!(message(&[&[0, 3]]), "the only bottom (0, 3) has no elements");
        assert_eq!(
            message(&[&[1, i32::MAX], &[1, 1]]),
            "a blob holds at most 2147483647 elements, 1 x 2147483648 are more"
        );
        assert_eq!(message(&[]), "Concat takes at least 1 bottom, 0 given");
    }

    #[test]
    fn a_single_bottom_was_refused_once() {
        let old = crate::layer::testing::Surroundings::of("hed");
        assert_eq!(old.top("Concat", "", &[&[2, 3], &[2, 1]]), [2, 4]);
        assert_eq!(old.refusal("Concat", "", &[&[2, 3]]), "bottom: Concat takes at least 2 bottoms, 1 given");
        let lisa = crate::layer::testing::Surroundings::of("lisa-recurrent");
        assert_eq!(lisa.top("Concat", "", &[&[2, 3]]), [2, 3]);
    }

    #[test]
    fn axes_out_of_range() {
        let bottoms: [&[i32]; 2] = [&[2, 3, 4], &[2, 3, 4]];
        let refusal = |text| refusal("Concat", text, &bottoms, 1);
        assert_eq!(
            refusal("concat_param { axis: 3 }"),
            ("concat_param.axis", "axis 3 is out of range for the 3-axis shape (2, 3, 4)".to_owned())
        );
        let legacy = |message: &str| ("concat_param.concat_dim", message.to_owned());
        assert_eq!(
            refusal("concat_param { concat_dim: 3 }"),
            legacy("concat_dim 3 is out of range for the shape (2, 3, 4)")
        );
        assert_eq!(
            refusal("concat_param { concat_dim: 4294967295 }"),
            legacy("concat_dim 4294967295 is out of range for the shape (2, 3, 4)")
        );
        assert_eq!(refusal("concat_param { axis: 1 concat_dim: 1 }"), legacy("axis 1 and concat_dim 1 are both given"));
    }
}
