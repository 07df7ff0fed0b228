//! A file of a source, read at any place.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::file::look_at;
use super::{SourceError, SourcePlace};

/// A regular file of known length, open for reading.
#[derive(Debug)]
pub(super) struct SourceFile {
    path: PathBuf,
    file: File,
    len: u64,
}

impl SourceFile {
    /// Opens a regular file.
    ///
    /// # Errors
    /// It is not there, may not be read, or is something else, such as a folder.
    pub(super) fn open(path: &Path) -> Result<SourceFile, SourceError> {
        let metadata = look_at(path)?;
        if !metadata.is_file() {
            return Err(SourceError::whole(path, "is not a regular file"));
        }
        let file = File::open(path).map_err(|error| SourceError::io(path, error))?;
        Ok(SourceFile { path: path.to_owned(), file, len: metadata.len() })
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The `count` bytes from `offset` on; `what` says in an error what they are.
    ///
    /// # Errors
    /// The file is shorter, or cannot be read. Nothing is allocated then.
    pub(super) fn read(&mut self, offset: u64, count: u64, what: &str) -> Result<Vec<u8>, SourceError> {
        if offset.checked_add(count).is_none_or(|end| end > self.len) {
            let message = format!("{what} of {count} bytes is expected here, but the file has only {} bytes", self.len);
            return Err(self.fault(offset, message));
        }
        let mut bytes = Vec::with_capacity(count as usize);
        let mut read = || -> io::Result<()> {
            self.file.seek(SeekFrom::Start(offset))?;
            (&mut self.file).take(count).read_to_end(&mut bytes)?;
            Ok(())
        };
        read().map_err(|error| SourceError::io(&self.path, error))?;
        if bytes.len() as u64 != count {
            return Err(self.fault(offset, format!("{what} of {count} bytes is cut off: the file has shrunk")));
        }
        Ok(bytes)
    }

    /// Something wrong at an offset.
    pub(super) fn fault(&self, offset: u64, message: impl Into<String>) -> SourceError {
        SourceError::at(&self.path, SourcePlace::Byte(offset), message)
    }
}

/// The `N` bytes at `offset`, or `None` past the end.
pub(super) fn bytes_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}
