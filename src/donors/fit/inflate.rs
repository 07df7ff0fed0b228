//! `inflate`: kernels of two spatial axes into those of three, so that a picture that stands still gives what it gave
//! (Carreira and Zisserman 2017).

use super::{Fit, Mismatch};
use crate::formats::Gather;

/// The axis of the depth, or of the time, in (outputs, inputs, depth, height, width).
const DEPTH: usize = 2;

pub(super) fn inflate(mismatch: &Mismatch<'_>) -> Result<Fit, String> {
    let (stored, needed) = (mismatch.stored.dims(), mismatch.needed.dims());
    let ([outputs, inputs, spatial @ ..], [_, _, depth, _, _]) = (stored, needed) else {
        return Err("it is for kernels with two spatial axes, and three of the net's".to_owned());
    };
    let flat = [&[*outputs, *inputs, 1], spatial].concat();
    if flat.len() != needed.len() {
        return Err("it is for kernels with two spatial axes, and three of the net's".to_owned());
    }
    if let Some(axis) = (0..needed.len()).find(|&axis| axis != DEPTH && flat[axis] != needed[axis]) {
        return Err(format!("beside the depth, {} of the net's axis {axis} differs from {}", needed[axis], flat[axis]));
    }
    if mismatch.stored.count() == 0 {
        return Err("no values are stored".to_owned());
    }
    Ok(Fit::Gathered(Gather::new(&flat, needed).divided_by(*depth as usize)))
}
