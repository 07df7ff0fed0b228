//! The records of a zip archive of stored (uncompressed) entries, with the 64-bit forms where a number needs them.

/// What a 32-bit field says when its value stands in a 64-bit one.
const IN_ZIP64: u64 = u32::MAX as u64;
const VERSION: u16 = 20;
const VERSION_ZIP64: u16 = 45;
/// Made on Unix, so that the attributes are a file mode.
const UNIX: u16 = 3 << 8;
const REGULAR_FILE: u32 = 0o100_644 << 16;
/// 1 January 1980, the first day there is: the same net gives the same file.
const DATE: u16 = 1 << 5 | 1;
const UTF8_NAME: u16 = 1 << 11;

/// Where the checksum is in a local header.
pub(super) const CRC_OFFSET: u64 = 14;

/// A file in the archive.
#[derive(Debug, Clone)]
pub(super) struct WrittenEntry {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) crc: u32,
    /// Where its local header starts.
    pub(super) offset: u64,
}

impl WrittenEntry {
    /// The header in front of the contents. The checksum stands at [`CRC_OFFSET`].
    pub(super) fn local_header(&self) -> Vec<u8> {
        let mut extra = Vec::new();
        let large = self.bytes >= IN_ZIP64;
        if large {
            extra.extend([self.bytes.to_le_bytes(), self.bytes.to_le_bytes()].concat());
        }
        let mut out = b"PK\x03\x04".to_vec();
        self.common(&mut out, large, extra_bytes(&extra));
        out.extend(self.name.as_bytes());
        push_extra(&mut out, &extra);
        out
    }

    /// The entry in the directory at the end.
    fn directory_header(&self, out: &mut Vec<u8>) {
        let mut extra = Vec::new();
        if self.bytes >= IN_ZIP64 {
            extra.extend([self.bytes.to_le_bytes(), self.bytes.to_le_bytes()].concat());
        }
        if self.offset >= IN_ZIP64 {
            extra.extend(self.offset.to_le_bytes());
        }
        let large = !extra.is_empty();
        out.extend(b"PK\x01\x02");
        out.extend((UNIX | version(large)).to_le_bytes());
        self.common(out, large, extra_bytes(&extra));
        // No comment, first disk, no internal attributes.
        out.extend([0; 6]);
        out.extend(REGULAR_FILE.to_le_bytes());
        out.extend(small(self.offset));
        out.extend(self.name.as_bytes());
        push_extra(out, &extra);
    }

    /// The fields that both headers have.
    fn common(&self, out: &mut Vec<u8>, large: bool, extra: usize) {
        let flags = if self.name.is_ascii() { 0 } else { UTF8_NAME };
        let (stored, midnight) = (0, 0);
        for field in [version(large), flags, stored, midnight, DATE] {
            out.extend(field.to_le_bytes());
        }
        out.extend(self.crc.to_le_bytes());
        out.extend(small(self.bytes));
        out.extend(small(self.bytes));
        out.extend((self.name.len() as u16).to_le_bytes());
        out.extend((extra as u16).to_le_bytes());
    }
}

/// The directory and what follows it; `offset` is where it starts.
pub(super) fn directory(entries: &[WrittenEntry], offset: u64) -> Vec<u8> {
    let mut out = Vec::new();
    entries.iter().for_each(|entry| entry.directory_header(&mut out));
    let (count, bytes) = (entries.len() as u64, out.len() as u64);
    let many = u64::from(u16::MAX);
    if count >= many || bytes >= IN_ZIP64 || offset >= IN_ZIP64 {
        out.extend(b"PK\x06\x06");
        out.extend(44u64.to_le_bytes());
        out.extend((UNIX | VERSION_ZIP64).to_le_bytes());
        out.extend(VERSION_ZIP64.to_le_bytes());
        out.extend([0; 8]);
        for field in [count, count, bytes, offset] {
            out.extend(field.to_le_bytes());
        }
        out.extend(b"PK\x06\x07");
        out.extend(0u32.to_le_bytes());
        out.extend((offset + bytes).to_le_bytes());
        out.extend(1u32.to_le_bytes());
    }
    out.extend(b"PK\x05\x06\0\0\0\0");
    let count = count.min(many) as u16;
    out.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    out.extend([small(bytes), small(offset)].concat());
    out.extend([0; 2]);
    out
}

fn version(large: bool) -> u16 {
    if large { VERSION_ZIP64 } else { VERSION }
}

fn small(value: u64) -> [u8; 4] {
    (value.min(IN_ZIP64) as u32).to_le_bytes()
}

/// The length of the zip64 extra field with these bytes in it.
fn extra_bytes(extra: &[u8]) -> usize {
    if extra.is_empty() { 0 } else { extra.len() + 4 }
}

fn push_extra(out: &mut Vec<u8>, extra: &[u8]) {
    if !extra.is_empty() {
        out.extend([1, 0]);
        out.extend((extra.len() as u16).to_le_bytes());
        out.extend(extra);
    }
}
