//! Which groups and datasets the file has, and in which of them a layer's name puts it.

use std::collections::BTreeMap;

use crate::Shape;
use crate::error::{Refusal, Result};
use crate::formats::{SavedLayer, SavedNet};

/// A group or a dataset.
#[derive(Debug)]
pub(super) enum Object {
    /// Links to other objects, by name and in the order of the names' bytes, as HDF5 wants them.
    Group(BTreeMap<String, usize>),
    /// A blob.
    Dataset(Shape),
}

/// All objects in the order in which Caffe makes them, so that the datasets are in the net's order.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) objects: Vec<Object>,
}

const ROOT: usize = 0;
const DATA: usize = 1;

impl Tree {
    /// The tree of a net: `/data/<layer>/<index>`, without the blobs that share another's values.
    ///
    /// # Errors
    /// A layer's name cannot name a group.
    pub(super) fn new(net: &SavedNet<'_>) -> Result<Tree> {
        let root = Object::Group(BTreeMap::from([("data".to_owned(), DATA)]));
        let mut tree = Tree { objects: vec![root, Object::Group(BTreeMap::new())] };
        for layer in net.layers.iter().filter(|layer| !layer.is_net_inputs()) {
            tree.add(layer).map_err(|refusal| net.refuse(layer, &refusal))?;
        }
        Ok(tree)
    }

    fn add(&mut self, layer: &SavedLayer<'_>) -> Result<(), Refusal> {
        let group = self.create_group(layer.name())?;
        for (index, blob) in layer.blobs.iter().enumerate().filter(|(_, blob)| !blob.shared) {
            let dataset = self.push(Object::Dataset(blob.shape.clone()));
            self.link(group, &index.to_string(), dataset);
        }
        Ok(())
    }

    /// Makes the group of a layer: its name is a path from `/data`, or from the root if it starts with a slash.
    fn create_group(&mut self, name: &str) -> Result<usize, Refusal> {
        let refuse = |message: String| {
            Refusal::at("name", format!("HDF5 {message}")).help("rename the layer, or write a caffemodel")
        };
        if name.is_empty() || name.contains('\0') {
            let what = if name.is_empty() { "an empty name" } else { "a zero character in it" };
            return Err(refuse(format!("cannot name a group with {what}")));
        }
        let start = if name.starts_with('/') { ROOT } else { DATA };
        let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
        let Some((last, parents)) = parts.split_last().filter(|(last, _)| **last != ".") else {
            return Err(refuse(format!("takes {name:?} for a group that already exists")));
        };
        let mut parent = start;
        for part in parents.iter().filter(|part| **part != ".") {
            parent = match self.linked(parent, part) {
                Some(found) if matches!(self.objects[found], Object::Group(_)) => found,
                Some(_) => return Err(refuse(format!("takes {name:?} for a path, and {part:?} in it is a dataset"))),
                None => {
                    return Err(refuse(format!(
                        "takes {name:?} for a path, and no earlier layer makes {part:?} in it"
                    )));
                }
            };
        }
        if self.linked(parent, last).is_some() {
            return Err(refuse(format!("has one object per name, and an earlier layer made {name:?}")));
        }
        let group = self.push(Object::Group(BTreeMap::new()));
        self.link(parent, last, group);
        Ok(group)
    }

    fn push(&mut self, object: Object) -> usize {
        self.objects.push(object);
        self.objects.len() - 1
    }

    fn linked(&self, group: usize, name: &str) -> Option<usize> {
        match &self.objects[group] {
            Object::Group(links) => links.get(name).copied(),
            Object::Dataset(_) => None,
        }
    }

    fn link(&mut self, group: usize, name: &str, object: usize) {
        if let Object::Group(links) = &mut self.objects[group] {
            links.insert(name.to_owned(), object);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What HDF5 2.0 answers to the same calls of `H5Gcreate2` in `/data`.
    #[test]
    fn names_are_paths_as_hdf5_has_them() {
        let made = |names: &[&str]| {
            let mut tree =
                Tree { objects: vec![Object::Group([("data".to_owned(), DATA)].into()), Object::Group([].into())] };
            names.iter().map(|name| tree.create_group(name).is_ok()).collect::<Vec<_>>()
        };
        assert_eq!(made(&["a", "a/b", "a/b/c/", "./d", "a//e", "a/./f"]), [true; 6]);
        assert_eq!(made(&["/x", "/data/y", "..", "../z", "//q"]), [true; 5]);
        assert_eq!(made(&["a/b", "", ".", "/", "a/.", "/data", "a/./b", "n\0"]), [false; 8]);
        assert_eq!(made(&["a", "a", "a/", "/data/a", "a/."]), [true, false, false, false, false]);
    }

    #[test]
    fn a_refusal_says_how_hdf5_reads_the_name() {
        let mut tree = Tree { objects: vec![Object::Group([].into()), Object::Group([].into())] };
        let mut message = |name: &str| tree.create_group(name).map_err(|refusal| refusal.message);
        let text = "HDF5 takes \"a/b\" for a path, and no earlier layer makes \"a\" in it";
        assert_eq!(message("a/b").unwrap_err(), text);
        message("a").unwrap();
        let text = "HDF5 has one object per name, and an earlier layer made \"a\"";
        assert_eq!(message("a").unwrap_err(), text);
        assert_eq!(message("").unwrap_err(), "HDF5 cannot name a group with an empty name");
    }
}
