//! Operators of TensorFlow and ONNX on blobs of any number of axes, as Synopsys' Caffe has them.
//!
//! They check and shape; few have blobs, none draws. Names such as `NHWC` tell upper from lower case.

use super::{Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};

pub(super) mod arithmetic;
pub(super) mod attention;
pub(super) mod axes;
pub(super) mod blocks;
pub(super) mod embedding_lookup;
pub(super) mod gather;
pub(super) mod layer_norm;
pub(super) mod pad;
pub(super) mod points;
pub(super) mod product;
pub(super) mod reduce;
pub(super) mod repeat;
pub(super) mod resize;
pub(super) mod reverse;
pub(super) mod scatter;
pub(super) mod slice;
pub(super) mod source;
pub(super) mod unary;

/// The dialect that has them.
const SYNOPSYS: Known = Known::In(&["synopsys"]);

/// The dimensions of a shape, wide.
fn wide(shape: &Shape) -> Vec<i64> {
    shape.dims().iter().map(|&dim| i64::from(dim)).collect()
}

/// A layer with one top of these dimensions, which `field` is at fault for.
fn shaped(ctx: &SetupContext<'_>, dims: impl AsRef<[i64]>, field: &'static str) -> Result<Setup, Refusal> {
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(dims.as_ref()).at(field)?]))
}
