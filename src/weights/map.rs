//! A file mapped into memory.

use std::fs::{self, File, FileType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;
use thiserror::Error;

use crate::error::{Diagnostic, Error, Result};

/// A file of weights, its bytes mapped into memory.
#[derive(Debug)]
pub(super) struct FileMap {
    path: PathBuf,
    map: Mmap,
}

impl FileMap {
    /// Maps a file.
    ///
    /// # Errors
    /// It is missing, empty, not to be read, or no regular file.
    pub(super) fn open(path: &Path) -> Result<Arc<FileMap>> {
        let metadata = fs::metadata(path).map_err(|source| cannot_read(path, source))?;
        if !metadata.is_file() {
            return Err(refusal(path, not_regular(metadata.file_type()), None));
        }
        let file = File::open(path).map_err(|source| cannot_read(path, source))?;
        if metadata.len() == 0 {
            let help = "Caffe would take it for weights of no layer at all; has its download or its copy failed?";
            return Err(refusal(path, "the file is empty", Some(help)));
        }
        // SAFETY: the bytes are only ever copied out; a file that others cut short meanwhile is the one danger left.
        let map = unsafe { Mmap::map(&file) }.map_err(|source| cannot_read(path, source))?;
        Ok(Arc::new(FileMap { path: path.to_owned(), map }))
    }

    /// The file's bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// The file as the user named it.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// An error about the file's content; it says at which byte where that is known.
    pub(super) fn refuse(&self, message: impl AsRef<str>) -> Error {
        refusal(&self.path, message.as_ref(), None)
    }

    /// An error about the file's content, with what to do about it.
    pub(super) fn refuse_with(&self, message: impl AsRef<str>, help: &str) -> Error {
        refusal(&self.path, message.as_ref(), Some(help))
    }

    /// An error about the file's values, found while they are read.
    pub(super) fn unreadable(&self, message: impl AsRef<str>) -> io::Error {
        let error = Unreadable(format!("{}: {}", self.name(), message.as_ref()));
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

/// Damage that shows only when values are read: the error within the [`io::Error`] of
/// [`StoredValues::read`](super::StoredValues::read).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl From<Unreadable> for Error {
    fn from(Unreadable(message): Unreadable) -> Error {
        Diagnostic { message, location: None, help: None }.into()
    }
}

fn refusal(path: &Path, message: &str, help: Option<&str>) -> Error {
    let message = format!("{}: {message}", path.display());
    Diagnostic { message, location: None, help: help.map(str::to_owned) }.into()
}

fn cannot_read(path: &Path, source: io::Error) -> Error {
    let dangling = source.kind() == io::ErrorKind::NotFound && path.is_symlink();
    let action = if dangling { "cannot read, the symbolic link leads nowhere" } else { "cannot read" };
    Error::io(action, path, source)
}

fn not_regular(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder, not a file of weights"
    } else {
        "not a regular file; weights are read in place, so store them in one first"
    }
}
