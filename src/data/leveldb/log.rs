//! The format of logs and manifests: records, cut into fragments that fit blocks of 32 KiB.
//!
//! A fragment starts with its checksum, its length, and whether it is a whole record, or the first, a middle or the
//! last piece of one. A log may end in the middle of a record, where the program that wrote it ended: that record
//! counts as never written.

use std::path::Path;

use super::checksum::checksum;
use crate::data::SourceError;
use crate::data::source_file::{SourceFile, bytes_at};

const BLOCK: u64 = 32768;
const HEADER: u64 = 7;

const WHOLE: u8 = 1;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;

/// A log, read record by record.
pub(super) struct Log {
    file: SourceFile,
    /// Where the next fragment starts.
    position: u64,
    /// The block read last, and where it starts.
    block: Vec<u8>,
    block_start: Option<u64>,
}

/// Where the content of a fragment stands.
#[derive(Debug, Clone, Copy)]
struct Fragment {
    kind: u8,
    start: u64,
    len: u64,
}

/// A record that is complete.
#[derive(Debug)]
pub(super) struct LogRecord {
    /// Where its first fragment starts.
    pub(super) start: u64,
    fragments: Vec<Fragment>,
}

/// A range of bytes of a record in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogPlace {
    /// The index of the log.
    pub(super) log: usize,
    /// Where the record starts.
    pub(super) record: u64,
    /// The first byte of the range in the record.
    pub(super) offset: u64,
    /// The length of the range.
    pub(super) len: u64,
}

impl Log {
    pub(super) fn open(path: &Path) -> Result<Log, SourceError> {
        Ok(Log { file: SourceFile::open(path)?, position: 0, block: Vec::new(), block_start: None })
    }

    /// Goes to the record that starts at `start`.
    pub(super) fn seek(&mut self, start: u64) {
        self.position = start;
    }

    /// The next record, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<LogRecord>, SourceError> {
        let mut record: Option<LogRecord> = None;
        while let Some(fragment) = self.fragment()? {
            let start = fragment.start - HEADER;
            match (&mut record, fragment.kind) {
                (None, WHOLE) => return Ok(Some(LogRecord { start, fragments: vec![fragment] })),
                (None, FIRST) => record = Some(LogRecord { start, fragments: vec![fragment] }),
                (Some(record), MIDDLE) => record.fragments.push(fragment),
                (Some(_), LAST) => {
                    record.iter_mut().for_each(|record| record.fragments.push(fragment));
                    return Ok(record);
                }
                _ => return Err(self.file.fault(start, "the pieces of a record are out of order: the log is damaged")),
            }
        }
        Ok(None)
    }

    /// The next fragment, checked; `None` where the log ends, be it within a fragment.
    fn fragment(&mut self) -> Result<Option<Fragment>, SourceError> {
        loop {
            let start = self.position;
            let left = BLOCK - start % BLOCK;
            if left < HEADER {
                self.position += left;
                continue;
            }
            if start + HEADER > self.file.len() {
                return Ok(None);
            }
            let header = self.bytes(start, HEADER)?;
            let stored = bytes_at(header, 0).map_or(0, u32::from_le_bytes);
            let len = u64::from(bytes_at(header, 4).map_or(0, u16::from_le_bytes));
            let kind = header[6];
            if (kind, len) == (0, 0) {
                self.position += left;
                continue;
            }
            if HEADER + len > left {
                return Err(self
                    .file
                    .fault(start, format!("a piece of {len} bytes does not fit its block: the log is damaged")));
            }
            if start + HEADER + len > self.file.len() {
                return Ok(None);
            }
            if checksum(&[kind], self.bytes(start + HEADER, len)?) != stored {
                return Err(self.file.fault(start, "the checksum is wrong: the log is damaged"));
            }
            self.position += HEADER + len;
            return Ok(Some(Fragment { kind, start: start + HEADER, len }));
        }
    }

    /// Bytes of one block.
    fn bytes(&mut self, start: u64, len: u64) -> Result<&[u8], SourceError> {
        let offset = start % BLOCK;
        let block_start = start - offset;
        if self.block_start != Some(block_start) {
            let count = BLOCK.min(self.file.len() - block_start);
            self.block = self.file.read(block_start, count, "a block of a log")?;
            self.block_start = Some(block_start);
        }
        Ok(&self.block[offset as usize..(offset + len) as usize])
    }

    /// The whole content of a record.
    pub(super) fn content(&mut self, record: &LogRecord) -> Result<Vec<u8>, SourceError> {
        let mut content = Vec::new();
        for fragment in &record.fragments {
            content.extend_from_slice(self.bytes(fragment.start, fragment.len)?);
        }
        Ok(content)
    }

    /// Reads the content of a record from its start.
    pub(super) fn stream<'a>(&'a mut self, record: &'a LogRecord) -> Stream<'a> {
        Stream { log: self, record, fragment: 0, at: 0, offset: 0 }
    }

    /// Something wrong with a record.
    pub(super) fn fault(&self, record: &LogRecord, message: &str) -> SourceError {
        self.file.fault(record.start, message)
    }
}

/// The content of a record, read bit by bit. The methods fail where it ends too early.
pub(super) struct Stream<'a> {
    log: &'a mut Log,
    record: &'a LogRecord,
    /// The fragment being read, and how much of it has been.
    fragment: usize,
    at: u64,
    /// How much of the content has been read.
    offset: u64,
}

impl Stream<'_> {
    /// How much has been read.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Something wrong with the record.
    pub(super) fn fault(&self, message: &str) -> SourceError {
        self.log.fault(self.record, message)
    }

    /// Hands the next `count` bytes to `sink`, in pieces.
    fn pass(&mut self, count: u64, mut sink: impl FnMut(&[u8])) -> Result<(), SourceError> {
        let mut left = count;
        while left > 0 {
            let Some(fragment) = self.record.fragments.get(self.fragment) else {
                return Err(self.fault("the record ends too early: the log is damaged"));
            };
            let now = left.min(fragment.len - self.at);
            sink(self.log.bytes(fragment.start + self.at, now)?);
            (self.at, self.offset, left) = (self.at + now, self.offset + now, left - now);
            if self.at == fragment.len {
                (self.fragment, self.at) = (self.fragment + 1, 0);
            }
        }
        Ok(())
    }

    /// Passes `count` bytes over.
    pub(super) fn skip(&mut self, count: u64) -> Result<(), SourceError> {
        self.pass(count, |_| {})
    }

    /// The next `count` bytes. They are gathered as they come, so that a false number takes no memory.
    pub(super) fn read(&mut self, count: u64) -> Result<Vec<u8>, SourceError> {
        let mut bytes = Vec::new();
        self.pass(count, |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], SourceError> {
        let mut array = [0; N];
        let mut at = 0;
        self.pass(N as u64, |piece| {
            array[at..at + piece.len()].copy_from_slice(piece);
            at += piece.len();
        })?;
        Ok(array)
    }

    /// A number of seven bits a byte, the lowest first.
    pub(super) fn varint(&mut self) -> Result<u64, SourceError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.fault("a number does not end: the log is damaged"))
    }
}
