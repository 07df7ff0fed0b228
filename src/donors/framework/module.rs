//! The arrays of a file, module by module.

use std::collections::HashMap;

use super::{ArrayRole, Framework};
use crate::error::Result;
use crate::formats::{StoredBlob, StoredLayer, StoredNet};

/// A module: its name, and its arrays as they are stored.
#[derive(Debug)]
pub(super) struct Module<'d> {
    pub(super) name: &'d str,
    arrays: Vec<(ArrayRole, &'d StoredLayer)>,
}

impl<'d> Module<'d> {
    /// The array of this role, and the blob that it is.
    pub(super) fn array(&self, is: impl Fn(ArrayRole) -> bool) -> Option<(ArrayRole, &'d StoredBlob)> {
        let (role, array) = self.arrays.iter().find(|(role, _)| is(*role))?;
        Some((*role, array.blobs.first()?))
    }

    /// Its weights. If it is a convolution with filters for each channel and one of 1 x 1 behind that, `of_each` chooses the
    /// former.
    pub(super) fn weights(&self, of_each: bool) -> Option<(ArrayRole, &'d StoredBlob)> {
        let chosen = if of_each { ArrayRole::DepthwiseKernel } else { ArrayRole::PointwiseKernel };
        self.array(|role| role == chosen).or_else(|| self.array(ArrayRole::is_weight))
    }

    /// Whether it is a convolution with filters for each channel and one of 1 x 1 behind that.
    pub(super) fn has_both_halves(&self) -> bool {
        [ArrayRole::DepthwiseKernel, ArrayRole::PointwiseKernel].iter().all(|half| self.has(|role| role == *half))
    }

    /// A layer with its arrays as they are.
    pub(super) fn as_layer(&self) -> StoredLayer {
        let arrays = || self.arrays.iter().map(|(_, array)| array);
        let blobs = arrays().flat_map(|array| &array.blobs).cloned().collect();
        let flaw = arrays().find_map(|array| array.flaw.clone());
        StoredLayer { flaw, ..StoredLayer::new(self.name, blobs) }
    }

    /// Whether it has an array of this role.
    pub(super) fn has(&self, is: impl Fn(ArrayRole) -> bool) -> bool {
        self.arrays.iter().any(|(role, _)| is(*role))
    }

    /// The keys of its arrays of such roles.
    pub(super) fn keys(&self, is: impl Fn(ArrayRole) -> bool) -> impl Iterator<Item = &'d str> {
        self.arrays.iter().filter(move |(role, _)| is(*role)).map(|(_, array)| array.name.as_str())
    }

    /// Checks that its arrays can be read.
    ///
    /// # Errors
    /// One cannot: the text names the file and the array.
    pub(super) fn check(&self, file: &str) -> Result<()> {
        let values = self.arrays.iter().filter(|(role, _)| *role != ArrayRole::Counter);
        match values.into_iter().find_map(|(_, array)| array.flaw.as_ref()) {
            Some(flaw) => Err(flaw.error(file)),
            None => Ok(()),
        }
    }
}

/// The modules of a file in the order of their first arrays, and the keys of the arrays that are of none.
pub(super) fn modules<'d>(framework: &Framework, arrays: &'d StoredNet) -> (Vec<Module<'d>>, Vec<&'d str>) {
    let (mut modules, mut others): (Vec<Module<'_>>, _) = (Vec::new(), Vec::new());
    let mut by_name = HashMap::new();
    for array in &arrays.layers {
        let Some((name, role)) = (framework.split)(&array.name) else {
            others.push(array.name.as_str());
            continue;
        };
        let index = *by_name.entry(name).or_insert_with(|| {
            modules.push(Module { name, arrays: Vec::new() });
            modules.len() - 1
        });
        if modules[index].has(|other| other == role) {
            others.push(array.name.as_str());
        } else {
            modules[index].arrays.push((role, array));
        }
    }
    (modules, others)
}
