//! The arrays of a file, module by module.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{ArrayRole, Framework};
use crate::error::Result;
use crate::formats::{StoredBlob, StoredLayer, StoredNet};

/// A module: its name, and its arrays as they are stored.
#[derive(Debug)]
pub(super) struct Module<'d> {
    pub(super) name: Cow<'d, str>,
    arrays: Vec<(ArrayRole, &'d StoredLayer)>,
}

impl<'d> Module<'d> {
    /// The array of this role, and the blob that it is.
    pub(super) fn array(&self, is: impl Fn(ArrayRole) -> bool) -> Option<(ArrayRole, &'d StoredBlob)> {
        let (role, array) = self.arrays.iter().find(|(role, _)| is(*role))?;
        Some((*role, array.blobs.first()?))
    }

    /// Gives arrays that are numbered their roles, if these can be told.
    fn name_numbers(&mut self) {
        let mut numbered: Vec<(usize, &StoredLayer)> = Vec::new();
        numbered.extend(self.arrays.iter().filter_map(|(role, array)| match role {
            ArrayRole::Numbered(number) => Some((*number, *array)),
            _ => None,
        }));
        numbered.sort_by_cached_key(|(number, _)| *number);
        let is_whole =
            numbered.len() == self.arrays.len() && numbered.iter().map(|(number, _)| *number).eq(0..numbered.len());
        let axes: Option<Vec<usize>> =
            numbered.iter().map(|(_, array)| Some(array.blobs.first()?.shape.axes())).collect();
        let roles = axes.filter(|_| is_whole).and_then(|axes| roles(&axes));
        if let Some(roles) = roles {
            self.arrays = roles.iter().copied().zip(numbered.into_iter().map(|(_, array)| array)).collect();
        }
    }

    /// Its weights. If it is a convolution with filters for each channel and one of 1 x 1 behind that, `of_each`
    /// chooses the former.
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
        StoredLayer { flaw, ..StoredLayer::new(self.name.as_ref(), blobs) }
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

/// The roles of arrays of so many axes, in the order in which Keras numbers them; `None` where it cannot be told, as
/// with a normalisation that lacks its scale or its shift.
fn roles(axes: &[usize]) -> Option<&'static [ArrayRole]> {
    use ArrayRole::{Bias, DepthwiseKernel, Kernel, Mean, PointwiseKernel, StateKernel, Variance, Weight};
    match axes {
        [1, 1] => Some(&[Weight, Bias]),
        [1, 1, 1, 1] => Some(&[Weight, Bias, Mean, Variance]),
        [_] => Some(&[Kernel]),
        [_, 1] => Some(&[Kernel, Bias]),
        [2, 2] => Some(&[Kernel, StateKernel]),
        [2, 2, 1 | 2] => Some(&[Kernel, StateKernel, Bias]),
        [3, 3] | [4, 4] => Some(&[DepthwiseKernel, PointwiseKernel]),
        [3, 3, 1] | [4, 4, 1] => Some(&[DepthwiseKernel, PointwiseKernel, Bias]),
        _ => None,
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
        let index = *by_name.entry(name.clone()).or_insert_with(|| {
            modules.push(Module { name, arrays: Vec::new() });
            modules.len() - 1
        });
        if modules[index].has(|other| other == role) {
            others.push(array.name.as_str());
        } else {
            modules[index].arrays.push((role, array));
        }
    }
    for module in &mut modules {
        module.name_numbers();
        let unknown = module.keys(|role| matches!(role, ArrayRole::Numbered(_)));
        others.extend(unknown);
    }
    modules.retain(|module| !module.has(|role| matches!(role, ArrayRole::Numbered(_))));
    (modules, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_named_where_that_can_be_told() {
        use ArrayRole::{Bias, Kernel, Mean, Variance, Weight};
        assert_eq!(roles(&[4, 1]), Some(&[Kernel, Bias][..]));
        assert_eq!(roles(&[1; 4]), Some(&[Weight, Bias, Mean, Variance][..]));
        assert_eq!(roles(&[2, 2, 1]), Some(&[Kernel, ArrayRole::StateKernel, Bias][..]));
        // A normalisation that lacks scale or shift.
        assert_eq!(roles(&[1; 3]), None);
    }
}
