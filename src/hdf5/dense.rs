//! Groups of many links: a version 2 B-tree in the order of the names' hashes, which leads to links in a fractal heap.

use super::TreeError;
use super::bytes::{Bytes, Reader};
use super::heap::Heap;
use super::link::Link;

/// How many links a group may have, and how many nodes its tree.
const MAX_RECORDS: usize = 1 << 17;

/// How many bytes a node may have.
const MAX_NODE: u64 = 1 << 16;

/// How many levels a tree may have.
const MAX_DEPTH: usize = 16;

/// What is wrong where links or nodes repeat.
const ENDLESS: &str = "a group without end";

/// What every node has besides records and addresses: signature, version, type and checksum.
const NODE_FRAME: u64 = 10;

/// What a record has in front of the place in the heap.
const HASH_BYTES: usize = 4;

/// The links in the order of the tree, which is the one that HDF5 calls native.
pub(super) fn links(bytes: &Bytes<'_>, heap: u64, index: u64) -> Result<Vec<Link>, TreeError> {
    let heap = Heap::open(bytes, heap)?;
    let tree = Tree::open(bytes, index)?;
    let mut records = Records { bytes, tree: &tree, found: Vec::new(), nodes: 0 };
    if let Some(root) = tree.root {
        records.node(root, tree.root_count, tree.levels.len() - 1)?;
    }
    let mut left = bytes.len();
    let link = |record: &Vec<u8>| {
        let (address, object) = heap.object(&record[HASH_BYTES..])?;
        left = left.checked_sub(object.len() as u64).ok_or(TreeError::Damaged { what: ENDLESS, at: address })?;
        Link::read(bytes.reader(&object, address))
    };
    records.found.iter().map(link).collect()
}

/// The head of a version 2 B-tree.
struct Tree {
    node_bytes: u64,
    record_bytes: usize,
    root: Option<u64>,
    root_count: usize,
    /// The levels, from the leaves up.
    levels: Vec<Level>,
}

/// How nodes of a level lie in the file.
struct Level {
    /// How many records a node has at most.
    capacity: u64,
    /// How many records a node and all below it have at most.
    total: u64,
}

impl Tree {
    fn open(bytes: &Bytes<'_>, address: u64) -> Result<Tree, TreeError> {
        let head = bytes.read(address, (18 + bytes.address_width + bytes.length_width) as u64)?;
        let mut reader = bytes.reader(&head, address);
        reader.signature(b"BTHD", 0)?;
        let by_name = reader.byte()? == 5;
        let (node_bytes, record_bytes, depth) = (reader.number(4)?, reader.short()?, reader.short()?);
        reader.take(2)?;
        let (root, root_count) = (reader.address()?, reader.short()?);
        if !by_name || record_bytes <= HASH_BYTES || node_bytes > MAX_NODE || depth > MAX_DEPTH {
            return Err(TreeError::Damaged { what: "no index of names", at: address });
        }
        let mut tree = Tree { node_bytes, record_bytes, root, root_count, levels: Vec::new() };
        for height in 0..=depth {
            let level = tree.level(bytes, height);
            tree.levels.push(level);
        }
        Ok(tree)
    }

    fn level(&self, bytes: &Bytes<'_>, height: usize) -> Level {
        let pointer = if height == 0 { 0 } else { self.pointer(bytes, height).iter().sum::<usize>() as u64 };
        let room = self.node_bytes.saturating_sub(NODE_FRAME + pointer);
        let capacity = room / (self.record_bytes as u64 + pointer);
        let below = height.checked_sub(1).map_or(0, |below| self.levels[below].total);
        let total = below.saturating_mul(capacity.saturating_add(1)).saturating_add(capacity);
        Level { capacity, total }
    }

    /// How many bytes the parts of what leads to a node take: its address, its records, all records below (which only
    /// nodes that are no leaves have).
    fn pointer(&self, bytes: &Bytes<'_>, height: usize) -> [usize; 3] {
        let total = if height > 1 { width(self.levels[height - 1].total) } else { 0 };
        [bytes.address_width, width(self.levels[0].capacity), total]
    }
}

/// How many bytes numbers up to `max` take.
pub(super) fn width(max: u64) -> usize {
    max.checked_ilog2().unwrap_or(0) as usize / 8 + 1
}

struct Records<'a, 'b> {
    bytes: &'a Bytes<'b>,
    tree: &'a Tree,
    found: Vec<Vec<u8>>,
    nodes: usize,
}

impl Records<'_, '_> {
    /// Reads a node of so many records, and what is below it.
    fn node(&mut self, address: u64, count: usize, height: usize) -> Result<(), TreeError> {
        self.nodes += 1;
        let level = &self.tree.levels[height];
        if count as u64 > level.capacity || self.nodes > MAX_RECORDS || self.found.len() + count > MAX_RECORDS {
            return Err(TreeError::Damaged { what: ENDLESS, at: address });
        }
        let node = self.bytes.read(address, self.tree.node_bytes)?;
        let mut reader = self.bytes.reader(&node, address);
        reader.signature(if height == 0 { b"BTLF" } else { b"BTIN" }, 0)?;
        reader.byte()?;
        let mut records = reader.take(count * self.tree.record_bytes)?.chunks_exact(self.tree.record_bytes);
        if height == 0 {
            self.found.extend(records.map(<[u8]>::to_vec));
            return Ok(());
        }
        for _ in 0..=count {
            let (child, count) = self.pointer(&mut reader, height)?;
            self.node(child, count, height - 1)?;
            self.found.extend(records.next().map(<[u8]>::to_vec));
        }
        Ok(())
    }

    fn pointer(&self, reader: &mut Reader<'_>, height: usize) -> Result<(u64, usize), TreeError> {
        let [_, count, total] = self.tree.pointer(self.bytes, height);
        let found = (reader.defined_address()?, reader.number(count)? as usize);
        reader.take(total)?;
        Ok(found)
    }
}
