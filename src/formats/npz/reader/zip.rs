//! The directory of a zip archive, with 64-bit sizes where there are any.

use std::ops::Range;

const END: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;
const END64: &[u8] = b"PK\x06\x06";
const LOCATOR64: &[u8] = b"PK\x06\x07";
const LOCATOR64_BYTES: usize = 20;
const DIRECTORY: &[u8] = b"PK\x01\x02";
const DIRECTORY_BYTES: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_BYTES: usize = 30;
/// What a 32-bit field says when its value stands in a 64-bit one.
const IN_ZIP64: u64 = u32::MAX as u64;
const ZIP64_EXTRA: u16 = 1;
const ENCRYPTED: u16 = 1;

/// How the contents of an entry are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    Stored,
    Deflated,
}

/// A file in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArchiveEntry {
    pub(super) name: String,
    pub(super) method: Compression,
    pub(super) crc: u32,
    /// How many bytes it has, unpacked.
    pub(super) size: u64,
    /// Where its header starts.
    pub(super) header: usize,
    /// Where its contents lie, packed.
    pub(super) contents: Range<usize>,
}

/// The entries of an archive, in the order of its directory; folders are passed over.
///
/// # Errors
/// The archive is damaged, truncated, or of a kind that is not read.
pub(super) fn entries(bytes: &[u8]) -> Result<Vec<ArchiveEntry>, String> {
    let (count, mut at) = directory(bytes)?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let record = Record::new(bytes, at, DIRECTORY, DIRECTORY_BYTES)?;
        at = record.tail(46, record.u16(28) + record.u16(30) + record.u16(32))?.end;
        let entry = entry(bytes, &record)?;
        if !entry.name.ends_with('/') {
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// A record of fixed size at some place of the archive.
struct Record<'a> {
    bytes: &'a [u8],
    start: usize,
}

impl<'a> Record<'a> {
    fn new(bytes: &'a [u8], start: usize, signature: &[u8], size: usize) -> Result<Record<'a>, String> {
        let found = bytes.get(start..).filter(|rest| rest.len() >= size && rest.starts_with(signature));
        found.ok_or_else(|| damaged(start))?;
        Ok(Record { bytes, start })
    }

    fn field<const N: usize>(&self, offset: usize) -> [u8; N] {
        *self.bytes[self.start + offset..].first_chunk().expect("the record's size has been checked")
    }

    fn u16(&self, offset: usize) -> usize {
        u16::from_le_bytes(self.field(offset)).into()
    }

    fn u32(&self, offset: usize) -> u64 {
        u32::from_le_bytes(self.field(offset)).into()
    }

    fn u64(&self, offset: usize) -> u64 {
        u64::from_le_bytes(self.field(offset))
    }

    /// Where `length` bytes from `offset` on lie, of a part that follows the record.
    fn tail(&self, offset: usize, length: usize) -> Result<Range<usize>, String> {
        let start = self.start + offset;
        let end = start.checked_add(length).filter(|&end| end <= self.bytes.len());
        Ok(start..end.ok_or_else(|| damaged(self.start))?)
    }
}

/// The number of entries, and where the directory starts.
fn directory(bytes: &[u8]) -> Result<(u64, usize), String> {
    let last = bytes.len().checked_sub(END_BYTES).ok_or("truncated: too short for a zip archive")?;
    let earliest = last.saturating_sub(u16::MAX.into());
    let is_end = |&at: &usize| {
        let rest = &bytes[at..];
        rest.starts_with(END) && END_BYTES + usize::from(u16::from_le_bytes([rest[20], rest[21]])) == rest.len()
    };
    let at = (earliest..=last).rev().find(is_end).ok_or("truncated: the zip archive has no directory at its end")?;
    let end = Record { bytes, start: at };
    let (count, start) = (end.u16(10) as u64, end.u32(16));
    let locator = at.checked_sub(LOCATOR64_BYTES).filter(|&at| bytes[at..].starts_with(LOCATOR64));
    let Some(locator) = locator.filter(|_| start == IN_ZIP64 || count == u64::from(u16::MAX)) else {
        return Ok((count, place(start)?));
    };
    let end64 = place(Record { bytes, start: locator }.u64(8))?;
    let record = Record::new(bytes, end64, END64, 56)?;
    Ok((record.u64(32), place(record.u64(48))?))
}

fn entry(bytes: &[u8], record: &Record<'_>) -> Result<ArchiveEntry, String> {
    let name = record.tail(DIRECTORY_BYTES, record.u16(28))?;
    let extra = record.tail(DIRECTORY_BYTES + record.u16(28), record.u16(30))?;
    let name = String::from_utf8(bytes[name].to_vec())
        .map_err(|_| format!("the name of the entry at byte {} is not UTF-8", record.start))?;
    let at = |message: &str| format!("entry {name:?}: {message}");
    if record.u16(8) as u16 & ENCRYPTED != 0 {
        return Err(at("is encrypted"));
    }
    let method = match record.u16(10) {
        0 => Compression::Stored,
        8 => Compression::Deflated,
        other => {
            return Err(at(&format!("uses method {other}; only stored and deflated entries are read")));
        }
    };
    // The order of the 64-bit values is fixed, and each is there only if its 32-bit field says so.
    let mut sizes = [record.u32(24), record.u32(20), record.u32(42)];
    let mut wide = wide_sizes(&bytes[extra]);
    for size in sizes.iter_mut().filter(|size| **size == IN_ZIP64) {
        *size = wide.next().unwrap_or(IN_ZIP64);
    }
    let [size, packed, header] = sizes;
    let header = place(header)?;
    let local = Record::new(bytes, header, LOCAL, LOCAL_BYTES)?;
    let contents = local.tail(LOCAL_BYTES + local.u16(26) + local.u16(28), place(packed)?)?;
    if method == Compression::Stored && size != packed {
        return Err(at(&format!("has {size} bytes, {packed} of them stored")));
    }
    Ok(ArchiveEntry { name, method, crc: record.u32(16) as u32, size, header, contents })
}

/// The 64-bit values among an entry's extra fields.
fn wide_sizes(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut found: &[u8] = &[];
    while let [id0, id1, length0, length1, rest @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*length0, *length1])).min(rest.len());
        let body;
        (body, extra) = rest.split_at(length);
        if u16::from_le_bytes([*id0, *id1]) == ZIP64_EXTRA {
            found = body;
            break;
        }
    }
    found.as_chunks().0.iter().map(|&bytes| u64::from_le_bytes(bytes))
}

fn place(offset: u64) -> Result<usize, String> {
    usize::try_from(offset).map_err(|_| format!("damaged: the zip archive names byte {offset}"))
}

fn damaged(offset: usize) -> String {
    format!("damaged or truncated: the zip archive has no record at byte {offset} where one should be")
}
