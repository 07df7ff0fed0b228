//! Checks that several fillers share.

use crate::Shape;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;

/// Refuses a blob without values, which Caffe's fillers do not take.
pub(super) fn not_empty(shape: &Shape) -> Result<(), Refusal> {
    ensure!(shape.count() > 0, "", "a blob of shape {shape} has nothing to fill");
    Ok(())
}

/// Refuses a blob without axes, whose first axis the filler would divide by.
pub(super) fn has_axes(name: &str, shape: &Shape) -> Result<(), Refusal> {
    ensure!(shape.axes() > 0, "type", "{name} needs a blob with at least one axis");
    Ok(())
}

/// Refuses `sparse` for a filler that cannot be sparse; -1 means that it is not set.
pub(super) fn not_sparse(name: &str, param: &FillerParameter) -> Result<(), Refusal> {
    let sparse = param.sparse();
    ensure!(sparse == -1, "sparse", "only the gaussian filler can be sparse; {name} takes no sparse: {sparse}");
    Ok(())
}
