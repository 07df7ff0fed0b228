//! The links that a group has: in a symbol table, in its header, or in a heap.

use hdf5_reader::Hdf5File;
use hdf5_reader::btree_v1::collect_btree_v1_leaves_storage;
use hdf5_reader::btree_v2::{BTreeV2Header, BTreeV2Record, collect_btree_v2_records_storage};
use hdf5_reader::error::{Error, Result};
use hdf5_reader::fractal_heap::{FractalHeap, FractalHeapDirectBlockCache};
use hdf5_reader::io::Cursor;
use hdf5_reader::local_heap::LocalHeap;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::link::{self, LinkMessage, LinkTarget};
use hdf5_reader::messages::link_info::LinkInfoMessage;
use hdf5_reader::messages::symbol_table_msg::SymbolTableMessage;
use hdf5_reader::object_header::ObjectHeader;
use hdf5_reader::symbol_table::{SymbolTableEntry, SymbolTableNode};

/// What is wrong where links repeat.
const ENDLESS: &str = "a group without end";

/// A link of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// Its name in the group.
    pub(crate) name: String,
    pub(super) target: LinkTarget,
}

impl Link {
    fn new(name: String, target: LinkTarget) -> Result<Link> {
        // Such a name would be several, or none, where it is part of a path.
        if name.is_empty() || name == "." || name.contains('/') {
            return Err(damaged("a link without a name of its own"));
        }
        Ok(Link { name, target })
    }
}

/// The links of the group that has this header.
pub(super) fn of(file: &Hdf5File, header: &ObjectHeader) -> Result<Vec<Link>> {
    let (mut links, mut heap) = (Vec::new(), None);
    for message in &header.messages {
        match message {
            HdfMessage::SymbolTable(table) => return in_table(file, table),
            HdfMessage::LinkInfo(info) => heap = Some(info),
            HdfMessage::Link(LinkMessage { name, target, .. }) => links.push(Link::new(name.clone(), target.clone())?),
            _ => {}
        }
    }
    let [offsets, _] = widths(file);
    match heap {
        Some(info) if !Cursor::is_undefined_offset(info.fractal_heap_address, offsets) => in_heap(file, info),
        _ => Ok(links),
    }
}

/// The links of an old group: a B-tree of nodes in the order of the names, which stand in a local heap.
fn in_table(file: &Hdf5File, table: &SymbolTableMessage) -> Result<Vec<Link>> {
    let (storage, [offsets, lengths]) = (file.storage(), widths(file));
    let heap = LocalHeap::parse_at_storage(storage, table.heap_address, offsets, lengths)?;
    let texts = storage.read_range(heap.data_segment_address, in_memory(heap.data_segment_size)?)?;
    let leaves = collect_btree_v1_leaves_storage(storage, table.btree_address, offsets, lengths, None, &[], None)?;
    let mut links = Vec::new();
    // Each link has texts of its own.
    let mut left = texts.len();
    for (_, address) in leaves {
        for entry in symbols(file, address)? {
            let link = symbol(&entry, &texts)?;
            let path = if let LinkTarget::Soft { path } = &link.target { path.len() } else { 0 };
            left = left.checked_sub(link.name.len() + path).ok_or_else(|| damaged(ENDLESS))?;
            links.push(link);
        }
    }
    Ok(links)
}

/// The entries of a symbol-table node.
fn symbols(file: &Hdf5File, address: u64) -> Result<Vec<SymbolTableEntry>> {
    const HEAD_BYTES: usize = 8;
    const COUNT: usize = 6;
    let (storage, [offsets, lengths]) = (file.storage(), widths(file));
    let head = storage.read_range(address, HEAD_BYTES)?;
    let count = u16::from_le_bytes([head[COUNT], head[COUNT + 1]]);
    let node = storage.read_range(address, HEAD_BYTES + usize::from(count) * (2 * usize::from(offsets) + 24))?;
    Ok(SymbolTableNode::parse(&mut Cursor::new(&node), offsets, lengths)?.entries)
}

fn symbol(entry: &SymbolTableEntry, texts: &[u8]) -> Result<Link> {
    const SOFT: u32 = 2;
    let name = text(texts, entry.link_name_offset)?;
    let [a, b, c, d, ..] = entry.scratch;
    let target = if entry.cache_type == SOFT {
        LinkTarget::Soft { path: text(texts, u32::from_le_bytes([a, b, c, d]).into())? }
    } else {
        LinkTarget::Hard { address: entry.object_header_address }
    };
    Link::new(name, target)
}

/// The text at an offset of a local heap, up to the zero that ends it.
fn text(texts: &[u8], offset: u64) -> Result<String> {
    let rest = texts.get(in_memory(offset)?..).unwrap_or_default();
    let end = rest.iter().position(|&byte| byte == 0).ok_or_else(|| damaged("a name outside of its heap"))?;
    Ok(String::from_utf8_lossy(&rest[..end]).into_owned())
}

/// The links of a new group of many: a B-tree in the order of the names' hashes leads to links in a fractal heap.
fn in_heap(file: &Hdf5File, info: &LinkInfoMessage) -> Result<Vec<Link>> {
    let (storage, [offsets, lengths]) = (file.storage(), widths(file));
    let heap = FractalHeap::parse_at_storage(storage, info.fractal_heap_address, offsets, lengths)?;
    let tree = BTreeV2Header::parse_at_storage(storage, info.btree_name_index_address, offsets, lengths)?;
    let records = collect_btree_v2_records_storage(storage, &tree, offsets, lengths, None, &[], None)?;
    let (mut links, mut blocks) = (Vec::new(), FractalHeapDirectBlockCache::default());
    let mut left = in_memory(storage.len())?;
    for record in &records {
        let BTreeV2Record::LinkNameHash { heap_id, .. } = record else {
            return Err(damaged("an index of links that is not one of their names"));
        };
        let message = heap.get_object_storage_cached(heap_id, storage, offsets, lengths, &mut blocks)?;
        left = left.checked_sub(message.len()).ok_or_else(|| damaged(ENDLESS))?;
        let LinkMessage { name, target, .. } =
            link::parse(&mut Cursor::new(&message), offsets, lengths, message.len())?;
        links.push(Link::new(name, target)?);
    }
    Ok(links)
}

/// How many bytes an address and a length take in the file.
fn widths(file: &Hdf5File) -> [u8; 2] {
    [file.superblock().offset_size, file.superblock().length_size]
}

fn in_memory(length: u64) -> Result<usize> {
    usize::try_from(length).map_err(|_| Error::OffsetOutOfBounds(length))
}

fn damaged(what: &str) -> Error {
    Error::InvalidData(what.to_owned())
}
