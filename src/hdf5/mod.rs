//! The links of an HDF5 file, which hdf5-pure follows where they are hard and passes over where they are not.
//!
//! Links come in the order that HDF5 calls native: that of the names in old groups, that in which they stand in the file
//! in new ones, that of the names' hashes in new groups of many links. Soft links are followed within the file; links
//! into other files are not.

mod bytes;
mod dense;
mod header;
mod heap;
mod link;
mod symbol_table;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use hdf5_pure::{Source, Superblock};
use thiserror::Error;

use self::bytes::Bytes;
use self::header::Message;
pub(crate) use self::link::Link;
use self::link::Target;

/// How many soft links there may be on a way to an object, as in HDF5.
const MAX_HOPS: usize = 16;

/// Why a link leads to no object that can be read; the text completes "/data/conv1: ...".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum TreeError {
    #[error("damaged HDF5: {what} at byte {at}")]
    Damaged { what: &'static str, at: u64 },
    #[error("cannot read the file: {0}")]
    Unreadable(String),
    #[error("a soft link to {0:?}, where there is nothing")]
    Dangling(String),
    #[error("a soft link to {0:?}, the last of more than {MAX_HOPS} on the way")]
    Endless(String),
    #[error("a link to {path:?} in the file {file:?}, which is not followed")]
    External { file: String, path: String },
    #[error("a link of type {0}, which is not followed")]
    Other(u8),
}

impl TreeError {
    /// What to do about it.
    pub(crate) fn help(&self) -> Option<&'static str> {
        match self {
            TreeError::External { .. } => Some("h5copy -f ext copies what such links lead to into one file"),
            _ => None,
        }
    }
}

/// An object of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The names of hard links that lead to it from the root, with `/` between them; empty for the root.
    pub(crate) path: String,
    /// Where its header is.
    pub(crate) address: u64,
}

/// What an object is.
#[derive(Debug)]
pub(crate) enum Object {
    Group(Links),
    Dataset {
        /// Whether its values are in other files.
        external: bool,
    },
    /// A number type that has a name.
    Other,
}

/// The links of a group in their native order.
#[derive(Debug)]
pub(crate) struct Links {
    pub(crate) list: Vec<Link>,
    by_name: HashMap<String, usize>,
}

/// The groups of a file and the links in them, read when they are asked for.
pub(crate) struct Tree<'a> {
    bytes: Bytes<'a>,
    root: u64,
    read: RefCell<HashMap<u64, Rc<Object>>>,
}

impl<'a> Tree<'a> {
    pub(crate) fn new(source: &'a dyn Source, superblock: &Superblock) -> Tree<'a> {
        let bytes = Bytes::new(source, superblock);
        // hdf5-pure counts this address, unlike all others, from the start of the file.
        let root = superblock.root_group_address.saturating_sub(bytes.base);
        Tree { bytes, root, read: RefCell::default() }
    }

    pub(crate) fn root(&self) -> Place {
        Place { path: String::new(), address: self.root }
    }

    /// What stands at a place.
    ///
    /// # Errors
    /// The file is damaged there, or cannot be read.
    pub(crate) fn object(&self, place: &Place) -> Result<Rc<Object>, TreeError> {
        if let Some(object) = self.read.borrow().get(&place.address) {
            return Ok(Rc::clone(object));
        }
        let object = Rc::new(self.read_object(place.address)?);
        self.read.borrow_mut().insert(place.address, Rc::clone(&object));
        Ok(object)
    }

    /// The object of this name in a group; `None` where it has no such link, or is no group.
    ///
    /// # Errors
    /// The link leads nowhere that is followed, or the file is damaged.
    pub(crate) fn find(&self, group: &Place, name: &str) -> Result<Option<Place>, TreeError> {
        self.find_within(group, name, &mut { MAX_HOPS })
    }

    /// The object that a link of a group leads to.
    ///
    /// # Errors
    /// As [`Tree::find`].
    pub(crate) fn follow(&self, group: &Place, link: &Link) -> Result<Place, TreeError> {
        self.follow_within(group, link, &mut { MAX_HOPS })
    }

    fn find_within(&self, group: &Place, name: &str, hops: &mut usize) -> Result<Option<Place>, TreeError> {
        let object = self.object(group)?;
        let Object::Group(links) = &*object else { return Ok(None) };
        match links.by_name.get(name) {
            Some(&index) => self.follow_within(group, &links.list[index], hops).map(Some),
            None => Ok(None),
        }
    }

    fn follow_within(&self, group: &Place, link: &Link, hops: &mut usize) -> Result<Place, TreeError> {
        match &link.target {
            &Target::Hard(address) => {
                let slash = if group.path.is_empty() { "" } else { "/" };
                Ok(Place { path: format!("{}{slash}{}", group.path, link.name), address })
            }
            Target::Soft(path) => {
                *hops = hops.checked_sub(1).ok_or_else(|| TreeError::Endless(path.clone()))?;
                self.walk(group, path, hops)
            }
            Target::External { file, path } => Err(TreeError::External { file: file.clone(), path: path.clone() }),
            &Target::Other(kind) => Err(TreeError::Other(kind)),
        }
    }

    /// The object on the path of a soft link, which starts at the root or at the group of the link.
    fn walk(&self, group: &Place, path: &str, hops: &mut usize) -> Result<Place, TreeError> {
        let mut place = if path.starts_with('/') { self.root() } else { group.clone() };
        for name in path.split('/').filter(|name| !matches!(*name, "" | ".")) {
            let found = self.find_within(&place, name, hops)?;
            place = found.ok_or_else(|| TreeError::Dangling(path.to_owned()))?;
        }
        Ok(place)
    }

    fn read_object(&self, address: u64) -> Result<Object, TreeError> {
        let messages = header::messages(&self.bytes, address)?;
        let find = |kind| messages.iter().find(|message| message.kind == kind);
        if find(header::LAYOUT).is_some() {
            return Ok(Object::Dataset { external: find(header::EXTERNAL_FILES).is_some() });
        }
        let links = match (find(header::SYMBOL_TABLE), find(header::LINK_INFO)) {
            (Some(table), _) => symbol_table::links(&self.bytes, self.bytes.reader(&table.body, table.at))?,
            (None, None) if find(header::LINK).is_none() => return Ok(Object::Other),
            (None, info) => match info.map(|info| self.dense(info)).transpose()?.flatten() {
                Some((heap, index)) => dense::links(&self.bytes, heap, index)?,
                None => {
                    let links = messages.iter().filter(|message| message.kind == header::LINK);
                    let read = |link: &Message| Link::read(self.bytes.reader(&link.body, link.at));
                    links.map(read).collect::<Result<_, _>>()?
                }
            },
        };
        Ok(Object::Group(Links::new(links)))
    }

    /// The heap and the index of names of a group of many links, by what its header says of them.
    fn dense(&self, info: &Message) -> Result<Option<(u64, u64)>, TreeError> {
        const ORDERED: u8 = 1;
        let mut reader = self.bytes.reader(&info.body, info.at);
        reader.byte()?;
        let flags = reader.byte()?;
        reader.take(if flags & ORDERED != 0 { 8 } else { 0 })?;
        match reader.address()? {
            Some(heap) => Ok(Some((heap, reader.defined_address()?))),
            None => Ok(None),
        }
    }
}

impl Links {
    fn new(list: Vec<Link>) -> Links {
        let by_name = list.iter().enumerate().rev().map(|(index, link)| (link.name.clone(), index)).collect();
        Links { list, by_name }
    }
}
