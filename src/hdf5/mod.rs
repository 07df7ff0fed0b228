//! The groups of an HDF5 file and the links in them, which are followed here; hdf5-reader reads what they lead to.
//!
//! Links come in the order that HDF5 calls native: that of the names in old groups, that in which they stand in the
//! file in new ones, that of the names' hashes in new groups of many links. Soft links are followed within the file;
//! links into other files are not. hdf5-reader's own lists of a group leave out links that lead nowhere, and have
//! another order.

mod links;
mod lzf;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use hdf5_reader::error::Error;
use hdf5_reader::filters::{
    FILTER_DEFLATE, FILTER_FLETCHER32, FILTER_NBIT, FILTER_SCALEOFFSET, FILTER_SHUFFLE, FILTER_SZIP,
};
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::layout::DataLayout;
use hdf5_reader::messages::link::LinkTarget;
use hdf5_reader::object_header::ObjectHeader;
use hdf5_reader::storage::DynStorage;
use hdf5_reader::{Dataset, FilterRegistry, Hdf5File, OpenOptions};
use thiserror::Error;

pub(crate) use self::links::Link;

/// How many soft links there may be on a way to an object, as in HDF5.
const MAX_HOPS: usize = 16;

/// How many bytes a chunk of a dataset may have.
const MAX_CHUNK_BYTES: usize = 1 << 30;

/// The filters that are undone where values are read.
pub(crate) const FILTERS: [u16; 7] =
    [FILTER_DEFLATE, FILTER_SHUFFLE, FILTER_FLETCHER32, FILTER_SZIP, FILTER_NBIT, FILTER_SCALEOFFSET, lzf::ID];

/// Why a link leads to no object that can be read; the text completes "/data/conv1: ...".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum LinkError {
    #[error("damaged HDF5: {0}")]
    Damaged(String),
    #[error("{what}, which is not supported")]
    NotSupported { what: String, help: &'static str },
    #[error("a soft link to {0:?}, which does not exist")]
    Dangling(String),
    #[error("a soft link to {0:?}, the last of more than {MAX_HOPS} on the way")]
    Endless(String),
    #[error("a link to {path:?} in the file {file:?}, which is not followed")]
    External { file: String, path: String },
}

impl LinkError {
    /// What to do about it.
    pub(crate) fn help(&self) -> Option<&'static str> {
        match self {
            LinkError::NotSupported { help, .. } => Some(help),
            LinkError::External { .. } => Some("h5copy -f ext copies the targets of such links into one file"),
            LinkError::Damaged(_) | LinkError::Dangling(_) | LinkError::Endless(_) => None,
        }
    }
}

impl From<Error> for LinkError {
    fn from(error: Error) -> LinkError {
        const VIRTUAL: u8 = 3;
        match error {
            Error::Context { source, .. } => LinkError::from(*source),
            Error::UnsupportedLayoutClass(VIRTUAL) => LinkError::NotSupported {
                what: "it is made of other datasets".to_owned(),
                help: "h5repack -l CONTI stores its values",
            },
            Error::UnsupportedLayoutVersion(version) => LinkError::NotSupported {
                what: format!("its layout is of version {version}"),
                help: "h5repack --high=v110 stores it for older programs",
            },
            error => LinkError::Damaged(error.to_string()),
        }
    }
}

/// An object of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectPath {
    /// The names of hard links that lead to it from the root, with `/` between them; empty for the root.
    path: String,
    /// Where its header is.
    pub(crate) address: u64,
}

/// What an object is.
pub(crate) enum LinkedObject {
    Group(Links),
    Dataset(Arc<ObjectHeader>),
    /// A number type that has a name.
    NamedType,
}

/// The links of a group in their native order.
pub(crate) struct Links {
    pub(crate) list: Vec<Link>,
    by_name: HashMap<String, usize>,
}

/// The groups of a file and the links in them, read when they are asked for.
pub(crate) struct LinkTree {
    file: Hdf5File,
    root: u64,
    read: RefCell<HashMap<u64, Rc<LinkedObject>>>,
}

impl LinkTree {
    /// Opens a file.
    ///
    /// # Errors
    /// It is no HDF5 file, or ends before it should.
    pub(crate) fn open(storage: DynStorage) -> Result<LinkTree, Error> {
        // Chunks are read once, from front to back.
        let mut filters = FilterRegistry::new();
        filters.register(lzf::ID, Box::new(|_, packed, _| lzf::unpack(packed, MAX_CHUNK_BYTES)));
        let options = OpenOptions::default()
            .with_filter_registry(filters)
            .with_chunk_cache_bytes(0)
            .with_max_chunk_bytes(MAX_CHUNK_BYTES);
        let file = Hdf5File::from_storage_with_options(storage, options)?;
        let root = file.superblock().root_object_header_address()?;
        Ok(LinkTree { file, root, read: RefCell::default() })
    }

    /// Where the file ends by what it says itself, and where it does.
    pub(crate) fn ends(&self) -> [u64; 2] {
        [self.file.superblock().eof_address, self.base().saturating_add(self.file.storage().len())]
    }

    /// How many bytes stand in front of the first byte of HDF5.
    pub(crate) fn base(&self) -> u64 {
        self.file.superblock().base_address
    }

    pub(crate) fn root(&self) -> ObjectPath {
        ObjectPath { path: String::new(), address: self.root }
    }

    /// What stands at a place.
    ///
    /// # Errors
    /// The file is damaged there, or cannot be read.
    pub(crate) fn object(&self, place: &ObjectPath) -> Result<Rc<LinkedObject>, LinkError> {
        if let Some(object) = self.read.borrow().get(&place.address) {
            return Ok(Rc::clone(object));
        }
        let object = Rc::new(self.read_object(place.address)?);
        self.read.borrow_mut().insert(place.address, Rc::clone(&object));
        Ok(object)
    }

    /// The dataset at a place.
    ///
    /// # Errors
    /// It is damaged, or no dataset.
    pub(crate) fn dataset(&self, place: &ObjectPath) -> Result<Dataset, LinkError> {
        Ok(self.file.dataset(&place.path)?)
    }

    /// The text that a group has as an attribute of this name, if it has one that can be read.
    pub(crate) fn text_attribute(&self, group: &ObjectPath, name: &str) -> Option<String> {
        self.file.group(&group.path).and_then(|group| group.attribute(name)?.read_string()).ok()
    }

    /// The object of this name in a group; `None` where it has no such link, or is no group.
    ///
    /// # Errors
    /// The link leads nowhere that is followed, or the file is damaged.
    pub(crate) fn find(&self, group: &ObjectPath, name: &str) -> Result<Option<ObjectPath>, LinkError> {
        self.find_within(group, name, &mut { MAX_HOPS })
    }

    /// The object that a link of a group leads to.
    ///
    /// # Errors
    /// As [`LinkTree::find`].
    pub(crate) fn follow(&self, group: &ObjectPath, link: &Link) -> Result<ObjectPath, LinkError> {
        self.follow_within(group, link, &mut { MAX_HOPS })
    }

    fn find_within(&self, group: &ObjectPath, name: &str, hops: &mut usize) -> Result<Option<ObjectPath>, LinkError> {
        let object = self.object(group)?;
        let LinkedObject::Group(links) = &*object else { return Ok(None) };
        match links.by_name.get(name) {
            Some(&index) => self.follow_within(group, &links.list[index], hops).map(Some),
            None => Ok(None),
        }
    }

    fn follow_within(&self, group: &ObjectPath, link: &Link, hops: &mut usize) -> Result<ObjectPath, LinkError> {
        match &link.target {
            &LinkTarget::Hard { address } => {
                let slash = if group.path.is_empty() { "" } else { "/" };
                Ok(ObjectPath { path: format!("{}{slash}{}", group.path, link.name), address })
            }
            LinkTarget::Soft { path } => {
                *hops = hops.checked_sub(1).ok_or_else(|| LinkError::Endless(path.clone()))?;
                self.walk(group, path, hops)
            }
            LinkTarget::External { filename, path } => {
                Err(LinkError::External { file: filename.clone(), path: path.clone() })
            }
        }
    }

    /// The object on the path of a soft link, which starts at the root or at the group of the link.
    fn walk(&self, group: &ObjectPath, path: &str, hops: &mut usize) -> Result<ObjectPath, LinkError> {
        let mut place = if path.starts_with('/') { self.root() } else { group.clone() };
        for name in path.split('/').filter(|name| !matches!(*name, "" | ".")) {
            let found = self.find_within(&place, name, hops)?;
            place = found.ok_or_else(|| LinkError::Dangling(path.to_owned()))?;
        }
        Ok(place)
    }

    fn read_object(&self, address: u64) -> Result<LinkedObject, LinkError> {
        let header = self.file.get_or_parse_header(address)?;
        let has = |is: fn(&HdfMessage) -> bool| header.messages.iter().any(is);
        if has(|message| matches!(message, HdfMessage::DataLayout(_))) {
            return Ok(LinkedObject::Dataset(header));
        }
        let is_link = |message: &HdfMessage| {
            matches!(message, HdfMessage::SymbolTable(_) | HdfMessage::LinkInfo(_) | HdfMessage::Link(_))
        };
        if !has(is_link) {
            return Ok(LinkedObject::NamedType);
        }
        Ok(LinkedObject::Group(Links::new(links::of(&self.file, &header)?)))
    }
}

impl Links {
    fn new(list: Vec<Link>) -> Links {
        let by_name = list.iter().enumerate().rev().map(|(index, link)| (link.name.clone(), index)).collect();
        Links { list, by_name }
    }
}

/// How the values of a dataset are stored.
///
/// # Errors
/// Its header does not say.
pub(crate) fn layout(header: &ObjectHeader) -> Result<&DataLayout, LinkError> {
    let layout = header.messages.iter().find_map(|message| match message {
        HdfMessage::DataLayout(message) => Some(&message.layout),
        _ => None,
    });
    layout.ok_or_else(|| LinkError::Damaged("a dataset without a layout".to_owned()))
}
