//! Tables: sorted entries in blocks, with an index of the blocks at the end.
//!
//! A block is a run of entries, each with its key cut by what it shares with the one before; behind it stand a byte for
//! its compression and its checksum. The keys of an index are of no interest here, its values say where the blocks are.

use std::ops::Range;
use std::path::Path;

use super::checksum::checksum;
use super::cursor::{Cursor, Damage};
use super::write::{DELETION, Key, VALUE, Write, Written};
use crate::data::SourceError;
use crate::data::source_file::{SourceFile, bytes_at};

/// The footer: where the blocks with the filters and with the index are, zeros, and a number that marks a table.
const FOOTER: u64 = 48;
const MAGIC: u64 = 0xdb47_7524_8b80_fb57;

/// What stands behind a block: a byte for the compression, and the checksum.
const TRAILER: u64 = 5;

const PLAIN: u8 = 0;
const SNAPPY: u8 = 1;
const ZSTD: u8 = 2;

/// Snappy's copies make 64 bytes of three at most; a block that claims to grow more is damaged.
const MAX_GROWTH: usize = 22;

/// A table, read entry by entry.
pub(super) struct Table {
    file: SourceFile,
    index: Block,
    block: Option<Block>,
}

/// Where a block is in its file.
#[derive(Debug, Clone, Copy)]
struct Handle {
    offset: u64,
    len: u64,
}

/// A block, with how much of it has been read.
struct Block {
    offset: u64,
    content: Vec<u8>,
    /// The end of the entries.
    end: usize,
    at: usize,
    key: Vec<u8>,
}

impl Table {
    pub(super) fn open(path: &Path) -> Result<Table, SourceError> {
        let mut file = SourceFile::open(path)?;
        let start = file.len().checked_sub(FOOTER);
        let Some(start) = start else { return Err(file.fault(0, "is too short for a table: it is damaged")) };
        let footer = file.read(start, FOOTER, "the footer of a table")?;
        if bytes_at(&footer, FOOTER as usize - 8).map(u64::from_le_bytes) != Some(MAGIC) {
            return Err(file.fault(start, "this is not the footer of a table: the table is damaged or cut off"));
        }
        let mut cursor = Cursor::new(&footer);
        let handles = Handle::parse(&mut cursor).and_then(|_filters| Handle::parse(&mut cursor));
        let index = handles.map_err(|damage| damaged(&file, start, damage))?;
        let index = Block::read(&mut file, index)?;
        Ok(Table { file, index, block: None })
    }

    /// The next entry.
    pub(super) fn next(&mut self) -> Result<Option<Write>, SourceError> {
        loop {
            if let Some(block) = &mut self.block
                && let Some(entry) = block.entry().map_err(|damage| damaged(&self.file, block.offset, damage))?
            {
                return Ok(Some(entry));
            }
            let handle = self.index.handle().map_err(|damage| damaged(&self.file, self.index.offset, damage))?;
            let Some(handle) = handle else { return Ok(None) };
            self.block = Some(Block::read(&mut self.file, handle)?);
        }
    }
}

fn damaged(file: &SourceFile, offset: u64, damage: Damage) -> SourceError {
    file.fault(offset, format!("a part of the table cannot be read, {damage}: the table is damaged"))
}

impl Handle {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Handle, Damage> {
        Ok(Handle { offset: cursor.varint()?, len: cursor.varint()? })
    }
}

impl Block {
    fn read(file: &mut SourceFile, Handle { offset, len }: Handle) -> Result<Block, SourceError> {
        let mut content = file.read(offset, len.saturating_add(TRAILER), "a block of a table")?;
        let trailer = content.split_off(len as usize);
        let (compression, stored) = (trailer[0], bytes_at(&trailer, 1).map_or(0, u32::from_le_bytes));
        if checksum(&content, &[compression]) != stored {
            return Err(file.fault(offset, "the checksum of a block is wrong: the table is damaged"));
        }
        let content = match compression {
            PLAIN => content,
            SNAPPY => decompress(&content).map_err(|damage| damaged(file, offset, damage))?,
            ZSTD => {
                return Err(file.fault(offset, "the block is compressed with zstd, which Caffe's LevelDB cannot read"));
            }
            other => return Err(file.fault(offset, format!("the block has the unknown compression {other}"))),
        };
        let end = entries_end(&content).map_err(|damage| damaged(file, offset, damage))?;
        Ok(Block { offset, content, end, at: 0, key: Vec::new() })
    }

    /// The next entry of a block of entries.
    fn entry(&mut self) -> Result<Option<Write>, Damage> {
        let Some(value) = self.advance()? else { return Ok(None) };
        let (key, kind) = Key::parse(&self.key)?;
        let value = match kind {
            DELETION => Written::Deleted,
            VALUE => Written::Bytes(self.content[value].to_vec()),
            _ => return Err("an entry is of an unknown kind"),
        };
        Ok(Some(Write { key, value }))
    }

    /// The next entry of an index.
    fn handle(&mut self) -> Result<Option<Handle>, Damage> {
        let Some(value) = self.advance()? else { return Ok(None) };
        Handle::parse(&mut Cursor::new(&self.content[value])).map(Some)
    }

    /// Goes to the next entry: its key is put together, its value is this part of the content.
    fn advance(&mut self) -> Result<Option<Range<usize>>, Damage> {
        let mut cursor = Cursor::new(&self.content[self.at..self.end]);
        if cursor.is_empty() {
            return Ok(None);
        }
        let [shared, own, value] = [cursor.varint()?, cursor.varint()?, cursor.varint()?];
        let shared = usize::try_from(shared).ok().filter(|&shared| shared <= self.key.len());
        self.key.truncate(shared.ok_or("a key shares more than its predecessor has")?);
        self.key.extend_from_slice(cursor.take(own)?);
        let len = cursor.take(value)?.len();
        self.at = self.end - cursor.left();
        Ok(Some(self.at - len..self.at))
    }
}

/// Where the entries of a block end: behind them stand the places of keys that share nothing, and how many these are.
fn entries_end(content: &[u8]) -> Result<usize, Damage> {
    let (rest, count) = content.split_last_chunk().ok_or("a block is too short")?;
    let places = usize::try_from(u32::from_le_bytes(*count)).ok().and_then(|count| count.checked_mul(4));
    places.and_then(|places| rest.len().checked_sub(places)).ok_or("a block is too short")
}

fn decompress(content: &[u8]) -> Result<Vec<u8>, Damage> {
    let len = snap::raw::decompress_len(content).map_err(|_| "it is not compressed as it says")?;
    if len > content.len().saturating_mul(MAX_GROWTH) {
        return Err("it would decompress to too much");
    }
    snap::raw::Decoder::new().decompress_vec(content).map_err(|_| "it is not compressed as it says")
}
