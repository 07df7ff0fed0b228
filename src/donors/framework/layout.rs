//! Weights as Caffe lays them out.

use std::sync::Arc;

use super::ArrayRole;
use super::picture::flattened;
use crate::Shape;
use crate::formats::{AxisOrder, Reordered, StoredBlob};
use crate::layer::Operator;
use crate::plan::Plan;

/// The array of a module that has this role as the weights of a layer of the net, blob `index` of it. Where they do not
/// fit, they come as near as they get.
pub(super) struct Weights<'a> {
    pub(super) plan: &'a Plan,
    pub(super) layer: usize,
    pub(super) index: usize,
    pub(super) role: ArrayRole,
}

impl Weights<'_> {
    /// The blob; also the picture, channels first, whose order the inputs have been put into, if they have.
    pub(super) fn laid_out(&self, array: &StoredBlob) -> (StoredBlob, Option<Vec<i32>>) {
        use ArrayRole::{DepthwiseKernel, Kernel, PointwiseKernel, Weight};
        let dims = array.shape.dims();
        match (self.role, dims) {
            (Weight, [_, _]) if self.is_transposed() => (outputs_first(array, dims), None),
            (Kernel, [_, _]) if matches!(self.plan.layers[self.layer].operator, Operator::Embed(_)) => {
                (array.clone(), None)
            }
            (Kernel | PointwiseKernel, &[inputs, outputs]) => self.dense(array, inputs, outputs),
            (DepthwiseKernel, [_, .., _, _]) => (filters_first(array), None),
            (Kernel, &[_, .., channels, _]) if self.is_of_each(channels) => (filters_first(array), None),
            (Kernel | PointwiseKernel, [_, _, _, ..]) => (outputs_first(array, dims), None),
            _ => (array.clone(), None),
        }
    }

    /// Weights of (inputs, outputs). Inputs that were a picture had their channels last.
    fn dense(&self, array: &StoredBlob, inputs: i32, outputs: i32) -> (StoredBlob, Option<Vec<i32>>) {
        let needed = self.plan.layers[self.layer].blobs[self.index].shape.dims();
        let kernel = needed.get(1..).filter(|kernel| needed.len() > 2 && count(kernel) == Some(inputs));
        let picture = kernel.map(<[i32]>::to_vec).or_else(|| flattened(self.plan, self.layer, inputs));
        let picture = picture.filter(|picture| picture[1..].iter().any(|&dim| dim > 1));
        let Some(picture) = picture else {
            let is_as_stored = self.is_transposed();
            return (if is_as_stored { array.clone() } else { outputs_first(array, &[inputs, outputs]) }, None);
        };
        let stored = [&picture[1..], &[picture[0], outputs]].concat();
        let mut laid_out = outputs_first(array, &stored);
        if needed.len() == 2 {
            laid_out = cast(laid_out, &[outputs, inputs]);
        }
        if self.is_transposed() {
            laid_out = outputs_first(&laid_out, &[outputs, inputs]);
        }
        (laid_out, Some(picture))
    }

    /// Whether the net's layer keeps its matrix with the inputs first.
    fn is_transposed(&self) -> bool {
        matches!(&self.plan.layers[self.layer].operator, Operator::InnerProduct(product) if product.transpose)
    }

    /// Whether the net's layer is a convolution with filters for each of so many channels.
    fn is_of_each(&self, channels: i32) -> bool {
        let group = match &self.plan.layers[self.layer].operator {
            Operator::Convolution(convolution) => convolution.group,
            _ => 1,
        };
        group > 1 && group == i64::from(channels)
    }
}

/// An array of these dimensions, inputs and outputs last, with the outputs and the inputs first.
pub(super) fn outputs_first(array: &StoredBlob, dims: &[i32]) -> StoredBlob {
    let axes = dims.len();
    let order: Vec<usize> = [axes - 1, axes - 2].into_iter().chain(0..axes - 2).collect();
    reordered(array, dims, &order)
}

/// An array with the channels and the filters of each last: with the filters of all channels first, which have one
/// input.
fn filters_first(array: &StoredBlob) -> StoredBlob {
    let [spatial @ .., channels, filters] = array.shape.dims() else { return array.clone() };
    let Some(all) = channels.checked_mul(*filters) else { return array.clone() };
    let stored = [spatial, &[1, all]].concat();
    outputs_first(array, &stored)
}

fn reordered(array: &StoredBlob, dims: &[i32], order: &[usize]) -> StoredBlob {
    let laid_out: Vec<i32> = order.iter().map(|&axis| dims[axis]).collect();
    let values = Reordered::new(Arc::clone(&array.values), AxisOrder::new(dims, order));
    cast(StoredBlob { values: Arc::new(values), ..array.clone() }, &laid_out)
}

/// The same values in another shape of as many.
pub(super) fn cast(array: StoredBlob, dims: &[i32]) -> StoredBlob {
    match Shape::new(dims) {
        Ok(shape) => StoredBlob { shape, ..array },
        Err(_) => array,
    }
}

fn count(dims: &[i32]) -> Option<i32> {
    dims.iter().try_fold(1i32, |count, &dim| count.checked_mul(dim))
}

/// An array as blob `index` of a layer of the net, in the shape that it has there if they differ by axes of length 1
/// alone.
pub(super) fn numbered(array: StoredBlob, index: usize, needed: &Shape) -> StoredBlob {
    let long = |shape: &Shape| shape.dims().iter().copied().filter(|&dim| dim != 1).collect::<Vec<_>>();
    let is_same = array.shape.count() == needed.count() && long(&array.shape) == long(needed);
    let shape = if is_same { needed.copied() } else { array.shape };
    StoredBlob { index, shape, legacy: false, values: array.values }
}
