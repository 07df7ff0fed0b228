//! Object headers, versions 1 and 2: those of their messages that tell what an object is and what it links to.

use super::TreeError;
use super::bytes::{Bytes, Reader};

/// How many pieces a header may have.
const MAX_PIECES: usize = 4096;

/// How many bytes a header may have.
const MAX_BYTES: u64 = 64 << 20;

pub(super) const LINK_INFO: u16 = 0x02;
pub(super) const LINK: u16 = 0x06;
pub(super) const EXTERNAL_FILES: u16 = 0x07;
pub(super) const LAYOUT: u16 = 0x08;
pub(super) const SYMBOL_TABLE: u16 = 0x11;
const CONTINUATION: u16 = 0x10;

/// A message; the body is kept for messages about links.
pub(super) struct Message {
    pub(super) kind: u16,
    pub(super) body: Vec<u8>,
    pub(super) at: u64,
}

/// The messages of the kinds above of the object at `address`, in order.
pub(super) fn messages(bytes: &Bytes<'_>, address: u64) -> Result<Vec<Message>, TreeError> {
    let start = bytes.read(address, 6)?;
    let mut header = if start.starts_with(b"OHDR") { version_2(bytes, address)? } else { version_1(bytes, address)? };
    let (mut place, mut read) = (0, 0);
    while let Some(&Piece { address, len }) = header.pieces.get(place) {
        place += 1;
        read += len;
        if read > MAX_BYTES || header.pieces.len() > MAX_PIECES {
            return Err(TreeError::Damaged { what: "an object header without end", at: address });
        }
        header.piece(bytes, address, len)?;
    }
    Ok(header.messages)
}

/// Where messages stand.
struct Piece {
    address: u64,
    len: u64,
}

struct Header {
    /// Whether it has version 2, where messages have shorter heads.
    new: bool,
    /// Whether messages have a creation order.
    ordered: bool,
    pieces: Vec<Piece>,
    messages: Vec<Message>,
}

fn version_1(bytes: &Bytes<'_>, address: u64) -> Result<Header, TreeError> {
    let start = bytes.read(address, 16)?;
    let mut reader = bytes.reader(&start, address);
    if reader.byte()? != 1 {
        return Err(TreeError::Damaged { what: "no object header", at: address });
    }
    reader.take(7)?;
    let len = reader.number(4)?;
    // Messages start at a multiple of eight bytes from the start.
    let pieces = vec![Piece { address: address.saturating_add(16), len }];
    Ok(Header { new: false, ordered: false, pieces, messages: Vec::new() })
}

fn version_2(bytes: &Bytes<'_>, address: u64) -> Result<Header, TreeError> {
    const TIMES: u8 = 0x20;
    const PHASES: u8 = 0x10;
    const ORDERED: u8 = 0x04;
    let flags = bytes.read(address, 6)?[5];
    let skipped = if flags & TIMES != 0 { 16 } else { 0 } + if flags & PHASES != 0 { 4 } else { 0 };
    let width = 1 << (flags & 3);
    let start = bytes.read(address, 6 + skipped + width)?;
    let mut reader = bytes.reader(&start, address);
    reader.signature(b"OHDR", 2)?;
    reader.take(1 + skipped as usize)?;
    let len = reader.number(width as usize)?;
    let pieces = vec![Piece { address: reader.at, len }];
    Ok(Header { new: true, ordered: flags & ORDERED != 0, pieces, messages: Vec::new() })
}

impl Header {
    fn piece(&mut self, bytes: &Bytes<'_>, address: u64, len: u64) -> Result<(), TreeError> {
        let piece = bytes.read(address, len)?;
        let mut reader = bytes.reader(&piece, address);
        let head = if self.new { 4 + 2 * usize::from(self.ordered) } else { 8 };
        while reader.left() >= head {
            self.message(bytes, &mut reader)?;
        }
        Ok(())
    }

    fn message(&mut self, bytes: &Bytes<'_>, reader: &mut Reader<'_>) -> Result<(), TreeError> {
        let kind = if self.new { u16::from(reader.byte()?) } else { reader.number(2)? as u16 };
        let len = reader.short()?;
        reader.take(if !self.new {
            4
        } else if self.ordered {
            3
        } else {
            1
        })?;
        let at = reader.at;
        let body = reader.take(len)?;
        match kind {
            CONTINUATION => {
                let mut next = bytes.reader(body, at);
                let (address, len) = (next.defined_address()?, next.length()?);
                self.pieces.push(self.continuation(bytes, address, len)?);
            }
            LINK_INFO | LINK | SYMBOL_TABLE => self.messages.push(Message { kind, body: body.to_vec(), at }),
            LAYOUT | EXTERNAL_FILES => self.messages.push(Message { kind, body: Vec::new(), at }),
            _ => {}
        }
        Ok(())
    }

    /// The messages of a piece at an address: in version 2 they stand between a signature and a checksum.
    fn continuation(&self, bytes: &Bytes<'_>, address: u64, len: u64) -> Result<Piece, TreeError> {
        if !self.new {
            return Ok(Piece { address, len });
        }
        let wrong = TreeError::Damaged { what: "no signature of its kind", at: address };
        if bytes.read(address, 4)? != b"OCHK" || len < 8 {
            return Err(wrong);
        }
        Ok(Piece { address: address.saturating_add(4), len: len - 8 })
    }
}
