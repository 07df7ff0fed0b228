//! The walk over all datasets of a file, whatever their groups mean.

use std::sync::Arc;

use super::blob::blob;
use crate::error;
use crate::formats::map::FileMap;
use crate::formats::{Flaw, StoredBlob, StoredLayer};
use crate::hdf5::{Link, LinkTree, LinkedObject, ObjectPath};

/// The group of the numbered arrays of a layer in files of Keras 3, which has the layer's name as an attribute; the
/// groups around it are called after its class.
const VARIABLES: &str = "vars";

/// How deep groups may nest.
const MAX_DEPTH: usize = 32;

/// How many links are followed.
const MAX_LINKS: usize = 100_000;

pub(super) struct ArrayWalk<'a> {
    file: &'a Arc<FileMap>,
    tree: &'a LinkTree,
    /// The groups that the walk is within, by where they are.
    above: Vec<u64>,
    /// How many links have been followed.
    links: usize,
    pub(super) arrays: Vec<StoredLayer>,
}

impl<'a> ArrayWalk<'a> {
    pub(super) fn new(file: &'a Arc<FileMap>, tree: &'a LinkTree) -> ArrayWalk<'a> {
        ArrayWalk { file, tree, above: Vec::new(), links: 0, arrays: Vec::new() }
    }

    /// Enters the datasets in a group, and in the groups within it.
    ///
    /// # Errors
    /// There are too many; or the group is damaged or cannot be read.
    pub(super) fn group(&mut self, group: &ObjectPath, path: &str) -> error::Result<()> {
        let file = self.file;
        let failed = |flaw: Flaw| flaw.at(&format!("/{path}")).error(&file.name());
        if self.above.len() >= MAX_DEPTH {
            return Err(failed(format!("nested deeper than {MAX_DEPTH} groups").into()));
        }
        let object = self.tree.object(group).map_err(|error| failed((&error).into()))?;
        let LinkedObject::Group(links) = &*object else { return Ok(()) };
        self.above.push(group.address);
        for link in &links.list {
            self.links += 1;
            if self.links > MAX_LINKS {
                return Err(file.refuse(format!("more than {MAX_LINKS} links")));
            }
            let slash = if path.is_empty() { "" } else { "/" };
            self.link(group, link, &format!("{path}{slash}{}", link.name))?;
        }
        self.above.pop();
        Ok(())
    }

    /// Enters what a link of this path leads to.
    fn link(&mut self, group: &ObjectPath, link: &Link, path: &str) -> error::Result<()> {
        let place = match self.tree.follow(group, link) {
            Ok(place) if self.above.contains(&place.address) => return Ok(()),
            Ok(place) => place,
            Err(error) => {
                self.push(path, Err((&error).into()));
                return Ok(());
            }
        };
        match self.tree.object(&place).as_deref() {
            Ok(LinkedObject::Group(_)) if link.name == VARIABLES => {
                let layer = self.tree.text_attribute(&place, "name").filter(|name| !name.is_empty());
                let path = layer.map_or_else(|| path.to_owned(), |layer| format!("{layer}/{VARIABLES}"));
                return self.group(&place, &path);
            }
            Ok(LinkedObject::Group(_)) => return self.group(&place, path),
            Ok(LinkedObject::Dataset(header)) => self.push(path, blob(self.file, self.tree, &place, header, 0)),
            Ok(LinkedObject::NamedType) => {}
            Err(error) => self.push(path, Err(error.into())),
        }
        Ok(())
    }

    fn push(&mut self, path: &str, array: Result<StoredBlob, Flaw>) {
        let array = array.map_err(|flaw| flaw.at(&format!("/{path}")));
        self.arrays.push(StoredLayer::of_array(path, array));
    }
}
