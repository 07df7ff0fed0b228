//! Fractal heaps: the objects in them that lie in blocks, as the links of groups do.

use super::TreeError;
use super::bytes::{Bytes, Reader};
use super::dense::width;

/// How many bytes an object may have; larger ones do not lie in blocks, as HDF5 writes them.
const MAX_OBJECT: u64 = 1 << 16;

/// A fractal heap: blocks in rows, `table_width` to a row; from the second row on the blocks of each are twice as large
/// as those of the row before.
pub(super) struct Heap<'a, 'b> {
    bytes: &'a Bytes<'b>,
    address: u64,
    table_width: u64,
    first_block: u64,
    max_direct_block: u64,
    /// How many bytes an offset in the heap takes.
    offset_width: usize,
    /// How many bytes the length of an object takes.
    length_width: usize,
    root: u64,
    /// How many rows the root has; none where it is a block of objects itself.
    root_rows: u64,
}

impl<'a, 'b> Heap<'a, 'b> {
    pub(super) fn open(bytes: &'a Bytes<'b>, address: u64) -> Result<Heap<'a, 'b>, TreeError> {
        let len = 22 + 12 * bytes.length_width + 3 * bytes.address_width;
        let head = bytes.read(address, len as u64)?;
        let mut reader = bytes.reader(&head, address);
        reader.signature(b"FRHP", 0)?;
        reader.short()?;
        let filters = reader.short()?;
        reader.byte()?;
        let max_object = reader.number(4)?;
        reader.take(10 * bytes.length_width + 2 * bytes.address_width)?;
        let table_width = reader.number(2)?;
        let (first_block, max_direct_block) = (reader.length()?, reader.length()?);
        let offset_bits = reader.short()?;
        reader.short()?;
        let (root, root_rows) = (reader.defined_address()?, reader.number(2)?);
        let sound = table_width > 0
            && first_block.is_power_of_two()
            && max_direct_block.is_power_of_two()
            && first_block <= max_direct_block
            && offset_bits <= 64;
        if !sound || filters > 0 {
            let what = if sound { "a heap with filters, which is not supported," } else { "a heap of no order" };
            return Err(TreeError::Damaged { what, at: address });
        }
        let length_width = width(max_object).min((max_direct_block.ilog2() as usize).div_ceil(8));
        let offset_width = offset_bits.div_ceil(8);
        let heap = Heap {
            bytes,
            address,
            table_width,
            first_block,
            max_direct_block,
            offset_width,
            length_width,
            root,
            root_rows,
        };
        Ok(heap)
    }

    /// The object of this number, and its address.
    pub(super) fn object(&self, id: &[u8]) -> Result<(u64, Vec<u8>), TreeError> {
        const MANAGED: u8 = 0;
        let mut reader = self.bytes.reader(id, self.address);
        if reader.byte()? != MANAGED {
            return Err(reader.damaged("a link that does not stand in the blocks of its heap, which is not supported,"));
        }
        let offset = reader.number(self.offset_width)?;
        let len = reader.number(self.length_width)?;
        if len > MAX_OBJECT {
            return Err(reader.damaged("a link of too many bytes"));
        }
        let (block, start) =
            if self.root_rows == 0 { (self.root, 0) } else { self.block(self.root, self.root_rows, 0, offset)? };
        let address =
            block.checked_add(offset - start).ok_or_else(|| reader.damaged("an offset outside of the file"))?;
        Ok((address, self.bytes.read(address, len)?))
    }

    /// The block of objects that holds what is at an offset of the heap, and the offset of its start; `indirect` starts
    /// at the offset `start` and has so many rows.
    fn block(&self, indirect: u64, rows: u64, start: u64, offset: u64) -> Result<(u64, u64), TreeError> {
        let outside = TreeError::Damaged { what: "an offset outside of its heap", at: indirect };
        let (row, size) = self.row(offset - start);
        if row >= rows {
            return Err(outside);
        }
        let row_start = if row == 0 { 0 } else { size.saturating_mul(self.table_width) };
        let column = (offset - start - row_start) / size;
        let entry = (row * self.table_width + column) * self.bytes.address_width as u64;
        let head = (5 + self.bytes.address_width + self.offset_width) as u64;
        let signed = self.bytes.read(indirect, 5)?;
        self.bytes.reader(&signed, indirect).signature(b"FHIB", 0)?;
        let at = indirect.checked_add(head).and_then(|at| at.checked_add(entry)).ok_or(outside)?;
        let child = self.bytes.read(at, self.bytes.address_width as u64)?;
        let child = Reader::defined_address(&mut self.bytes.reader(&child, at))?;
        let child_start = start + row_start + column * size;
        if size <= self.max_direct_block {
            return Ok((child, child_start));
        }
        // An indirect block spans as much as a block of its row, less than what is above it.
        let rows = u64::from(size.ilog2().saturating_sub(self.first_row().ilog2())) + 1;
        self.block(child, rows, child_start, offset)
    }

    /// How much of the heap the first row holds.
    fn first_row(&self) -> u64 {
        self.first_block.saturating_mul(self.table_width)
    }

    /// The row that an offset within an indirect block is in, and the size of its blocks.
    fn row(&self, offset: u64) -> (u64, u64) {
        match (offset / self.first_row()).checked_ilog2() {
            None => (0, self.first_block),
            Some(doublings) => (u64::from(doublings) + 1, self.first_block << doublings),
        }
    }
}
