//! Numbers and strings as LevelDB writes them, taken off a slice one by one.

use prost::encoding::decode_varint;

/// What is wrong with the bytes, in words.
pub(super) type Damage = &'static str;

const SHORT: Damage = "it ends too early";

/// The rest of some bytes. The methods fail where they end too early.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The number of bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// A number of seven bits a byte, the lowest first.
    pub(super) fn varint(&mut self) -> Result<u64, Damage> {
        decode_varint(&mut self.rest).map_err(|_| SHORT)
    }

    /// So many bytes.
    pub(super) fn take(&mut self, count: u64) -> Result<&'a [u8], Damage> {
        let taken = usize::try_from(count).ok().and_then(|count| self.rest.split_at_checked(count));
        let (taken, rest) = taken.ok_or(SHORT)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Bytes behind their number.
    pub(super) fn prefixed(&mut self) -> Result<&'a [u8], Damage> {
        let count = self.varint()?;
        self.take(count)
    }
}
