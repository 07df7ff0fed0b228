//! Old groups: a B-tree of symbol-table nodes, in the order of the names, which stand in a local heap.

use super::TreeError;
use super::bytes::{Bytes, Reader};
use super::link::{Link, Target, text};

/// How many nodes a group may have.
const MAX_NODES: usize = 1 << 17;

/// What is wrong where links or nodes repeat.
const ENDLESS: &str = "a group without end";

/// What the entry of a soft link says of its cache.
const SOFT: u64 = 2;

/// The links of the group whose symbol-table message this is.
pub(super) fn links(bytes: &Bytes<'_>, mut message: Reader<'_>) -> Result<Vec<Link>, TreeError> {
    let (tree, heap) = (message.defined_address()?, message.defined_address()?);
    let heap = heap_segment(bytes, heap)?;
    let mut table = Table { bytes, left: heap.len(), heap, links: Vec::new(), nodes: 0 };
    table.node(tree, None)?;
    Ok(table.links)
}

/// The texts of a local heap.
fn heap_segment(bytes: &Bytes<'_>, address: u64) -> Result<Vec<u8>, TreeError> {
    let head = bytes.read(address, (8 + 2 * bytes.length_width + bytes.address_width) as u64)?;
    let mut reader = bytes.reader(&head, address);
    reader.signature(b"HEAP", 0)?;
    reader.take(3)?;
    let len = reader.length()?;
    reader.length()?;
    bytes.read(reader.defined_address()?, len)
}

struct Table<'a, 'b> {
    bytes: &'a Bytes<'b>,
    heap: Vec<u8>,
    /// How many bytes of the heap no link has taken.
    left: usize,
    links: Vec<Link>,
    /// How many nodes have been read.
    nodes: usize,
}

impl Table<'_, '_> {
    /// Reads a node of the B-tree, which has one level less than the one above it.
    fn node(&mut self, address: u64, above: Option<u8>) -> Result<(), TreeError> {
        self.count(address)?;
        let head_len = (8 + 2 * self.bytes.address_width) as u64;
        let head = self.bytes.read(address, head_len)?;
        let mut reader = self.bytes.reader(&head, address);
        reader.signature(b"TREE", 0)?;
        let (level, count) = (reader.byte()?, reader.short()?);
        if above.is_some_and(|above| above.checked_sub(1) != Some(level)) {
            return Err(TreeError::Damaged { what: "a B-tree of no order", at: address });
        }
        let width = self.bytes.length_width + self.bytes.address_width;
        let start = address + head_len;
        let body = self.bytes.read(start, (count * width) as u64)?;
        let mut reader = self.bytes.reader(&body, start);
        for _ in 0..count {
            reader.length()?;
            let child = reader.defined_address()?;
            if level > 0 { self.node(child, Some(level))? } else { self.leaf(child)? }
        }
        Ok(())
    }

    /// Reads a symbol-table node.
    fn leaf(&mut self, address: u64) -> Result<(), TreeError> {
        self.count(address)?;
        let head = self.bytes.read(address, 8)?;
        let mut reader = self.bytes.reader(&head, address);
        reader.signature(b"SNOD", 1)?;
        reader.byte()?;
        let count = reader.short()?;
        let width = self.bytes.length_width + self.bytes.address_width + 24;
        let body = self.bytes.read(address + 8, (count * width) as u64)?;
        let mut reader = self.bytes.reader(&body, address + 8);
        for _ in 0..count {
            let link = self.entry(&mut reader)?;
            self.links.push(link);
        }
        Ok(())
    }

    fn entry(&mut self, reader: &mut Reader<'_>) -> Result<Link, TreeError> {
        let at = reader.at;
        let name = self.heap_text(reader.length()?, at)?;
        let address = reader.address()?;
        let cache = reader.number(4)?;
        reader.take(4)?;
        let value = reader.number(4)?;
        reader.take(12)?;
        let target = match address {
            _ if cache == SOFT => Target::Soft(text(&self.heap_text(value, at)?)),
            Some(address) => Target::Hard(address),
            None => return Err(TreeError::Damaged { what: "an address is missing", at }),
        };
        Link::new(&name, target, at)
    }

    /// Takes the text at an offset of the heap, up to the zero that ends it.
    fn heap_text(&mut self, offset: u64, at: u64) -> Result<Vec<u8>, TreeError> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.heap.get(offset..)).unwrap_or_default();
        let len = rest.iter().position(|&byte| byte == 0);
        let len = len.ok_or(TreeError::Damaged { what: "a name outside of its heap", at })?;
        // Each link has texts of its own.
        self.left = self.left.checked_sub(len + 1).ok_or(TreeError::Damaged { what: ENDLESS, at })?;
        Ok(rest[..len].to_vec())
    }

    fn count(&mut self, at: u64) -> Result<(), TreeError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(TreeError::Damaged { what: ENDLESS, at });
        }
        Ok(())
    }
}
