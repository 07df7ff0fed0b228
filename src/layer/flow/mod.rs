//! Layers for optical flow, FlowNet's, which Synopsys' Caffe has too.
//!
//! Blobs have four axes at most, missing ones counting as 1. None of the layers draws while the net is built.

use super::{LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};

mod augmentation;
mod correlation;
mod float_file;
mod resample;
mod warp;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    augmentation::BLACK,
    augmentation::DATA,
    augmentation::FLOW,
    augmentation::PARAMETERS,
    correlation::ALONG_ROWS,
    correlation::BY_SHIFTS,
    correlation::TYPE,
    float_file::FLO_WRITER,
    float_file::IMG_WRITER,
    float_file::PFM_WRITER,
    float_file::READER,
    float_file::WRITER,
    resample::ACCUM,
    resample::DOWNSAMPLE,
    resample::TYPE,
    warp::CHANNEL_NORM,
    warp::MEAN,
    warp::TYPE,
];

/// The dialects that have them.
const TREES: Known = Known::In(&["flownet2", "synopsys"]);

/// A layer with one top of these dimensions, which `field` is at fault for.
fn shaped(ctx: &SetupContext<'_>, dims: [i64; 4], field: &'static str) -> Result<Setup, Refusal> {
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(dims).at(field)?]))
}

/// The four dimensions of a bottom.
fn picture(ctx: &SetupContext<'_>, bottom: usize) -> Result<[i64; 4], Refusal> {
    let shape = ctx.four_axes(bottom)?;
    let mut dims = [1; 4];
    for (dim, &own) in dims.iter_mut().zip(shape.dims()) {
        *dim = i64::from(own);
    }
    Ok(dims)
}

/// Has the layer saved as one that is not shaped anew for each picture.
fn shaped_once(ctx: &SetupContext<'_>, setup: Setup) -> Setup {
    let mut saved = ctx.param.clone();
    saved.reshape_every_iter = Some(false);
    Setup { saved: Some(Box::new(saved)), ..setup }
}
