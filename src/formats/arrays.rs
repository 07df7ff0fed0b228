//! The net as arrays in memory.

use std::collections::HashMap;
use std::io;

use ndarray::{ArrayD, IxDyn};

use super::{Output, SavedLayer};
use crate::Shape;
use crate::sink::Sink;

/// Collects every blob as an `ndarray` array, by layer and index.
#[derive(Debug, Default)]
pub struct Arrays {
    layers: Vec<(String, Vec<ArrayD<f32>>)>,
    by_name: HashMap<String, usize>,
    shape: Option<Shape>,
    values: Vec<f32>,
}

impl Arrays {
    /// The blob of this index of the first layer of this name.
    pub fn get(&self, layer: &str, blob: usize) -> Option<&ArrayD<f32>> {
        self.layers[*self.by_name.get(layer)?].1.get(blob)
    }

    /// All layers with their blobs, in the net's order.
    pub fn layers(&self) -> &[(String, Vec<ArrayD<f32>>)] {
        &self.layers
    }
}

impl Sink for Arrays {
    fn write(&mut self, values: &[f32]) -> io::Result<()> {
        self.values.extend_from_slice(values);
        Ok(())
    }
}

impl Output for Arrays {
    fn begin_layer(&mut self, layer: &SavedLayer<'_>) -> io::Result<()> {
        let name = layer.name().to_owned();
        self.by_name.entry(name.clone()).or_insert(self.layers.len());
        self.layers.push((name, Vec::with_capacity(layer.blobs.len())));
        Ok(())
    }

    fn begin_blob(&mut self, layer: &SavedLayer<'_>, blob: usize) -> io::Result<()> {
        let shape = layer.blobs[blob].shape.clone();
        self.values = Vec::with_capacity(shape.count());
        self.shape = Some(shape);
        Ok(())
    }

    fn end_blob(&mut self) -> io::Result<()> {
        let (Some(shape), Some((_, blobs))) = (self.shape.take(), self.layers.last_mut()) else {
            return Err(io::Error::other("a blob ends that has not begun"));
        };
        let dims: Vec<usize> = shape.dims().iter().map(|&dim| dim as usize).collect();
        let array = ArrayD::from_shape_vec(IxDyn(&dims), std::mem::take(&mut self.values));
        blobs.push(array.map_err(io::Error::other)?);
        Ok(())
    }

    fn end_layer(&mut self) -> io::Result<()> {
        Ok(())
    }
}
