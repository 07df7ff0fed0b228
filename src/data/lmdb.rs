//! LMDB: the record with the smallest key.
//!
//! A database is a folder with a file `data.mdb` of equal pages. Pages 0 and 1 are meta pages; the one of the later
//! transaction says where the tree of the main database starts. From its root the first node of every branch page leads
//! to the leftmost leaf, whose first node is the record; a long value stands on overflow pages of its own. Numbers are
//! those of a little-endian machine of 64 bits, the only one whose files Caffe on such a machine reads.

use std::path::Path;

use super::source_file::{SourceFile, bytes_at};
use super::{DatabaseRecord, SourceError};

/// The name of the file in the folder.
pub(crate) const DATA_FILE: &str = "data.mdb";

/// A page starts with its number, 2 unused bytes, its flags, and the ends of its free space.
const PAGE_HEADER: usize = 16;
const PAGE_FLAGS: usize = 10;
const PAGE_LOWER: usize = 12;

const BRANCH: u16 = 0x01;
const LEAF: u16 = 0x02;
const OVERFLOW: u16 = 0x04;
const META: u16 = 0x08;

/// A node starts with its size in two halves, its flags, and the size of its key.
const NODE_HEADER: usize = 8;

const BIG_DATA: u16 = 0x01;
const SUB_DATABASE: u16 = 0x02;
const DUPLICATES: u16 = 0x04;

const MAGIC: u32 = 0xbeef_c0de;
const VERSION: u32 = 1;
const META_BYTES: u64 = 152;
const NO_ROOT: u64 = u64::MAX;

/// The most levels that LMDB itself walks down.
const MAX_DEPTH: usize = 32;

/// The record with the smallest key of the main database in `folder`.
///
/// # Errors
/// The folder holds no database, one without records, or one that is damaged.
pub(crate) fn first_record(folder: &Path) -> Result<DatabaseRecord, SourceError> {
    let mut database = Database::open(folder)?;
    if database.meta.root == NO_ROOT {
        return Err(SourceError::whole(folder, "the database has no records"));
    }
    let mut number = database.meta.root;
    for _ in 0..MAX_DEPTH {
        let page = database.page(number)?;
        if page.flags() & LEAF != 0 {
            return database.record(&page);
        }
        number = database.child(&page)?;
    }
    Err(SourceError::whole(folder, format!("the database is damaged: its tree has more than {MAX_DEPTH} levels")))
}

/// How many records the main database in `folder` has.
///
/// # Errors
/// The folder holds no database.
pub(crate) fn records(folder: &Path) -> Result<u64, SourceError> {
    Ok(Database::open(folder)?.meta.records)
}

/// What a meta page says.
struct Meta {
    page_bytes: u64,
    records: u64,
    root: u64,
    last_page: u64,
    transaction: u64,
}

struct Database {
    file: SourceFile,
    meta: Meta,
}

impl Database {
    fn open(folder: &Path) -> Result<Database, SourceError> {
        if !folder.metadata().map_err(|error| SourceError::io(folder, error))?.is_dir() {
            return Err(SourceError::whole(folder, "is not a folder: an LMDB source is the folder around data.mdb"));
        }
        let mut file = SourceFile::open(&folder.join(DATA_FILE))?;
        let first = Meta::read(&mut file, 0)?;
        let second = Meta::read(&mut file, first.page_bytes)?;
        let meta = if second.transaction > first.transaction { second } else { first };
        Ok(Database { file, meta })
    }

    fn page(&mut self, number: u64) -> Result<Page, SourceError> {
        let offset = self.offset(number)?;
        let page = Page { offset, bytes: self.file.read(offset, self.meta.page_bytes, "a page")? };
        if bytes_at(&page.bytes, 0).map(u64::from_le_bytes) != Some(number) {
            return Err(self.file.fault(offset, format!("this is not page {number}: the database is damaged")));
        }
        Ok(page)
    }

    fn offset(&self, number: u64) -> Result<u64, SourceError> {
        let offset = number.checked_mul(self.meta.page_bytes).filter(|_| number <= self.meta.last_page);
        offset.ok_or_else(|| {
            let message = format!(
                "page {number} is needed, but the last one is {}: the database is damaged",
                self.meta.last_page
            );
            self.file.fault(0, message)
        })
    }

    /// The page that the first node of a branch page leads to.
    fn child(&self, page: &Page) -> Result<u64, SourceError> {
        if page.flags() & BRANCH == 0 {
            return Err(self.file.fault(page.offset, "a page of the tree is expected here: the database is damaged"));
        }
        let node = self.first_node(page)?;
        Ok(u64::from(node.size) | u64::from(node.flags) << 32)
    }

    /// The record of the first node of a leaf page.
    fn record(&mut self, page: &Page) -> Result<DatabaseRecord, SourceError> {
        let node = self.first_node(page)?;
        let offset = page.offset + node.offset as u64;
        if node.flags & DUPLICATES != 0 {
            return Err(self
                .file
                .fault(offset, "several records have the same key, which never happens in Caffe's databases"));
        }
        if node.flags & SUB_DATABASE != 0 {
            let message = "this is the name of a database inside the database, where Caffe does not look for records";
            return Err(self.file.fault(offset, message));
        }
        let key = node.key(page).map(<[u8]>::to_vec);
        let value = if node.flags & BIG_DATA != 0 {
            let first = node.value(page, 8).and_then(|value| bytes_at(value, 0)).map(u64::from_le_bytes);
            first.map(|first| self.overflow(first, node.size)).transpose()?
        } else {
            node.value(page, node.size as usize).map(<[u8]>::to_vec)
        };
        let record = key.zip(value).map(|(key, value)| DatabaseRecord { key, value });
        record.ok_or_else(|| self.file.fault(offset, "a record does not fit its page: the database is damaged"))
    }

    /// The value of so many bytes on overflow pages from `first` on.
    fn overflow(&mut self, first: u64, size: u32) -> Result<Vec<u8>, SourceError> {
        let page = self.page(first)?;
        if page.flags() & OVERFLOW == 0 {
            return Err(self.file.fault(page.offset, "an overflow page is expected here: the database is damaged"));
        }
        self.file.read(page.offset + PAGE_HEADER as u64, size.into(), "a value")
    }

    fn first_node(&self, page: &Page) -> Result<PageNode, SourceError> {
        page.first_node().ok_or_else(|| {
            self.file.fault(page.offset, "the page has no node that can be read: the database is damaged")
        })
    }
}

impl Meta {
    fn read(file: &mut SourceFile, offset: u64) -> Result<Meta, SourceError> {
        let bytes = file.read(offset, META_BYTES, "the header of an LMDB database")?;
        let word = |offset: usize| bytes_at(&bytes, PAGE_HEADER + offset).map_or(0, u32::from_le_bytes);
        let long = |offset: usize| bytes_at(&bytes, PAGE_HEADER + offset).map_or(0, u64::from_le_bytes);
        let page_bytes = u64::from(word(24));
        if flags(&bytes) & META == 0 || word(0) != MAGIC {
            return Err(file.fault(offset, "this is not the header of an LMDB database from a 64-bit machine"));
        }
        if word(4) != VERSION {
            return Err(file.fault(offset, format!("version {} of LMDB's format is not known", word(4))));
        }
        if !page_bytes.is_power_of_two() || !(256..=65536).contains(&page_bytes) {
            return Err(file.fault(offset, format!("pages of {page_bytes} bytes: the database is damaged")));
        }
        let (records, root) = (long(104), long(112));
        Ok(Meta { page_bytes, records, root, last_page: long(120), transaction: long(128) })
    }
}

/// A page that has been read.
struct Page {
    offset: u64,
    bytes: Vec<u8>,
}

/// The first node of a page.
struct PageNode {
    /// Where it stands in its page.
    offset: usize,
    /// The size of the value; of a branch the lower half of a page's number.
    size: u32,
    flags: u16,
    key_size: usize,
}

fn flags(page: &[u8]) -> u16 {
    bytes_at(page, PAGE_FLAGS).map_or(0, u16::from_le_bytes)
}

impl Page {
    fn flags(&self) -> u16 {
        flags(&self.bytes)
    }

    fn short(&self, offset: usize) -> Option<u16> {
        bytes_at(&self.bytes, offset).map(u16::from_le_bytes)
    }

    /// The node that the first entry of the page's table of offsets leads to.
    fn first_node(&self) -> Option<PageNode> {
        let has_nodes = usize::from(self.short(PAGE_LOWER)?) > PAGE_HEADER;
        let offset = usize::from(self.short(PAGE_HEADER).filter(|_| has_nodes)?);
        let [low, high, flags, key_size] = [0, 2, 4, 6].map(|field| self.short(offset + field));
        let size = u32::from(low?) | u32::from(high?) << 16;
        Some(PageNode { offset, size, flags: flags?, key_size: key_size?.into() })
    }
}

impl PageNode {
    fn key<'a>(&self, page: &'a Page) -> Option<&'a [u8]> {
        page.bytes.get(self.offset + NODE_HEADER..)?.get(..self.key_size)
    }

    fn value<'a>(&self, page: &'a Page, size: usize) -> Option<&'a [u8]> {
        page.bytes.get(self.offset + NODE_HEADER + self.key_size..)?.get(..size)
    }
}
