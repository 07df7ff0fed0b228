//! The contents of a zip entry, unpacked and checked as they are read.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use caffemodel_numeric::number_type::Element;
use flate2::read::DeflateDecoder;

use super::zip::{ArchiveEntry, Compression};
use crate::formats::map::FileMap;
use crate::formats::{NumberType, StoredValues};

/// How many bytes are unpacked at a time.
const PIECE_BYTES: usize = 1 << 16;

/// A stretch of a file.
struct StretchReader {
    file: Arc<FileMap>,
    rest: Range<usize>,
}

impl Read for StretchReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = out.len().min(self.rest.len());
        self.file.read(self.rest.start, &mut out[..count])?;
        self.rest.start += count;
        Ok(count)
    }
}

/// The contents of an entry from its start on; its checksum is compared at the end.
pub(super) struct EntryReader {
    reader: Box<dyn Read + Send>,
    position: u64,
    size: u64,
    hash: crc32fast::Hasher,
    crc: u32,
}

impl EntryReader {
    pub(super) fn new(file: &Arc<FileMap>, entry: &ArchiveEntry) -> EntryReader {
        let packed = StretchReader { file: Arc::clone(file), rest: entry.contents.clone() };
        let reader: Box<dyn Read + Send> = match entry.method {
            Compression::Stored => Box::new(packed),
            Compression::Deflated => Box::new(DeflateDecoder::new(packed)),
        };
        EntryReader { reader, position: 0, size: entry.size, hash: crc32fast::Hasher::new(), crc: entry.crc }
    }

    /// Passes over what lies before `position`.
    fn skip_to(&mut self, position: u64) -> io::Result<()> {
        let mut count = position - self.position;
        let mut piece = vec![0; PIECE_BYTES.min(usize::try_from(count).unwrap_or(PIECE_BYTES))];
        while count > 0 {
            let now = piece.len().min(usize::try_from(count).unwrap_or(PIECE_BYTES));
            self.read_exact(&mut piece[..now])?;
            count -= now as u64;
        }
        Ok(())
    }
}

impl Read for EntryReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(out)?;
        self.hash.update(&out[..count]);
        self.position += count as u64;
        if self.position >= self.size && count > 0 && self.hash.clone().finalize() != self.crc {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum is wrong"));
        }
        Ok(count)
    }
}

/// How many readers of an entry are kept: one for each thread that fills a net.
const MAX_READERS: usize = 8;

/// The values of an entry. They are unpacked from front to back; to go back behind all readers means to start again.
pub(super) struct EntryValues {
    file: Arc<FileMap>,
    entry: ArchiveEntry,
    header_bytes: u64,
    element: Element,
    readers: Mutex<Vec<EntryReader>>,
}

impl EntryValues {
    /// The values that follow `header_bytes` bytes of an entry.
    pub(super) fn new(file: &Arc<FileMap>, entry: &ArchiveEntry, header_bytes: u64, element: Element) -> EntryValues {
        EntryValues {
            file: Arc::clone(file),
            entry: entry.clone(),
            header_bytes,
            element,
            readers: Mutex::new(Vec::new()),
        }
    }

    /// The reader that is nearest in front of a place, or a new one.
    fn reader(&self, position: u64) -> EntryReader {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let before = readers.iter().enumerate().filter(|(_, reader)| reader.position <= position);
        match before.max_by_key(|(_, reader)| reader.position).map(|(index, _)| index) {
            Some(index) => readers.swap_remove(index),
            None => EntryReader::new(&self.file, &self.entry),
        }
    }

    fn keep(&self, reader: EntryReader) {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if reader.position < reader.size && readers.len() < MAX_READERS {
            readers.push(reader);
        }
    }

    fn fill(&self, reader: &mut EntryReader, position: u64, out: &mut [f32]) -> io::Result<()> {
        reader.skip_to(position)?;
        let width = self.element.width();
        let mut bytes = vec![0; PIECE_BYTES.min(out.len() * width)];
        for piece in out.chunks_mut(PIECE_BYTES / width) {
            let bytes = &mut bytes[..piece.len() * width];
            reader.read_exact(bytes)?;
            self.element.decode(bytes, width, piece);
        }
        Ok(())
    }
}

impl StoredValues for EntryValues {
    fn read(&self, offset: usize, out: &mut [f32]) -> io::Result<()> {
        let position = self.header_bytes + offset as u64 * self.element.width() as u64;
        let mut reader = self.reader(position);
        let at = |error| self.file.unreadable(format!("entry {:?} is damaged: {error}", self.entry.name));
        self.fill(&mut reader, position, out).map_err(at)?;
        self.keep(reader);
        Ok(())
    }

    fn number_type(&self) -> NumberType {
        self.element.kind
    }
}
