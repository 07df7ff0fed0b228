//! The bytes of the structure: superblock, object headers, and the B-tree, heap and symbol nodes of each group.
//!
//! This is the oldest form of the format (superblock 0, symbol-table groups, version 1 headers), which every HDF5
//! library reads and which HDF5 1.8 writes unless told otherwise. All structure comes first, so that the values can
//! follow in one stream.

use std::collections::BTreeMap;

use super::tree::{Object, Tree};
use crate::Shape;

/// An address or a length that is not there.
const UNDEFINED: u64 = u64::MAX;
const SUPERBLOCK_BYTES: u64 = 96;
/// The header of a group: the prefix and a message that names the B-tree and the heap.
const GROUP_HEADER_BYTES: u64 = 40;
/// Half the entries of a symbol node, and half the children of a B-tree node, as the superblock says.
const LEAF_K: usize = 4;
const INTERNAL_K: usize = 16;
const SYMBOL_NODE_BYTES: u64 = 8 + 2 * LEAF_K as u64 * 40;
const TREE_NODE_BYTES: u64 = 24 + 2 * INTERNAL_K as u64 * 8 + (2 * INTERNAL_K as u64 + 1) * 8;
const HEAP_HEADER_BYTES: u64 = 32;

/// Everything of the file but the values, which follow it without gaps, in the order of the datasets.
pub(super) fn encode(tree: &Tree) -> Vec<u8> {
    let mut address = SUPERBLOCK_BYTES;
    let mut addresses = Vec::with_capacity(tree.objects.len());
    for object in &tree.objects {
        addresses.push(address);
        address += object_bytes(object);
    }
    let mut values = address;
    let mut out = Encoder { bytes: Vec::with_capacity(address as usize) };
    let end = values + tree.objects.iter().map(value_bytes).sum::<u64>();
    out.superblock(tree, &addresses, end);
    for (object, &address) in tree.objects.iter().zip(&addresses) {
        match object {
            Object::Group(links) => out.group(tree, &GroupLayout::new(links, address), links, &addresses),
            Object::Dataset(shape) => out.dataset(shape, values),
        }
        values += value_bytes(object);
    }
    out.bytes
}

fn value_bytes(object: &Object) -> u64 {
    match object {
        Object::Group(_) => 0,
        Object::Dataset(shape) => shape.count() as u64 * 4,
    }
}

fn object_bytes(object: &Object) -> u64 {
    match object {
        Object::Group(links) => GroupLayout::new(links, 0).end,
        Object::Dataset(shape) => 16 + (8 + 8 + 8 * shape.axes() as u64) + (8 + 24) + (8 + 8) + (8 + 24),
    }
}

/// Where the parts of a group are.
struct GroupLayout {
    header: u64,
    /// The B-tree's nodes, root first: for each level the address of its first node, and how many it has.
    levels: Vec<(u64, usize)>,
    heap: u64,
    heap_bytes: u64,
    /// The symbol nodes, below the last level.
    symbols: u64,
    end: u64,
}

impl GroupLayout {
    fn new(links: &BTreeMap<String, usize>, header: u64) -> GroupLayout {
        let leaves = links.len().div_ceil(2 * LEAF_K);
        let mut counts = vec![leaves.div_ceil(2 * INTERNAL_K).max(1)];
        while let Some(&count) = counts.last().filter(|&&count| count > 1) {
            counts.push(count.div_ceil(2 * INTERNAL_K));
        }
        let mut address = header + GROUP_HEADER_BYTES;
        let mut levels = Vec::with_capacity(counts.len());
        for count in counts.into_iter().rev() {
            levels.push((address, count));
            address += count as u64 * TREE_NODE_BYTES;
        }
        let heap = address;
        let heap_bytes = 8 + links.keys().map(|name| name_bytes(name)).sum::<u64>();
        let symbols = heap + HEAP_HEADER_BYTES + heap_bytes;
        GroupLayout { header, levels, heap, heap_bytes, symbols, end: symbols + leaves as u64 * SYMBOL_NODE_BYTES }
    }

    fn tree(&self) -> u64 {
        self.header + GROUP_HEADER_BYTES
    }
}

/// The length of a name in a heap: with its final zero, a multiple of 8.
fn name_bytes(name: &str) -> u64 {
    (name.len() as u64 + 1).next_multiple_of(8)
}

struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    fn u16(&mut self, value: u16) {
        self.raw(&value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.raw(&value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.raw(&value.to_le_bytes());
    }

    fn zeros_to(&mut self, length: u64) {
        self.bytes.resize(length as usize, 0);
    }

    fn superblock(&mut self, tree: &Tree, addresses: &[u64], end: u64) {
        self.raw(b"\x89HDF\r\n\x1a\n");
        self.raw(&[0, 0, 0, 0, 0, 8, 8, 0]);
        self.u16(LEAF_K as u16);
        self.u16(INTERNAL_K as u16);
        self.u32(0);
        self.u64(0);
        self.u64(UNDEFINED);
        self.u64(end);
        self.u64(UNDEFINED);
        self.entry(0, &tree.objects[0], addresses[0]);
    }

    /// A symbol-table entry: the link's name in the heap and its object; of a group, also its B-tree and heap.
    fn entry(&mut self, name: u64, object: &Object, header: u64) {
        self.u64(name);
        self.u64(header);
        match object {
            Object::Group(links) => {
                let layout = GroupLayout::new(links, header);
                self.u64(1);
                self.u64(layout.tree());
                self.u64(layout.heap);
            }
            Object::Dataset(_) => self.raw(&[0; 24]),
        }
    }

    fn header(&mut self, messages: u16, bytes: u32) {
        self.raw(&[1, 0]);
        self.u16(messages);
        self.u32(1);
        self.u32(bytes);
        self.u32(0);
    }

    fn message(&mut self, kind: u16, bytes: u16, constant: bool) {
        self.u16(kind);
        self.u16(bytes);
        self.raw(&[constant.into(), 0, 0, 0]);
    }

    fn group(&mut self, tree: &Tree, layout: &GroupLayout, links: &BTreeMap<String, usize>, addresses: &[u64]) {
        self.header(1, 24);
        self.message(0x11, 16, false);
        self.u64(layout.tree());
        self.u64(layout.heap);
        let names = heap_offsets(links);
        for level in 0..layout.levels.len() {
            self.tree_level(layout, level, &names);
        }
        self.heap(layout, links);
        let entries: Vec<_> = links.values().zip(&names).collect();
        for (node, entries) in entries.chunks(2 * LEAF_K).enumerate() {
            self.raw(b"SNOD\x01\x00");
            self.u16(entries.len() as u16);
            for &(&object, &name) in entries {
                self.entry(name, &tree.objects[object], addresses[object]);
            }
            self.zeros_to(layout.symbols + (node as u64 + 1) * SYMBOL_NODE_BYTES);
        }
    }

    /// One level of the B-tree. Between two children stands the last name below the first of them.
    fn tree_level(&mut self, layout: &GroupLayout, level: usize, names: &[u64]) {
        let (first, count) = layout.levels[level];
        let height = layout.levels.len() - 1 - level;
        let leaves = names.len().div_ceil(2 * LEAF_K);
        let (below, below_bytes, below_count) = match layout.levels.get(level + 1) {
            Some(&(address, count)) => (address, TREE_NODE_BYTES, count),
            None => (layout.symbols, SYMBOL_NODE_BYTES, leaves),
        };
        let names_below = 2 * LEAF_K * (2 * INTERNAL_K).pow(height as u32);
        for node in 0..count {
            let children = node * 2 * INTERNAL_K..below_count.min((node + 1) * 2 * INTERNAL_K);
            let start = first + node as u64 * TREE_NODE_BYTES;
            self.raw(b"TREE\x00");
            self.raw(&[height as u8]);
            self.u16(children.len() as u16);
            self.u64(if node == 0 { UNDEFINED } else { start - TREE_NODE_BYTES });
            self.u64(if node + 1 == count { UNDEFINED } else { start + TREE_NODE_BYTES });
            let before = (children.start * names_below).checked_sub(1);
            self.u64(before.map_or(0, |name| names[name]));
            for child in children {
                self.u64(below + child as u64 * below_bytes);
                self.u64(names[names.len().min((child + 1) * names_below) - 1]);
            }
            self.zeros_to(start + TREE_NODE_BYTES);
        }
    }

    /// The group's names, behind an empty one; no space is free.
    fn heap(&mut self, layout: &GroupLayout, links: &BTreeMap<String, usize>) {
        let data = layout.heap + HEAP_HEADER_BYTES;
        self.raw(b"HEAP\x00\x00\x00\x00");
        self.u64(layout.heap_bytes);
        self.u64(1);
        self.u64(data);
        self.u64(0);
        for name in links.keys() {
            let end = self.bytes.len() as u64 + name_bytes(name);
            self.raw(name.as_bytes());
            self.zeros_to(end);
        }
    }

    /// The header of a dataset of little-endian `f32`, stored as one run of the file.
    fn dataset(&mut self, shape: &Shape, values: u64) {
        let space = 8 + 8 * shape.axes() as u16;
        self.header(4, 8 + u32::from(space) + 32 + 16 + 32);
        self.message(0x01, space, false);
        self.raw(&[1, shape.axes() as u8, 0, 0, 0, 0, 0, 0]);
        shape.dims().iter().for_each(|&dim| self.u64(dim as u64));
        self.message(0x03, 24, true);
        self.raw(&[0x11, 0x20, 31, 0]);
        self.u32(4);
        self.u16(0);
        self.u16(32);
        self.raw(&[23, 8, 0, 23]);
        self.u32(127);
        self.u32(0);
        // The default fill value, written where space is allocated late and the value is set.
        self.message(0x05, 8, true);
        self.raw(&[2, 2, 2, 1, 0, 0, 0, 0]);
        let bytes = shape.count() as u64 * 4;
        self.message(0x08, 24, false);
        self.raw(&[3, 1]);
        self.u64(if bytes == 0 { UNDEFINED } else { values });
        self.u64(bytes);
        self.raw(&[0; 6]);
    }
}

/// Where each name is in the group's heap.
fn heap_offsets(links: &BTreeMap<String, usize>) -> Vec<u64> {
    let mut offset = 8;
    let place = |name: &String| {
        let here = offset;
        offset += name_bytes(name);
        here
    };
    links.keys().map(place).collect()
}
