//! Reshape: other dimensions for the same elements.
//!
//! The dimensions in `shape` replace `num_axes` axes of the bottom (-1, the default: all that follow) from `axis` on (0
//! by default). A negative `axis` counts from one place past the end: -1 appends. Among the dimensions
//! - 0 copies the bottom's axis at the same place, counted from `axis`, whether or not that axis is replaced;
//! - -1, at most once, is what the other dimensions leave of the bottom's elements;
//! - none at all drops the replaced axes.
//!
//! A `pixelshuffler` other than 1, which Synopsys' Caffe has, lays the channels out as blocks of that many pixels in
//! height and in width instead; then the other fields count for nothing.
//!
//! In lisa-caffe `shape` has all dimensions of the top: 0 and -1 mean nothing else there.
//!
//! In place only in Caffes of 2015 and before, which then compare the new number of elements with itself: it may be
//! any. No blobs, no draws. The top shares the bottom's memory, so that a bottom without elements is refused.

use std::ops::Range;

use super::{Arity, Layer, LayerType, Operator, Setup, SetupContext, TopMemory};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::ReshapeParameter;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry(&reshape).known(Known::WithFieldBut { field: "reshape_param", not: &["lisa"] }),
    entry(&reshape_all).known(Known::In(&["lisa"])),
];

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new("Reshape", "Changes the dimensions of a blob", Arity::exactly(1), Arity::exactly(1), rule)
        .params(&["reshape_param"])
        .keeps_signal()
        .weightless()
}

const DIMS: &str = "reshape_param.shape";

fn reshape(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    if ctx.dialect.traits.views_refuse_in_place {
        ctx.refuse_in_place(0, 0)?;
    }
    let default = ReshapeParameter::default();
    let param = ctx.param.reshape_param.as_deref().unwrap_or(&default);
    let bottom = ctx.bottom(0);
    ensure!(bottom.count() > 0, "bottom", "the bottom {bottom} has no elements");
    if param.pixelshuffler() != 1 && ctx.dialect.traits.reads_fields_of_intel {
        return shuffle_pixels(ctx, param.pixelshuffler());
    }
    let replaced = replaced_axes(bottom, param)?;
    let (new, inferred) = new_dims(bottom, replaced.start, param)?;

    let mut dims: Vec<i64> = bottom.dims().iter().copied().map(i64::from).collect();
    let start = replaced.start;
    dims.splice(replaced, new);
    if let Some(index) = inferred {
        dims[start + index] = infer(bottom, &dims)?;
    }
    view(ctx, Shape::new(dims).at(DIMS)?)
}

fn reshape_all(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = ReshapeParameter::default();
    let param = ctx.param.reshape_param.as_deref().unwrap_or(&default);
    let bottom = ctx.bottom(0);
    ensure!(bottom.count() > 0, "bottom", "the bottom {bottom} has no elements");
    let dims = param.shape.as_ref().map_or(&[][..], |shape| &shape.dim);
    view(ctx, Shape::new(dims).at(DIMS)?)
}

/// Shows the bottom in this shape.
fn view(ctx: &SetupContext<'_>, top: Shape) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let keeps_elements = top.count() == bottom.count();
    ensure!(
        keeps_elements || ctx.in_place(0, 0),
        DIMS,
        "the new shape {top} has {} elements, the bottom {bottom} has {}",
        top.count(),
        bottom.count()
    );
    let operator = if keeps_elements { Operator::View } else { Operator::Opaque };
    Ok(Setup::new(ctx, operator, [top]).view(TopMemory::Bottom(0)))
}

/// Lays the channels out as blocks of pixels: (N, C, H, W) becomes (N, C / factor^2, H factor, W factor).
fn shuffle_pixels(ctx: &SetupContext<'_>, factor: i32) -> Result<Setup, Refusal> {
    const FACTOR: &str = "reshape_param.pixelshuffler";
    let bottom = ctx.bottom(0);
    let [items, channels, height, width] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis).map(i64::from));
    let (items, channels, height, width, factor) = (items?, channels?, height?, width?, i64::from(factor));
    ensure!(factor > 0, FACTOR, "pixelshuffler {factor} is not at least 1");
    ensure!(
        channels % (factor * factor) == 0,
        FACTOR,
        "{channels} channels of {bottom} are not a multiple of the {factor} x {factor} pixels of a block"
    );
    let top = Shape::new([items, channels / (factor * factor), height * factor, width * factor]).at(FACTOR)?;
    Ok(Setup::new(ctx, Operator::Opaque, [top]))
}

fn replaced_axes(bottom: &Shape, param: &ReshapeParameter) -> Result<Range<usize>, Refusal> {
    let axes = bottom.axes() as i64;
    let (axis, num_axes) = (i64::from(param.axis()), i64::from(param.num_axes()));
    let start = if axis < 0 { axis + axes + 1 } else { axis };
    ensure!(
        (0..=axes).contains(&start),
        "reshape_param.axis",
        "axis {axis} is out of range: the shape {bottom} has places {} to {axes}",
        -axes - 1
    );
    let field = "reshape_param.num_axes";
    ensure!(num_axes >= -1, field, "num_axes {num_axes} is neither a number of axes nor -1, for all");
    let end = if num_axes == -1 { axes } else { start + num_axes };
    ensure!(end <= axes, field, "there are no {num_axes} axes from axis {start} of the shape {bottom} on");
    Ok(start as usize..end as usize)
}

/// The dimensions that the user gives, with copies in place of zeros, and the index of the one to be inferred, which is
/// 1 for now.
fn new_dims(bottom: &Shape, start: usize, param: &ReshapeParameter) -> Result<(Vec<i64>, Option<usize>), Refusal> {
    let given = param.shape.as_ref().map_or(&[][..], |shape| &shape.dim);
    let mut dims = Vec::with_capacity(given.len());
    let mut inferred = None;
    for (index, &dim) in given.iter().enumerate() {
        // Caffe cuts the dimensions of every BlobShape to 32 bits.
        dims.push(match dim as i32 {
            0 => match bottom.dim(start + index) {
                Some(copied) => i64::from(copied),
                None => {
                    let message = format!("dim 0 copies axis {}, which the bottom {bottom} lacks", start + index);
                    return Err(Refusal::at(DIMS, message));
                }
            },
            -1 => {
                ensure!(inferred.is_none(), DIMS, "dim -1 is given more than once");
                inferred = Some(index);
                1
            }
            dim => {
                ensure!(dim > 0, DIMS, "dim {dim} is negative");
                i64::from(dim)
            }
        });
    }
    Ok((dims, inferred))
}

/// The number of elements of the bottom for each of `dims`, where the inferred dimension counts as 1.
fn infer(bottom: &Shape, dims: &[i64]) -> Result<i64, Refusal> {
    // Every dimension is at least 1: the bottom has elements. A product that saturates divides no number of elements.
    let others = dims.iter().fold(1i64, |product, &dim| product.saturating_mul(dim));
    let count = bottom.count() as i64;
    ensure!(
        count % others == 0,
        DIMS,
        "dim -1 cannot be inferred: {others}, the product of the other dimensions, does not divide {count} elements"
    );
    Ok(count / others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{Surroundings, layer_of, refusal, refusal_in_place, setup_blobs, top};

    fn reshaped(dims: &[i32], param: &str) -> Vec<i32> {
        top("Reshape", &format!("reshape_param {{ {param} }}"), &[dims])
    }

    fn refused(dims: &[i32], param: &str) -> (&'static str, String) {
        refusal("Reshape", &format!("reshape_param {{ {param} }}"), &[dims], 1)
    }

    #[test]
    fn all_axes() {
        let reshaped = |param| reshaped(&[2, 3, 4, 5], param);
        assert_eq!(reshaped("shape { dim: 6 dim: 20 }"), [6, 20]);
        assert_eq!(reshaped("shape { dim: 0 dim: 0 dim: -1 }"), [2, 3, 20]);
        assert_eq!(reshaped("shape { dim: -1 dim: 6 dim: 0 }"), [5, 6, 4]);
        assert_eq!(reshaped("shape { dim: 2 dim: 3 dim: 2 dim: 2 dim: 5 dim: 1 }"), [2, 3, 2, 2, 5, 1]);
        assert_eq!(reshaped("shape { dim: -1 }"), [120]);
        assert_eq!(reshaped("shape { dim: 4294967302 dim: 20 }"), [6, 20]);
    }

    #[test]
    fn some_axes() {
        let reshaped = |param| reshaped(&[2, 3, 4, 5], param);
        assert_eq!(reshaped("shape { dim: -1 } axis: 1"), [2, 60]);
        assert_eq!(reshaped("shape { dim: 12 } axis: 1 num_axes: 2"), [2, 12, 5]);
        assert_eq!(reshaped("shape { dim: 1 dim: 1 } axis: 2 num_axes: 0"), [2, 3, 1, 1, 4, 5]);
        assert_eq!(reshaped("shape { dim: 1 } axis: -1"), [2, 3, 4, 5, 1]);
        assert_eq!(reshaped("shape { dim: -1 } axis: -3"), [2, 3, 20]);
        assert_eq!(reshaped("shape { dim: 2 dim: 2 } axis: -3 num_axes: 1"), [2, 3, 2, 2, 5]);
        assert_eq!(reshaped("shape { dim: 0 dim: -1 } axis: 1"), [2, 3, 20]);
        assert_eq!(reshaped("shape { dim: 1 } axis: -5 num_axes: 0"), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_zero_copies_beyond_the_replaced_axes() {
        assert_eq!(reshaped(&[2, 6, 3], "shape { dim: 2 dim: 0 } axis: 1 num_axes: 1"), [2, 2, 3, 3]);
    }

    #[test]
    fn scalars() {
        assert_eq!(reshaped(&[1, 1, 1], ""), [0; 0]);
        assert_eq!(reshaped(&[], "shape { dim: -1 }"), [1]);
        assert_eq!(reshaped(&[3, 4], "num_axes: 0"), [3, 4]);
        assert_eq!(reshaped(&[2, 1, 3], "axis: 1 num_axes: 1"), [2, 3]);
    }

    #[test]
    fn dimensions_that_do_not_fit() {
        let refused = |param| refused(&[2, 3, 4], param);
        let (field, message) = refused("shape { dim: 5 dim: 5 }");
        assert_eq!(field, DIMS);
        assert_eq!(message, "the new shape (5, 5) has 25 elements, the bottom (2, 3, 4) has 24");
        assert_eq!(refused("").1, "the new shape () has 1 elements, the bottom (2, 3, 4) has 24");
        assert_eq!(refused("shape { dim: -1 dim: -1 }").1, "dim -1 is given more than once");
        assert_eq!(refused("shape { dim: -2 dim: -12 }").1, "dim -2 is negative");
        assert_eq!(
            refused("shape { dim: -1 dim: 10 }").1,
            "dim -1 cannot be inferred: 10, the product of the other dimensions, does not divide 24 elements"
        );
        assert_eq!(
            refused("shape { dim: 2 dim: 3 dim: 4 dim: 0 }").1,
            "dim 0 copies axis 3, which the bottom (2, 3, 4) lacks"
        );
        let huge = format!("shape {{ dim: -1 {} }}", "dim: 65536 ".repeat(4));
        assert_eq!(
            refused(&huge).1,
            "dim -1 cannot be inferred: 9223372036854775807, the product of the other dimensions, does not divide 24 \
             elements"
        );
    }

    #[test]
    fn axes_out_of_range() {
        let refused = |param| refused(&[2, 3, 4], param);
        let (field, message) = refused("axis: 4");
        assert_eq!(field, "reshape_param.axis");
        assert_eq!(message, "axis 4 is out of range: the shape (2, 3, 4) has places -4 to 3");
        assert_eq!(refused("axis: -5").1, "axis -5 is out of range: the shape (2, 3, 4) has places -4 to 3");
        let (field, message) = refused("axis: 1 num_axes: 3");
        assert_eq!(field, "reshape_param.num_axes");
        assert_eq!(message, "there are no 3 axes from axis 1 of the shape (2, 3, 4) on");
        assert_eq!(refused("num_axes: -2").1, "num_axes -2 is neither a number of axes nor -1, for all");
        assert_eq!(
            refused("axis: 3 num_axes: 2147483647").1,
            "there are no 2147483647 axes from axis 3 of the shape (2, 3, 4) on"
        );
    }

    #[test]
    fn bottoms_without_memory_and_in_place() {
        assert_eq!(refused(&[0, 4], "shape { dim: 0 dim: -1 }").1, "the bottom (0, 4) has no elements");
        let unshaped = setup_blobs("Reshape", "", &[Shape::unshaped()], &[1]);
        assert_eq!(unshaped.unwrap_err().message, "the bottom () has no elements");
        let (field, message) = refusal_in_place("Reshape", "", &[&[1]], 1);
        assert_eq!((field, message.as_str()), ("top", "the layer cannot work in place"));
    }

    #[test]
    fn lisa_caffe_takes_dimensions_as_they_are() {
        let own = Surroundings::of("lisa");
        assert_eq!(own.top("Reshape", "reshape_param { shape { dim: [3, 2] } }", &[&[2, 3]]), [3, 2]);
        let refusal = |text: &str| own.refusal("Reshape", text, &[&[2, 3]]);
        let message = "reshape_param.shape: dimension 1 is negative (-1)";
        assert_eq!(refusal("reshape_param { shape { dim: [3, -1] } }"), message);
        let message = "reshape_param.shape: the new shape (0, 3) has 0 elements, the bottom (2, 3) has 6";
        assert_eq!(refusal("reshape_param { shape { dim: [0, 3] } }"), message);
        assert_eq!(refusal(""), "reshape_param.shape: the new shape () has 1 elements, the bottom (2, 3) has 6");
    }

    #[test]
    fn an_early_caffe_reshapes_in_place() {
        let tops = |dialect, text| {
            let own = Surroundings::of(dialect);
            let layer = layer_of(own.dialect, text);
            own.setup_blobs(&TYPES[0], &layer, &[Shape::new([2, 6]).unwrap()], &[0])
        };
        for dialect in ["hed", "yjxiong"] {
            let made = tops(dialect, "reshape_param { shape { dim: [3, -1] } }").unwrap();
            assert_eq!((made.tops[0].dims(), made.memory), (&[3, 4][..], vec![TopMemory::InPlace(0)]));
            let made = tops(dialect, "reshape_param { shape { dim: [5, 5] } }").unwrap();
            assert_eq!((made.tops[0].dims(), made.operator), (&[5, 5][..], Operator::Opaque));
        }
        assert_eq!(tops("bvlc-rc3", "").unwrap_err().message, "the layer cannot work in place");
    }
}
