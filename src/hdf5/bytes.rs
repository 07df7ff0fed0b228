//! Numbers and addresses of an HDF5 file, read from anywhere in it.

use hdf5_pure::{Source, Superblock};

use super::TreeError;

/// The file and the widths of its numbers.
pub(super) struct Bytes<'a> {
    source: &'a dyn Source,
    /// What all addresses count from.
    pub(super) base: u64,
    /// How many bytes an address takes.
    pub(super) address_width: usize,
    /// How many bytes a length takes.
    pub(super) length_width: usize,
}

impl<'a> Bytes<'a> {
    pub(super) fn new(source: &'a dyn Source, superblock: &Superblock) -> Bytes<'a> {
        let [address_width, length_width] = [superblock.offset_size, superblock.length_size].map(usize::from);
        Bytes { source, base: superblock.base_address.get(), address_width, length_width }
    }

    /// How many bytes the file has.
    pub(super) fn len(&self) -> u64 {
        self.source.len()
    }

    /// The `len` bytes at an address.
    pub(super) fn read(&self, address: u64, len: u64) -> Result<Vec<u8>, TreeError> {
        let cut = TreeError::Damaged { what: "what stands there is cut off", at: address };
        let start = address.checked_add(self.base).ok_or(cut.clone())?;
        let left = self.source.len().checked_sub(start).ok_or(cut.clone())?;
        let mut bytes = vec![0; usize::try_from(len).ok().filter(|_| len <= left).ok_or(cut)?];
        self.source.read_at(start, &mut bytes).map_err(|error| TreeError::Unreadable(error.to_string()))?;
        Ok(bytes)
    }

    /// Reads `bytes`, which stand at an address, from front to back.
    pub(super) fn reader<'b>(&self, bytes: &'b [u8], address: u64) -> Reader<'b> {
        Reader { rest: bytes, at: address, address_width: self.address_width, length_width: self.length_width }
    }
}

/// Bytes that are read from front to back.
pub(super) struct Reader<'b> {
    rest: &'b [u8],
    /// The address of the rest.
    pub(super) at: u64,
    address_width: usize,
    length_width: usize,
}

impl<'b> Reader<'b> {
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'b [u8], TreeError> {
        let (now, later) = self.rest.split_at_checked(count).ok_or_else(|| self.damaged("too few bytes"))?;
        self.rest = later;
        self.at += count as u64;
        Ok(now)
    }

    /// The next number of so many bytes, at most eight.
    pub(super) fn number(&mut self, width: usize) -> Result<u64, TreeError> {
        if width > 8 {
            return Err(self.damaged("a number of more than eight bytes"));
        }
        let mut bytes = [0; 8];
        bytes[..width].copy_from_slice(self.take(width)?);
        Ok(u64::from_le_bytes(bytes))
    }

    pub(super) fn byte(&mut self) -> Result<u8, TreeError> {
        Ok(self.take(1)?[0])
    }

    /// The next number of two bytes.
    pub(super) fn short(&mut self) -> Result<usize, TreeError> {
        Ok(self.number(2)? as usize)
    }

    /// The next length.
    pub(super) fn length(&mut self) -> Result<u64, TreeError> {
        self.number(self.length_width)
    }

    /// The next address; `None` where it is the undefined one.
    pub(super) fn address(&mut self) -> Result<Option<u64>, TreeError> {
        let bytes = self.take(self.address_width)?;
        if bytes.iter().all(|&byte| byte == 0xff) {
            return Ok(None);
        }
        Reader { rest: bytes, ..*self }.number(self.address_width).map(Some)
    }

    /// The next address, which must be one.
    pub(super) fn defined_address(&mut self) -> Result<u64, TreeError> {
        let undefined = self.damaged("an address is missing");
        self.address()?.ok_or(undefined)
    }

    /// Passes over a signature and the version after it.
    pub(super) fn signature(&mut self, signature: &[u8; 4], version: u8) -> Result<(), TreeError> {
        let wrong = self.damaged("no signature of its kind");
        if self.take(4)? == signature && self.byte()? == version { Ok(()) } else { Err(wrong) }
    }

    pub(super) fn damaged(&self, what: &'static str) -> TreeError {
        TreeError::Damaged { what, at: self.at }
    }
}
