//! The walk over the groups of layers.

use std::rc::Rc;
use std::sync::Arc;

use super::blob::blob;
use crate::error::Result;
use crate::formats::keys::number;
use crate::formats::map::FileMap;
use crate::formats::{Flaw, StoredBlob, StoredLayer};
use crate::hdf5::{Link, LinkTree, LinkedObject, Links, ObjectPath};

/// How deep groups may nest.
const MAX_DEPTH: usize = 32;

/// How many layers are read.
const MAX_LAYERS: usize = 100_000;

pub(super) struct LayerWalk<'a> {
    pub(super) file: &'a Arc<FileMap>,
    pub(super) tree: &'a LinkTree,
    /// The groups that the walk is within, by where they are.
    pub(super) above: Vec<u64>,
    pub(super) layers: Vec<StoredLayer>,
}

/// What a link of a layer's group leads to.
enum Member {
    Blob(StoredBlob),
    Group(ObjectPath),
}

/// What the group of a layer holds: its blobs in the order of their numbers, and groups by their names.
#[derive(Default)]
struct Contents {
    blobs: Vec<StoredBlob>,
    groups: Vec<(String, ObjectPath)>,
}

impl LayerWalk<'_> {
    /// Enters the groups within /data as layers.
    ///
    /// # Errors
    /// There are too many.
    pub(super) fn data(&mut self, data: &ObjectPath, links: &Links) -> Result<()> {
        self.above.push(data.address);
        for (rank, link) in links.list.iter().enumerate() {
            let name = link.name.clone();
            let found = match self.object(data, link) {
                Ok((place, object)) if matches!(*object, LinkedObject::Group(_)) => Ok(place),
                Ok((_, object)) => Err(format!("{}, not the group of a layer", what(&object)).into()),
                Err(flaw) => Err(flaw),
            };
            match found {
                Ok(place) => self.layer(&place, name, rank)?,
                Err(flaw) => {
                    let flaw = Some(flaw.at(&format!("/data/{name}")));
                    self.push(StoredLayer { name, rank, flaw, ..StoredLayer::default() })?;
                }
            }
        }
        Ok(())
    }

    /// Enters a group as a layer, and the groups within it as layers of their own.
    fn layer(&mut self, group: &ObjectPath, name: String, rank: usize) -> Result<()> {
        let (mut layer, mut groups) = (StoredLayer { name, rank, ..StoredLayer::default() }, Vec::new());
        match self.contents(group, &layer.name) {
            Ok(contents) => (layer.blobs, groups) = (contents.blobs, contents.groups),
            Err(flaw) => layer.flaw = Some(flaw),
        }
        let prefix = format!("{}/", layer.name);
        self.push(layer)?;
        self.above.push(group.address);
        for (name, place) in groups {
            self.layer(&place, format!("{prefix}{name}"), rank)?;
        }
        self.above.pop();
        Ok(())
    }

    /// What the group of a layer of this name holds.
    fn contents(&self, group: &ObjectPath, name: &str) -> Result<Contents, Flaw> {
        let at = |flaw: Flaw| flaw.at(&format!("/data/{name}"));
        if self.above.len() > MAX_DEPTH {
            return Err(at(format!("nested deeper than {MAX_DEPTH} groups").into()));
        }
        let object = self.tree.object(group).map_err(|error| at((&error).into()))?;
        let LinkedObject::Group(links) = &*object else { return Ok(Contents::default()) };
        let mut contents = Contents::default();
        for link in &links.list {
            match self.member(group, link).map_err(|flaw| flaw.at(&format!("/data/{name}/{}", link.name)))? {
                Member::Blob(blob) => contents.blobs.push(blob),
                Member::Group(place) => contents.groups.push((link.name.clone(), place)),
            }
        }
        contents.blobs.sort_by_cached_key(|blob| blob.index);
        Ok(contents)
    }

    /// What a link of a layer's group leads to.
    fn member(&self, group: &ObjectPath, link: &Link) -> Result<Member, Flaw> {
        let (place, object) = self.object(group, link)?;
        match &*object {
            LinkedObject::Group(_) => Ok(Member::Group(place)),
            LinkedObject::Dataset(header) => {
                let index = number(&link.name).ok_or_else(|| Flaw {
                    message: "the name of the dataset is not the number of a blob".to_owned(),
                    help: Some("Caffe names the datasets of a layer 0, 1, ..."),
                })?;
                Ok(Member::Blob(blob(self.file, self.tree, &place, header, index)?))
            }
            LinkedObject::NamedType => Err(format!("{}, not a blob", what(&object)).into()),
        }
    }

    /// The object that a link of a group leads to, which is none of the groups above.
    fn object(&self, group: &ObjectPath, link: &Link) -> Result<(ObjectPath, Rc<LinkedObject>), Flaw> {
        let place = self.tree.follow(group, link).map_err(|error| Flaw::from(&error))?;
        if place.address == group.address || self.above.contains(&place.address) {
            return Err("leads back to a group that it is in".to_owned().into());
        }
        let object = self.tree.object(&place).map_err(|error| Flaw::from(&error))?;
        Ok((place, object))
    }

    fn push(&mut self, layer: StoredLayer) -> Result<()> {
        if self.layers.len() == MAX_LAYERS {
            return Err(self.file.refuse(format!("more than {MAX_LAYERS} layers")));
        }
        self.layers.push(layer);
        Ok(())
    }
}

/// An object that is no group, in words.
fn what(object: &LinkedObject) -> &'static str {
    match object {
        LinkedObject::Group(_) => "a group",
        LinkedObject::Dataset(_) => "a dataset",
        LinkedObject::NamedType => "a named type",
    }
}
